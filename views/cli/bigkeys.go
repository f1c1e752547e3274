package cli

import (
	"context"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"slotdeck/cluster/keys"
	"slotdeck/cluster/keyspace"
	"slotdeck/ui"
)

// size is a number of bytes for people.
func size(n int64) string { return new(ui.Theme).Bytes(n) }

// bigFlags are those of "slotdeck bigkeys".
type bigFlags struct {
	walkFlags
	match       string
	slots       string
	memory, ttl bool
	top, sample int
}

func newBigkeys(w *World) *cobra.Command {
	var f bigFlags
	cmd := walkCommand(&cobra.Command{
		Use:   "bigkeys HOST:PORT [--memory] [--slots RANGES] [--top N] [--sample N] [-o json]",
		Short: "The biggest keys of each type, slot and prefix, over all primaries at once",
		Long: `Goes over all primaries at once with SCAN, asks the type and size of every key
(elements; bytes of a string) in few round trips, and prints the biggest keys of
each type, the fullest slots and the prefixes. --memory asks MEMORY USAGE, too,
which costs the servers more; --ttl asks when keys expire. --sample 10 asks about
every tenth key only. A round trip holds a server for about an eighth of a
millisecond, then the server is left alone for twice as long, and for longer while
PINGs take longer than twice what they took before; nodes of one host are asked in
turns, and other programs of this machine go first. --hurry is much faster, and does
without. Progress goes to the error stream.`,
		Example: `  slotdeck bigkeys 10.0.0.11:7001 --memory --top 20
  slotdeck bigkeys 10.0.0.11:7001 --slots 866 --memory
  slotdeck bigkeys 10.0.0.11:7001 --rate 20000 -o json`,
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd.Context(), w, args) },
	}, &f.walkFlags)
	flags := cmd.Flags()
	flags.StringVar(&f.match, "match", "", "only keys that match the `pattern`")
	flags.StringVar(&f.slots, "slots", "", slotsHelp)
	flags.BoolVar(&f.memory, "memory", false, "ask the memory of every key (MEMORY USAGE)")
	flags.BoolVar(&f.ttl, "ttl", false, "ask the time to live of every key")
	flags.IntVar(&f.top, "top", 5, "how `many` keys, slots and prefixes to tell")
	flags.IntVar(&f.sample, "sample", 1, "ask about every `N`th key only")
	f.out.register(flags)
	return cmd
}

func (f *bigFlags) run(ctx context.Context, w *World, args []string) error {
	switch {
	case f.top < 1 || f.top > 1000:
		return usage("--top %d is not 1 to 1000", f.top)
	case f.sample < 1:
		return usage("--sample %d is not 1 or more", f.sample)
	}
	only, err := readSlots(f.slots)
	if err != nil {
		return err
	}
	c, err := f.open(ctx, w, args)
	if err != nil {
		return err
	}
	defer c.doors.Close()
	c.warn(w)
	c.narrow(only)
	survey := keys.Survey{Most: f.top, Walk: f.pace()}
	survey.Walk.Match, survey.Walk.Only, survey.Walk.Sample, survey.Walk.Ask = f.match, only, f.sample, keyspace.OfType|keyspace.OfElements
	if f.memory {
		survey.Walk.Ask |= keyspace.OfBytes
	}
	if f.ttl {
		survey.Walk.Ask |= keyspace.OfTTL
	}
	// A walk makes little but garbage: collecting it seldom saves a third of its
	// processor time, for some more of memory.
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	if !f.hurry && w.Self != "" { // it is the program, and not a part of another one
		stepBack()
	}
	running := survey.Start(ctx, c.nodes)
	tellProgress(w, running)
	p := running.Wait()
	if f.out == asJSON {
		err = writeJSON(w.Out, f.answer(p))
	} else {
		err = f.print(w, p)
	}
	if err != nil {
		return err
	}
	for _, part := range p.Parts {
		switch {
		case part.Err == nil:
		case ctx.Err() != nil:
			return failure(Interrupted, "interrupted: this is not the whole")
		default:
			return fmt.Errorf("this is not the whole: %w", part.Err)
		}
	}
	return c.whole()
}

