package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/cluster/proof/mover"
	"slotdeck/cluster/run"
	"slotdeck/keyslot"
)

// recoverAll settles what an earlier slotdeck left behind, as the cluster alone
// shows it, until nothing is left or the time is up.
func recoverAll(ctx context.Context, s *mover.Slotdeck, o order, options run.Options) int {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	heirs := map[cluster.NodeID]cluster.NodeID{}
	for {
		left, err := recoverOnce(ctx, s, o, options, heirs)
		if err == nil && left == 0 && len(heirs) > 0 {
			left, err = 1, reunite(ctx, s, options, heirs)
		}
		if err == nil && left == 0 {
			tell(news{End: true, OK: true, Text: "nothing is left behind"})
			return 0
		}
		tell(news{State: "recovering", Text: fmt.Sprintf("%d left, %v", left, err)})
		s.Watch.Refresh()
		select {
		case <-ctx.Done():
			tell(news{End: true, Text: fmt.Sprintf("not settled: %d left, %v", left, err)})
			return 1
		case <-time.After(300 * time.Millisecond):
		}
	}
}

// recoverOnce looks, and settles what can be settled now. It tells how much was
// found.
func recoverOnce(ctx context.Context, s *mover.Slotdeck, o order, options run.Options, heirs map[cluster.NodeID]cluster.NodeID) (found int, err error) {
	f, err := run.Find(ctx, s.Watch, o.State)
	if err != nil {
		return -1, err
	}
	for _, r := range f.Running {
		tell(news{State: "recovering", Text: fmt.Sprintf("found a migration of %v that is %s", r.Slots, r.State)})
		if o.RollBack {
			if err := run.Cancel(ctx, s.Watch, r); err != nil {
				return len(f.Running), err
			}
		}
	}
	ways := map[keyslot.Slot]plan.Way{}
	for _, r := range f.Open {
		way, why := chosen(r, o.RollBack)
		if r.Holder != "" { // what the owner has is what clients see
			way, why = chosen(r, false)
			if owner, ok := f.Snapshot.ShardOf(r.Slot); ok && len(owner.Replicas) == 0 {
				heirs[r.Owner] = r.Holder
			}
		}
		ways[r.Slot] = way
		tell(news{State: "recovering", Text: fmt.Sprintf("slot %d: %s: %s; keys %v: %v%s", r.Slot, r.Text, r.Suggested, f.Keys[r.Slot], way, why)})
	}
	if len(f.Open) == 0 {
		return len(f.Running), nil
	}
	job, err := run.StartRecovery(ctx, s.Watch, f, ways, options)
	if err != nil {
		return len(f.Open), err
	}
	report := mover.Follow(job, progress)
	tell(news{State: "recovering", Text: fmt.Sprintf("%v, err %v, open %v, %q", report.Outcome, report.Err, report.Open, report.Sentences)})
	return len(f.Open), report.Err
}

// reunite moves what a primary without replicas kept to the one that took its
// place and had stray keys of it: the former then follows the latter again, as
// the plan said.
func reunite(ctx context.Context, s *mover.Slotdeck, options run.Options, heirs map[cluster.NodeID]cluster.NodeID) error {
	for owner, heir := range heirs {
		var kept keyslot.Set
		for _, shard := range s.Watch.Latest().Shards {
			if shard.Primary == owner {
				kept = keyslot.SetOf(shard.Slots...)
			}
		}
		if !kept.Empty() {
			report, err := s.Move(ctx, plan.MoveExactly{Slots: kept, To: heir}, options, progress)
			if err != nil || report.Err != nil {
				return errors.Join(err, report.Err)
			}
			tell(news{State: "recovering", Text: fmt.Sprintf("%v gave what it had kept to its successor: %q", owner.Short(), report.Sentences)})
		}
		delete(heirs, owner)
	}
	return nil
}

// chosen is the way that was asked for, else the one that is possible.
func chosen(r plan.Recovery, rollBack bool) (way plan.Way, why string) {
	way, other := plan.Finish, plan.RollBack
	if rollBack {
		way, other = other, way
	}
	switch {
	case r.Option(way).Possible:
		return way, ""
	case r.Option(other).Possible:
		return other, fmt.Sprintf(" because %v is not possible: %s", way, r.Option(way).Text)
	}
	return plan.Leave, fmt.Sprintf(" because neither is possible: %s; %s", r.Option(way).Text, r.Option(other).Text)
}
