package keys

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"slotdeck/cluster/keyspace"
	"slotdeck/cluster/wire"
)

// ErrGone is the answer for a key that is not there, or not any more.
var ErrGone = errors.New("the key is not there (any more)")

// Reading reads values from wherever their keys are served.
type Reading struct {
	Courier Courier
	Start   string // the node to ask first
}

// mostAsked is the bytes of a page that may come unasked. It is more than
// PageSize, because that goes by what elements weigh on average.
const mostAsked = 2 * keyspace.PageSize

// Value reads one page of a key. A page is bounded before it is fetched: by
// ranges where the type has them, else by what the key weighs on average; and
// while it comes, for averages can deceive. A key that becomes another type
// meanwhile is read once more, from its beginning.
func (r Reading) Value(ctx context.Context, key string, ask keyspace.ValueAsk) (v keyspace.Value, err error) {
	for range 3 {
		if v, err = r.value(ctx, key, ask); err == nil || !strings.Contains(err.Error(), "WRONGTYPE") {
			break
		}
		ask.From = ""
	}
	switch {
	case !wire.TooLarge(err):
		return v, err
	case ask.Whole:
		return v, fmt.Errorf("this part of the value is more than the 64 MiB that are read at once; slotdeck exec with GETRANGE, LRANGE, HSCAN … COUNT 1 or the like reads it in smaller ones: %w", err)
	}
	v.Rows, v.Text = nil, ""
	v.Withheld = fmt.Sprintf("there is an element among the next of which nobody can tell how large it is, but more than %d MiB: nothing is fetched unasked", mostAsked>>20)
	return v, nil
}

func (r Reading) value(ctx context.Context, key string, ask keyspace.ValueAsk) (keyspace.Value, error) {
	v := keyspace.Value{Entry: named(key), From: ask.From}
	replies, errs, err := r.ask(ctx, []string{"TYPE", key}, []string{"PTTL", key}, []string{"MEMORY", "USAGE", key}, []string{"OBJECT", "ENCODING", key})
	if err == nil {
		err = errs[0]
	}
	if err != nil {
		return v, err
	}
	if v.Type = kindText(plain(replies[0])); v.Type == "none" {
		v.Gone = true
		return v, ErrGone
	}
	if ms, ok := replies[1].(int64); ok && ms >= 0 {
		v.TTL = time.Duration(ms) * time.Millisecond
	} else if ok {
		v.TTL = keyspace.NoTTL
	}
	if n, ok := replies[2].(int64); ok {
		v.Bytes = n
	}
	v.Encoding = kindText(plain(replies[3]))
	if size := keyspace.SizeCommand(v.Type); size != "" {
		reply, err := r.one(ctx, size, key)
		if err != nil {
			return v, err
		}
		v.Elements, _ = reply.(int64)
		if v.Elements == 0 && v.Type != "string" && v.Type != "stream" { // these alone can be empty
			v.Gone = true
			return v, ErrGone
		}
	}
	if !ask.Whole {
		ctx = wire.AtMost(ctx, mostAsked)
	}
	return v, r.page(ctx, &v, ask)
}

// page fetches the part that is asked for.
func (r Reading) page(ctx context.Context, v *keyspace.Value, ask keyspace.ValueAsk) error {
	rows := keyspace.PageRows
	if average := v.Bytes / max(1, v.Elements); v.Type != "string" && average > 0 {
		rows = int(min(int64(rows), keyspace.PageSize/average))
		if rows == 0 && !ask.Whole {
			v.Withheld = fmt.Sprintf("each of its %d elements has some %d MiB: nothing is fetched unasked", v.Elements, average>>20)
			return nil
		}
		rows = max(1, rows)
	}
	from, _ := strconv.ParseInt(ask.From, 10, 64)
	switch v.Type {
	case "string":
		return r.text(ctx, v, from)
	case "list":
		return r.items(ctx, v, from, rows)
	case "zset":
		return r.scores(ctx, v, from, rows)
	case "hash":
		return r.fields(ctx, v, ask.From, rows)
	case "set":
		return r.members(ctx, v, ask.From, rows)
	case "stream":
		return r.entries(ctx, v, ask.From, rows)
	case "ReJSON-RL":
		return r.json(ctx, v, ask.Whole)
	}
	v.Withheld = "slotdeck does not read values of the type " + v.Type
	return nil
}

// ask sends reading commands on one key together.
func (r Reading) ask(ctx context.Context, commands ...[]string) ([]any, []error, error) {
	t := r.Courier.Carry(ctx, keyspace.Begin(r.Start, commands...))
	last, ok := t.Last()
	if !ok {
		return nil, nil, ctx.Err()
	}
	if last.Outcome != keyspace.Answered && last.Outcome != keyspace.Failed {
		return nil, nil, last.Err
	}
	return t.Replies, t.Errs, nil
}

func (r Reading) one(ctx context.Context, words ...string) (any, error) {
	replies, errs, err := r.ask(ctx, words)
	if err != nil {
		return nil, err
	}
	if errs[0] != nil {
		return nil, errs[0]
	}
	return replies[0], nil
}

func (r Reading) list(ctx context.Context, words ...string) ([]any, error) {
	v, err := r.one(ctx, words...)
	list, ok := v.([]any)
	if err == nil && !ok {
		err = fmt.Errorf("%s is not answered in a way that is understood", words[0])
	}
	return list, err
}

