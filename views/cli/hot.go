package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"slotdeck/cluster/keys"
	"slotdeck/cluster/keyspace"
	"slotdeck/cluster/spawn"
	"slotdeck/keyslot"
	"slotdeck/ui"
)

// hotFlags are those of "slotdeck hot".
type hotFlags struct {
	walkFlags
	window  time.Duration
	top     int
	hotkeys bool
	yes     bool
}

func newHot(w *World) *cobra.Command {
	var f hotFlags
	cmd := walkCommand(&cobra.Command{
		Use:   "hot HOST:PORT [--window TIME] [--top N] [--hotkeys --yes] [-o json]",
		Short: "The slots and keys that are used most, and the tags that bind them",
		Long: `Watches all primaries for a while and tells the hottest slots by CPU time and
traffic (CLUSTER SLOT-STATS, where cluster-slot-stats-enabled is set), the hottest
keys, and the hash tags that several of them share. Keys are found by LFU counters
where the policy is one, else by sampling how recently keys of the hottest slots
were used. --hotkeys lets Redis 8.6 and newer count the time of every command
during the window (HOTKEYS START … STOP, RESET): that changes what the servers do,
so it is asked about. It never sends MONITOR. Each answer says how it was found.`,
		Example: `  slotdeck hot 10.0.0.11:7001
  slotdeck hot 10.0.0.11:7001 --window 10s --hotkeys --yes -o json`,
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd.Context(), w, args) },
	}, &f.walkFlags)
	flags := cmd.Flags()
	flags.DurationVar(&f.window, "window", keyspace.Window, "how `long` to watch")
	flags.IntVar(&f.top, "top", 10, "how `many` slots and keys to tell")
	flags.BoolVar(&f.hotkeys, "hotkeys", false, "count every command with HOTKEYS, where the server has it")
	flags.BoolVar(&f.yes, "yes", false, "do not ask; needed for --hotkeys without a terminal")
	f.out.register(flags)
	return cmd
}

func (f *hotFlags) run(ctx context.Context, w *World, args []string) error {
	switch {
	case f.window < 100*time.Millisecond || f.window > 10*time.Minute:
		return usage("--window %v is not 100ms to 10m", f.window)
	case f.top < 1 || f.top > 64:
		return usage("--top %d is not 1 to 64", f.top)
	}
	c, err := f.open(ctx, w, args)
	if err != nil {
		return err
	}
	defer c.doors.Close()
	c.warn(w)
	if f.hotkeys {
		question := fmt.Sprintf("HOTKEYS START, STOP and RESET will be sent to %d primaries. Do you want to proceed, yes or no? ", len(c.nodes))
		if err := agree(ctx, w, f.yes, question, ""); err != nil {
			return err
		}
	}
	walk := f.pace()
	walk.Turns = keys.NewTurns(c.nodes)
	found := make([]keys.HotNode, len(c.nodes))
	var all spawn.Group
	for i, n := range c.nodes {
		h := keys.Hot{Window: f.window, Most: f.top, Watch: f.hotkeys, Walk: walk, Slots: c.slotsOf(n.Addr())}
		all.Go(func() { found[i] = h.Find(ctx, n) })
	}
	all.Wait()
	a := f.answer(found)
	if f.out == asJSON {
		err = writeJSON(w.Out, a)
	} else {
		_, err = fmt.Fprint(w.Out, f.text(found, a))
	}
	if err != nil {
		return err
	}
	for _, n := range found {
		if n.Err != nil {
			return fmt.Errorf("this is not the whole: %w", n.Err)
		}
	}
	return c.whole()
}

// slotsOf are the slots of the primary at an address.
func (c *walked) slotsOf(addr string) keyslot.Set {
	for i := range c.snap.Shards {
		sh := &c.snap.Shards[i]
		if p, ok := c.snap.Node(sh.Primary); ok && p.Dialled == addr {
			return keyslot.SetOf(sh.Slots...)
		}
	}
	return keyslot.Set{}
}

// hotAnswer is what is hot as programs get it: rates are per second of the window.
type hotAnswer struct {
	WindowMS int64       `json:"window_ms"`
	Slots    []hotSlot   `json:"slots"`
	Keys     []hotKey    `json:"keys"`
	Tags     []hotTag    `json:"tags"`
	Nodes    []hotSource `json:"nodes"`
}

