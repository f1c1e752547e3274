package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"slotdeck/cluster/keys"
	"slotdeck/cluster/keyspace"
	"slotdeck/keyslot"
	"slotdeck/ui"
)

func newTrace(w *World) *cobra.Command {
	var f keyFlags
	cmd := &cobra.Command{
		Use:     "trace [flags] HOST:PORT COMMAND [WORD …] [--yes] [-o json]",
		GroupID: "keys",
		Short:   "Follow a command from node to node, and tell why it goes there",
		Long: `Sends a command to the node named, tells each hop as it happens (the node, MOVED,
ASK, TRYAGAIN, CROSSSLOT, CLUSTERDOWN, the time), follows MOVED and ASK as a client
does, and says what it means. Which words are keys is asked from the server
(COMMAND GETKEYS, one round trip that runs nothing), else told by a table here.
A transaction is MULTI ";" … ";" EXEC.

The command is really carried out: one that may change something is asked about.
The exit code is 1 when the answer is an error.`,
		Example: `  slotdeck trace 10.0.0.11:7001 GET user:7
  slotdeck trace 10.0.0.12:7002 MGET {user:7}:a {user:7}:b
  slotdeck trace 10.0.0.11:7001 MULTI \; INCR a \; INCR b \; EXEC --yes`,
		ValidArgsFunction:  cobra.NoFileCompletions,
		DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			words, err := commandWords(cmd, args, "yes", "output", "timeout", "from-replicas")
			if help, _ := cmd.Flags().GetBool("help"); help && err == nil {
				return cmd.Help()
			}
			if err != nil {
				return err
			}
			return f.trace(cmd.Context(), w, words)
		},
	}
	f.register(cmd)
	return cmd
}

func (f *keyFlags) trace(ctx context.Context, w *World, words []string) error {
	if len(words) == 0 {
		return usage("HOST:PORT is missing")
	}
	courier, start, rest, err := f.courier(ctx, w, words)
	if err != nil {
		return err
	}
	defer courier.Doors.Close()
	commands := severalCommands(rest)
	if len(commands) == 0 {
		return usage("a command is missing: trace HOST:PORT COMMAND")
	}
	if _, wrong := isTransaction(commands); wrong != "" {
		return usage("%s", wrong)
	}
	for _, c := range commands {
		if name := strings.ToUpper(c[0]); endless(c) || name == "HELLO" {
			return usage("%s needs a connection that is kept; it cannot be traced", name)
		}
	}
	p := tracing{w: w, json: f.out == asJSON}
	p.keys(ctx, courier, start, commands)
	if err := f.agreeTo(ctx, w, start, commands...); err != nil {
		return err
	}
	t := keyspace.Begin(start, commands...)
	for {
		if _, _, more := t.Next(); !more || ctx.Err() != nil {
			break
		}
		t = courier.Step(ctx, t)
		p.hop(len(t.Hops), t.Hops[len(t.Hops)-1])
	}
	if last, ok := t.Last(); ok {
		f.wayOn(ctx, w, last)
	}
	return p.end(t)
}

// tracing prints a trace while it happens; JSON comes whole at the end.
type tracing struct {
	w     *World
	json  bool
	found []tracedKey
	notes []string
	told  bool // by the server
}

type tracedKey struct {
	Key  string       `json:"key"`
	Slot keyslot.Slot `json:"slot"`
}

// keys finds the keys and says what is to be said before anything is sent.
func (p *tracing) keys(ctx context.Context, c keys.Courier, start string, commands [][]string) {
	all := make([][]string, len(commands))
	p.told = true
	for i, words := range commands {
		var told bool
		all[i], told = keys.KeysOf(ctx, c.Doors.At(start), words)
		p.told = p.told && told
		for _, key := range all[i] {
			p.found = append(p.found, tracedKey{key, keyslot.Of(key)})
		}
	}
	p.notes = keyspace.Note(commands, all)
	if p.json {
		return
	}
	by := "as the server says"
	if !p.told {
		by = "by slotdeck's own table"
	}
	const most = 20
	for i, k := range p.found {
		if i == most {
			fmt.Fprintf(p.w.Out, "  and %d more\n", len(p.found)-most)
			break
		}
		fmt.Fprintf(p.w.Out, "key %s  slot %d  (%s)\n", keyspace.Escaped(k.Key), k.Slot, by)
	}
	for _, note := range p.notes {
		fmt.Fprintln(p.w.Out, "note: "+clean(note))
	}
}