// tellProgress writes how far it is, until the end: on a terminal only.
func tellProgress(w *World, r *keys.Running) {
	if _, is := terminal(w.Err); !is {
		return
	}
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-r.Done():
			fmt.Fprint(w.Err, "\r\x1b[K")
			return
		case <-tick.C:
			met, total := r.Now().Met()
			share := ""
			if total > 0 {
				share = fmt.Sprintf(" of %d, %.0f %%", total, min(100, 100*float64(met)/float64(total)))
			}
			fmt.Fprintf(w.Err, "\r\x1b[K%d keys%s", met, share)
		}
	}
}

func (f *bigFlags) print(w *World, p keys.Progress) error {
	t := p.Tally
	var b strings.Builder
	fmt.Fprintf(&b, "%d keys on %d primaries in %.1f s", t.Keys, len(p.Parts), p.Took.Seconds())
	if f.sample > 1 {
		fmt.Fprintf(&b, "; sizes of every %s key were asked: %d", ordinal(f.sample), t.Asked)
	}
	if t.Gone > 0 {
		fmt.Fprintf(&b, "; %d vanished or changed their type meanwhile", t.Gone)
	}
	b.WriteString("\n")
	for _, part := range p.Parts {
		if part.Err != nil {
			fmt.Fprintf(&b, "%s: %d keys, then %s\n", ui.Clean(part.Addr), part.Met, clean(part.Err.Error()))
		}
	}
	if f.memory {
		fmt.Fprintf(&b, "\nmost memory, of %s in all\n", size(t.Bytes))
		for _, k := range t.Heavy.List() {
			fmt.Fprintf(&b, "  %10s  %-8s %5d  %s\n", size(k.Weight), ui.Clean(k.Entry.Type), k.Entry.Slot, keyspace.Escaped(k.Entry.Key))
		}
	}
	for _, name := range t.TypeNames() {
		kind := t.Types[name]
		average := float64(kind.Elements) / float64(max(1, kind.Keys))
		fmt.Fprintf(&b, "\n%s: %d keys, %d %s, %.1f on average\n", ui.Clean(name), kind.Keys, kind.Elements, keyspace.SizeUnit(name), average)
		for _, k := range kind.Large.List() {
			fmt.Fprintf(&b, "  %10d  %5d  %s\n", k.Weight, k.Entry.Slot, keyspace.Escaped(k.Entry.Key))
		}
	}
	f.printGroups(&b, t)
	_, err := fmt.Fprint(w.Out, b.String())
	return err
}

func (f *bigFlags) printGroups(b *strings.Builder, t *keyspace.Tally) {
	b.WriteString("\nfullest slots\n")
	for _, s := range t.LargestSlots(f.top) {
		fmt.Fprintf(b, "  %5d  %8d keys%s\n", s, t.Slots.Keys[s], f.bytes(t.Slots.Bytes[s]))
	}
	b.WriteString("\nslots by what they hold, against the mean of those that hold keys\n")
	for _, bar := range t.Spread() {
		if bar.Slots > 0 {
			fmt.Fprintf(b, "  %-18s  %5d slots  %8d keys%s\n", bar.Name, bar.Slots, bar.Keys, f.bytes(bar.Bytes))
		}
	}
	b.WriteString("\nprefixes\n")
	names := t.PrefixNames()
	for i, name := range names {
		if i == f.top {
			fmt.Fprintf(b, "  and %d more\n", len(names)-i)
			break
		}
		g := t.Prefix[name]
		if name == "" {
			name = "(without)"
		} else {
			name = keyspace.Escaped(name)
		}
		fmt.Fprintf(b, "  %-24s  %8d keys%s\n", name, g.Keys, f.bytes(g.Bytes))
	}
	if f.ttl {
		b.WriteString("\ntime to live\n")
		for i, name := range keyspace.TTLNames() {
			fmt.Fprintf(b, "  %-14s  %8d\n", name, t.TTL.Keys[i])
		}
	}
}

func (f *bigFlags) bytes(n int64) string {
	if !f.memory {
		return ""
	}
	return fmt.Sprintf("  %10s", size(n))
}

func ordinal(n int) string {
	switch {
	case n%10 == 2 && n%100 != 12:
		return fmt.Sprintf("%dnd", n)
	case n%10 == 3 && n%100 != 13:
		return fmt.Sprintf("%drd", n)
	case n%10 == 1 && n%100 != 11:
		return fmt.Sprintf("%dst", n)
	}
	return fmt.Sprintf("%dth", n)
}
