package doctor

import (
	"fmt"
	"slices"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// slotChecks are the rules of this file, in their order.
func slotChecks() []check {
	return []check{
		{unservedSlots, []Rule{
			{ID: "slots-unserved", Least: Urgent, Most: Urgent, Repair: FailOver,
				Means: "The primary that owns these slots does not serve them: it does not answer, is cut off, is loading, or is marked as failed. Commands on keys of these slots fail.",
				Next:  "Read the verdict: it says whether a replica takes over and when. When none does, fail over by hand, or bring the primary back."},
			{ID: "slots-unassigned", Least: Urgent, Most: Urgent, Repair: RepairSlots,
				Means: "No node claims these slots. Unless the cluster serves part of its slots (cluster-require-full-coverage no), no node answers for any key.",
				Next:  "Let the plan look on every node who still holds keys of them: it gives each slot to that node, and asks where that is not clear (headless: slotdeck fix). Never choose an owner before keys were looked for."},
		}},
		{openSlots, []Rule{
			{ID: "slots-open", Least: Note, Most: Look, Repair: SettleSlots,
				Means: "A move of these slots has begun and has not ended. A note while both sides show it, as a move at work does; more when only one side does, as after an interrupted move.",
				Next:  "When nobody moves them now, settle them on the page of jobs: it counts the keys on both sides, and finishes or rolls back."},
		}},
		{strayKeys, []Rule{
			{ID: "keys-stray", Least: Look, Most: Look, Repair: RepairSlots,
				Means: "The node holds keys of slots that it does not own. Nobody can read them, they take memory, and they come back to life, old as they are, if the slot is ever given to it.",
				Next:  "Let the plan bring them to the owner: where both have a key, the owner's value stays and the other is saved to a file; or let it remove them, saved first (headless: slotdeck fix --strays merge, or delete). Do not move these slots to the node before."},
		}},
	}
}

// strayKeys tells of keys in slots that the node still does not own, and that
// nobody moves now.
func strayKeys(e *examination) []Finding {
	var out []Finding
	for n := range e.informed {
		if n.Stats.Role != cluster.Primary {
			continue
		}
		owned := keyslot.SetOf(n.Member.Slots...)
		var slots keyslot.Set
		keys := 0
		for _, stray := range n.Strays.Value {
			if !owned.Has(stray.Slot) && !e.moving(stray.Slot) {
				slots.Add(stray.Slot)
				keys += int(stray.Keys)
			}
		}
		if keys > 0 {
			f := e.about(n, "keys-stray", Look, fmt.Sprintf("holds %s in %s that it does not own", plural(keys, "key", "keys"), plural(slots.Len(), "slot", "slots")))
			f.Slots = slots.Ranges()
			f.Evidence = []string{"slots " + clean(slots.String()), "counted " + span(e.s.At.Sub(n.Strays.At)) + " ago"}
			out = append(out, f)
		}
	}
	return out
}

// held is how many keys of slots a node had when they were last counted, as a
// line; none where there were none, or none were counted: slots may have been
// opened since.
func (e *examination) held(id cluster.NodeID, slots *keyslot.Set) []string {
	n, ok := e.s.Node(id)
	if !ok {
		return nil
	}
	keys := 0
	for _, s := range n.Strays.Value {
		if slots.Has(s.Slot) {
			keys += int(s.Keys)
		}
	}
	if keys == 0 {
		return nil
	}
	return []string{name(n) + " held " + plural(keys, "key", "keys") + " of " + verb(slots.Len(), "it ", "them ") + span(e.s.At.Sub(n.Strays.At)) + " ago"}
}

func (e *examination) moving(slot keyslot.Slot) bool {
	return slices.ContainsFunc(e.s.Moves, func(m cluster.Move) bool { return m.Slot == slot })
}

func unservedSlots(e *examination) []Finding {
	var out []Finding
	for _, t := range e.down() {
		out = append(out, Finding{
			ID: "slots-unserved", Severity: Urgent, Shard: t.Shard, Node: t.Node,
			Text: fmt.Sprintf("shard %s (%s) is not served", t.Shard, ranges(t.Ranges)),
		})
	}
	if n := e.verdict.Unassigned; n > 0 && n < keyslot.Count {
		f := Finding{ID: "slots-unassigned", Severity: Urgent, Text: plural(n, "slot has", "slots have") + " no owner"}
		if e.s.Owner != nil {
			var free keyslot.Set
			for slot, owner := range e.s.Owner {
				if owner == cluster.NoShard {
					free.Add(keyslot.Slot(slot))
				}
			}
			f.Slots, f.Evidence = free.Ranges(), []string{"slots " + clean(free.String())}
		}
		out = append(out, f)
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
		f := Finding{ID: "slots-open", Severity: Look, Node: w.from, Slots: set.Ranges()}
		for _, id := range []cluster.NodeID{w.from, w.to} {
			f.Evidence = append(f.Evidence, e.held(id, set)...)
		}
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
