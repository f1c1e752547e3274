package cluster

import (
	"cmp"
	"slices"
	"sort"
	"time"
)

// Inputs are what the nodes answered last, from which one picture is made.
type Inputs struct {
	At       time.Time
	Seq      uint64
	Interval time.Duration // between two polls; 0 counts as a second
	Paused   bool
	Seeds    []SeedState

	// Nodes need ID, Dialled, Health, Since, LastSeen, Err and the readings. Member,
	// Shard, PFailBy and FailBy are made here; so are Stats, where they are left
	// zero and Info is known. A node without an id takes the one that its own view
	// tells, or is left out.
	Nodes []Node

	// Kin are, of nodes that own nothing, those who share a shard with them as
	// the cluster itself says. It counts where the previous snapshot tells nothing.
	Kin map[NodeID][]NodeID
}

// keepViews is for how many intervals a view counts after the newest one came in.
const keepViews = 10

// Merge makes one picture out of all nodes' answers. The previous snapshot, which may be
// nil and is never changed, gives shards their letters and tells where a
// replaced primary belonged. Events are left to the caller.
//
// A view counts while its node answers and it is not more than ten intervals
// older than the newest. When no node answers, the last views count, so that the
// picture stays. Of several owners claimed for a slot the one with the highest
// config epoch is shown; a replaced primary's old view cannot win.
func Merge(prev *Snapshot, in Inputs) *Snapshot {
	nodes := identified(in.Nodes)
	t := newTally(nodes, in.Interval)
	s := &Snapshot{At: in.At, Seq: in.Seq, Interval: in.Interval, Paused: in.Paused, Seeds: slices.Clone(in.Seeds)}
	s.Nodes = t.picture(nodes)
	factions := t.factions()
	own := t.ownership(factions)
	s.Disputes = disputes(factions)
	placeShards(prev, s, own, in.Kin)
	s.Moves = moves(s, own)
	s.sortNodes()
	s.converge(prev)
	return s
}

// identified copies the nodes that have an id, sorted by it, each once.
func identified(in []Node) []Node {
	known := make([]*Node, 0, len(in))
	for i := range in {
		if idOf(&in[i]) != "" {
			known = append(known, &in[i])
		}
	}
	// The one that was heard last speaks for a node that was reached twice.
	slices.SortStableFunc(known, func(a, b *Node) int {
		return cmp.Or(cmp.Compare(idOf(a), idOf(b)), b.LastSeen.Compare(a.LastSeen))
	})
	known = slices.CompactFunc(known, func(a, b *Node) bool { return idOf(a) == idOf(b) })
	nodes := inOrder(known)
	for i := range nodes {
		n := &nodes[i]
		n.ID = idOf(n)
		if n.Info.Known() && n.Stats == (Stats{}) {
			n.Stats = StatsOf(n.Info.Value)
		}
		n.Member, n.Shard, n.PFailBy, n.FailBy = Member{ID: n.ID}, -1, nil, nil
	}
	return nodes
}

// idOf is the id of a node, if need be as its own view tells it.
func idOf(n *Node) NodeID {
	if n.ID == "" && n.View.Known() && n.View.Value != nil {
		return n.View.Value.Myself
	}
	return n.ID
}

// inOrder copies nodes that were sorted by reference: a node is too large to be swapped about.
func inOrder(sorted []*Node) []Node {
	nodes := make([]Node, len(sorted))
	for i, n := range sorted {
		nodes[i] = *n
	}
	return nodes
}

// findNode finds a node among those sorted by id; nil when it is not there.
func findNode(sorted []Node, id NodeID) *Node {
	at := sort.Search(len(sorted), func(i int) bool { return sorted[i].ID >= id })
	if at == len(sorted) || sorted[at].ID != id {
		return nil
	}
	return &sorted[at]
}

// sortNodes puts the nodes in the order of the screens: by shard, primary
// first, then by address; those of no shard last.
func (s *Snapshot) sortNodes() {
	order := make([]*Node, len(s.Nodes))
	for i := range s.Nodes {
		order[i] = &s.Nodes[i]
	}
	slices.SortFunc(order, func(a, b *Node) int {
		return cmp.Or(
			cmp.Compare(uint(a.Shard), uint(b.Shard)), // -1 comes last
			-cmp.Compare(s.leads(a), s.leads(b)),
			compareAddr(a, b),
		)
	})
	s.Nodes = inOrder(order)
}

// leads is 1 for the primary of a shard.
func (s *Snapshot) leads(n *Node) int {
	if shard := s.shard(n); shard != nil && shard.Primary == n.ID {
		return 1
	}
	return 0
}
