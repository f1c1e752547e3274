package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"slotdeck/cluster/lab"
)

// demoFlags are those of "slotdeck demo".
type demoFlags struct {
	config   lab.Config
	keys     int
	traffic  int
	headless bool
	format   format
	screen   consoleFlags
}

// The bounds of a demo, so that a slip of the finger does not bring a machine down.
const (
	mostPrimaries = 100
	mostReplicas  = 5
	mostKeys      = 5_000_000
	mostTraffic   = 50_000
)

func newDemo(w *World) *cobra.Command {
	var f demoFlags
	cmd := &cobra.Command{
		Use:     "demo",
		GroupID: "cluster",
		Short:   "Start a cluster on this machine and look at it",
		Long: `Starts a real cluster on the loopback interface in a temporary folder, fills it,
sends it some traffic, and opens the console on it. When the console is left,
the servers are stopped and the folder is removed.

It needs a redis-server or valkey-server program: the one named by --server or
SLOTDECK_SERVER, else the first on PATH, else the newest that "make servers"
brought.`,
		Example: `  slotdeck demo
  slotdeck demo --primaries 6 --replicas 2 --traffic 2000
  slotdeck demo --headless             only the cluster; its addresses are printed`,
		Args:              noWords,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, _ []string) error { return f.run(cmd.Context(), w) },
	}
	flags := cmd.Flags()
	flags.IntVar(&f.config.Primaries, "primaries", 3, "how `many` primaries")
	flags.IntVar(&f.config.Primaries, "masters", 3, "the same by its old name")
	_ = flags.MarkHidden("masters") // fails only for a flag that does not exist
	flags.IntVar(&f.config.Replicas, "replicas", 1, "how `many` replicas for each primary")
	flags.IntVar(&f.keys, "keys", 40_000, "how `many` keys to write")
	flags.IntVar(&f.traffic, "traffic", 200, "`commands` a second, reads and writes; 0: none")
	flags.StringVar(&f.config.Binary, "server", "", "server `program`: a path, or a name on PATH")
	flags.DurationVar(&f.config.NodeTimeout, "node-timeout", lab.DefaultNodeTimeout, "`time` until a silent node is suspected")
	flags.IntVar(&f.config.FirstPort, "first-port", 0, "`port` of the first node, the others upwards (default: any free ones)")
	flags.BoolVar(&f.headless, "headless", false, "no console: print the addresses and wait for Ctrl-C")
	f.format.register(flags)
	f.screen.register(flags)
	return cmd
}

func (f *demoFlags) run(ctx context.Context, w *World) error {
	if err := f.check(w); err != nil {
		return err
	}
	// A limit with room to spare, so that memory shows as a part of something.
	f.config.Extra = append(f.config.Extra, fmt.Sprintf("maxmemory %dmb", 32+2*f.keys/f.config.Primaries/1000))
	f.config.Progress = func(sentence string) { fmt.Fprintln(w.Err, sentence) }
	show, err := lab.Demo(ctx, f.config, f.keys, f.traffic)
	if err != nil {
		if ctx.Err() != nil {
			return failure(Interrupted, "interrupted while the demo's cluster was starting; nothing is left of it")
		}
		return fmt.Errorf("the demo's cluster cannot be started: %w", err)
	}
	if f.headless {
		err = f.wait(ctx, w, show)
	} else {
		err = f.screen.open(ctx, w, target{Name: "demo", Seeds: seedsOf(show)})
	}
	if stopped := show.Stop(); stopped != nil {
		stopped = fmt.Errorf("the demo's cluster left something behind: %w", stopped)
		return errors.Join(err, stopped)
	}
	return err
}

func (f *demoFlags) check(w *World) error {
	c := f.config
	switch {
	case c.Primaries < 1 || c.Primaries > mostPrimaries:
		return usage("--primaries %d is not 1 to %d", c.Primaries, mostPrimaries)
	case c.Replicas < 0 || c.Replicas > mostReplicas:
		return usage("--replicas %d is not 0 to %d", c.Replicas, mostReplicas)
	case f.keys < 0 || f.keys > mostKeys:
		return usage("--keys %d is not 0 to %d", f.keys, mostKeys)
	case f.traffic < 0 || f.traffic > mostTraffic:
		return usage("--traffic %d is not 0 to %d", f.traffic, mostTraffic)
	case c.NodeTimeout < 100*time.Millisecond || c.NodeTimeout > time.Hour:
		return usage("--node-timeout %v is not 100ms to 1h", c.NodeTimeout)
	case c.FirstPort < 0 || c.FirstPort > 55535:
		return usage("--first-port %d is not 1 to 55535", c.FirstPort)
	case f.headless:
		return nil
	case f.format == asJSON:
		return usage("-o json prints addresses, which only --headless does")
	}
	return f.screen.check(w)
}

// wait prints where the cluster is, and keeps it until a signal comes.
func (f *demoFlags) wait(ctx context.Context, w *World, show *lab.Show) error {
	if err := f.print(w.Out, seedsOf(show)); err != nil {
		return err
	}
	w.Warn("the cluster runs until Ctrl-C; look at it with: slotdeck " + show.Seed())
	<-ctx.Done()
	return nil
}

// print tells the addresses: one a line, or as one array on one line, so that
// whoever started the demo knows when all are told.
func (f *demoFlags) print(out io.Writer, addrs []string) error {
	if f.format == asJSON {
		line, err := compactJSON(addrs)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "%s\n", line)
		return err
	}
	for _, addr := range addrs {
		if _, err := fmt.Fprintln(out, addr); err != nil {
			return err
		}
	}
	return nil
}

func seedsOf(show *lab.Show) []string {
	var seeds []string
	for _, n := range show.Nodes() {
		seeds = append(seeds, n.Addr)
	}
	return seeds
}
