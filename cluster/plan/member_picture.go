package plan

import (
	"cmp"
	"fmt"

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
		if n.Health != cluster.Answering {
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

// neediest is the primary that a new replica on a host serves best: one with
// slots, the fewest replicas that answer, not on that host; then in the order of
// the shards. more counts replicas that are on their way; but is left out.
func (p *picture) neediest(host string, more map[cluster.NodeID]int, but cluster.NodeID) (*cluster.Node, string) {
	var best *primary
	rank := func(q *primary) [3]int {
		r := [3]int{0, p.followers(q, but) + more[q.id], 0}
		if q.slots == 0 {
			r[0] = 1
		}
		if hostOf(q.node) == host {
			r[2] = 1
		}
		return r
	}
	for i := range p.primaries {
		q := &p.primaries[i]
		if q.id == but || q.node.Health != cluster.Answering || !plainID(q.id) {
			continue
		}
		if best == nil {
			best = q
			continue
		}
		a, b := rank(q), rank(best)
		if cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1]), cmp.Compare(a[2], b[2])) < 0 {
			best = q
		}
	}
	if best == nil {
		return nil, ""
	}
	r := rank(best)
	why := fmt.Sprintf("%s needs a replica most: it has %s", p.name(best.id), verb(r[1], "one", fmt.Sprint(r[1])))
	if r[2] == 1 {
		why += ", though it is on the same host"
	}
	return best.node, why
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
