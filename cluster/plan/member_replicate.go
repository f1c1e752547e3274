package plan

import (
	"fmt"

	"slotdeck/cluster"
)

// ReplicateRequest asks for a node to follow another primary.
type ReplicateRequest struct {
	Node, Under cluster.NodeID
	Zones       cluster.Zones
}

// PlanReplicate plans that a node follows a primary: a replica another one, or a
// primary without slots and keys. The error is a *Refusal.
func PlanReplicate(s *cluster.Snapshot, r ReplicateRequest) (MemberPlan, error) {
	p, err := look(s)
	if err != nil {
		return MemberPlan{}, err
	}
	p.zones = r.Zones
	node, under := r.Node, r.Under
	n := p.nodes[node]
	if n == nil || !plainID(node) {
		return MemberPlan{}, &Refusal{Reason: UnknownNode, Nodes: []cluster.NodeID{node}, Text: quote(string(node)) + " is not a node of this cluster; look its id up among the nodes"}
	}
	if node == under {
		return MemberPlan{}, &Refusal{Reason: SelfMove, Nodes: []cluster.NodeID{node}, Text: p.name(node) + " cannot follow itself"}
	}
	q, err := p.primaryOf(under, "the primary to follow")
	if err != nil {
		return MemberPlan{}, err
	}
	var f findings
	for _, x := range []*cluster.Node{n, q.node} {
		if x.Health != cluster.Answering {
			f.deny(NodeDown, p.name(x.ID)+" does not answer", x.ID)
		}
	}
	why := p.mayFollow(n, q, &f)
	p.silent(&f, "it will hear of it by gossip", node, under)
	if err := f.err(); err != nil {
		return MemberPlan{}, err
	}
	me := p.memberNode(n)
	plan := MemberPlan{Kind: MemberReplicate, Checks: f.checks, Risk: Disruptive, Why: why,
		Title: fmt.Sprintf("make %s a replica of %s", p.name(node), p.name(under))}
	plan.Steps = []MemberStep{p.follow(me, q.node),
		{Act: ActSync, Among: []MemberNode{me}, Title: "wait until it has copied the data and is linked"},
		{Act: ActSettle, Among: p.answering(""), Wants: []MemberWant{{ID: node, Under: under}}, StateOK: p.stateOK(),
			Title: "wait until every node shows it in its role"}}
	return plan, nil
}

// mayFollow checks that a node has nothing to lose, and says what it costs.
func (p *picture) mayFollow(n *cluster.Node, q *primary, f *findings) (why string) {
	name := p.name(n.ID)
	why = fmt.Sprintf("it copies all data of %s, which takes that one's time", p.name(q.id))
	if close := beside(p.place(n), p.place(q.node), p.name(q.id)); close != "" {
		f.warn(close)
	}
	if !n.Member.Flags.Has(cluster.Replica) {
		return p.primaryMayFollow(n, f, name, why)
	}
	if n.Member.Primary == q.id {
		f.deny(NothingToMove, fmt.Sprintf("%s is a replica of %s already", name, p.name(q.id)), n.ID)
		return why
	}
	f.ok(name + " is a replica now: no key is lost")
	if i, ok := p.index[n.Member.Primary]; ok {
		if old := &p.primaries[i]; old.slots > 0 && p.followers(old, n.ID) == 0 {
			f.warn(fmt.Sprintf("it is the last replica of %s that answers: what that one holds exists once only from then on", p.name(old.id)))
		}
	}
	return "its copy is dropped, and " + why
}

func (p *picture) primaryMayFollow(n *cluster.Node, f *findings, name, why string) string {
	i, ok := p.index[n.ID]
	switch {
	case ok && p.primaries[i].slots > 0:
		f.deny(InUse, fmt.Sprintf("%s owns %s; move them to other primaries first", name, count(p.primaries[i].slots, "slot")), n.ID)
	case n.Info.Known() && n.Stats.Keys > 0:
		f.deny(StrayKeys, fmt.Sprintf("%s holds %s in slots that it does not own; look at them, and FLUSHALL there if they may go", name, count(int(n.Stats.Keys), "key")), n.ID)
	case ok && p.followers(&p.primaries[i], "") > 0:
		f.deny(InUse, fmt.Sprintf("%s has replicas of its own; let them follow another primary first", name), n.ID)
	default:
		f.ok(name + " is a primary without slots and keys")
	}
	return why
}
