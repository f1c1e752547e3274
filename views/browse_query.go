package views

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"slotdeck/cluster/keyspace"
	"slotdeck/keyslot"
)

// browseQuery is what to look for: a pattern, and options as name=value.
type browseQuery struct {
	match string
	types []string
	keep  keyspace.Keep
	slots *keyslot.Set
	shard string // a letter; empty: all
}

// browseHelp is how the options are written.
const browseHelp = "PATTERN type=hash,zset slot=0-99 shard=A ttl=none|any|<1h|>10m mem>1M size>1000"

// readQuery reads what was typed. Words are split as redis-cli does, so that a
// pattern may be quoted.
func readQuery(text string) (browseQuery, error) {
	var q browseQuery
	words, err := keyspace.Words(text)
	if err != nil {
		return q, err
	}
	for _, w := range words {
		at := strings.IndexAny(w, "=<>")
		name := ""
		if at > 0 {
			name = w[:at]
		}
		switch name {
		case "type":
			q.types = strings.Split(w[at+1:], ",")
		case "slot":
			set, err := keyslot.ParseSet(w[at+1:])
			if err != nil {
				return q, err
			}
			q.slots = &set
		case "shard":
			q.shard = strings.ToUpper(w[at+1:])
		case "ttl":
			err = q.ttl(w[at:])
		case "mem":
			q.keep.MinBytes, err = readAmount(w, at, 1024)
		case "size":
			q.keep.MinElements, err = readAmount(w, at, 1000)
		default:
			if q.match != "" {
				return q, fmt.Errorf("there are two patterns, %s and %s", keyspace.Escaped(q.match), keyspace.Escaped(w))
			}
			q.match = w
		}
		if err != nil {
			return q, err
		}
	}
	return q, nil
}

func (q *browseQuery) ttl(text string) error {
	switch text {
	case "=none":
		q.keep.Forever = true
		return nil
	case "=any":
		q.keep.WithTTL = true
		return nil
	}
	d, err := time.ParseDuration(strings.TrimLeft(text[1:], "="))
	switch {
	case err != nil || d <= 0:
		return fmt.Errorf("ttl is none, any, <1h or >10m, not %s", text)
	case text[0] == '<':
		q.keep.MaxTTL = d
	default:
		q.keep.MinTTL = d
	}
	return nil
}

// readAmount reads what follows a > sign: a number with k, m or g.
func readAmount(w string, at int, base int64) (int64, error) {
	text := strings.ToLower(strings.TrimLeft(w[at+1:], "="))
	factor := int64(1)
	for i, unit := range []string{"k", "m", "g"} {
		if rest, found := strings.CutSuffix(text, unit); found {
			text = rest
			for range i + 1 {
				factor *= base
			}
			break
		}
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 || n > 1<<60/factor || w[at] != '>' {
		return 0, fmt.Errorf("%s is written %s>1000, with k, m or g", w[:at], w[:at])
	}
	return n * factor, nil
}
