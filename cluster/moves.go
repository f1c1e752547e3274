package cluster

import (
	"cmp"
	"slices"

	"slotdeck/keyslot"
)

// half is one side of an open slot, as some nodes' own lines show it.
type half struct {
	slot         keyslot.Slot
	importing    bool
	holder, peer NodeID
	seen         []NodeID
}

// moves pairs the open slots of all nodes' own lines. A side that nobody shows
// stays empty: such a slot needs repair. Nodes are sorted by id.
func moves(s *Snapshot, own *ownership) []Move {
	halves := halves(s, own)
	var out []Move
	for len(halves) > 0 {
		end := 1
		for end < len(halves) && halves[end].slot == halves[0].slot {
			end++
		}
		out = append(out, pairUp(halves[:end])...)
		halves = halves[end:]
	}
	return out
}

// halves gathers what the own lines show, sorted by slot, migrating ones first.
func halves(s *Snapshot, own *ownership) []half {
	var out []half
	for i := range s.Nodes {
		n := &s.Nodes[i]
		holder := n.ID
		if n.Member.Flags.Has(Replica) && n.Member.Primary != "" {
			holder = n.Member.Primary
		}
		for _, o := range n.Member.Open {
			if n.Health != Answering && !stillOpen(n, o, own.owner(o.Slot)) {
				continue
			}
			out = append(out, half{o.Slot, o.Importing, holder, o.Peer, []NodeID{n.ID}})
		}
	}
	slices.SortStableFunc(out, func(a, b half) int {
		return cmp.Or(cmp.Compare(a.slot, b.slot), compareBool(a.importing, b.importing), cmp.Compare(a.holder, b.holder), cmp.Compare(a.peer, b.peer))
	})
	merged := out[:0]
	for _, h := range out {
		if last := len(merged) - 1; last >= 0 && merged[last].same(h) {
			merged[last].seen = append(merged[last].seen, h.seen...)
		} else {
			merged = append(merged, h)
		}
	}
	return merged
}

func (h half) same(o half) bool {
	return h.slot == o.slot && h.importing == o.importing && h.holder == o.holder && h.peer == o.peer
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// stillOpen reports whether what a node said last, before it fell silent, can still be so.
func stillOpen(n *Node, o OpenSlot, owner NodeID) bool {
	if o.Importing {
		return n.Member.Flags.Has(Primary) && owner != n.ID
	}
	return owner == n.ID
}

// pairUp pairs the halves of one slot, first those that name each other.
func pairUp(halves []half) []Move {
	split := slices.IndexFunc(halves, func(h half) bool { return h.importing })
	if split < 0 {
		split = len(halves)
	}
	used := make([]bool, len(halves))
	out := make([]Move, 0, len(halves))
	pair := func(match func(from, to half) bool) {
		for i, from := range halves[:split] {
			for j := split; j < len(halves) && !used[i]; j++ {
				if !used[j] && match(from, halves[j]) {
					used[i], used[j] = true, true
					out = append(out, moveOf(from, halves[j]))
				}
			}
		}
	}
	pair(func(from, to half) bool { return from.peer == to.holder && to.peer == from.holder })
	pair(func(from, to half) bool { return from.peer == to.holder || to.peer == from.holder })
	for i, h := range halves {
		switch {
		case used[i]:
		case h.importing:
			out = append(out, moveOf(half{slot: h.slot}, h))
		default:
			out = append(out, moveOf(h, half{}))
		}
	}
	return out
}

func moveOf(from, to half) Move {
	return Move{Slot: from.slot, From: from.holder, FromSeen: from.seen, Gives: from.peer, To: to.holder, ToSeen: to.seen, Expects: to.peer}
}
