package plan

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// fitness looks at the cluster as a whole: may anything be moved at all?
func (p *picture) fitness(facts Facts, f *findings) {
	p.coverage(f)
	p.agreement(f)
	p.openSlots(f)
	otherMovers(p, facts, f)
}

func (p *picture) coverage(f *findings) {
	if p.orphans.Empty() {
		f.ok("all 16384 slots have an owner")
		return
	}
	f.refuse(Uncovered, fmt.Sprintf("%s (%s) %s served by no primary; cover them first, because no key of theirs could be found or moved",
		count(p.orphans.Len(), "slot"), someSlots(p.orphans), isAre(p.orphans.Len())), nil, p.orphans)
}

func (p *picture) agreement(f *findings) {
	if d := p.snap.Disputes; len(d) > 0 {
		var slots keyslot.Set
		for _, dispute := range d {
			slots.AddRange(dispute.Range)
		}
		f.refuse(NotConverged, fmt.Sprintf("the nodes do not agree who owns %s (%s)%s; wait until they do, or find out who disagrees",
			count(slots.Len(), "slot"), someSlots(slots), p.claims(d[0])), claimants(d[0]), slots)
		return
	}
	if apart := p.apart(); len(apart) > 0 {
		f.refuse(NotConverged, fmt.Sprintf("the nodes do not agree about owners and epochs yet: %s %s differently from the rest; wait a few seconds",
			some(p.names(apart)), verb(len(apart), "sees them", "see them")), apart, keyslot.Set{})
		return
	}
	var silent []cluster.NodeID
	for i := range p.snap.Nodes {
		if n := &p.snap.Nodes[i]; n.Health != cluster.Answering || !n.View.Known() {
			silent = append(silent, n.ID)
		}
	}
	if len(silent) > 0 {
		f.warn(fmt.Sprintf("all nodes that answer agree, but %s %s not been heard: %s",
			count(len(silent), "node"), verb(len(silent), "has", "have"), some(p.names(silent))))
		return
	}
	f.ok("all nodes agree about owners and epochs")
}

func verb(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

func (p *picture) claims(d cluster.Dispute) string {
	if len(d.Says) < 2 {
		return ""
	}
	who := func(id cluster.NodeID) string {
		if id == "" {
			return "nobody"
		}
		return p.name(id)
	}
	return fmt.Sprintf(": %s or %s", who(d.Says[0].Owner), who(d.Says[1].Owner))
}

func claimants(d cluster.Dispute) (ids []cluster.NodeID) {
	for _, c := range d.Says {
		if c.Owner != "" {
			ids = append(ids, c.Owner)
		}
	}
	return ids
}

// fresh is how old a view may be, in a snapshot, to be held against others: an
// older one shows what a node thought before the newest change.
func (p *picture) fresh() time.Duration { return max(5*time.Second, 3*p.snap.Interval) }

// apart are the answering nodes whose fresh view of owners and epochs is not
// that of the most.
func (p *picture) apart() []cluster.NodeID {
	digest := map[*cluster.View]uint64{}
	groups := map[uint64][]cluster.NodeID{}
	var order []uint64
	for i := range p.snap.Nodes {
		n := &p.snap.Nodes[i]
		if n.Health != cluster.Answering || n.View.Value == nil || p.snap.At.Sub(n.View.At) > p.fresh() {
			continue
		}
		d, ok := digest[n.View.Value]
		if !ok {
			d = n.View.Value.Config()
			digest[n.View.Value] = d
		}
		if groups[d] == nil {
			order = append(order, d)
		}
		groups[d] = append(groups[d], n.ID)
	}
	if len(order) < 2 {
		return nil
	}
	most := order[0]
	for _, d := range order {
		if len(groups[d]) > len(groups[most]) {
			most = d
		}
	}
	var out []cluster.NodeID
	for _, d := range order {
		if d != most {
			out = append(out, groups[d]...)
		}
	}
	return out
}

func (p *picture) openSlots(f *findings) {
	var open keyslot.Set
	nodes := map[cluster.NodeID]bool{}
	for _, m := range p.snap.Moves {
		open.Add(m.Slot)
		for _, id := range slices.Concat(m.FromSeen, m.ToSeen) {
			nodes[id] = true
		}
	}
	if open.Empty() {
		f.ok("no slot is open")
		return
	}
	at := slices.Sorted(maps.Keys(nodes))
	f.refuse(OpenSlots, fmt.Sprintf("%s (%s) %s open, on %s: either somebody is moving slots now, or a move was interrupted; finish it or roll it back first",
		count(open.Len(), "slot"), someSlots(open), isAre(open.Len()), some(p.names(at))), at, open)
}

func otherMovers(p *picture, facts Facts, f *findings) {
	if len(facts.Jobs) == 0 {
		if facts.JobsAsked {
			f.ok("no atomic migration is running")
		} else {
			f.warn("the nodes were not asked whether an atomic migration is running")
		}
		return
	}
	j := facts.Jobs[0]
	f.refuse(ForeignJob, fmt.Sprintf("an atomic migration of %s from %s to %s is running (%s in all); two movers at a time lose keys: wait for it, or cancel it",
		count(j.Slots.Len(), "slot"), p.name(j.From), p.name(j.To), count(len(facts.Jobs), "job")), []cluster.NodeID{j.From, j.To}, j.Slots)
}

// standing looks at one primary that would take part.
func (p *picture) standing(q *primary, f *findings) {
	n, name := q.node, p.name(q.id)
	down := func(text string) {
		f.refuse(NodeDown, name+" "+text, []cluster.NodeID{q.id}, keyslot.Set{})
	}
	flags := n.Member.Flags
	switch {
	case n.Health == cluster.Loading:
		down("is loading its data; wait until it is done")
	case n.Health == cluster.Denied:
		down("refuses the login, or the right to look; give the right user and password")
	case n.Health != cluster.Answering:
		down("does not answer; slots can be moved only between primaries that do: bring it back, or fail over to a replica")
	case flags.Has(cluster.Fail) || len(n.FailBy) > 0:
		down("is held for failed by the others; wait for its recovery or a failover")
	case flags.Has(cluster.PFail) || len(n.PFailBy) > 0:
		down(fmt.Sprintf("is suspected of having failed by %s; wait until that is settled", some(p.names(n.PFailBy))))
	case n.ClusterInfo.Known() && n.ClusterInfo.Value.State != "ok":
		f.refuse(StateFail, fmt.Sprintf("%s says that the cluster state is %s, and would refuse keys; wait some seconds after a change, else find out which slots it misses",
			name, quote(n.ClusterInfo.Value.State)), []cluster.NodeID{q.id}, keyslot.Set{})
	}
}
