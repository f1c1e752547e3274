package run

import (
	"context"
	"fmt"
	"slices"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/cluster/quorum"
	"slotdeck/cluster/spawn"
	"slotdeck/cluster/wire"
)

// failoverPatience is how long one node may take to answer.
const failoverPatience = time.Second

// moreToLose is by how many bytes a replica may have fallen behind since the
// plan was looked at, before a lossy failover has to be confirmed anew.
const moreToLose = 1 << 20

// failoverScene is the ground that a failover begins on.
type failoverScene struct {
	snap *cluster.Snapshot // fresh where it matters
	plan plan.FailoverPlan // made anew on it
}

// failoverGround reads afresh the nodes that the plan depends on and holds the
// plan against what they say.
func failoverGround(ctx context.Context, c Cluster, p plan.FailoverPlan, kind plan.FailoverKind, facts plan.FailoverFacts) (failoverScene, error) {
	last := c.Latest()
	if last == nil {
		return failoverScene{}, errNoFailoverPicture
	}
	ids := append(slices.Clone(quorum.VotersOf(last).IDs), p.Replica)
	if p.Primary != "" && !slices.Contains(ids, p.Primary) {
		ids = append(ids, p.Primary)
	}
	snap := readAfresh(ctx, c, last, ids)
	if err := ctx.Err(); err != nil {
		return failoverScene{}, fmt.Errorf("nothing was sent: %w", err)
	}
	fresh, err := plan.PlanFailover(snap, p.Replica, facts)
	if err != nil {
		return failoverScene{}, fmt.Errorf("nothing was sent: %w", err)
	}
	if why := outdated(p, fresh, kind); why != "" {
		return failoverScene{}, &FailoverStale{Text: "nothing was sent: " + why, Fresh: fresh}
	}
	return failoverScene{snap, fresh}, nil
}

// outdated says what of a plan does not hold any more; empty when all does.
func outdated(old, fresh plan.FailoverPlan, kind plan.FailoverKind) string {
	v := fresh.Variant(kind)
	switch {
	case fresh.Primary != old.Primary:
		return fmt.Sprintf("shard %s has another primary now, %s; look at the plan again", fresh.Shard, orNone(fresh.From))
	case fresh.Slots != old.Slots:
		return fmt.Sprintf("shard %s had %d slots and has %d now; look at the plan again", fresh.Shard, old.Slots, fresh.Slots)
	case v.Disabled != "":
		return v.Disabled
	case v.Risk != plan.Lossy:
		return ""
	case old.Variant(plan.Graceful).Disabled != "" && fresh.Variant(plan.Graceful).Disabled == "":
		return fmt.Sprintf("%s can hand over again, so that nothing need be lost; look at the plan again", fresh.From)
	case old.Behind.How != plan.NotKnown && fresh.Behind.N > old.Behind.N+moreToLose:
		return fmt.Sprintf("the replica has fallen from %d to %d bytes behind, and as much would be lost; look at the plan again", old.Behind.N, fresh.Behind.N)
	}
	return ""
}

func orNone(addr string) string {
	if addr == "" {
		return "none"
	}
	return addr
}

// readAfresh makes a picture in which the given nodes were read just now.
func readAfresh(ctx context.Context, c Cluster, last *cluster.Snapshot, ids []cluster.NodeID) *cluster.Snapshot {
	in := cluster.Inputs{Seq: last.Seq + 1, Interval: last.Interval, Seeds: last.Seeds, Nodes: slices.Clone(last.Nodes)}
	turns := make(chan struct{}, 64)
	var calls spawn.Group
	for i := range in.Nodes {
		n := &in.Nodes[i]
		if !slices.Contains(ids, n.ID) {
			continue
		}
		calls.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			node, ok := c.Node(n.ID)
			if !ok {
				n.Health = cluster.NoAddress
				return
			}
			readNodeAfresh(ctx, node, n)
		})
	}
	calls.Wait()
	in.At = time.Now()
	s := cluster.Merge(last, in)
	s.Events = last.Events
	return s
}

func readNodeAfresh(ctx context.Context, node *wire.Node, n *cluster.Node) {
	ctx, cancel := context.WithTimeout(ctx, failoverPatience)
	defer cancel()
	answers := node.Pipeline(ctx, []any{"CLUSTER", "NODES"}, []any{"CLUSTER", "INFO"}, []any{"INFO"})
	now := time.Now()
	for _, a := range answers {
		if a.Err != nil {
			n.Health, n.Err = failoverHealth(a.Err), a.Err
			return
		}
	}
	text := func(i int) string { s, _ := answers[i].Value.(string); return s }
	view, err := cluster.ParseNodes(text(0))
	own, errOwn := cluster.ParseClusterInfo(text(1))
	info, errInfo := cluster.ParseInfo(text(2))
	if err != nil || errOwn != nil || errInfo != nil {
		n.Health = cluster.Rubbish
		return
	}
	n.Health, n.Err, n.LastSeen = cluster.Answering, nil, now
	n.View, n.ClusterInfo, n.Info = n.View.Succeed(view, now), n.ClusterInfo.Succeed(own, now), n.Info.Succeed(info, now)
	n.Stats = cluster.StatsOf(info)
}

func failoverHealth(err error) cluster.Health {
	switch wire.KindOf(err) {
	case wire.Refused:
		return cluster.Refused
	case wire.Loading:
		return cluster.Loading
	case wire.AuthMissing, wire.AuthWrong, wire.NoPermission, wire.Protected:
		return cluster.Denied
	case wire.Rubbish:
		return cluster.Rubbish
	}
	return cluster.NoAnswer
}
