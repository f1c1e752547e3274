package cluster

import (
	"cmp"
	"slices"

	"slotdeck/keyslot"
)

// handover is one way that slots went.
type handover struct{ from, to NodeID }

// slots tells of slots that have another owner.
func (d *differ) slots() {
	var order []handover
	went := map[handover]*keyslot.Set{}
	for s := range keyslot.Slot(keyslot.Count) {
		h := handover{d.prev.primaryOf(s), d.next.primaryOf(s)}
		if h.from == h.to {
			continue
		}
		if went[h] == nil {
			went[h] = new(keyslot.Set)
			order = append(order, h)
		}
		went[h].Add(s)
	}
	for _, h := range order {
		gravity := Notable
		switch {
		case h.to == "":
			gravity = Bad
		case h.from == "":
			gravity = Good
		}
		about := d.is[h.to]
		in := d.next
		if about == nil {
			about, in = d.was[h.from], d.prev
		}
		d.tell(SlotsChanged, gravity, in, about, "%s: %s → %s", slotsText(*went[h]), d.owner(d.prev, d.was, h.from), d.owner(d.next, d.is, h.to))
	}
}

// primaryOf is the owner of a slot, empty for none.
func (s *Snapshot) primaryOf(slot keyslot.Slot) NodeID {
	if shard, ok := s.ShardOf(slot); ok {
		return shard.Primary
	}
	return ""
}

// owner names a node with its shard: "C 7003".
func (d *differ) owner(in *Snapshot, nodes map[NodeID]*Node, id NodeID) string {
	n := nodes[id]
	switch {
	case id == "":
		return "nobody"
	case n == nil:
		return clean(id.Short())
	case in.shard(n) == nil:
		return d.names.short(n)
	}
	return in.shard(n).Letter + " " + d.names.short(n)
}

// moves tells of slots that were opened or closed, not of their progress, nor of
// which side shows it first.
func (d *differ) moves() {
	was, is := openSlots(d.prev), openSlots(d.next)
	for _, h := range sortedMoves(is) {
		if opened := is[h].Minus(was[h]); !opened.Empty() {
			d.tell(SlotOpened, Notable, d.next, d.is[h.from], "%s opened: %s → %s", slotsText(opened), d.side(h.from), d.side(h.to))
		}
	}
	for _, h := range sortedMoves(was) {
		if closed := was[h].Minus(is[h]); !closed.Empty() {
			d.tell(SlotOpened, Good, d.next, d.is[h.from], "%s closed: %s → %s", slotsText(closed), d.side(h.from), d.side(h.to))
		}
	}
}

func openSlots(s *Snapshot) map[handover]keyslot.Set {
	out := map[handover]keyslot.Set{}
	for _, m := range s.Moves {
		h := handover{cmp.Or(m.From, m.Expects), cmp.Or(m.To, m.Gives)}
		set := out[h]
		set.Add(m.Slot)
		out[h] = set
	}
	return out
}

func sortedMoves(m map[handover]keyslot.Set) []handover {
	var out []handover
	for h := range m {
		out = append(out, h)
	}
	slices.SortFunc(out, func(a, b handover) int {
		return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to))
	})
	return out
}

func (d *differ) side(id NodeID) string {
	if d.is[id] == nil && d.was[id] != nil {
		return d.owner(d.prev, d.was, id)
	}
	return d.owner(d.next, d.is, id)
}

// disputes tells when nodes began to disagree about slots, and when they all agree again.
func (d *differ) disputes() {
	was, is := disputed(d.prev), disputed(d.next)
	if began := is.Minus(was); !began.Empty() {
		d.tell(DisputeChanged, Notable, d.next, nil, "nodes disagree about %s", slotsText(began))
	}
	if is.Empty() && !was.Empty() {
		d.tell(DisputeChanged, Good, d.next, nil, "nodes agree about all slots again")
	}
}

func disputed(s *Snapshot) keyslot.Set {
	var set keyslot.Set
	for _, dispute := range s.Disputes {
		set.AddRange(dispute.Range)
	}
	return set
}
