package cluster

import (
	"cmp"
	"slices"
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
	placeShards(prev, s, &own)
	s.Moves = moves(s, &own)
	s.sortNodes()
	return s
}

// identified copies the nodes that have an id, sorted by it, each once.
func identified(in []Node) []Node {
	nodes := make([]Node, 0, len(in))
	for i := range in {
		n := in[i]
		if n.ID == "" && n.View.Known() && n.View.Value != nil {
			n.ID = n.View.Value.Myself
		}
		if n.ID == "" {
			continue
		}
		if n.Info.Known() && n.Stats == (Stats{}) {
			n.Stats = StatsOf(n.Info.Value)
		}
		n.Member, n.Shard, n.PFailBy, n.FailBy = Member{ID: n.ID}, -1, nil, nil
		nodes = append(nodes, n)
	}
	// The one that was heard last speaks for a node that was reached twice.
	slices.SortStableFunc(nodes, func(a, b Node) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), b.LastSeen.Compare(a.LastSeen))
	})
	return slices.CompactFunc(nodes, func(a, b Node) bool { return a.ID == b.ID })
}

// sortNodes puts the nodes in the order of the screens: by shard, primary
// first, then by address; those of no shard last.
func (s *Snapshot) sortNodes() {
	slices.SortFunc(s.Nodes, func(a, b Node) int {
		return cmp.Or(
			cmp.Compare(uint(a.Shard), uint(b.Shard)), // -1 comes last
			-cmp.Compare(s.leads(&a), s.leads(&b)),
			cmp.Compare(a.Member.Endpoint.IP, b.Member.Endpoint.IP),
			cmp.Compare(a.Member.Endpoint.Port, b.Member.Endpoint.Port),
			cmp.Compare(a.ID, b.ID),
		)
	})
}

// leads is 1 for the primary of a shard.
func (s *Snapshot) leads(n *Node) int {
	if n.Shard >= 0 && s.Shards[n.Shard].Primary == n.ID {
		return 1
	}
	return 0
}
