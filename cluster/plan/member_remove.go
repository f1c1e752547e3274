package plan

import (
	"fmt"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// RemoveRequest asks for a node to leave.
type RemoveRequest struct {
	Node cluster.NodeID
	Keep bool // forget it only: it is not reset
	Hard bool // RESET HARD: it takes a new id, too

	Zones cluster.Zones // where nodes stand, for replicas that need another primary
}

// removal is a request being worked out.
type removal struct {
	RemoveRequest
	findings
	p       *picture
	n       *cluster.Node
	node    MemberNode
	name    string
	live    bool
	listing []MemberNode // members that answer and list it
	others  []MemberNode // members that answer
}

// PlanRemove plans how a node leaves: its replicas follow other primaries, every
// node that lists it forgets it at once, and it is reset if it answers. It is
// judged by its id and what it is now: a primary that lost its last slot is a
// replica since. The error is a *Refusal, in particular while it owns slots: a
// single FORGET would then take the cluster down on most versions.
func PlanRemove(s *cluster.Snapshot, r RemoveRequest) (MemberPlan, error) {
	v, err := faceRemoval(s, r)
	if err != nil {
		return MemberPlan{}, err
	}
	v.free()
	v.alive()
	if err := v.err(); err != nil {
		return MemberPlan{}, err
	}
	moves, err := v.reparent()
	if err != nil {
		return MemberPlan{}, err
	}
	v.consequences()
	p := MemberPlan{Kind: MemberRemove, Checks: v.checks}
	if r.Keep {
		p.Kind = MemberForgotten
	}
	p.Title = v.title()
	p.Risk, p.Why, p.Notes = v.price()
	p.Steps = append(moves, v.leave()...)
	return p, nil
}

func faceRemoval(s *cluster.Snapshot, r RemoveRequest) (*removal, error) {
	p, err := look(s)
	if err != nil {
		return nil, err
	}
	p.zones = r.Zones
	n := p.nodes[r.Node]
	if n == nil {
		return nil, &Refusal{Reason: UnknownNode, Nodes: []cluster.NodeID{r.Node}, Text: quote(string(r.Node)) + " is not a node of this cluster; look its id up among the nodes"}
	}
	if !plainID(r.Node) {
		return nil, &Refusal{Reason: StrangeNode, Nodes: []cluster.NodeID{r.Node}, Text: quote(string(r.Node)) + " is no id that a server gives; nothing is sent for it"}
	}
	v := &removal{RemoveRequest: r, p: p, n: n, node: p.memberNode(n), name: p.name(r.Node), live: n.Health == cluster.Answering, others: p.answering(r.Node)}
	for _, o := range v.others {
		if _, ok := p.nodes[o.ID].View.Value.Member(r.Node); ok {
			v.listing = append(v.listing, o)
		}
	}
	switch {
	case len(v.others) == 0:
		return nil, &Refusal{Reason: NodeDown, Nodes: []cluster.NodeID{r.Node}, Text: "no other node answers, so nobody could forget " + v.name}
	case len(v.listing) == 0 && (!v.live || r.Keep):
		return nil, &Refusal{Reason: NothingToMove, Nodes: []cluster.NodeID{r.Node}, Text: "no node that answers lists " + v.name + " any more: it is forgotten already"}
	}
	return v, nil
}

// free refuses while anybody, itself included, says that it owns slots.
func (v *removal) free() {
	owns := keyslot.Set{}
	if q, ok := v.p.index[v.Node]; ok {
		owns = v.p.primaries[q].own
	}
	says := ""
	for i := range v.p.snap.Nodes {
		n := &v.p.snap.Nodes[i]
		if n.Health != cluster.Answering || n.View.Value == nil {
			continue
		}
		if m, ok := n.View.Value.Member(v.Node); ok && len(m.Slots) > 0 {
			owns = owns.Union(keyslot.SetOf(m.Slots...))
			says = v.p.name(n.ID)
		}
	}
	switch {
	case owns.Empty():
		v.ok(v.name + " owns no slots, on any node that answers")
		v.strays()
	case v.live:
		v.refuse(InUse, fmt.Sprintf("%s owns %s (%s, as %s says): forgetting it would leave them without an owner and take the cluster down; move them to other primaries first (drain it)",
			v.name, count(owns.Len(), "slot"), someSlots(owns), orSelf(says, v.name)), []cluster.NodeID{v.Node}, owns)
	default:
		v.refuse(InUse, fmt.Sprintf("%s is gone and still owns %s (%s): let a replica of it take over first (slotdeck failover), or give the slots to a primary that lives; then remove it",
			v.name, count(owns.Len(), "slot"), someSlots(owns)), []cluster.NodeID{v.Node}, owns)
	}
}

func orSelf(text, name string) string {
	if text == "" || text == name {
		return "it itself"
	}
	return text
}

// strays refuses to reset a primary with keys in slots it does not own, as the
// server would.
func (v *removal) strays() {
	if v.Keep || !v.live || v.n.Member.Flags.Has(cluster.Replica) {
		return
	}
	if keys := v.n.Stats.Keys; v.n.Info.Known() && keys > 0 {
		v.deny(StrayKeys, fmt.Sprintf("%s holds %s in slots that it does not own, and is not reset while it does; look at them, and FLUSHALL there if they may go", v.name, count(int(keys), "key")), v.Node)
	}
}

// alive compares what we and the others see of it.
func (v *removal) alive() {
	seen, failed := 0, 0
	for _, o := range v.listing {
		m, _ := v.p.nodes[o.ID].View.Value.Member(v.Node)
		switch {
		case m.Flags.Has(cluster.Fail), m.Flags.Has(cluster.NoAddr), m.Flags.Has(cluster.PFail):
			failed++
		case m.Linked:
			seen++
		}
	}
	switch {
	case v.live && !v.Keep:
		v.ok(v.name + " answers, so that it can be reset once it is forgotten")
	case v.live && v.Keep:
		v.warn(v.name + " lives, and is not told: on Valkey it comes back by itself when the ban ends, after 60 s; slotdeck del-node resets it as well")
	case seen > 0 && failed == 0 && !v.Keep:
		v.deny(NodeDown, fmt.Sprintf("%s does not answer here, but %s linked to it: it lives, and would come back; let it be reached, or stop it first", v.name,
			verb(seen, "one other node is", fmt.Sprintf("%d other nodes are", seen))), v.Node)
	default:
		v.ok(v.name + " does not answer; it is removed without it")
	}
	v.p.silent(&v.findings, "what is not told to forget brings the node back when it returns; then repeat the command", v.Node)
	if n := len(v.others) - len(v.listing); n > 0 && len(v.listing) > 0 {
		v.ok(fmt.Sprintf("%s %s forgotten it already; the rest is done", verb(n, "one node", fmt.Sprintf("%d nodes", n)), verb(n, "has", "have")))
	}
}

// reparent lets its replicas follow those primaries that need them most.
func (v *removal) reparent() ([]MemberStep, error) {
	var steps []MemberStep
	more := map[cluster.NodeID]int{}
	for i := range v.p.snap.Nodes {
		n := &v.p.snap.Nodes[i]
		if n.ID == v.Node || !n.Member.Flags.Has(cluster.Replica) || n.Member.Primary != v.Node {
			continue
		}
		if n.Health != cluster.Answering {
			v.warn(fmt.Sprintf("its replica %s does not answer and cannot be given another primary", v.p.name(n.ID)))
			continue
		}
		under, _ := v.p.neediest(v.p.place(n), more, v.Node, false)
		if under == nil {
			return nil, &Refusal{Reason: NoReceiver, Nodes: []cluster.NodeID{v.Node, n.ID},
				Text: fmt.Sprintf("%s follows %s, and there is no other primary that answers for it to follow", v.p.name(n.ID), v.name)}
		}
		more[under.ID]++
		steps = append(steps, v.p.follow(v.p.memberNode(n), under))
		v.warn(fmt.Sprintf("its replica %s follows %s from then on, and copies all its data", v.p.name(n.ID), v.p.name(under.ID)))
	}
	return joinFollows(steps), nil
}

// consequences tells what the cluster is without it.
func (v *removal) consequences() {
	m := v.n.Member
	if !m.Flags.Has(cluster.Replica) {
		return
	}
	i, ok := v.p.index[m.Primary]
	if !ok {
		return
	}
	q := &v.p.primaries[i]
	if left := v.p.followers(q, v.Node); q.slots > 0 && left == 0 {
		v.warn(fmt.Sprintf("it is the last replica of %s that answers: without it, what that primary holds exists once only", v.p.name(q.id)))
	}
}

func (v *removal) title() string {
	role := "the primary without slots"
	switch f := v.n.Member.Flags; {
	case f.Has(cluster.Replica):
		role = "the replica"
	case !f.Has(cluster.Primary):
		role = "the node"
	}
	what := fmt.Sprintf("%s %s (%s)", role, v.name, clean(v.Node.Short()))
	if p := v.n.Member.Primary; v.n.Member.Flags.Has(cluster.Replica) && p != "" {
		what += " of " + v.p.name(p)
	}
	switch {
	case v.Keep:
		return "forget " + what
	case !v.live:
		return "remove " + what + ", which does not answer"
	}
	return "remove " + what
}

func (v *removal) price() (Risk, string, []string) {
	replica := v.n.Member.Flags.Has(cluster.Replica)
	const later = "before that node is started again, remove its nodes.conf or reset it: it still takes itself for a member"
	switch {
	case v.Keep && v.live:
		return Disruptive, "clients that talk to it go on reading old data there", []string{later}
	case !v.live:
		return Safe, "it serves nothing", []string{later}
	case replica:
		return Disruptive, "its copy of the data is dropped; clients that read from it have to go elsewhere", nil
	}
	return Safe, "it holds no slots and no keys", nil
}

// leave is the steps after its replicas are gone.
func (v *removal) leave() (out []MemberStep) {
	if len(v.listing) > 0 {
		s := MemberStep{Act: ActForget, About: v.Node, Among: v.others, Title: fmt.Sprintf("let %s forget it, all at once", verb(len(v.listing), "the one node that lists it", fmt.Sprintf("all %d nodes that list it", len(v.listing))))}
		s.Bar = v.p.bar(v.listing)
		for _, o := range v.listing {
			s.Commands = append(s.Commands, o.send("CLUSTER", "FORGET", string(v.Node)))
		}
		out = append(out, s)
	}
	if v.live && !v.Keep {
		out = append(out, resetStep([]MemberNode{v.node}, v.Hard))
	}
	return append(out, MemberStep{Act: ActAbsent, About: v.Node, Among: v.others, Suspects: v.suspects(), Title: "look for a while whether any node lists it again"})
}

// suspects are those who can bring the node back: it itself, and the members that
// cannot be told to forget it now.
func (v *removal) suspects() (out []MemberNode) {
	for i := range v.p.snap.Nodes {
		n := &v.p.snap.Nodes[i]
		if (n.ID == v.Node || n.Health != cluster.Answering) && n.Dialled != "" {
			out = append(out, v.p.memberNode(n))
		}
	}
	return out
}

func resetStep(nodes []MemberNode, hard bool) MemberStep {
	how := "SOFT"
	if hard {
		how = "HARD"
	}
	s := MemberStep{Act: ActReset, Among: nodes, Title: "reset it, until it knows no other node"}
	if len(nodes) > 1 {
		s.Title = fmt.Sprintf("reset all %d at once, until none knows another", len(nodes))
	}
	for _, n := range nodes {
		s.Commands = append(s.Commands, n.send("CLUSTER", "RESET", how))
	}
	return s
}
