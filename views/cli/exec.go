package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"slotdeck/cluster/keys"
	"slotdeck/cluster/keyspace"
	"slotdeck/cluster/wire"
)

// execFlags are those of "slotdeck exec".
type execFlags struct {
	keyFlags
	raw, noRaw bool
}

func newExec(w *World) *cobra.Command {
	var f execFlags
	cmd := &cobra.Command{
		Use:     "exec [flags] HOST:PORT [COMMAND [WORD …]] [--yes] [--raw|--no-raw] [-o json]",
		GroupID: "keys",
		Short:   "Send a command to the node that serves its keys",
		Long: `Sends a command to a node, follows MOVED and ASK to the one that serves its keys,
and prints the answer as redis-cli does: raw into a pipe, with kinds and escaped
bytes on a terminal. Without a command they are read from the input, one a line,
quoted as for redis-cli. A transaction is MULTI ";" … ";" EXEC, or lines from
MULTI to EXEC: it is sent as one.

A command that may change something is asked about; without a terminal --yes is
needed. The exit code is 1 when an answer was an error.`,
		Example: `  slotdeck exec 10.0.0.11:7001 HGETALL user:7
  slotdeck exec 10.0.0.11:7001 SET user:7:name Ada --yes
  slotdeck exec 10.0.0.11:7001 --yes < commands.txt`,
		ValidArgsFunction:  cobra.NoFileCompletions,
		DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			words, err := commandWords(cmd, args, "yes", "raw", "no-raw", "output", "timeout", "from-replicas")
			if help, _ := cmd.Flags().GetBool("help"); help && err == nil {
				return cmd.Help()
			}
			if err != nil {
				return err
			}
			return f.run(cmd.Context(), w, words)
		},
	}
	f.register(cmd)
	cmd.Flags().BoolVar(&f.raw, "raw", false, "print replies as they are, on a terminal, too")
	cmd.Flags().BoolVar(&f.noRaw, "no-raw", false, "print kinds and escaped bytes, into a pipe, too")
	return cmd
}

// execution is one run of exec.
type execution struct {
	*execFlags
	w       *World
	out     *bufio.Writer
	courier keys.Courier
	start   string // the node to ask first: at the beginning the seed, then whoever answered last
	seed    string
	worst   error
	wrong   bool // an answer was an error
}

func (f *execFlags) run(ctx context.Context, w *World, words []string) error {
	if len(words) == 0 && f.conn.host == "" && f.conn.uri == "" {
		return usage("HOST:PORT is missing")
	}
	if f.raw && f.noRaw {
		return usage("--raw and --no-raw exclude each other")
	}
	courier, start, rest, err := f.courier(ctx, w, words)
	if err != nil {
		return err
	}
	defer courier.Doors.Close()
	if _, onTerminal := terminal(w.Out); !f.raw {
		f.raw = !onTerminal && !f.noRaw
	}
	e := &execution{execFlags: f, w: w, out: bufio.NewWriterSize(w.Out, 64<<10), courier: courier, start: start, seed: start}
	if len(rest) > 0 {
		err = e.once(ctx, rest)
	} else {
		err = e.lines(ctx, w.In)
	}
	if err = errors.Join(err, e.out.Flush()); err != nil {
		return err
	}
	switch {
	case e.worst != nil && !wire.KindOf(e.worst).Answered():
		return &Failure{ExitOf(e.worst), errTold}
	case e.wrong:
		return &Failure{No, errTold}
	}
	return nil
}

// once carries out what the arguments say.
func (e *execution) once(ctx context.Context, words []string) error {
	commands := severalCommands(words)
	if len(commands) == 0 {
		return usage("a command is missing")
	}
	if _, wrong := isTransaction(commands); wrong != "" {
		return usage("%s", wrong)
	}
	for _, c := range commands {
		if name := strings.ToUpper(c[0]); endless(c) || name == "HELLO" || name == "CLIENT" && keepsState(c) {
			return usage("%s needs a connection that is kept; use redis-cli for it", name)
		}
	}
	if err := e.agreeTo(ctx, e.w, e.seed, commands...); err != nil {
		return err
	}
	return e.carry(ctx, commands)
}

