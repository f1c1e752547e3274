package plan

import (
	"fmt"
	"slices"

	"slotdeck/cluster"
)

// Leaders are the primaries with slots.
func Leaders(s *cluster.Snapshot) []cluster.NodeID {
	var out []cluster.NodeID
	for i := range s.Shards {
		if s.Shards[i].SlotLen > 0 && s.Shards[i].Primary != "" {
			out = append(out, s.Shards[i].Primary)
		}
	}
	slices.Sort(out)
	return out
}

// RecheckSpread holds a plan of which so many steps are done against a picture
// read just before the next one. It gives that step's failover plan made anew;
// already is true when the replica leads its shard by now. The error is a
// *Refusal: the cluster is not fit at this moment, or (NotPrimary) roles are not
// what the steps so far have made of them.
func RecheckSpread(p SpreadPlan, done int, s *cluster.Snapshot, r SpreadRequest) (next FailoverPlan, already bool, err error) {
	pic, err := look(s)
	if err != nil {
		return next, false, err
	}
	var f findings
	pic.fitness(r.Facts, &f)
	for i := range pic.primaries {
		if pic.primaries[i].slots > 0 {
			pic.standing(&pic.primaries[i], &f)
		}
	}
	if err := f.err(); err != nil {
		return next, false, err
	}
	want := slices.Clone(p.Leaders)
	for _, step := range p.Steps[:done] {
		want = replaced(want, step.Primary, step.Replica)
	}
	have, step := Leaders(s), p.Steps[done]
	if slices.Equal(have, replaced(slices.Clone(want), step.Primary, step.Replica)) {
		return next, true, nil
	}
	for _, id := range have {
		if !slices.Contains(want, id) {
			return next, false, &Refusal{Reason: NotPrimary, Nodes: []cluster.NodeID{id},
				Text: fmt.Sprintf("%s is a primary now, which is not of this plan's doing; look at the roles and plan anew", pic.name(id))}
		}
	}
	if len(have) != len(want) {
		return next, false, &Refusal{Reason: NotPrimary, Text: "there are other primaries than when the plan was made; look at the roles and plan anew"}
	}
	next, err = PlanFailover(s, step.Replica, r.facts(step.Shard))
	if err != nil {
		return next, false, err
	}
	if why := next.Variant(Graceful).Disabled; why != "" && next.Wait == 0 {
		return next, false, &Refusal{Reason: NodeDown, Text: why, Nodes: []cluster.NodeID{step.Replica}}
	}
	shard := s.Shards[pic.nodes[step.Replica].Shard]
	if why := unpromotable(s, &shard, pic.nodes[step.Replica]); why != "" {
		return next, false, &Refusal{Reason: NodeDown, Text: step.Addr + " is not to become primary now: " + why, Nodes: []cluster.NodeID{step.Replica}}
	}
	return next, false, nil
}

// replaced is a sorted list with one entry for another.
func replaced(ids []cluster.NodeID, old, by cluster.NodeID) []cluster.NodeID {
	if i := slices.Index(ids, old); i >= 0 {
		ids[i] = by
	}
	slices.Sort(ids)
	return ids
}
