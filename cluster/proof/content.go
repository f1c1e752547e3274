package proof

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"slices"

	"github.com/redis/go-redis/v9"
)

// fingerprint is a key's value, independent of how a server stores it, and when it
// expires (milliseconds since 1970; -1: never, as servers say it).
type fingerprint struct {
	sum     [16]byte
	expires int64
}

// readBatch reads keys of one node in three round trips: their types and
// expiry, then their content. Keys that went meanwhile are left out.
func readBatch(ctx context.Context, client *redis.Client, keys []string) (map[string]fingerprint, error) {
	pipe := client.Pipeline()
	types, expiry := make([]*redis.StatusCmd, len(keys)), make([]*redis.Cmd, len(keys))
	for i, key := range keys {
		types[i], expiry[i] = pipe.Type(ctx, key), pipe.Do(ctx, "PEXPIRETIME", key)
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, err
	}
	pipe = client.Pipeline()
	content := make([][]*redis.Cmd, len(keys))
	for i, key := range keys {
		for _, cmd := range reading(types[i].Val(), key) {
			content[i] = append(content[i], pipe.Do(ctx, cmd...))
		}
	}
	if _, err := pipe.Exec(ctx); err != nil && err != redis.Nil {
		return nil, err
	}
	prints := map[string]fingerprint{}
	for i, key := range keys {
		kind := types[i].Val()
		if kind == "none" {
			continue
		}
		if content[i] == nil {
			return nil, fmt.Errorf("the key %q is of the type %s, which has no digest", key, kind)
		}
		h := sha256.New()
		fmt.Fprintf(h, "%q %s\n", key, kind)
		for _, cmd := range content[i] {
			write(h, canonical(kind, cmd.Val()))
		}
		p := fingerprint{sum: [16]byte(h.Sum(nil))}
		p.expires, _ = expiry[i].Int64()
		prints[key] = p
	}
	return prints, nil
}

// reading is the commands that read all of a key.
func reading(kind, key string) [][]any {
	switch kind {
	case "string":
		return [][]any{{"GET", key}}
	case "hash":
		return [][]any{{"HGETALL", key}}
	case "list":
		return [][]any{{"LRANGE", key, 0, -1}}
	case "set":
		return [][]any{{"SMEMBERS", key}}
	case "zset":
		return [][]any{{"ZRANGE", key, 0, -1, "WITHSCORES"}}
	case "stream":
		return [][]any{{"XRANGE", key, "-", "+"}, {"XINFO", "GROUPS", key}}
	}
	return nil
}

// canonical puts what has no order of its own into one.
func canonical(kind string, value any) any {
	list, ok := value.([]any)
	if !ok {
		return value
	}
	switch kind {
	case "set":
		return sorted(list, 1)
	case "hash":
		return sorted(list, 2)
	}
	return list
}

// sorted orders groups of so many elements by the first of each.
func sorted(list []any, size int) []any {
	groups := slices.SortedFunc(slices.Chunk(list, size), func(a, b []any) int {
		x, _ := a[0].(string)
		y, _ := b[0].(string)
		switch {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	})
	return slices.Concat(groups...)
}

// write hashes a reply, lengths first, so that no two replies read alike.
func write(h hash.Hash, value any) {
	switch v := value.(type) {
	case []any:
		binary.Write(h, binary.BigEndian, int64(len(v))) // a hash takes everything
		for _, e := range v {
			write(h, e)
		}
	case string:
		binary.Write(h, binary.BigEndian, int64(len(v)))
		h.Write([]byte(v))
	default:
		fmt.Fprintf(h, "%T %v\n", v, v)
	}
}