// lines carries out the input line by line; what stands from MULTI to EXEC
// goes as one.
func (e *execution) lines(ctx context.Context, in io.Reader) error {
	if _, is := terminal(in); is {
		return usage("a command is missing: exec HOST:PORT COMMAND, or commands on the input")
	}
	var open [][]string
	input := bufio.NewScanner(in)
	input.Buffer(make([]byte, 64<<10), 16<<20)
	for nr := 1; input.Scan() && ctx.Err() == nil; nr++ {
		words, err := keyspace.Words(input.Text())
		switch {
		case err != nil:
			return usage("line %d: %w", nr, err)
		case len(words) == 0:
			continue
		}
		open = append(open, words)
		if name := strings.ToUpper(words[0]); len(open) == 1 && name == "MULTI" || len(open) > 1 && name != "EXEC" && name != "DISCARD" {
			continue
		}
		if len(open) == 1 && (endless(words) || keepsState(words)) {
			return usage("line %d: %s needs a connection that is kept; use redis-cli for it", nr, strings.ToUpper(words[0]))
		}
		if err := e.allowed(nr, open); err != nil {
			return err
		}
		if err := e.carry(ctx, open); err != nil {
			return err
		}
		open = nil
	}
	switch {
	case ctx.Err() != nil:
		return failure(Interrupted, "interrupted; what was answered is printed above")
	case input.Err() != nil:
		return fmt.Errorf("the input cannot be read: %w", input.Err())
	case len(open) > 0:
		return usage("the input ends within MULTI: nothing of the transaction was sent")
	}
	return nil
}

// allowed refuses lines that change something unless --yes was said: the input
// is taken, so nobody can be asked.
func (e *execution) allowed(nr int, commands [][]string) error {
	for _, c := range commands {
		if dangerOfOne(c) == harmless {
			continue
		}
		if !e.yes {
			return usage("line %d: %s may change something, and nobody can be asked while commands come from the input; say --yes", nr, clean(wire.Shown(anyWords(c)...)))
		}
		if _, err := e.w.guarding.allows(true); err != nil {
			return err
		}
	}
	return nil
}

// carry sends a command, or a transaction, and prints what came back.
func (e *execution) carry(ctx context.Context, commands [][]string) error {
	t := e.courier.Carry(ctx, keyspace.Begin(e.start, commands...))
	for _, h := range t.Hops[:max(0, len(t.Hops)-1)] {
		if h.To != "" && !e.raw {
			fmt.Fprintf(e.w.Err, "-> Redirected to slot [%d] located at %s\n", h.Slot, clean(h.To))
		}
	}
	last, ok := t.Last()
	if !ok {
		return ctx.Err()
	}
	if last.Outcome != keyspace.Silent {
		e.start = last.Addr // as redis-cli: it stays with the node that answered
	} else {
		e.start = e.seed
		e.wayOn(ctx, e.w, last)
	}
	for i, err := range t.Errs {
		if err != nil && e.worst == nil {
			e.worst = err
		}
		e.wrong = e.wrong || err != nil
		if last.Outcome == keyspace.Silent {
			return tooLarge(err, commands[0])
		}
		if err := e.print(t.Replies[i], err); err != nil {
			return err
		}
	}
	return nil
}

// tooLarge says what to do about an answer that is larger than what is read.
func tooLarge(err error, command []string) error {
	if wire.TooLarge(err) {
		return failure(No, "the answer to %s is larger than 64 MiB, which is more than is read at once; read it in parts (GETRANGE, LRANGE, HSCAN, SSCAN, ZRANGE, XRANGE)", strings.ToUpper(command[0]))
	}
	return err
}

func (e *execution) print(v any, err error) error {
	if e.execFlags.out == asJSON {
		answer := struct {
			Reply any    `json:"reply"`
			Error string `json:"error,omitempty"`
		}{Reply: plainReply(v)}
		if err != nil {
			answer.Error = keys.ReplyText(err)
		}
		line, bad := compactJSON(answer)
		if bad != nil {
			return bad
		}
		_, bad = e.out.Write(append(line, '\n'))
		return bad
	}
	if err != nil {
		v = wire.Complaint(keys.ReplyText(err))
	}
	_, bad := e.out.WriteString(replyText(v, e.raw))
	return bad
}
