package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"slotdeck/cluster"
	"slotdeck/cluster/keys"
	engine "slotdeck/cluster/run"
	"slotdeck/cluster/wire"
	"slotdeck/keyslot"
)

// walkFlags are those of the commands that go over the keys of primaries.
type walkFlags struct {
	conn  connection
	out   format
	node  string
	batch int
	rate  int
	hurry bool
}

func (f *walkFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.node, "node", "", "only the primary with this `id` (or its beginning) or address")
	flags.IntVar(&f.batch, "batch", 0, "`keys` a round trip (default: as many as hold a server for a quarter of a millisecond)")
	flags.IntVar(&f.rate, "rate", 0, "at most that many `keys` a second and node (default: no limit, one round trip at a time)")
	flags.BoolVar(&f.hurry, "hurry", false, "do not leave the servers alone between round trips, whatever their clients notice")
	f.conn.register(flags)
}

func (f *walkFlags) check() error {
	switch {
	case f.batch < 0 || f.batch > 10000:
		return usage("--batch %d is not 1 to 10000", f.batch)
	case f.rate < 0:
		return usage("--rate %d is less than nothing", f.rate)
	}
	return nil
}

const slotsHelp = "only keys in these `ranges`: 5 or 0-99,200"

// readSlots are the slots that a flag names; nil for all.
func readSlots(text string) (*keyslot.Set, error) {
	if text == "" {
		return nil, nil
	}
	set, err := keyslot.ParseSet(text)
	if err != nil {
		return nil, usage("--slots: %w", err)
	}
	return &set, nil
}

// walked is a cluster whose primaries are gone over.
type walked struct {
	doors *keys.Doors
	snap  *cluster.Snapshot
	nodes []*wire.Node // the primaries with slots that are asked for and answer
	lost  []string     // sentences on those that do not
}

// narrow leaves out primaries without any of the slots; nil is all.
func (c *walked) narrow(only *keyslot.Set) {
	if only != nil {
		c.nodes = slices.DeleteFunc(c.nodes, func(n *wire.Node) bool { return c.slotsOf(n.Addr()).Intersect(*only).Empty() })
	}
}

// pace is a walk at the pace that the flags ask for.
func (f *walkFlags) pace() keys.Walk { return keys.Walk{Batch: f.batch, Rate: f.rate, Hurry: f.hurry} }

// open looks at the cluster. The doors are to be closed.
func (f *walkFlags) open(ctx context.Context, w *World, words []string) (*walked, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	t, err := f.conn.resolve(ctx, w, words)
	if err != nil {
		return nil, err
	}
	crew := engine.NewMemberCrew(t.Options)
	defer crew.Close()
	snap, err := crew.Look(ctx, t.Seeds...)
	w.propose(snap)
	if err != nil {
		return nil, err
	}
	o := t.Options
	o.CallTimeout = 10 * time.Second // a full SCAN of a pattern may take its time
	c := &walked{doors: keys.NewDoors(o), snap: snap}
	for i := range snap.Shards {
		sh := &snap.Shards[i]
		p, known := snap.Node(sh.Primary)
		switch {
		case sh.SlotLen == 0 || !f.names(sh, p):
		case !known || p.Health != cluster.Answering:
			c.lost = append(c.lost, fmt.Sprintf("the primary of shard %s does not answer: its %d slots are left out", sh.Letter, sh.SlotLen))
		default:
			c.nodes = append(c.nodes, c.doors.At(p.Dialled))
		}
	}
	if len(c.nodes) == 0 {
		c.doors.Close()
		if f.node != "" {
			return nil, usage("no primary with slots is called %q", f.node)
		}
		return nil, failure(Unreachable, "no primary answers")
	}
	return c, nil
}

func (f *walkFlags) names(sh *cluster.Shard, p *cluster.Node) bool {
	return f.node == "" || strings.HasPrefix(string(sh.Primary), f.node) || p != nil && p.Dialled == f.node || sh.Letter == f.node
}

// warn tells what is left out; the answer is then not the whole.
func (c *walked) warn(w *World) {
	for _, text := range c.lost {
		w.Warn(clean(text))
	}
}

func (c *walked) whole() error {
	if len(c.lost) > 0 {
		return &Failure{No, errTold}
	}
	return nil
}

// walkCommand fills in what the commands have in common.
func walkCommand(cmd *cobra.Command, f *walkFlags) *cobra.Command {
	cmd.GroupID = "keys"
	cmd.ValidArgsFunction = cobra.NoFileCompletions
	f.register(cmd.Flags())
	return cmd
}
