package doctor

import (
	"fmt"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

func unservedSlots(e *examination) []Finding {
	var out []Finding
	for _, t := range e.down() {
		out = append(out, Finding{
			ID: "slots-unserved", Severity: Urgent, Shard: t.Shard, Node: t.Node,
			Text: fmt.Sprintf("shard %s (%s) is not served", t.Shard, ranges(t.Ranges)),
		})
	}
	if n := e.verdict.Unassigned; n > 0 && n < keyslot.Count {
		out = append(out, Finding{ID: "slots-unassigned", Severity: Urgent, Text: plural(n, "slot has", "slots have") + " no owner"})
	}
	return out
}

// openSlots tells moves that both sides know of from those that one side forgot.
func openSlots(e *examination) []Finding {
	type way struct{ from, to cluster.NodeID }
	var order []way
	slots := map[way]*keyslot.Set{}
	for _, m := range e.s.Moves {
		w := way{m.From, m.To}
		if slots[w] == nil {
			slots[w] = &keyslot.Set{}
			order = append(order, w)
		}
		slots[w].Add(m.Slot)
	}
	var out []Finding
	for _, w := range order {
		set := slots[w]
		what := "slot " + set.String() + " is open"
		if set.Len() > 1 {
			what = "slots " + ranges(set.Ranges()) + " are open"
			if len(set.Ranges()) > 2 {
				what = slotCount(set.Len()) + " are open"
			}
		}
		f := Finding{ID: "slots-open", Severity: Look, Node: w.from}
		switch {
		case w.from == "":
			f.Node = w.to
			f.Text = what + ": only " + nameOf(e.s, w.to) + " shows it, as importing"
		case w.to == "":
			f.Text = what + ": only " + nameOf(e.s, w.from) + " shows it, as migrating"
		default:
			f.Severity = Note
			f.Text = what + ": moving from " + nameOf(e.s, w.from) + " to " + nameOf(e.s, w.to)
		}
		if n, ok := e.s.Node(f.Node); ok {
			f.Shard = e.letter(n)
		}
		out = append(out, f)
	}
	return out
}
