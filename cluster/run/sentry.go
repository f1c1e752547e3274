package run

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/spawn"
)

// sentryTick is how often the replicas of source and target are asked who they
// are.
const sentryTick = 80 * time.Millisecond

// guarded does something with slots in hand for as long as no replica takes the
// place of source or target. A node that stands still would keep a call waiting
// for seconds, in which its successor, on Redis, serves those slots without
// knowing that some of their keys are elsewhere.
func (p *pair) guarded(ctx context.Context, do func(context.Context) error) error {
	inner, cancel := context.WithCancelCause(ctx)
	var sentries spawn.Group
	for id, epoch := range p.replicas() {
		sentries.Go(func() {
			if p.awaitSuccession(inner, id, epoch) {
				cancel(&roleChange{fmt.Sprintf("%s has taken the place of its primary", p.j.crew.name(id))})
			}
		})
	}
	err := do(inner)
	var succeeded *roleChange
	if err != nil && ctx.Err() == nil && errors.As(context.Cause(inner), &succeeded) {
		err = succeeded
	}
	cancel(nil)
	sentries.Wait()
	return err
}

// replicas are those of source and target, as the newest picture shows them, with
// the epochs of their primaries.
func (p *pair) replicas() map[cluster.NodeID]uint64 {
	epochs := map[cluster.NodeID]uint64{}
	s := p.j.cluster.Latest()
	for i := range s.Shards {
		primary, ok := s.Node(s.Shards[i].Primary)
		if !ok || primary.ID != p.from && primary.ID != p.to {
			continue
		}
		for _, id := range s.Shards[i].Replicas {
			if id != p.from && id != p.to {
				epochs[id] = primary.Member.Epoch
			}
		}
	}
	return epochs
}

// awaitSuccession waits until a replica is a primary, owns slots, and has been so
// since a later epoch: a former primary that does not know of its own succession
// yet is none. It is false when the context ended before.
func (p *pair) awaitSuccession(ctx context.Context, id cluster.NodeID, epoch uint64) bool {
	for pause(ctx, sentryTick) == nil {
		answers, err := p.j.crew.all(ctx, id, time.Second, []any{"INFO", "replication"})
		if err != nil {
			continue
		}
		if text, _ := answers[0].Value.(string); !strings.Contains(text, "role:master") {
			continue
		}
		if view, err := p.j.crew.view(ctx, id); err == nil {
			if self, ok := view.Member(id); ok && len(self.Slots) > 0 && self.Epoch > epoch {
				return true
			}
		}
	}
	return false
}
