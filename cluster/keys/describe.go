package keys

import (
	"context"
	"slices"
	"strings"
	"time"

	"slotdeck/cluster/keyspace"
	"slotdeck/cluster/wire"
)

// questions puts commands together for one round trip, their words in one
// piece of memory: a walk asks about millions of keys.
type questions struct {
	cmds  [][]any
	words []any
}

func newQuestions(commands int) *questions {
	return &questions{cmds: make([][]any, 0, commands), words: make([]any, 0, 3*commands)}
}

func (q *questions) add(words ...any) {
	from := len(q.words)
	q.words = append(q.words, words...)
	q.cmds = append(q.cmds, q.words[from:len(q.words):len(q.words)])
}

// about adds what is asked about one key, in the order in which takeAnswers
// reads it. The name is only pointed at, which takes no memory.
func (q *questions) about(key *string, a keyspace.Aspects) {
	if a.Has(keyspace.OfType) || a.Has(keyspace.OfElements) {
		q.add("TYPE", key)
	}
	if a.Has(keyspace.OfTTL) {
		q.add("PTTL", key)
	}
	if a.Has(keyspace.OfBytes) {
		q.add("MEMORY", "USAGE", key)
	}
	if a.Has(keyspace.OfEncoding) {
		q.add("OBJECT", "ENCODING", key)
	}
	if a.Has(keyspace.OfFreq) {
		q.add("OBJECT", "FREQ", key)
	}
	if a.Has(keyspace.OfIdle) {
		q.add("OBJECT", "IDLETIME", key)
	}
}

// size asks for the size of a key; not when its type has none.
func (q *questions) size(e *keyspace.Entry) {
	if size := keyspace.SizeCommand(e.Type); size != "" {
		q.add(size, &e.Key)
	}
}

// takeAnswers fills the entries in. A key that has vanished, or that lies in a
// slot that has left, is gone; what the user may not ask is an error.
func takeAnswers(list []keyspace.Entry, answers []wire.Answer, a keyspace.Aspects) error {
	next := func() wire.Answer {
		first := answers[0]
		answers = answers[1:]
		return first
	}
	for i := range list {
		e := &list[i]
		if a.Has(keyspace.OfType) || a.Has(keyspace.OfElements) {
			v := next()
			if err := notGone(v.Err); err != nil {
				return err
			}
			e.Type = kindText(v.Value)
			e.Gone = e.Gone || v.Err != nil || e.Type == "none"
		}
		if a.Has(keyspace.OfTTL) {
			v := next()
			ms, ok := v.Value.(int64)
			switch {
			case !ok || ms == -2:
				e.Gone = true
			case ms < 0:
				e.TTL = keyspace.NoTTL
			default:
				e.TTL = time.Duration(ms) * time.Millisecond
			}
		}
		if a.Has(keyspace.OfBytes) {
			v := next()
			if err := notGone(v.Err); err != nil {
				return err
			}
			var ok bool
			if e.Bytes, ok = v.Value.(int64); !ok {
				e.Bytes, e.Gone = keyspace.Unknown, true
			}
		}
		if a.Has(keyspace.OfEncoding) {
			v := next()
			e.Encoding = kindText(v.Value)
			e.Gone = e.Gone || v.Err != nil || e.Encoding == ""
		}
		if a.Has(keyspace.OfFreq) {
			e.Freq = numberOr(next(), keyspace.Unknown)
		}
		if a.Has(keyspace.OfIdle) {
			e.Idle = numberOr(next(), keyspace.Unknown)
		}
	}
	return nil
}

func numberOr(a wire.Answer, or int64) int64 {
	if n, ok := a.Value.(int64); ok && a.Err == nil {
		return n
	}
	return or
}

// Describe asks a node about keys, in two round trips at most, and fills the
// entries in. Those that are gone are marked so.
func Describe(ctx context.Context, n *wire.Node, list []keyspace.Entry, a keyspace.Aspects) error {
	q := newQuestions(4 * len(list))
	for i := range list {
		q.about(&list[i].Key, a)
	}
	answers := n.Pipeline(ctx, q.cmds...)
	for _, x := range answers {
		if x.Err != nil && !wire.KindOf(x.Err).Answered() {
			return x.Err
		}
	}
	if err := takeAnswers(list, answers, a); err != nil || !a.Has(keyspace.OfElements) {
		return err
	}
	q = newQuestions(len(list))
	for i := range list {
		q.size(&list[i])
	}
	answers = n.Pipeline(ctx, q.cmds...)
	for _, x := range answers {
		if x.Err != nil && !wire.KindOf(x.Err).Answered() {
			return x.Err
		}
	}
	takeSizes(list, answers)
	return nil
}

// notGone passes on errors that are not about the one key.
func notGone(err error) error {
	if kind := wire.KindOf(err); kind == wire.NoPermission || kind == wire.Loading || kind == wire.ClusterDown {
		return err
	}
	return nil
}

func takeSizes(list []keyspace.Entry, answers []wire.Answer) {
	for i := range list {
		if keyspace.SizeCommand(list[i].Type) == "" {
			continue
		}
		size, ok := answers[0].Value.(int64)
		answers = answers[1:]
		if !ok || size == 0 && list[i].Type != "string" && list[i].Type != "stream" {
			list[i].Gone = true // by now; or it is of another type
			continue
		}
		list[i].Elements = size
	}
}

// kindText bounds a name that a server gives to a type or an encoding. The usual
// ones take no memory.
func kindText(v any) string {
	s, _ := v.(string)
	if i := slices.Index(usualKinds, s); i >= 0 {
		return usualKinds[i]
	}
	return strings.Clone(s[:min(len(s), 40)])
}

var usualKinds = []string{"string", "hash", "list", "set", "zset", "stream", "none"}
