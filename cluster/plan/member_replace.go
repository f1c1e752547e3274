package plan

import (
	"fmt"
	"slices"

	"slotdeck/cluster"
)

// ReplaceRequest asks for a new replica in the place of a node that is gone.
type ReplaceRequest struct {
	Old   cluster.NodeID
	New   MemberServer
	Under cluster.NodeID // the primary to follow; empty: the one the old node stood with, else the neediest
	Peer  *MemberServer  // a primary of the cluster, as it was read by itself; nil: none
	Zones cluster.Zones
}

// PlanReplace plans both in one: the new node joins and follows the primary that
// the old one followed or was replaced by, then all forget the old one. The
// error is a *Refusal.
func PlanReplace(s *cluster.Snapshot, r ReplaceRequest) (MemberPlan, error) {
	p, err := look(s)
	if err != nil {
		return MemberPlan{}, err
	}
	old := p.nodes[r.Old]
	if old == nil {
		return MemberPlan{}, &Refusal{Reason: UnknownNode, Nodes: []cluster.NodeID{r.Old}, Text: quote(string(r.Old)) + " is not a node of this cluster; look its id up among the nodes"}
	}
	if old.Health == cluster.Answering {
		return MemberPlan{}, &Refusal{Reason: InUse, Nodes: []cluster.NodeID{r.Old},
			Text: fmt.Sprintf("%s answers; add the new node first (slotdeck add-node --replica), then remove this one (slotdeck del-node)", p.name(r.Old))}
	}
	under := r.Under
	if under == "" {
		under = p.stoodWith(old)
	}
	remove, err := PlanRemove(s, RemoveRequest{Node: r.Old, Zones: r.Zones})
	if err != nil {
		return MemberPlan{}, err
	}
	add, err := PlanAdd(s, AddRequest{New: r.New, Replica: true, Under: under, Peer: r.Peer, Zones: r.Zones})
	if err != nil {
		return MemberPlan{}, err
	}
	newcomer := r.New.node()
	for i := range remove.Steps {
		step := &remove.Steps[i]
		step.Among = append(slices.Clone(step.Among), newcomer)
		if step.Act == ActForget {
			step.Commands = append(slices.Clone(step.Commands), newcomer.send("CLUSTER", "FORGET", string(r.Old)))
			step.Title += ", and the new one as well"
		}
	}
	add.Kind = MemberReplace
	add.Title = fmt.Sprintf("replace %s by %s: %s, then %s", p.name(r.Old), newcomer.Addr, add.Title, remove.Title)
	add.Steps = append(add.Steps, remove.Steps...)
	add.Checks = append(add.Checks, remove.Checks...)
	add.Notes = append(add.Notes, remove.Notes...)
	return add, nil
}

// stoodWith is the primary that a node follows, or whose shard it stands in after
// it was replaced; empty when that is not known or does not answer.
func (p *picture) stoodWith(n *cluster.Node) cluster.NodeID {
	ids := []cluster.NodeID{n.Member.Primary}
	if n.Shard >= 0 && n.Shard < len(p.snap.Shards) {
		ids = append(ids, p.snap.Shards[n.Shard].Primary)
	}
	for _, id := range ids {
		if i, ok := p.index[id]; ok && id != n.ID && p.primaries[i].node.Health == cluster.Answering {
			return id
		}
	}
	return ""
}
