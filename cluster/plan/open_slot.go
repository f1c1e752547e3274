package plan

import (
	"slices"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// half is one side of an open slot, as one node's own line shows it.
type half struct {
	node      cluster.NodeID
	importing bool
	peer      cluster.NodeID // whom it names, or the primary that took its place; empty when that is unknown
	exact     bool           // peer is the very node that the line names
}

// openSlot is all that is known of one open slot.
type openSlot struct {
	slot     keyslot.Slot
	owner    *primary // nil: nobody
	disputed *cluster.Dispute
	sources  []half // primaries that show it as migrating
	targets  []half // primaries that show it as importing
	replicas []half // on Valkey, replicas can show a half, too

	// unheard are those of the targets that do not know the owner.
	unheard []cluster.NodeID
}

// openSlotsOf gathers the halves of every open slot, by slot.
func (p *picture) openSlotsOf() []*openSlot {
	var out []*openSlot
	bySlot := map[keyslot.Slot]*openSlot{}
	for _, m := range p.snap.Moves {
		if m.Slot >= keyslot.Count {
			continue
		}
		o := bySlot[m.Slot]
		if o == nil {
			o = &openSlot{slot: m.Slot, disputed: p.disputeOf(m.Slot)}
			if at := p.owner[m.Slot]; at >= 0 {
				o.owner = &p.primaries[at]
			}
			bySlot[m.Slot] = o
			out = append(out, o)
		}
		for _, id := range seen(m.From, m.FromSeen) {
			o.add(p, id, false, m.To)
		}
		for _, id := range seen(m.To, m.ToSeen) {
			o.add(p, id, true, m.From)
		}
	}
	p.notHeard(out)
	slices.SortFunc(out, func(a, b *openSlot) int { return int(a.slot) - int(b.slot) })
	return out
}

// notHeard notes which targets do not know the owners, and clears up disputes
// that are nothing else.
func (p *picture) notHeard(open []*openSlot) {
	unheard := map[cluster.NodeID]keyslot.Set{}
	for _, o := range open {
		for _, h := range o.targets {
			slots, asked := unheard[h.node]
			if !asked {
				slots = p.unheard(h.node)
				unheard[h.node] = slots
			}
			if slots.Has(o.slot) {
				o.unheard = append(o.unheard, h.node)
			}
		}
		if o.disputed != nil && p.onlyUnheard(o.disputed, o) {
			o.disputed = nil
		}
	}
}

// seen are the nodes that show a half, each once. The one that the pairing names
// counts only when no node is listed: it may be a mere name in another's line.
func seen(named cluster.NodeID, by []cluster.NodeID) []cluster.NodeID {
	if len(by) == 0 && named != "" {
		return []cluster.NodeID{named}
	}
	return by
}

func (p *picture) disputeOf(slot keyslot.Slot) *cluster.Dispute {
	for i := range p.snap.Disputes {
		if p.snap.Disputes[i].Range.Has(slot) {
			return &p.snap.Disputes[i]
		}
	}
	return nil
}

// add notes a half, once for each node and direction.
func (o *openSlot) add(p *picture, id cluster.NodeID, importing bool, peer cluster.NodeID) {
	if named := p.namedBy(id, o.slot, importing); named != "" {
		peer = named
	}
	h := half{node: id, importing: importing}
	h.peer, h.exact = p.successor(peer), true
	h.exact = h.peer == peer
	same := func(x half) bool { return x.node == id && x.importing == importing }
	list := &o.replicas
	if _, ok := p.index[id]; ok {
		list = &o.sources
		if importing {
			list = &o.targets
		}
	}
	if !slices.ContainsFunc(*list, same) {
		*list = append(*list, h)
	}
}

// namedBy is the peer that a node's own line names for an open slot.
func (p *picture) namedBy(id cluster.NodeID, slot keyslot.Slot, importing bool) cluster.NodeID {
	n := p.nodes[id]
	if n == nil {
		return ""
	}
	line, ok := n.View.Value.Member(id)
	if !ok {
		line = n.Member
	}
	for _, open := range line.Open {
		if open.Slot == slot && open.Importing == importing {
			return open.Peer
		}
	}
	return ""
}

// successor is the primary that now answers for a node: itself, or, once it was
// failed over, the one it follows. Empty when there is none.
func (p *picture) successor(id cluster.NodeID) cluster.NodeID {
	for range 4 { // a replica's primary may have been failed over, too
		if _, ok := p.index[id]; ok {
			return id
		}
		n := p.nodes[id]
		if n == nil || n.Member.Primary == "" {
			break
		}
		id = n.Member.Primary
	}
	return ""
}

// flagged is the half that a primary shows in a list.
func flagged(list []half, id cluster.NodeID) (half, bool) {
	i := slices.IndexFunc(list, func(h half) bool { return h.node == id })
	if i < 0 {
		return half{}, false
	}
	return list[i], true
}

// target is who would get the slot: whom the owner names, else the only one that
// imports it. Empty when that is not clear, or when nobody would.
func (o *openSlot) target() cluster.NodeID {
	if h, ok := flagged(o.sources, o.owner.id); ok {
		if h.peer == o.owner.id {
			return ""
		}
		return h.peer
	}
	var to cluster.NodeID
	for _, h := range o.targets {
		if h.node == o.owner.id {
			continue
		}
		if to != "" {
			return ""
		}
		to = h.node
	}
	return to
}

// holders are the primaries besides the owner that may hold keys of the slot:
// all that show a half, and whom the owner's half names.
func (o *openSlot) holders() (out []cluster.NodeID) {
	add := func(id cluster.NodeID) {
		if id != "" && id != o.owner.id && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	add(o.target())
	for _, h := range slices.Concat(o.targets, o.sources) {
		add(h.node)
	}
	return out
}
