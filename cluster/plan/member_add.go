package plan

import (
	"fmt"
	"slices"
	"time"

	"slotdeck/cluster"
)

// AddRequest asks for a new node.
type AddRequest struct {
	New       MemberServer
	Replica   bool
	Under     cluster.NodeID // the primary to follow; empty: the one that needs a replica most
	Libraries []string       // of functions in the cluster; nil: none
	Source    cluster.NodeID // where they are copied from
	Peer      *MemberServer  // a primary of the cluster, as it was read by itself; nil: none
	Zones     cluster.Zones  // where nodes stand; without a map hosts are told apart
}

// addition is a request being worked out.
type addition struct {
	AddRequest
	findings
	p     *picture
	node  MemberNode
	among []MemberNode // the members that answer, without the new one
	under *cluster.Node
	hold  time.Duration // for how long it has to stay before it is in
}

// PlanAdd plans a new node: a primary without slots, or a replica. A node that an
// earlier run left half way in is taken the rest of it. The error is a *Refusal.
func PlanAdd(s *cluster.Snapshot, r AddRequest) (MemberPlan, error) {
	p, err := look(s)
	if err != nil {
		return MemberPlan{}, err
	}
	p.zones = r.Zones
	a := &addition{AddRequest: r, p: p}
	if !a.New.usable(&a.findings) {
		return MemberPlan{}, a.err()
	}
	a.node = a.New.node()
	a.among = p.answering(a.node.ID)
	if len(a.among) == 0 {
		return MemberPlan{}, &Refusal{Reason: NodeDown, Text: "no node of the cluster answers; nothing can be added to it now"}
	}
	a.newcomer()
	a.mayBeBarred()
	a.company()
	if err := a.choose(); err != nil {
		return MemberPlan{}, err
	}
	a.functions()
	if a.Peer != nil && a.Peer.Err == nil && a.Peer.View != nil {
		two := []*MemberServer{a.Peer, &a.New}
		sameTLS(&a.findings, two, true)
		letIn(&a.findings, two)
		sameUsers(&a.findings, two)
	}
	if err := a.err(); err != nil {
		return MemberPlan{}, err
	}
	return a.plan()
}

// acquainted reports whether the new node knows members of this cluster and
// nobody else: it was on its way in when an earlier run ended, and the members
// may not list it yet.
func (a *addition) acquainted() bool {
	known := a.New.acquaintances()
	for _, m := range known {
		if a.p.nodes[m.ID] == nil {
			return false
		}
	}
	return len(known) > 0
}

// newcomer checks the new node: empty, or a member already that has nothing.
func (a *addition) newcomer() {
	if a.p.nodes[a.node.ID] == nil && !a.acquainted() {
		a.New.empty(&a.findings)
		return
	}
	self := a.New.self()
	switch {
	case len(self.Slots) > 0:
		a.deny(NotEmpty, fmt.Sprintf("%s is in this cluster already and owns slots %s", a.node.Addr, rangesText(self.Slots)), a.node.ID)
	case self.Flags.Has(cluster.Replica) && (!a.Replica || a.Under != "" && self.Primary != a.Under):
		a.deny(NotEmpty, fmt.Sprintf("%s is in this cluster already, as a replica of %s; slotdeck replicate changes that", a.node.Addr, a.p.name(self.Primary)), a.node.ID)
	case a.New.Stats.Keys > 0 && !self.Flags.Has(cluster.Replica):
		a.deny(NotEmpty, fmt.Sprintf("%s is in this cluster already and holds %s; look at them first", a.node.Addr, count(int(a.New.Stats.Keys), "key")), a.node.ID)
	default:
		a.ok(fmt.Sprintf("%s is in this cluster already, without slots; what is left to do is done", a.node.Addr))
	}
}

// company compares the new node with the cluster, and tells who does not answer.
func (a *addition) company() {
	old := a.p.nodes[a.among[0].ID]
	if v := old.Stats; v.Version != "" && a.New.Stats.Version != "" {
		mine := MemberServer{Stats: v}
		switch {
		case mine.major() != a.New.major():
			a.warn(fmt.Sprintf("it runs %s and the cluster %s: a replica of an older version than its primary cannot read what that sends",
				clean(a.New.Stats.Flavor+" "+a.New.Stats.Version), clean(v.Flavor+" "+v.Version)))
		default:
			a.ok("it runs " + clean(a.New.Stats.Flavor+" "+a.New.Stats.Version) + ", the cluster " + clean(v.Version))
		}
	}
	a.p.silent(&a.findings, "it will hear of the new node by gossip")
	if len(a.p.snap.Moves) > 0 {
		a.warn(fmt.Sprintf("%s %s open, from a move that is unfinished", count(len(a.p.snap.Moves), "slot"), isAre(len(a.p.snap.Moves))))
	}
}

