package cli

import (
	"cmp"
	"fmt"
	"strings"
)

// printCheck prints an examination: the lines of the servers' own tool in its
// order, and between and after them what it does not say.
func printCheck(w *World, a checkAnswer, seed string) error {
	var b strings.Builder
	b.WriteString(toolSummary(a.Primaries, a.tool))
	fmt.Fprintf(&b, ">>> Performing Cluster Check (using node %s)\n", seed)
	b.WriteString(a.tool.members())
	if a.Agree {
		fmt.Fprintf(&b, "[OK] All nodes agree about slots configuration.\n")
	} else {
		fmt.Fprintf(&b, "[ERR] Nodes don't agree about configuration!\n")
	}
	for _, d := range a.Disputes {
		fmt.Fprintf(&b, "  slots %s\n", d.Slots)
		for _, c := range d.Claims {
			fmt.Fprintf(&b, "    %s at epoch %d, say %s\n", cmp.Or(c.Owner, "nobody's"), c.Epoch, strings.Join(c.By, ", "))
		}
	}
	fmt.Fprintf(&b, ">>> Check for open slots...\n")
	b.WriteString(a.tool.open())
	for _, m := range a.Open {
		fmt.Fprintf(&b, "  slot %d: migrating on %s, importing on %s\n", m.Slot, cmp.Or(m.From, "no node"), cmp.Or(m.To, "no node"))
	}
	fmt.Fprintf(&b, ">>> Check slots coverage...\n")
	if a.Covered == allSlots {
		fmt.Fprintf(&b, "[OK] All %d slots covered.\n", allSlots)
	} else {
		fmt.Fprintf(&b, "[ERR] Not all %d slots are covered by nodes.\n  %d of them are not served\n", allSlots, allSlots-a.Covered)
	}
	if a.searched {
		fmt.Fprintf(&b, ">>> Check for multiple slot owners...\n")
		b.WriteString(cmp.Or(a.tool.owners(), "[OK] No multiple owners found.\n"))
	}
	fmt.Fprintf(&b, ">>> %s: %s\n", a.Status, a.Verdict)
	for _, f := range a.Findings {
		fmt.Fprintf(&b, "[%s] %s  (%s)\n", strings.ToUpper(f.Severity), f.Text, f.ID)
	}
	for _, f := range a.Muted {
		fmt.Fprintf(&b, "[MUTED] %s: %s  (%s; until %s: %s)\n", f.Severity, f.Text, f.ID, f.Until.Local().Format("2006-01-02 15:04"), f.Reason)
	}
	_, err := fmt.Fprint(w.Out, clean(b.String()))
	return err
}
