package keys

import (
	"context"
	"errors"
	"strings"
	"time"

	"slotdeck/cluster/keyspace"
	"slotdeck/cluster/wire"
)

// Courier carries commands to the nodes that serve their keys, as a cluster's
// clients do. It repeats nothing but what a redirection has told to repeat.
type Courier struct {
	Doors    *Doors
	Patience time.Duration // for each node to answer; 0: the connections' own
	ReadOnly bool          // READONLY first, so that replicas answer reads
}

// Carry goes the whole way of a trace.
func (c Courier) Carry(ctx context.Context, t keyspace.Trace) keyspace.Trace {
	for {
		if _, _, more := t.Next(); !more || ctx.Err() != nil {
			return t
		}
		t = c.Step(ctx, t)
	}
}

// Step asks the next node of a trace and adds what it said.
func (c Courier) Step(ctx context.Context, t keyspace.Trace) keyspace.Trace {
	addr, asking, more := t.Next()
	if !more {
		return t
	}
	if c.Patience > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.Patience)
		defer cancel()
	}
	var cmds [][]any
	if c.ReadOnly {
		cmds = append(cmds, []any{"READONLY"})
	}
	if asking {
		cmds = append(cmds, []any{"ASKING"})
	}
	before := len(cmds)
	for _, words := range t.Commands {
		cmds = append(cmds, anys(words))
	}
	began := time.Now()
	answers, took := c.Doors.At(addr).Exact(ctx, cmds...)
	if last, led := t.Last(); led && wire.KindOf(answers[0].Err) == wire.NameNotFound && c.Doors.findHome(ctx, last.Addr, addr) {
		answers, took = c.Doors.At(addr).Exact(ctx, cmds...) // nothing was sent yet
	}
	if took == 0 {
		took = time.Since(began)
	}
	answers = answers[before:]
	hop := keyspace.Hop{Addr: addr, Asking: asking, Took: took}
	hop.Redirect, hop.Err = verdict(answers)
	replies, errs := make([]any, len(answers)), make([]error, len(answers))
	for i, a := range answers {
		replies[i], errs[i] = a.Value, a.Err
	}
	to := ""
	if hop.To != "" {
		to = target(addr, hop.To)
	}
	t.Add(hop, to, replies, errs)
	return t
}

// verdict is what the answers to a command, or to all of a transaction, come to:
// a redirection of any of them is one of the whole, since EXEC does nothing then.
func verdict(answers []wire.Answer) (keyspace.Redirect, error) {
	first := keyspace.Redirect{Outcome: keyspace.Answered}
	var why error
	for _, a := range answers {
		if a.Err == nil {
			continue
		}
		r := keyspace.Redirect{Outcome: keyspace.Silent}
		if wire.KindOf(a.Err).Answered() {
			r = keyspace.ReadError(ReplyText(a.Err))
		}
		if r.Outcome == keyspace.Moved || r.Outcome == keyspace.Ask {
			return r, a.Err
		}
		if why == nil {
			first, why = r, a.Err
		}
	}
	return first, why
}

// ReplyText is the text of a node's error reply, as it came but for control
// bytes; of other errors, the sentence.
func ReplyText(err error) string {
	var e *wire.Error
	if errors.As(err, &e) && e.Err != nil && e.Kind.Answered() {
		return e.Err.Error()
	}
	return err.Error()
}

func anys(words []string) []any {
	out := make([]any, len(words))
	for i, w := range words {
		out[i] = w
	}
	return out
}

// maxGetKeys bounds what is sent only to learn which words are keys.
const maxGetKeys = 64 << 10

// KeysOf finds the keys among a command's words by asking a node (COMMAND
// GETKEYS: one round trip, the words are sent along); by the table of package
// keyspace when the node cannot tell, or the command is large. Told reports
// whether the node did.
func KeysOf(ctx context.Context, n *wire.Node, words []string) (keys []string, told bool) {
	size := 0
	for _, w := range words {
		size += len(w)
	}
	if size <= maxGetKeys && len(words) > 0 {
		v, err := n.Do(ctx, append([]any{"COMMAND", "GETKEYS"}, anys(words)...)...)
		list, isList := v.([]any)
		switch {
		case err == nil && isList:
			return texts(list), true
		case err != nil && strings.Contains(err.Error(), "no key arguments") && !shardChannel(words[0]):
			return nil, true
		}
	}
	keys, _ = keyspace.KeysOf(words)
	return keys, false
}

// shardChannel reports whether a command's words are channels that live in
// slots as keys do, which are no keys to the server.
func shardChannel(name string) bool {
	name = strings.ToUpper(name)
	return name == "SPUBLISH" || name == "SSUBSCRIBE" || name == "SUNSUBSCRIBE"
}

// texts are the strings of a list; what is none is left out.
func texts(list []any) []string {
	out := make([]string, 0, len(list))
	for _, item := range list {
		if s, ok := item.(string); ok {
			out = append(out, s)
		}
	}
	return out
}
