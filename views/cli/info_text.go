package cli

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"slotdeck/ui"
)

// printInfo prints the answer as a table for people.
func printInfo(w *World, a infoAnswer) error {
	t := w.theme()
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s\n", a.Status, ui.Clean(a.Verdict))
	fmt.Fprintf(&b, "%d of %d nodes answer, %d of %d slots are served", a.NodesAnswering, a.NodesKnown, a.SlotsServed, allSlots)
	if a.OpenSlots > 0 {
		fmt.Fprintf(&b, ", %d open", a.OpenSlots)
	}
	if a.DisputedSlots > 0 {
		fmt.Fprintf(&b, ", %d disputed", a.DisputedSlots)
	}
	b.WriteString("\n\n")
	tab := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tab, "shard\trole\taddress\tslots\tkeys\tmemory\tops/s\tbehind\tstate")
	for _, sh := range a.Shards {
		if sh.Primary != nil {
			printNode(tab, t, sh.Letter, "primary", fmt.Sprint(sh.SlotCount), *sh.Primary)
		} else {
			fmt.Fprintf(tab, "%s\tprimary\t%s\t%d\t\t\t\t\tno primary\n", sh.Letter, t.Glyph.None, sh.SlotCount)
		}
		for _, r := range sh.Replicas {
			printNode(tab, t, sh.Letter, "replica", "", r)
		}
	}
	for _, n := range a.Unattached {
		printNode(tab, t, t.Glyph.None, t.Glyph.None, "", n)
	}
	if err := tab.Flush(); err != nil {
		return err
	}
	for line := range strings.Lines(b.String()) {
		if _, err := fmt.Fprintln(w.Out, strings.TrimRight(line, " \n")); err != nil {
			return err
		}
	}
	return nil
}

func printNode(tab *tabwriter.Writer, t *ui.Theme, letter, role, slots string, n nodeAnswer) {
	orNone := func(v *int64, show func(int64) string) string {
		if v == nil {
			return t.Glyph.None
		}
		return show(*v)
	}
	lag := ""
	if role == "replica" {
		lag = orNone(n.LagBytes, t.Bytes)
	}
	fmt.Fprintf(tab, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", letter, role, n.Addr, slots,
		orNone(n.Keys, t.Count), orNone(n.Memory, t.Bytes), orNone(n.OpsPerSec, t.Count), lag, n.State)
}
