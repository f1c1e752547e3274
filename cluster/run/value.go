package run

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"sort"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/dump"
)

// value is all there is of a key on one node.
type value struct {
	exists  bool
	kind    string
	dump    string // DUMP
	expires int64  // ms since 1970; -1: never
	content []string
	whole   bool // content is all of it
}

// readWhole bounds which values are read by commands, too, by the size of their
// DUMP.
const readWhole = 1 << 20

// valueOf reads a key, with ASKING before every command, because one of the two
// nodes is importing the slot.
func (j *Job) valueOf(ctx context.Context, id cluster.NodeID, db int, key string) (v value, err error) {
	read := func(cmds ...[]any) ([]any, error) {
		answers, err := j.crew.call(ctx, id, callTimeout, inDatabase(db, 2*len(cmds), func(i int) []any {
			if i%2 == 0 {
				return []any{"ASKING"}
			}
			return cmds[i/2]
		})...)
		if err != nil {
			return nil, err
		}
		answers = answersIn(db, answers)
		out := make([]any, len(cmds))
		for i := range out {
			a := answers[2*i+1]
			if a.Err != nil && !saying(a.Err, "ASK ") {
				return nil, a.Err
			}
			out[i] = a.Value
		}
		return out, nil
	}
	got, err := read([]any{"TYPE", key}, []any{"DUMP", key}, []any{"PEXPIRETIME", key})
	if err != nil {
		return v, err
	}
	v.kind, _ = got[0].(string)
	v.dump, v.exists = got[1].(string)
	if v.expires = -1; got[2] != nil {
		v.expires, _ = got[2].(int64)
	}
	if !v.exists || len(v.dump) > readWhole {
		return v, nil
	}
	cmds := contentCommands(v.kind, key)
	if cmds == nil {
		return v, nil
	}
	if got, err = read(cmds...); err != nil {
		return v, err
	}
	v.whole = true
	for _, g := range got {
		v.content = append(v.content, flat(g)...)
	}
	switch v.kind {
	case "set":
		sort.Strings(v.content)
	case "hash":
		v.content = sortedPairs(v.content)
	}
	return v, nil
}

// contentCommands read a whole value, but for the times to live of a hash's
// fields: that is compared by them only when the DUMPs are of one length.
func contentCommands(kind, key string) [][]any {
	switch kind {
	case "string":
		return [][]any{{"GET", key}}
	case "list":
		return [][]any{{"LRANGE", key, 0, -1}}
	case "set":
		return [][]any{{"SMEMBERS", key}}
	case "zset":
		return [][]any{{"ZRANGE", key, 0, -1, "WITHSCORES"}}
	case "hash":
		return [][]any{{"HGETALL", key}}
	}
	return nil
}

func flat(v any) []string {
	switch v := v.(type) {
	case []any:
		var out []string
		for _, x := range v {
			out = append(out, flat(x)...)
		}
		return out
	case nil:
		return nil
	}
	return []string{fmt.Sprint(v)}
}

func sortedPairs(list []string) []string {
	var pairs [][2]string
	for i := 0; i+1 < len(list); i += 2 {
		pairs = append(pairs, [2]string{list[i], list[i+1]})
	}
	slices.SortFunc(pairs, func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
	var out []string
	for _, p := range pairs {
		out = append(out, p[0], p[1])
	}
	return out
}

// drift is how far the expiry of a copy may be off: MIGRATE sends what is left
// of the time to live, and the way there takes time.
const drift = 3 * time.Second

// same reports whether both are certainly the same value. Their DUMPs can differ
// for the same content. Where these cannot be read, what commands read of both
// decides.
func (v value) same(w value) bool {
	if v.kind != w.kind || (v.expires < 0) != (w.expires < 0) {
		return false
	}
	if d := v.expires - w.expires; d > drift.Milliseconds() || d < -drift.Milliseconds() {
		return false
	}
	if same, read := dump.Same(v.dump, w.dump); read {
		return same
	}
	if v.kind == "hash" && len(v.dump) != len(w.dump) {
		return false
	}
	return v.whole && w.whole && slices.Equal(v.content, w.content)
}

// text is the value for a person, in bounds.
func (v value) text() string {
	text := fmt.Sprintf("%s, %s as DUMP", plain(v.kind), count(len(v.dump), "byte"))
	if v.expires >= 0 {
		text += ", expires " + time.UnixMilli(v.expires).Format(time.DateTime)
	}
	for i, c := range v.content {
		if i == 8 || len(text) > 240 {
			return text + " …"
		}
		if i == 0 {
			text += ": "
		} else {
			text += ", "
		}
		text += fmt.Sprintf("%q", plain(c[:min(len(c), 60)]))
	}
	return text
}

// save keeps a value that is about to be overwritten or removed.
func (j *Job) save(id cluster.NodeID, one haul, v value) error {
	path := filepath.Join(j.stateDir, "saved-"+j.id+".jsonl")
	err := AppendSaved(path, Saved{At: time.Now(), Job: j.id, Node: id, Addr: j.crew.name(id), Slot: int(one.load.slot),
		DB: one.db, Key: []byte(one.keys[0]), Dump: []byte(v.dump), Expires: v.expires})
	if err != nil {
		return fmt.Errorf("the value of a key cannot be kept, so it is not overwritten: %w", err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if !slices.Contains(j.savedFiles, path) {
		j.savedFiles = append(j.savedFiles, path)
	}
	return nil
}