// choose finds the primary to follow.
func (a *addition) choose() error {
	if !a.Replica {
		return nil
	}
	if self := a.New.self(); self.Flags.Has(cluster.Replica) && (a.p.nodes[a.node.ID] != nil || a.acquainted()) {
		a.Under = self.Primary // an earlier run got that far
	}
	if a.Under == "" {
		under, why := a.p.neediest(placeOf(a.Zones, a.New.asNode()), nil, a.node.ID, true)
		if under == nil {
			return &Refusal{Reason: NoReceiver, Text: "the cluster has no primary that answers and could be followed"}
		}
		a.under = under
		a.ok(why)
		return nil
	}
	q, err := a.p.primaryOf(a.Under, "the primary to follow")
	if err != nil {
		return err
	}
	if q.node.Health != cluster.Answering {
		return &Refusal{Reason: NodeDown, Nodes: []cluster.NodeID{a.Under}, Text: fmt.Sprintf("%s does not answer; a replica could not copy from it now", a.p.name(a.Under))}
	}
	if close := beside(placeOf(a.Zones, a.New.asNode()), a.p.place(q.node), "its primary "+a.p.name(a.Under)); close != "" {
		a.warn(close)
	}
	a.under = q.node
	return nil
}

// functions refuses a primary with functions of its own: clients would meet
// others there than elsewhere.
func (a *addition) functions() {
	has := a.New.Libraries
	switch {
	case a.Replica && len(has) > 0:
		a.warn(fmt.Sprintf("its functions (%s) are replaced by those of its primary", some(cleaned(has))))
	case a.Replica:
	case a.New.LibsUnknown:
		a.warn("whether it has functions could not be asked, so none are copied to it")
	case len(has) > 0 && !slices.Equal(slices.Sorted(slices.Values(has)), slices.Sorted(slices.Values(a.Libraries))):
		a.deny(NotEmpty, fmt.Sprintf("%s has functions already (%s), and they are not those of the cluster; remove them there first (FUNCTION FLUSH)", a.node.Addr, some(cleaned(has))), a.node.ID)
	case len(has) > 0:
		a.ok("it has the functions of the cluster already")
	}
}

func cleaned(texts []string) []string {
	out := make([]string, len(texts))
	for i, t := range texts {
		out[i] = clean(t)
	}
	return out
}

func (a *addition) plan() (MemberPlan, error) {
	p := MemberPlan{Kind: MemberAdd, Checks: a.checks, Risk: Safe, Why: "nothing is lost; the cluster goes on as it is",
		Title: fmt.Sprintf("add %s as a primary without slots", a.node.Addr)}
	everybody := append(slices.Clone(a.among), a.node)
	if !a.Replica && len(a.Libraries) > 0 && len(a.New.Libraries) == 0 && !a.New.LibsUnknown {
		from := a.p.memberNode(a.p.nodes[a.Source])
		p.Steps = append(p.Steps, MemberStep{Act: ActFunctions, Among: []MemberNode{from, a.node}, Title: "copy the functions (" + some(cleaned(a.Libraries)) + ")",
			Commands: []Command{from.send("FUNCTION", "DUMP"), a.node.send("FUNCTION", "RESTORE", "<dump>", "APPEND")}})
	}
	if !a.knownToAll() {
		p.Steps = append(p.Steps, MemberStep{Act: ActMeet, Among: everybody, About: a.node.ID, Commands: a.meetings(), Bar: a.p.bar(a.among),
			Title: fmt.Sprintf("let it meet the others, until all %d know it and it knows them", len(a.among))})
	}
	want := MemberWant{ID: a.node.ID}
	if a.Replica {
		want.Under = a.under.ID
		name := a.p.name(a.under.ID)
		p.Title = fmt.Sprintf("add %s as a replica of %s", a.node.Addr, name)
		p.Why = fmt.Sprintf("nothing is lost; %s makes a copy of its data for it, which takes its time", name)
		if !a.New.self().Flags.Has(cluster.Replica) {
			p.Steps = append(p.Steps, a.p.follow(a.node, a.under))
		}
		p.Steps = append(p.Steps, MemberStep{Act: ActSync, Among: []MemberNode{a.node}, Title: "wait until it has copied the data and is linked"})
	}
	p.Steps = append(p.Steps, MemberStep{Act: ActSettle, Among: everybody, About: a.node.ID, Wants: []MemberWant{want}, StateOK: a.p.stateOK(), Bar: a.p.bar(a.among), Hold: a.hold,
		Title: "wait until every node shows it in its role, and it serves"})
	return p, nil
}

// meetings are with a few nodes; gossip does the rest.
func (a *addition) meetings() (cmds []Command) {
	for _, n := range a.among[:min(direct, len(a.among))] {
		cmds = append(cmds, a.node.meet(n))
	}
	return cmds
}

func (a *addition) knownToAll() bool {
	for _, n := range a.among {
		m, ok := a.p.nodes[n.ID].View.Value.Member(a.node.ID)
		if !ok || m.Flags.Has(cluster.Handshake) || !a.New.knows(n.ID) {
			return false
		}
	}
	return true
}

// follow is the step that makes a replica of a node.
func (p *picture) follow(n MemberNode, under *cluster.Node) MemberStep {
	return MemberStep{Act: ActFollow, About: n.ID, Among: []MemberNode{n}, Wants: []MemberWant{{ID: n.ID, Under: under.ID}},
		Commands: []Command{n.send("CLUSTER", "REPLICATE", string(under.ID))},
		Title:    fmt.Sprintf("make %s a replica of %s", n.Addr, p.name(under.ID))}
}
