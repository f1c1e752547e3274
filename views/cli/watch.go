package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"slotdeck/cluster"
	engine "slotdeck/cluster/watch"
)

// watchFlags are those of "slotdeck watch".
type watchFlags struct {
	conn     connection
	out      format
	interval time.Duration
}

func newWatch(w *World) *cobra.Command {
	var f watchFlags
	cmd := &cobra.Command{
		Use:     "watch [HOST:PORT …]",
		GroupID: "cluster",
		Short:   "Tell what changes in a cluster, a line each, until stopped",
		Long: `Watches a cluster and prints a line for everything that changes: nodes, roles,
slots, what the nodes say of each other; the verdict, whenever it is another one;
and the stages of every failover, as they are seen. It begins with the verdict.

With -o json each line is one object; its type is event, verdict or failover. It
goes on through failures of any node, until it is interrupted or terminated,
which is a clean end: code 0.`,
		Example: `  slotdeck watch 10.0.0.11:7001
  slotdeck watch 10.0.0.11:7001 -o json | jq 'select(.type == "failover")'`,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, args []string) error { return f.run(cmd.Context(), w, args) },
	}
	flags := cmd.Flags()
	flags.DurationVar(&f.interval, "interval", engine.DefaultInterval, "`time` between two looks at the cluster, while all is well")
	f.out.register(flags)
	f.conn.register(flags)
	return cmd
}

func (f *watchFlags) run(ctx context.Context, w *World, args []string) error {
	if f.interval < engine.MinInterval || f.interval > engine.MaxInterval {
		return usage("--interval %v is not between %v and %v", f.interval, engine.MinInterval, engine.MaxInterval)
	}
	t, err := f.conn.resolve(ctx, w, args)
	if err != nil {
		return err
	}
	watching := watchTarget(ctx, t, f.interval)
	defer watching.stop()
	teller := newTeller(w, f.out)
	first, err := wholePicture(ctx, watching)
	if err != nil {
		return err
	}
	if err := teller.tell(first, watching.records.all()); err != nil {
		return err
	}
	for s := range watching.Updates() { // closed when the context ends
		if err := teller.tell(s, watching.records.all()); err != nil {
			return err
		}
	}
	return nil
}

// kindWords name the kinds of events for programs.
var kindWords = [...]string{
	cluster.NodeAppeared: "node-appeared", cluster.NodeWent: "node-went", cluster.RoleChanged: "role",
	cluster.PrimaryChanged: "primary", cluster.HealthChanged: "health", cluster.LinkChanged: "link",
	cluster.FlagChanged: "flags", cluster.EpochChanged: "epoch", cluster.SlotsChanged: "slots",
	cluster.SlotOpened: "open-slots", cluster.StateChanged: "state", cluster.DisputeChanged: "dispute",
	cluster.AddressChanged: "address", cluster.RestartSeen: "restart", cluster.Note: "note",
}

func kindWord(k cluster.EventKind) string {
	if int(k) < len(kindWords) {
		return kindWords[k]
	}
	return "other"
}

var gravityWords = [...]string{cluster.Quiet: "quiet", cluster.Good: "good", cluster.Notable: "notable", cluster.Bad: "bad"}