func (p *tracing) hop(nr int, h keyspace.Hop) {
	if p.json {
		return
	}
	asking := ""
	if h.Asking {
		asking = "  after ASKING"
	}
	fmt.Fprintf(p.w.Out, "%2d  %-21s  %7.2f ms%s  %s\n", nr, ui.Clean(h.Addr), float64(h.Took.Microseconds())/1000, asking, hopWords(h))
}

// hopWords are what a node said, on one line.
func hopWords(h keyspace.Hop) string {
	switch {
	case h.Outcome == keyspace.Answered:
		return "answered"
	case h.Outcome == keyspace.Silent:
		return clean(h.Err.Error())
	}
	return clean(keys.ReplyText(h.Err))
}

func (p *tracing) end(t keyspace.Trace) error {
	last, ok := t.Last()
	if !ok {
		return failure(Interrupted, "interrupted before anything was sent")
	}
	if p.json {
		if err := writeJSON(p.w.Out, p.answer(t)); err != nil {
			return err
		}
	} else {
		for i, v := range t.Replies {
			if t.Errs[i] == nil && last.Outcome == keyspace.Answered { // of a transaction that was refused, what was queued means nothing
				fmt.Fprint(p.w.Out, shortReply(v))
			}
		}
		hops := "hops"
		if len(t.Hops) == 1 {
			hops = "hop"
		}
		fmt.Fprintf(p.w.Out, "%s; %d %s, %.2f ms\n", clean(t.Verdict()), len(t.Hops), hops, float64(t.Elapsed().Microseconds())/1000)
	}
	switch last.Outcome {
	case keyspace.Answered:
		return nil
	case keyspace.Silent:
		return &Failure{ExitOf(last.Err), errTold}
	}
	return &Failure{No, errTold}
}

// shortReply bounds what a trace shows of an answer: it is about the way.
func shortReply(v any) string {
	const lines, width = 12, 200
	out := strings.SplitAfter(replyText(v, false), "\n")
	if len(out) > lines {
		out = append(out[:lines:lines], "…\n")
	}
	for i, l := range out {
		if len(l) > width {
			out[i] = l[:width] + "…\n" // all of it is ASCII, but for a status, which is short
		}
	}
	return strings.Join(out, "")
}

// traceAnswer is a trace as programs get it.
type traceAnswer struct {
	Keys    []tracedKey `json:"keys"`
	KeysBy  string      `json:"keys_by"` // "server" or "table"
	Notes   []string    `json:"notes"`
	Hops    []hopAnswer `json:"hops"`
	Replies []any       `json:"replies"`
	Outcome string      `json:"outcome"`
	Verdict string      `json:"verdict"`
}

type hopAnswer struct {
	Addr    string `json:"addr"`
	Asking  bool   `json:"asking"`
	Outcome string `json:"outcome"`
	Said    string `json:"said"`
	To      string `json:"to,omitempty"`
	TookUS  int64  `json:"took_us"`
}

func (p *tracing) answer(t keyspace.Trace) traceAnswer {
	last, _ := t.Last()
	a := traceAnswer{Keys: p.found, KeysBy: "server", Notes: p.notes, Outcome: last.Outcome.String(), Verdict: t.Verdict()}
	if !p.told {
		a.KeysBy = "table"
	}
	for i := range a.Keys {
		a.Keys[i].Key = textual(a.Keys[i].Key).(string)
	}
	for _, h := range t.Hops {
		a.Hops = append(a.Hops, hopAnswer{h.Addr, h.Asking, h.Outcome.String(), hopWords(h), h.To, h.Took.Microseconds()})
	}
	for _, v := range t.Replies {
		a.Replies = append(a.Replies, plainReply(v))
	}
	return a
}