func (r Reading) text(ctx context.Context, v *keyspace.Value, from int64) error {
	reply, err := r.one(ctx, "GETRANGE", v.Key, number(from), number(from+keyspace.PageText-1))
	v.Text, _ = reply.(string)
	if end := from + int64(len(v.Text)); err == nil && end < v.Elements {
		v.Next = number(end)
	}
	return err
}

func (r Reading) items(ctx context.Context, v *keyspace.Value, from int64, rows int) error {
	list, err := r.list(ctx, "LRANGE", v.Key, number(from), number(from+int64(rows)-1))
	for i, item := range list {
		v.Rows = append(v.Rows, keyspace.Row{Name: number(from + int64(i)), Text: plain(item), TTL: keyspace.NotTold})
	}
	follow(v, from, len(list))
	return err
}

func (r Reading) scores(ctx context.Context, v *keyspace.Value, from int64, rows int) error {
	list, err := r.list(ctx, "ZRANGE", v.Key, number(from), number(from+int64(rows)-1), "WITHSCORES")
	for i := 0; i+1 < len(list); i += 2 {
		v.Rows = append(v.Rows, keyspace.Row{Name: plain(list[i]), Text: plain(list[i+1]), TTL: keyspace.NotTold})
	}
	follow(v, from, len(v.Rows))
	return err
}

func (r Reading) members(ctx context.Context, v *keyspace.Value, cursor string, rows int) error {
	pair, err := r.list(ctx, "SSCAN", v.Key, orZero(cursor), "COUNT", strconv.Itoa(rows))
	if err != nil {
		return err
	}
	list := scanPage(v, pair)
	for _, item := range list {
		v.Rows = append(v.Rows, keyspace.Row{Name: plain(item), TTL: keyspace.NotTold})
	}
	return nil
}

// fields reads a hash, and the times to live of its fields where the server has
// such (Redis 7.4, Valkey 9).
func (r Reading) fields(ctx context.Context, v *keyspace.Value, cursor string, rows int) error {
	pair, err := r.list(ctx, "HSCAN", v.Key, orZero(cursor), "COUNT", strconv.Itoa(rows))
	if err != nil {
		return err
	}
	list := scanPage(v, pair)
	ask := []string{"HPTTL", v.Key, "FIELDS", strconv.Itoa(len(list) / 2)}
	for i := 0; i+1 < len(list); i += 2 {
		v.Rows = append(v.Rows, keyspace.Row{Name: plain(list[i]), Text: plain(list[i+1]), TTL: keyspace.NotTold})
		ask = append(ask, plain(list[i]))
	}
	if len(v.Rows) == 0 {
		return nil
	}
	ttls, err := r.list(ctx, ask...)
	if err != nil {
		return nil // the server has no such command, or the key has gone: the fields stand
	}
	for i := range v.Rows[:min(len(v.Rows), len(ttls))] {
		if ms, ok := ttls[i].(int64); ok && ms >= 0 {
			v.Rows[i].TTL = time.Duration(ms) * time.Millisecond
		}
	}
	return nil
}

func (r Reading) entries(ctx context.Context, v *keyspace.Value, from string, rows int) error {
	begin := "-"
	if from != "" {
		begin = "(" + from
	}
	list, err := r.list(ctx, "XRANGE", v.Key, begin, "+", "COUNT", strconv.Itoa(rows))
	for _, item := range list {
		pair, ok := item.([]any)
		if !ok || len(pair) != 2 {
			continue
		}
		row := keyspace.Row{Name: plain(pair[0]), TTL: keyspace.NotTold}
		words, _ := pair[1].([]any)
		for i, w := range words {
			if i > 0 {
				row.Text += " "
			}
			row.Text += keyspace.Escaped(plain(w))
		}
		v.Rows = append(v.Rows, row)
	}
	if len(list) == rows {
		v.Next = v.Rows[len(v.Rows)-1].Name
	}
	return err
}

func (r Reading) json(ctx context.Context, v *keyspace.Value, whole bool) error {
	if v.Bytes > keyspace.PageSize && !whole {
		v.Withheld = fmt.Sprintf("the document has %d MiB: it is not fetched unasked", v.Bytes>>20)
		return nil
	}
	reply, err := r.one(ctx, "JSON.GET", v.Key)
	v.Text, _ = reply.(string)
	return err
}

// scanPage reads the answer of HSCAN and SSCAN.
func scanPage(v *keyspace.Value, pair []any) []any {
	if len(pair) != 2 {
		return nil
	}
	if cursor := plain(pair[0]); cursor != "0" {
		v.Next = cursor
	}
	list, _ := pair[1].([]any)
	return list
}

// follow tells where the next page of what has ranks begins.
func follow(v *keyspace.Value, from int64, rows int) {
	if end := from + int64(rows); rows > 0 && end < v.Elements {
		v.Next = number(end)
	}
}

// plain is a reply as text.
func plain(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case wire.Status:
		return string(v)
	case int64:
		return number(v)
	}
	return ""
}

func number(n int64) string { return strconv.FormatInt(n, 10) }

func orZero(cursor string) string {
	if cursor == "" {
		return "0"
	}
	return cursor
}
