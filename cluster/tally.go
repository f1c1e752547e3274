package cluster

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// tally holds the views that count, identical ones together.
type tally struct {
	groups []group // the most backed first
	voices int     // how many nodes' views count
	speaks map[NodeID]bool
}

// group is the nodes whose views draw the same picture.
type group struct {
	view *View    // the newest of them
	by   []NodeID // whose views these are, sorted
	at   time.Time
}

// newTally picks the views that count; nodes are sorted by id.
func newTally(nodes []Node, interval time.Duration) tally {
	if interval <= 0 {
		interval = time.Second
	}
	var newest time.Time
	for i := range nodes {
		if v := &nodes[i].View; v.Known() && v.At.After(newest) {
			newest = v.At
		}
	}
	oldest := newest.Add(-keepViews * interval)
	t := tally{speaks: map[NodeID]bool{}}
	t.collect(nodes, func(n *Node) bool { return !n.View.At.Before(oldest) && n.View.Err == nil })
	if t.voices == 0 {
		t.collect(nodes, func(n *Node) bool { return !n.View.At.Before(oldest) })
	}
	return t
}

func (t *tally) collect(nodes []Node, counts func(*Node) bool) {
	index := map[uint64]int{}
	for i := range nodes {
		n := &nodes[i]
		if !n.View.Known() || n.View.Value == nil || !counts(n) {
			continue
		}
		t.voices++
		t.speaks[n.ID] = true
		digest := n.View.Value.Topology()
		at, ok := index[digest]
		if !ok {
			at = len(t.groups)
			index[digest] = at
			t.groups = append(t.groups, group{})
		}
		g := &t.groups[at]
		g.by = append(g.by, n.ID)
		if g.view == nil || n.View.At.After(g.at) {
			g.view, g.at = n.View.Value, n.View.At
		}
	}
	slices.SortStableFunc(t.groups, func(a, b group) int {
		return cmp.Or(-cmp.Compare(len(a.by), len(b.by)), cmp.Compare(a.by[0], b.by[0]))
	})
}

// picture is one node for each that some view mentions, and for each that
// answers but tells no view; sorted by id. When no view counts, it is all that are known.
func (t *tally) picture(known []Node) []Node {
	mentioned := t.mentioned(known)
	nodes := make([]Node, 0, len(mentioned))
	for _, id := range slices.Sorted(maps.Keys(mentioned)) {
		if n := findNode(known, id); n != nil {
			nodes = append(nodes, *n)
		} else {
			nodes = append(nodes, Node{ID: id, Shard: -1, Member: Member{ID: id}})
		}
	}
	t.describe(nodes)
	return nodes
}

func (t *tally) mentioned(known []Node) map[NodeID]bool {
	ids := make(map[NodeID]bool, len(known))
	for i := range t.groups {
		for j := range t.groups[i].view.Members {
			ids[t.groups[i].view.Members[j].ID] = true
		}
	}
	for i := range known {
		n := &known[i]
		if t.voices == 0 || n.Health == Answering && len(n.View.Value.members()) == 0 {
			ids[n.ID] = true
		}
	}
	return ids
}

func (v *View) members() []Member {
	if v == nil {
		return nil
	}
	return v.Members
}

// opinion gathers what the views say of one node while they are walked.
type opinion struct {
	line    *Member // nil when no view mentions the node
	backing int
}

// describe fills in what the views say of each node; nodes are sorted by id, as
// the members of every view are, so that both are walked side by side.
func (t *tally) describe(nodes []Node) {
	opinions := make([]opinion, len(nodes))
	for g := range t.groups {
		grp, at := &t.groups[g], 0
		for m := range grp.view.Members {
			member := &grp.view.Members[m]
			for at < len(nodes) && nodes[at].ID < member.ID {
				at++
			}
			if at < len(nodes) && nodes[at].ID == member.ID {
				opinions[at].hear(&nodes[at], member, grp)
			}
		}
	}
	for i := range nodes {
		t.conclude(&nodes[i], &opinions[i])
	}
}

// hear takes in what one group of views says of a node. Of two lines the one
// with the higher epoch is newer news; then the more backed one.
func (o *opinion) hear(n *Node, member *Member, g *group) {
	backing := len(g.by)
	if o.line == nil || member.Epoch > o.line.Epoch || member.Epoch == o.line.Epoch && backing > o.backing {
		o.line, o.backing = member, backing
	}
	if member.Flags&(Fail|PFail) == 0 {
		return
	}
	if member.Flags.Has(Fail) {
		n.FailBy = append(n.FailBy, g.by...)
	} else {
		n.PFailBy = append(n.PFailBy, g.by...)
	}
}

// conclude settles the node's line: its own while that counts, with the
// failure flags on which at least half of the others agree.
func (t *tally) conclude(n *Node, o *opinion) {
	others := t.voices
	if o.line != nil {
		n.Member = *o.line
		n.Member.Open = nil // of the node that was asked only, whose own line follows
	}
	if t.speaks[n.ID] {
		others--
		if own, ok := n.View.Value.Member(n.ID); ok {
			n.Member = own
		}
	} else if n.View.Known() {
		if own, ok := n.View.Value.Member(n.ID); ok {
			n.Member.Open = own.Open // nobody else can tell
		}
	}
	slices.Sort(n.FailBy)
	slices.Sort(n.PFailBy)
	n.Member.Flags &^= Myself | Fail | PFail
	if len(n.FailBy) > 0 && 2*len(n.FailBy) >= others {
		n.Member.Flags |= Fail
	} else if accusers := len(n.FailBy) + len(n.PFailBy); accusers > 0 && 2*accusers >= others {
		n.Member.Flags |= PFail
	}
	if n.Member.Flags.Has(NoAddr) && n.Health == Unknown {
		n.Health = NoAddress
	}
}
