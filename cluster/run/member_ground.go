package run

import (
	"context"
	"strings"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
)

// Ground reads all that a wish is planned from: its servers by themselves, and
// the cluster that the seeds are in. Servers that cannot be read are in it as
// such. The error is that of the seeds, when a cluster is needed and none of
// them answers.
func (c *MemberCrew) Ground(ctx context.Context, w plan.MemberWish, seeds []string) (plan.MemberGround, error) {
	var g plan.MemberGround
	var err error
	parts := []func(){func() { g.Servers = c.LookAt(ctx, w.Servers...) }}
	switch w.Kind {
	case plan.MemberCreate, plan.MemberAddresses:
	case plan.MemberReset:
		parts = append(parts, func() { g.Snap, err = c.Look(ctx, w.Servers...) })
	default:
		parts = append(parts, func() { g.Snap, err = c.Look(ctx, seeds...) })
	}
	inTurns(len(parts), func(i int) { parts[i]() })
	if ctx.Err() != nil {
		return g, ctx.Err()
	}
	if err != nil {
		return g, err
	}
	switch w.Kind {
	case plan.MemberAdd, plan.MemberReplace:
		if g.Peer = c.peerOf(ctx, g.Snap); g.Peer != nil && g.Peer.Err == nil {
			g.Source, g.Libraries = g.Peer.ID(), g.Peer.Libraries
		}
	case plan.MemberSet:
		g.Values = c.settingOf(ctx, g.Snap, strings.ToLower(strings.TrimSpace(w.Setting)))
	case plan.MemberRepair:
		g.Snap, g.Evidence, err = c.damage(ctx, g.Snap, w.Repair)
		if err != nil {
			return g, err
		}
	}
	return g, nil
}

// Recheck reads the ground of a plan that was agreed to anew and holds the plan
// against it. The error is a sentence; then nothing is to be sent.
func (c *MemberCrew) Recheck(ctx context.Context, w plan.MemberWish, agreed plan.MemberPlan, seeds []string) error {
	g, err := c.Ground(ctx, w, seeds)
	if err != nil {
		return err
	}
	return w.Recheck(agreed, g)
}

// peerOf reads a primary that owns slots by itself: what it asks of a new node
// and which functions it has should hold for all. Nil when none answers.
func (c *MemberCrew) peerOf(ctx context.Context, s *cluster.Snapshot) *plan.MemberServer {
	for i := range s.Shards {
		n, ok := s.Node(s.Shards[i].Primary)
		if ok && s.Shards[i].SlotLen > 0 && n.Health == cluster.Answering {
			return &c.LookAt(ctx, n.Dialled)[0]
		}
	}
	return nil
}

// settingOf is what every node that answers has for a setting.
func (c *MemberCrew) settingOf(ctx context.Context, s *cluster.Snapshot, name string) map[cluster.NodeID]string {
	told := make([]*string, len(s.Nodes))
	inTurns(len(s.Nodes), func(i int) {
		if n := &s.Nodes[i]; n.Health == cluster.Answering {
			a := c.ask(ctx, n.Dialled, memberPatience, []any{"CONFIG", "GET", name})[0]
			if value, ok := pairsOf(a.Value)[name]; a.Err == nil && ok {
				told[i] = &value
			}
		}
	})
	out := map[cluster.NodeID]string{}
	for i, value := range told {
		if value != nil {
			out[s.Nodes[i].ID] = *value
		}
	}
	return out
}