type hotSlot struct {
	Slot  keyslot.Slot `json:"slot"`
	Addr  string       `json:"addr"`
	Keys  int64        `json:"keys"`
	CPUUS int64        `json:"cpu_us_per_second"`
	In    int64        `json:"in_bytes_per_second"`
	Out   int64        `json:"out_bytes_per_second"`
}

type hotKey struct {
	Key   string       `json:"key"`
	Slot  keyslot.Slot `json:"slot"`
	Type  string       `json:"type,omitempty"`
	Score int64        `json:"score"`
	Of    int64        `json:"of,omitempty"`
	By    string       `json:"by"`
}

type hotTag struct {
	Tag  string       `json:"tag"`
	Slot keyslot.Slot `json:"slot"`
	Keys int          `json:"hot_keys"`
}

type hotSource struct {
	Addr  string `json:"addr"`
	Slots string `json:"slots_by"`
	Keys  string `json:"keys_by"`
	Error string `json:"error,omitempty"`
}

func (f *hotFlags) answer(found []keys.HotNode) hotAnswer {
	a := hotAnswer{WindowMS: f.window.Milliseconds(), Slots: []hotSlot{}, Keys: []hotKey{}, Tags: []hotTag{}}
	per := func(n int64) int64 { return int64(float64(max(n, 0)) / f.window.Seconds()) }
	var hot []keyspace.HotKey
	for _, n := range found {
		src := hotSource{Addr: n.Addr, Slots: cmp.Or(n.SlotsWhy, "CLUSTER SLOT-STATS, during the window"), Keys: n.Way.String()}
		if n.Err != nil {
			src.Error = n.Err.Error()
		}
		a.Nodes = append(a.Nodes, src)
		for _, s := range n.Slots {
			a.Slots = append(a.Slots, hotSlot{s.Slot, n.Addr, s.Keys, per(s.CPU), per(s.In), per(s.Out)})
		}
		for _, k := range n.Keys {
			hot = append(hot, k)
			a.Keys = append(a.Keys, hotKey{textual(k.Key).(string), k.Slot, k.Type, k.Score, k.Of, n.Way.String()})
		}
	}
	slices.SortStableFunc(a.Slots, func(x, y hotSlot) int {
		return cmp.Or(cmp.Compare(y.CPUUS, x.CPUUS), cmp.Compare(y.In+y.Out, x.In+x.Out))
	})
	slices.SortStableFunc(a.Keys, func(x, y hotKey) int { return cmp.Compare(y.Score, x.Score) })
	for _, t := range keyspace.SharedTags(hot) {
		a.Tags = append(a.Tags, hotTag{textual(t.Tag).(string), t.Slot, t.Keys})
	}
	a.Slots, a.Keys = a.Slots[:min(len(a.Slots), f.top)], a.Keys[:min(len(a.Keys), f.top)]
	return a
}

func (f *hotFlags) text(found []keys.HotNode, a hotAnswer) string {
	var b strings.Builder
	for _, n := range found {
		switch {
		case n.Err != nil:
			fmt.Fprintf(&b, "%s: %s\n", ui.Clean(n.Addr), clean(n.Err.Error()))
		case n.SlotsWhy != "":
			fmt.Fprintf(&b, "%s: %s\n", ui.Clean(n.Addr), n.SlotsWhy)
		}
	}
	if len(a.Slots) > 0 {
		fmt.Fprintf(&b, "hottest slots in %v, by CLUSTER SLOT-STATS\n   slot      keys  cpu µs/s      in/s     out/s  node\n", f.window)
		for _, s := range a.Slots {
			fmt.Fprintf(&b, "  %5d  %8d  %8d  %8s  %8s  %s\n", s.Slot, s.Keys, s.CPUUS, size(s.In), size(s.Out), ui.Clean(s.Addr))
		}
	}
	if len(a.Keys) == 0 {
		b.WriteString("no hot key was found\n")
	} else {
		fmt.Fprintf(&b, "hottest keys, by %s\n", a.Keys[0].By)
		for _, k := range a.Keys {
			score := fmt.Sprint(k.Score)
			if k.Of > 0 {
				score = fmt.Sprintf("%d of %d", k.Score, k.Of)
			}
			fmt.Fprintf(&b, "  %8s  %5d  %-7s  %s\n", score, k.Slot, ui.Clean(k.Type), keyspace.Escaped(k.Key))
		}
	}
	for _, t := range a.Tags {
		fmt.Fprintf(&b, "%d of them share the tag {%s}, which binds them to slot %d\n", t.Keys, ui.Clean(t.Tag), t.Slot)
	}
	return b.String()
}
