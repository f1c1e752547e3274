package cluster

import (
	"fmt"
	"slices"

	"slotdeck/keyslot"
)

// Diff tells what changed between two pictures of one cluster, in the order in which a
// person would tell it: nodes by address, then slots, moves and disputes. Seq is
// left to the caller; At is the newer picture's. The first picture is one note.
//
// What flickers in a healthy cluster is not told: the state of bus links, the
// order of nodes, ping times.
func Diff(prev, next *Snapshot) []Event {
	if next == nil || prev == next || len(next.Nodes) == 0 && (prev == nil || len(prev.Nodes) == 0) {
		return nil
	}
	d := &differ{prev: prev, next: next, names: namesIn(prev, next)}
	if prev == nil || len(prev.Nodes) == 0 {
		d.first()
		return d.events
	}
	d.was, d.is = byID(prev), byID(next)
	d.nodes()
	d.states()
	d.slots()
	d.moves()
	d.disputes()
	return d.events
}

// differ gathers the events.
type differ struct {
	prev, next *Snapshot
	was, is    map[NodeID]*Node
	names      names
	events     []Event
}

func byID(s *Snapshot) map[NodeID]*Node {
	m := make(map[NodeID]*Node, len(s.Nodes))
	for i := range s.Nodes {
		m[s.Nodes[i].ID] = &s.Nodes[i]
	}
	return m
}

// tell adds an event about a node, which may be nil.
func (d *differ) tell(kind EventKind, gravity Gravity, in *Snapshot, n *Node, text string, args ...any) {
	e := Event{At: d.next.At, Kind: kind, Gravity: gravity, Text: fmt.Sprintf(text, args...)}
	if n != nil {
		e.Node, e.Addr = n.ID, d.names.full(n)
		if shard := in.shard(n); shard != nil {
			e.Shard = shard.Letter
		}
	}
	d.events = append(d.events, e)
}

func (d *differ) first() {
	assigned := 0
	for _, s := range d.next.Shards {
		assigned += s.SlotLen
	}
	d.tell(Note, Quiet, d.next, nil, "first picture: %s in %s, %d of %d slots assigned",
		count(len(d.next.Nodes), "node"), count(len(d.next.Shards), "shard"), assigned, keyslot.Count)
}

// nodes tells of each node that went, came, or changed.
func (d *differ) nodes() {
	for i := range d.prev.Nodes {
		if n := &d.prev.Nodes[i]; d.is[n.ID] == nil {
			d.went(n)
		}
	}
	for i := range d.next.Nodes {
		n := &d.next.Nodes[i]
		if old := d.was[n.ID]; old == nil {
			d.appeared(n)
		} else {
			d.changed(old, n)
		}
	}
}

func (d *differ) went(n *Node) {
	if !n.Member.Flags.Has(Handshake) {
		d.tell(NodeWent, Notable, d.prev, n, "no node lists it any more")
		return
	}
	if !d.next.knows(n) {
		d.tell(NodeWent, Notable, d.prev, n, "did not answer the handshake")
	}
}

func (d *differ) appeared(n *Node) {
	f := n.Member.Flags
	switch {
	case f.Has(Handshake) && d.next.knows(n):
		// a newcomer shakes hands with those who have long been here
	case f.Has(Handshake):
		d.tell(NodeAppeared, Quiet, d.next, n, "handshake began")
	case f.Has(Replica):
		d.tell(NodeAppeared, Good, d.next, n, "joined as a replica of %s", d.name(n.Member.Primary))
	case f.Has(Primary):
		d.tell(NodeAppeared, Good, d.next, n, "joined as a primary with %s", count(d.slotsOf(n), "slot"))
	default:
		d.tell(NodeAppeared, Quiet, d.next, n, "appeared")
	}
}

// knows reports whether a node in handshake is known by its own id as well.
func (s *Snapshot) knows(n *Node) bool {
	return n.Member.Endpoint.Addr() != "" && slices.ContainsFunc(s.Nodes, func(o Node) bool {
		return !o.Member.Flags.Has(Handshake) && o.Member.Endpoint.Addr() == n.Member.Endpoint.Addr()
	})
}

// slotsOf is how many slots a node owns as the primary of its shard.
func (d *differ) slotsOf(n *Node) int {
	if shard := d.next.shard(n); shard != nil && shard.Primary == n.ID {
		return shard.SlotLen
	}
	return 0
}

// shard is the shard of a node in the snapshot, nil for none.
func (s *Snapshot) shard(n *Node) *Shard {
	if n.Shard < 0 || n.Shard >= len(s.Shards) {
		return nil
	}
	return &s.Shards[n.Shard]
}

// changed compares a node with itself.
func (d *differ) changed(old, n *Node) {
	d.health(old, n)
	d.restart(old, n)
	d.address(old, n)
	d.role(old, n)
	d.flags(old, n)
	d.link(old, n)
}
