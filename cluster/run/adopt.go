package run

import (
	"context"
	"slices"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// A target that is failed over just after it got slots may have a successor that
// had not heard of the last of them. Then the source has given them away, the
// successor does not claim them, and nobody owns them, for good: Redis 7.0 has
// shown that for the last slot of a part. Their keys are with the successor.

// unclaimed reports whether neither source nor target know an owner of slots,
// but themselves and those whose places they took.
func (p *pair) unclaimed(f *footing, lost keyslot.Set) bool {
	ours := append(slices.Clone(p.former), p.from, p.to)
	return !claimedIn(f.from, lost, ours) && !claimedIn(f.to, lost, ours)
}

// claimedIn reports whether a view names an owner of slots, but for some nodes.
func claimedIn(view *cluster.View, slots keyslot.Set, but []cluster.NodeID) bool {
	for i := range view.Members {
		m := &view.Members[i]
		if slices.Contains(but, m.ID) {
			continue
		}
		if own := keyslot.SetOf(m.Slots...); own.Minus(slots) != own {
			return true
		}
	}
	return false
}

// adopt gives the successor of the target the slots in hand that nobody owns:
// after every node has said that it does not, and all other primaries that they
// hold no key of them. It does nothing while any of that is not certain.
func (p *pair) adopt(ctx context.Context, s *cluster.Snapshot, group []*load) error {
	to, from := heirOf(s, p.to), heirOf(s, p.from)
	if to == "" || from == "" || to == p.to && len(p.former) == 0 {
		return nil
	}
	ours := append(slices.Clone(p.former), p.from, p.to, from, to)
	var lost []*load
	for _, l := range group {
		if l.opened && !l.closed && !l.skipped {
			lost = append(lost, l)
		}
	}
	hand := slotsOf(lost)
	for i := range s.Nodes {
		n := &s.Nodes[i]
		if n.Health != cluster.Answering || n.View.Err != nil || !n.View.Known() {
			if n.ID != to && n.ID != from && slices.Contains(ours, n.ID) {
				continue // what it says when it comes back is older than its successor's word
			}
			return nil
		}
		own, _ := n.View.Value.Member(n.ID)
		hand = hand.Minus(keyslot.SetOf(own.Slots...))
		if claimedIn(n.View.Value, hand, ours) {
			return nil
		}
	}
	lost = slices.DeleteFunc(lost, func(l *load) bool { return !hand.Has(l.slot) })
	if len(lost) == 0 {
		return nil
	}
	for i := range s.Shards {
		id := s.Shards[i].Primary
		if id == to || id == "" {
			continue
		}
		counts, err := p.j.countKeys(ctx, id, slotsIn(lost))
		if err != nil {
			return err
		}
		for _, keys := range counts {
			if slices.ContainsFunc(keys, func(n int64) bool { return n > 0 }) {
				return nil
			}
		}
	}
	if err := p.setSlots(ctx, to, each(lost, func(l *load) []any { return setSlot(l.slot, "NODE", string(to)) })); err != nil {
		return err
	}
	for _, l := range lost {
		p.moved(l)
	}
	return nil
}

// heirOf is the primary of the shard in which a node is, when it answers and takes
// itself for one; empty when there is none.
func heirOf(s *cluster.Snapshot, id cluster.NodeID) cluster.NodeID {
	n, ok := s.Node(id)
	if !ok || n.Shard < 0 {
		return ""
	}
	q, ok := s.Node(s.Shards[n.Shard].Primary)
	if !ok || q.Health != cluster.Answering || !q.View.Known() || len(q.FailBy) > 0 {
		return ""
	}
	if self, ok := q.View.Value.Member(q.ID); !ok || !self.Flags.Has(cluster.Primary) {
		return ""
	}
	return q.ID
}
