package cluster

import (
	"cmp"
	"math"
	"slices"

	"slotdeck/keyslot"
)

// head is a shard in the making: its primary, or the name of one that nobody lists.
type head struct {
	primary  NodeID
	missing  bool // the primary is only known by the replicas that follow it
	slots    []keyslot.Range
	replicas []NodeID
	hue      int // -1: none yet
}

func (h *head) size() int {
	n := 0
	for _, r := range h.slots {
		n += r.Len()
	}
	return n
}

// placement puts nodes into shards.
type placement struct {
	snap  *Snapshot // its nodes sorted by id
	own   *ownership
	past  lineage
	kin   map[NodeID][]NodeID
	heads []*head
	lead  map[NodeID]*head // by primary
	seat  map[NodeID]*head // primaries that were replaced, by the shard of their successor
}

// placeShards makes the shards, gives them their letters, tells every node its
// shard and every slot its owner.
func placeShards(prev, snap *Snapshot, own *ownership, kin map[NodeID][]NodeID) {
	p := &placement{snap: snap, own: own, past: lineageOf(prev), kin: kin, lead: map[NodeID]*head{}, seat: map[NodeID]*head{}}
	p.owners()
	p.past.inherit(p.heads)
	p.slotless()
	p.followers()
	p.past.resume(p.heads)
	p.past.christen(p.heads)
	p.publish()
}

// owners makes a head of each node that owns slots.
func (p *placement) owners() {
	for s := 0; s < keyslot.Count; {
		claim, owner, first := p.own.of[s], p.own.owner(keyslot.Slot(s)), s
		for s < keyslot.Count && (p.own.of[s] == claim || p.own.owner(keyslot.Slot(s)) == owner) {
			s++
		}
		if owner == "" {
			continue
		}
		h := p.headOf(owner)
		h.slots = append(h.slots, keyslot.Range{First: keyslot.Slot(first), Last: keyslot.Slot(s - 1)})
	}
}

// headOf finds or makes the head with a primary.
func (p *placement) headOf(primary NodeID) *head {
	h, ok := p.lead[primary]
	if !ok {
		h = &head{primary: primary, hue: -1}
		p.lead[primary] = h
		p.heads = append(p.heads, h)
	}
	return h
}

// slotless finds a place for the primaries that own nothing: in the shard of their
// successor when they were replaced, else each by itself. One that failed
// before the console ever saw it with slots has no place.
func (p *placement) slotless() {
	var free []*Node
	for i := range p.snap.Nodes {
		n := &p.snap.Nodes[i]
		if !n.Member.Flags.Has(Primary) || n.Member.Flags.Has(Handshake) || p.lead[n.ID] != nil {
			continue
		}
		if h := p.successor(n); h != nil {
			p.seat[n.ID] = h
		} else if p.past.knows(n.ID) || n.Member.Flags&(Fail|NoAddr) == 0 {
			free = append(free, n)
		}
	}
	slices.SortStableFunc(free, func(a, b *Node) int { return cmp.Or(p.past.compare(a.ID, b.ID), compareAddr(a, b)) })
	for _, n := range free {
		h := p.headOf(n.ID)
		p.past.take(h, p.past.shard(n.ID))
	}
}

// successor is the shard that goes on without its former primary; nil when n
// was not replaced.
func (p *placement) successor(n *Node) *head {
	claims := claimed(n)
	replaced := len(claims) > 0 || n.Member.Flags.Has(Fail) || n.Health != Answering
	if past := p.past.shard(n.ID); past >= 0 && replaced {
		if h := p.past.heir[past]; h != nil {
			return h
		}
	}
	if len(claims) > 0 {
		return p.lead[p.own.owner(claims[0].First)]
	}
	if n.Displaced() {
		for _, id := range p.kin[n.ID] {
			if h := p.lead[id]; h != nil {
				return h
			}
		}
	}
	return nil
}

// claimed is what a node that owns nothing held for its own in its last words:
// that was overcome since.
func claimed(n *Node) []keyslot.Range {
	own, ok := n.View.Value.Member(n.ID)
	if !ok {
		return n.Member.Slots
	}
	return own.Slots
}

// followers seats the replicas with the primary they follow, through replicas
// in between. Those whose primary nobody lists form a shard without one.
func (p *placement) followers() {
	for i := range p.snap.Nodes {
		n := &p.snap.Nodes[i]
		if h := p.seat[n.ID]; h != nil {
			h.replicas = append(h.replicas, n.ID)
			continue
		}
		if n.Member.Primary == "" || n.Member.Primary == n.ID || p.lead[n.ID] != nil {
			continue
		}
		h := p.follow(n.Member.Primary)
		h.replicas = append(h.replicas, n.ID)
	}
}

// follow finds the shard of a primary that replicas name. Replicas that follow
// each other in a ring end at the first that was named.
func (p *placement) follow(primary NodeID) *head {
	id := primary
	for range p.snap.Nodes {
		if h := cmp.Or(p.lead[id], p.seat[id]); h != nil {
			return h
		}
		n := p.find(id)
		if n == nil || n.Member.Primary == "" {
			primary = id
			break
		}
		id = n.Member.Primary
	}
	h := p.headOf(primary)
	h.missing = p.find(primary) == nil
	return h
}

func (p *placement) find(id NodeID) *Node { return findNode(p.snap.Nodes, id) }

// publish writes the heads down as shards, in the order of their letters.
func (p *placement) publish() {
	slices.SortFunc(p.heads, func(a, b *head) int { return cmp.Compare(a.hue, b.hue) })
	s := p.snap
	s.Shards = make([]Shard, len(p.heads))
	s.Owner = new([keyslot.Count]int16)
	for i := range s.Owner {
		s.Owner[i] = NoShard
	}
	for i, h := range p.heads {
		shard := Shard{Letter: letter(h.hue), Hue: h.hue, Replicas: h.replicas, Slots: h.slots, SlotLen: h.size()}
		for _, r := range h.slots {
			for slot := int(r.First); slot <= int(r.Last); slot++ {
				s.Owner[slot] = int16(i)
			}
		}
		if n := p.find(h.primary); n != nil && !h.missing {
			shard.Primary, n.Shard = n.ID, i
		}
		for _, id := range h.replicas {
			p.find(id).Shard = i
		}
		slices.SortFunc(shard.Replicas, func(a, b NodeID) int {
			return compareAddr(p.find(a), p.find(b))
		})
		s.Shards[i] = shard
	}
}

func compareAddr(a, b *Node) int {
	return cmp.Or(
		cmp.Compare(a.Member.Endpoint.IP, b.Member.Endpoint.IP),
		cmp.Compare(a.Member.Endpoint.Port, b.Member.Endpoint.Port),
		cmp.Compare(a.ID, b.ID),
	)
}

// letter names a shard: A to Z, AA, AB …
func letter(hue int) string {
	if hue < 26 {
		return string(rune('A' + hue))
	}
	return letter(hue/26-1) + letter(hue%26)
}

// first is the lowest slot of a head; beyond all slots when it has none.
func (h *head) first() int {
	if len(h.slots) == 0 {
		return math.MaxInt
	}
	return int(h.slots[0].First)
}
