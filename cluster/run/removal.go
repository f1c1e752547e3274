package run

import (
	"context"
	"fmt"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/cluster/spawn"
	"slotdeck/cluster/wire"
	"slotdeck/keyslot"
)

// startRemoval removes keys from primaries that do not own their slots, slot by
// slot. Where a server shows no such keys, nobody can find them anew: they are
// what somebody has counted before.
func startRemoval(ctx context.Context, c Cluster, f Found, o Options) (*Job, error) {
	j := newJob(c, plan.Plan{Title: "remove keys of " + count(len(f.Open), "slot") + " where they do not belong"}, o)
	ctx = wire.Under(ctx, j.id)
	todo, err := j.prepareRemoval(ctx, f)
	if err != nil {
		j.discard()
		return nil, err
	}
	spawn.Go(func() { j.run(ctx, func(work context.Context) error { return j.recover(ctx, work, todo) }) })
	return j, nil
}

func (j *Job) prepareRemoval(ctx context.Context, f Found) (todo []remedy, err error) {
	if err := j.openState(); err != nil {
		return nil, err
	}
	j.meet(f.Snapshot)
	j.crew.learn(f.Snapshot)
	j.want = map[keyslot.Slot]cluster.NodeID{}
	for _, r := range f.Open {
		o := r.Option(plan.Finish)
		if !o.Possible {
			return nil, refuse(r.Owner, nil, "slot %d: %s", r.Slot, o.Text)
		}
		x := remedy{slot: r.Slot, owner: r.Owner, holder: r.Holder, way: plan.Finish, steps: o.Commands, flow: plan.Move{From: r.Owner}}
		j.expect(&x, f.Keys[r.Slot])
		todo = append(todo, x)
		j.want[r.Slot] = r.Owner
		j.recovered.Add(r.Slot)
	}
	return todo, j.ready(ctx, f, todo)
}

// removeStrays removes keys that lie in a node which does not own their slots.
func (j *MemberJob) removeStrays(ctx context.Context, s *plan.MemberStep, say func(string)) error {
	for i := range s.Gives {
		c, err := j.lookAgain(ctx)
		if err != nil {
			return err
		}
		f := Found{Snapshot: c.snap, Keys: plan.KeyCounts{}}
		var strays []plan.StraySlot
		set := s.Gives[i].Set()
		for slot := range set.All() {
			strays = append(strays, plan.StraySlot{Slot: slot, Holder: s.Gives[i].From, Keys: 1}) // one at least
		}
		if f.Open, err = plan.TriageStrays(c.snap, strays, plan.Facts{JobsAsked: true}); err != nil {
			return err
		}
		for _, r := range f.Open {
			if r.Owner != s.Gives[i].To {
				return fmt.Errorf("slot %d does not belong any more to the node that it belonged to: the cluster has changed; look again", r.Slot)
			}
		}
		job, err := startRemoval(ctx, c, f, Options{StateDir: j.options.StateDir, Unattended: true})
		if err != nil {
			return err
		}
		if err := j.watchRecovery(ctx, job, say); err != nil {
			return err
		}
	}
	return nil
}
