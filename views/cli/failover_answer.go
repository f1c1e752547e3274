package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/muesli/cancelreader"

	"slotdeck/cluster/plan"
	engine "slotdeck/cluster/run"
	"slotdeck/cluster/spawn"
	"slotdeck/ui"
)

// failoverAnswer is a failover as programs get it.
type failoverAnswer struct {
	Plan   plan.FailoverPlan      `json:"plan"`
	Kind   plan.FailoverKind      `json:"kind"`
	DryRun bool                   `json:"dry_run,omitempty"`
	Report *engine.FailoverReport `json:"report"` // null: nothing was sent
}

// print gives the answer: all of it to programs, and to people what they have
// not read yet.
func (f *failoverFlags) print(w *World, a failoverAnswer) error {
	switch {
	case f.out == asJSON:
		return writeJSON(w.Out, a)
	case a.Report == nil:
		return printFailoverPlan(w.Out, a.Plan, a.Kind)
	}
	return printFailoverReport(w.Out, *a.Report)
}

// printFailoverPlan prints who, how and at what price; the chosen way is marked.
func printFailoverPlan(out io.Writer, p plan.FailoverPlan, kind plan.FailoverKind) error {
	b := bufio.NewWriter(out)
	fmt.Fprintf(b, "fail over shard %s (%d slots) from %s to %s\n\n", p.Shard, p.Slots, orNone(p.From), p.Addr)
	for _, v := range p.Variants {
		mark := " "
		if v.Kind == kind {
			mark = ">"
		}
		about := v.Risk.String() + ": " + v.Price
		if v.Disabled != "" {
			about = "cannot work now: " + v.Disabled
		}
		fmt.Fprintf(b, "%s %-9s %s\n", mark, v.Kind, ui.Clean(about))
	}
	fmt.Fprintf(b, "\nadvice: %s\n", ui.Clean(p.Why))
	for _, c := range p.Checks {
		fmt.Fprintf(b, "%-5s %s\n", c.State, ui.Clean(c.Text))
	}
	fmt.Fprintf(b, "sends: %s: %s\n\n", p.Addr, p.Variant(kind).Command)
	return b.Flush()
}

func orNone(addr string) string {
	if addr == "" {
		return "nobody"
	}
	return addr
}

func printFailoverReport(out io.Writer, r engine.FailoverReport) error {
	b := bufio.NewWriter(out)
	fmt.Fprintf(b, "%s: %s\n", r.Outcome, ui.Clean(r.Text))
	for _, why := range r.Why {
		fmt.Fprintf(b, "  why: %s\n", ui.Clean(why))
	}
	for _, what := range r.Remains {
		fmt.Fprintf(b, "  now: %s\n", ui.Clean(what))
	}
	return b.Flush()
}

// tellFailover prints each stage on the side, as it is seen.
func tellFailover(w *World, job *engine.FailoverJob) {
	told := map[engine.FailoverStep]bool{}
	waiting := ""
	for p := range job.Updates() {
		for _, s := range p.Stages {
			if !told[s.Step] {
				told[s.Step] = true
				fmt.Fprintf(w.Err, "%8.3f s  %s: %s\n", s.Took.Seconds(), s.Step, ui.Clean(s.Note))
			}
		}
		if p.Report == nil && p.Message != waiting && p.Elapsed.Seconds() > 1 {
			waiting = p.Message
			fmt.Fprintf(w.Err, "%8.3f s  … %s\n", p.Elapsed.Seconds(), ui.Clean(waiting))
		}
	}
}

// readLine reads one line from the terminal, unless the program is asked to go.
func readLine(ctx context.Context, in io.Reader) (string, error) {
	tty, ok := in.(*os.File)
	if !ok {
		return "", failure(NoTerminal, "the terminal cannot be read")
	}
	reader, err := cancelreader.NewReader(tty)
	if err != nil {
		return "", fmt.Errorf("the terminal cannot be read: %w", err)
	}
	defer reader.Close()
	stop := context.AfterFunc(ctx, spawn.Caught(func() { reader.Cancel() }))
	defer stop()
	line, err := bufio.NewReader(reader).ReadString('\n')
	switch {
	case errors.Is(err, cancelreader.ErrCanceled):
		return "", failure(Interrupted, "interrupted; nothing was sent")
	case err != nil && line == "":
		return "", failure(No, "nothing was sent: no answer was given")
	}
	return strings.TrimSpace(line), nil
}
