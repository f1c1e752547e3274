package plan

import (
	"errors"
	"slices"

	"slotdeck/cluster"
)

// MemberWish is a change of membership as it is asked for. It outlives the
// pictures that plans are made from: the same wish, planned on a fresh one just
// before anything is sent, has to come to the same plan.
type MemberWish struct {
	Kind     MemberKind
	Servers  []string       // read by themselves: those of a new cluster, the new node, those to be reset
	Node     cluster.NodeID // that leaves, is replaced, or follows
	Under    cluster.NodeID // the primary to follow; empty: the one that needs a replica most
	Replica  bool           // what is added is a replica
	Replicas int            // of each primary of a new cluster
	Hard     bool           // a reset gives new ids, too
	Setting  string         // by its name in CONFIG
	Value    string
	Zones    cluster.Zones // where nodes stand; without a map hosts are told apart
	Repair   RepairWish
}

// MemberGround is all that was read for a wish.
type MemberGround struct {
	Snap      *cluster.Snapshot // nil: no cluster is meant, or none answers
	Servers   []MemberServer    // in the order of the wish
	Source    cluster.NodeID    // where functions are copied from
	Libraries []string          // of functions in the cluster; nil: none
	Peer      *MemberServer     // a primary with slots, as it was read by itself; nil: none
	Values    map[cluster.NodeID]string
	Evidence  Evidence // for a repair
}

// Plan works a wish out. The error is a *Refusal.
func (w MemberWish) Plan(g MemberGround) (MemberPlan, error) {
	var fresh MemberServer
	if len(g.Servers) > 0 {
		fresh = g.Servers[0]
	} else if w.Kind == MemberAdd || w.Kind == MemberReplace {
		return MemberPlan{}, &Refusal{Reason: BadRequest, Text: "no new server is named"}
	}
	switch w.Kind {
	case MemberCreate:
		return PlanCreate(CreateRequest{Servers: g.Servers, Replicas: w.Replicas, Zones: w.Zones})
	case MemberAdd:
		return PlanAdd(g.Snap, AddRequest{New: fresh, Replica: w.Replica, Under: w.Under, Libraries: g.Libraries, Source: g.Source, Peer: g.Peer, Zones: w.Zones})
	case MemberRemove, MemberForgotten:
		return PlanRemove(g.Snap, RemoveRequest{Node: w.Node, Keep: w.Kind == MemberForgotten, Hard: w.Hard, Zones: w.Zones})
	case MemberReplace:
		return PlanReplace(g.Snap, ReplaceRequest{Old: w.Node, New: fresh, Under: w.Under, Peer: g.Peer, Zones: w.Zones})
	case MemberReplicate:
		return PlanReplicate(g.Snap, ReplicateRequest{Node: w.Node, Under: w.Under, Zones: w.Zones})
	case MemberReset:
		return PlanReset(ResetRequest{Servers: g.Servers, Around: g.Snap, Hard: w.Hard})
	case MemberAddresses:
		return PlanAddresses(g.Servers)
	case MemberSet:
		return PlanSetting(g.Snap, w.Setting, w.Value, g.Values)
	case MemberRepair:
		return PlanRepair(g.Snap, w.Repair, g.Evidence)
	}
	return MemberPlan{}, &Refusal{Reason: BadRequest, Text: "that is no change of membership"}
}

// errMemberChanged is why a plan that was agreed to is not carried out.
var errMemberChanged = errors.New("the cluster has changed since the plan was made, and nothing was sent; look at the plan again")

// Recheck plans a wish anew on what was read just before acting, and holds the
// plan that was agreed to against it: what would be sent, to whom and in which
// order, and what may be lost. The error is that of the new plan, or says that
// the two differ.
func (w MemberWish) Recheck(agreed MemberPlan, fresh MemberGround) error {
	now, err := w.Plan(fresh)
	if err != nil {
		return err
	}
	same := slices.EqualFunc(agreed.Steps, now.Steps, func(a, b MemberStep) bool {
		return a.Act == b.Act && a.About == b.About && slices.EqualFunc(a.Commands, b.Commands, func(x, y Command) bool {
			return x.Addr == y.Addr && slices.Equal(x.Args, y.Args)
		})
	})
	if !same || now.Risk > agreed.Risk {
		return errMemberChanged
	}
	return nil
}
