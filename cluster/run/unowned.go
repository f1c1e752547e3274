package run

import (
	"context"
	"fmt"
	"slices"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/keyslot"
)

// findUnowned adds the slots that a move left without owner.
func (j *Job) findUnowned(ctx context.Context, f *Found, facts plan.Facts) error {
	lost := plan.Unowned(f.Snapshot)
	if lost.Empty() {
		return nil
	}
	resumed := f.Checkpoint
	if resumed != nil && resumed.outdated(f.Snapshot) {
		resumed = nil
	}
	list, err := j.unownedIn(ctx, f.Snapshot, resumed, facts, f.Keys)
	if err != nil {
		return err
	}
	found := func(slot keyslot.Slot) bool {
		return slices.ContainsFunc(list, func(r plan.Recovery) bool { return r.Slot == slot })
	}
	f.Open = slices.DeleteFunc(f.Open, func(r plan.Recovery) bool { return found(r.Slot) })
	f.Open = append(f.Open, list...)
	slices.SortFunc(f.Open, func(a, b plan.Recovery) int { return int(a.Slot) - int(b.Slot) })
	return nil
}

// unownedIn tells of the slots that a move left without owner, and notes who
// holds how many keys of them.
func (j *Job) unownedIn(ctx context.Context, s *cluster.Snapshot, c *Checkpoint, facts plan.Facts, keys plan.KeyCounts) ([]plan.Recovery, error) {
	e, err := j.evidence(ctx, s, false)
	if err != nil {
		return nil, err
	}
	var earlier *plan.Plan
	if c != nil {
		earlier = &c.Plan
	}
	list, err := plan.TriageUnowned(s, e, earlier, facts)
	for _, r := range list {
		held := map[cluster.NodeID]int64{}
		for i := range s.Shards {
			if id := s.Shards[i].Primary; e.Keys[r.Slot][id] > 0 {
				held[id] = e.Keys[r.Slot][id]
			}
		}
		keys[r.Slot] = held
	}
	return list, err
}

// adopts reports whether a step gives a slot that nobody owns to its heir.
func (r *remedy) adopts(c plan.Command) bool {
	return r.unowned && c.Node == r.to && c.Args[1] == "SETSLOT" && c.Args[3] == "NODE"
}

// adoptAll gives the slots that nobody owns to their heirs, once all nodes, asked
// again, say what the plan was made from; before anything else, because a cluster
// that misses a slot may take no key of any.
func (j *Job) adoptAll(ctx context.Context, todo []remedy) error {
	if !slices.ContainsFunc(todo, func(r remedy) bool { return r.unowned }) {
		return nil
	}
	s, err := j.crew.survey(ctx)
	if err != nil {
		return err
	}
	now, err := j.unownedIn(ctx, s, j.resumed, plan.Facts{}, plan.KeyCounts{})
	if err != nil {
		return err
	}
	cmds := map[cluster.NodeID][][]any{}
	for _, r := range todo {
		if !r.unowned {
			continue
		}
		if !slices.ContainsFunc(now, func(x plan.Recovery) bool { return x.Slot == r.slot && x.To == r.to }) {
			return &Changed{Slots: keyslot.SetOf(keyslot.Range{First: r.slot, Last: r.slot}),
				Text: fmt.Sprintf("slot %d is not as it was found any more: it has an owner by now, or keys of it elsewhere; look again", r.slot)}
		}
		cmds[r.to] = append(cmds[r.to], setSlot(r.slot, "NODE", string(r.to)))
	}
	for id, some := range cmds {
		p := &pair{j: j}
		if err := p.setSlots(ctx, id, some); err != nil {
			return fmt.Errorf("%s cannot be given %s that nobody owns: %w", j.crew.name(id), count(len(some), "slot"), err)
		}
	}
	return nil
}
