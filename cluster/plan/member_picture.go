package plan

import (
	"fmt"
	"slices"

	"slotdeck/cluster"
)

// memberNode is a node of the picture as steps name it.
func (p *picture) memberNode(n *cluster.Node) MemberNode {
	e := n.Member.Endpoint
	m := MemberNode{ID: n.ID, Addr: address(n), Host: clean(e.IP), Port: e.Port, BusPort: e.BusPort}
	if m.Host == "" { // a node that was never met does not know its own
		m.Host = clean(hostOf(n))
	}
	return m
}

// answering are the members that answer, but for one, in the picture's order.
func (p *picture) answering(but cluster.NodeID) (out []MemberNode) {
	for i := range p.snap.Nodes {
		n := &p.snap.Nodes[i]
		if n.ID != but && n.Health == cluster.Answering && n.View.Known() && n.View.Err == nil {
			out = append(out, p.memberNode(n))
		}
	}
	return out
}

// silent warns of members that do not answer.
func (p *picture) silent(f *findings, so string, but ...cluster.NodeID) {
	var names []string
next:
	for i := range p.snap.Nodes {
		n := &p.snap.Nodes[i]
		for _, id := range but {
			if id == n.ID {
				continue next
			}
		}
		if n.Health != cluster.Answering && !n.Member.Flags.Has(cluster.Handshake) { // then that id is made up
			names = append(names, p.name(n.ID))
		}
	}
	if len(names) > 0 {
		f.warn(fmt.Sprintf("%s %s not answer; %s", some(names), verb(len(names), "does", "do"), so))
	}
}

// stateOK reports whether all that answer call the cluster ok now, so that they
// can be expected to afterwards.
func (p *picture) stateOK() bool {
	for i := range p.snap.Nodes {
		n := &p.snap.Nodes[i]
		if n.Health == cluster.Answering && (!n.ClusterInfo.Known() || n.ClusterInfo.Value.State != "ok") {
			return false
		}
	}
	return true
}

// place is where a node stands.
func (p *picture) place(n *cluster.Node) place { return placeOf(p.zones, n) }

// need is a primary's claim to a further replica, the smallest being the
// strongest.
type need struct {
	q        *primary
	has      int // replicas that answer or are on their way
	near     int // how close the replica is to it
	slotless bool
}

// neediest is the primary that a new replica at a place serves best: one that
// owns slots and has no replica at all; else one that is not in that zone or on
// that host, with the fewest replicas that answer, and rather one with slots;
// then in the order of the shards. A primary without slots may be about to get
// some: it counts like the others, unless owners alone is wanted, as for a
// replica that is only in the way where it is. more counts replicas that are on
// their way; but is left out.
func (p *picture) neediest(at place, more map[cluster.NodeID]int, but cluster.NodeID, empties bool) (*cluster.Node, string) {
	var best, poorest *need
	rank := func(n *need) []int {
		bare := n.has == 0 && !n.slotless
		return []int{flag(n.slotless && !empties), flag(!bare), n.near, n.has, flag(n.slotless)}
	}
	for i := range p.primaries {
		q := &p.primaries[i]
		if q.id == but || q.node.Health != cluster.Answering || !plainID(q.id) {
			continue
		}
		n := &need{q: q, has: p.followers(q, but) + more[q.id], near: p.place(q.node).near(at), slotless: q.slots == 0}
		if best == nil || slices.Compare(rank(n), rank(best)) < 0 {
			best = n
		}
		if poorest == nil || n.has < poorest.has {
			poorest = n
		}
	}
	if best == nil {
		return nil, ""
	}
	where := func(near int) string { return [...]string{"elsewhere", "in the same zone", "on the same host"}[near] }
	why := fmt.Sprintf("%s needs a replica most: it has %s", p.name(best.q.id), [...]string{"none", "one", fmt.Sprint(best.has)}[min(best.has, 2)])
	switch {
	case best.slotless:
		why += ", and no slots yet"
	case poorest.has < best.has && poorest.near > 0:
		why += fmt.Sprintf(", and %s, which has fewer, is %s", p.name(poorest.q.id), where(poorest.near))
	}
	if best.near > 0 {
		why += ", though it is " + where(best.near)
	}
	return best.q.node, why
}

// flag is 1 for true: false comes first.
func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

// followers counts the replicas of a primary that answer, but for one.
func (p *picture) followers(q *primary, but cluster.NodeID) int {
	n := 0
	for _, id := range q.shard.Replicas {
		if r := p.nodes[id]; r != nil && id != but && r.Health == cluster.Answering && r.Member.Flags.Has(cluster.Replica) {
			n++
		}
	}
	return n
}
