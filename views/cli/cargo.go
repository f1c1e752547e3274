package cli

import (
	"context"
	"fmt"

	"github.com/spf13/pflag"

	"slotdeck/cluster"
	engine "slotdeck/cluster/run"
)

// cargoFlags are those of the commands that bring all data in or out.
type cargoFlags struct {
	conn        connection
	out         format
	yes, dryRun bool
}

func (f *cargoFlags) register(flags *pflag.FlagSet, nothing string) {
	flags.BoolVar(&f.yes, "yes", false, "do not ask; needed without a terminal")
	flags.BoolVar(&f.dryRun, "dry-run", false, "print the plan, and "+nothing)
	f.out.register(flags)
	f.conn.register(flags)
}

// confirm shows a plan, and asks. Without an error and without --dry-run it may
// be carried out.
func (f *cargoFlags) confirm(ctx context.Context, w *World, lines []string, plan any, question, typed string) error {
	switch {
	case f.out != asJSON:
		for _, l := range lines {
			fmt.Fprintln(w.Out, clean(l))
		}
	case f.dryRun:
		return writeJSON(w.Out, plan)
	}
	if f.dryRun {
		return nil
	}
	return agree(ctx, w, f.yes || w.Env("REDISCLI_CLUSTER_YES") == "1", question, typed)
}

// looking is how a crew reads the cluster that some nodes are in.
func looking(crew *engine.MemberCrew, seeds []string) func(context.Context) (*cluster.Snapshot, error) {
	return func(ctx context.Context) (*cluster.Snapshot, error) { return crew.Look(ctx, seeds...) }
}

// statusLine is a line on the terminal that is written over; elsewhere it is
// nothing.
type statusLine struct{ w *World }

func (s statusLine) say(text string) {
	if _, tty := terminal(s.w.Err); tty {
		fmt.Fprintf(s.w.Err, "\r\x1b[K%.78s", clean(text))
	}
}

func (s statusLine) clear() { s.say("") }
