package run

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/keyslot"
)

// cover gives slots to owners, or lets claimants give them up, when a fresh look
// still shows what the plan was made from and no other slotdeck is at work.
func (j *MemberJob) cover(ctx context.Context, s *plan.MemberStep) error {
	var addrs []string
	for _, n := range s.Among {
		addrs = append(addrs, n.Addr)
	}
	fresh, err := j.crew.Look(ctx, addrs...)
	if err != nil {
		return err
	}
	if err := s.Stale(fresh); err != nil {
		return err
	}
	for _, addr := range addrs {
		a := j.crew.ask(ctx, addr, memberPatience, []any{"CLIENT", "LIST"})[0]
		text, _ := a.Value.(string)
		for _, r := range rivals("", text, "") {
			if r.claims {
				return fmt.Errorf("another slotdeck (job %s) moves slots of this cluster; wait until it is done", plain(r.Other))
			}
		}
	}
	// To each node in one go: between giving slots and opening them no client may
	// come in.
	groups := byNode(s.Commands)
	errs := make([]error, len(groups))
	inTurns(len(groups), func(i int) {
		var cmds [][]any
		for _, c := range groups[i] {
			cmds = append(cmds, memberWords(c))
		}
		for _, a := range j.crew.ask(ctx, groups[i][0].Addr, callTimeout, cmds...) {
			if a.Err != nil && errs[i] == nil {
				errs[i] = a.Err
			}
		}
	})
	return firstOf(errs)
}

// homePart is how many slots are opened at once to bring their keys home: what
// an interruption leaves open.
const homePart = 64

// bringHome brings keys to the owner of their slots. The holder imports the
// slots, by which it shows and sends their keys; then they are open slots that
// are rolled back.
func (j *MemberJob) bringHome(ctx context.Context, s *plan.MemberStep, say func(string)) error {
	for i := range s.Gives {
		m := &s.Gives[i]
		var slots []keyslot.Slot
		set := m.Set()
		for slot := range set.All() {
			slots = append(slots, slot)
		}
		total := len(slots)
		for len(slots) > 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			part := slots[:min(homePart, len(slots))]
			say(fmt.Sprintf("%d of %d slots are done", total-len(slots), total))
			slots = slots[len(part):]
			if err := j.homePartOf(ctx, m, part, say); err != nil {
				return err
			}
		}
	}
	return nil
}

func (j *MemberJob) homePartOf(ctx context.Context, m *plan.Move, part []keyslot.Slot, say func(string)) error {
	c, err := j.lookAgain(ctx)
	if err != nil {
		return err
	}
	served := plan.Served(c.snap)[m.To]
	from, ok := c.snap.Node(m.From)
	if !ok || from.Health != cluster.Answering {
		return fmt.Errorf("%s does not answer any more; what it holds stays there", plain(m.From.Short()))
	}
	var cmds [][]any
	ways := map[keyslot.Slot]plan.Way{}
	for _, slot := range part {
		if !served.Has(slot) {
			return fmt.Errorf("slot %d does not belong to the node any more that its keys were to go to: the cluster has changed; look again", slot)
		}
		ways[slot] = plan.RollBack
		if !plan.OpenOn(from, slot) {
			cmds = append(cmds, setSlot(slot, "IMPORTING", string(m.To)))
		}
	}
	for _, a := range j.crew.ask(ctx, from.Dialled, callTimeout, cmds...) {
		if a.Err != nil {
			return a.Err
		}
	}
	return j.recoverSlots(ctx, c, ways, true, say)
}

// settleOpen finishes or rolls back open slots, as they are found now.
func (j *MemberJob) settleOpen(ctx context.Context, s *plan.MemberStep, say func(string)) error {
	c, err := j.lookAgain(ctx)
	if err != nil {
		return err
	}
	ways := map[keyslot.Slot]plan.Way{}
	for _, o := range s.Open {
		ways[o.Slot] = o.Way
	}
	return j.recoverSlots(ctx, c, ways, s.Replace, say)
}

// lookAgain is the cluster as it is now.
func (j *MemberJob) lookAgain(ctx context.Context) (*crewCluster, error) {
	var addrs []string
	for _, s := range j.plan.Steps {
		for _, n := range s.Among {
			if !slices.Contains(addrs, n.Addr) {
				addrs = append(addrs, n.Addr)
			}
		}
	}
	snap, err := j.crew.Look(ctx, addrs...)
	if err != nil {
		return nil, err
	}
	return &crewCluster{j.crew, snap}, nil
}

// recoverSlots settles open slots by the means of moves, and waits for it. A way
// that has become impossible gives way to what is suggested now.
func (j *MemberJob) recoverSlots(ctx context.Context, c *crewCluster, ways map[keyslot.Slot]plan.Way, replace bool, say func(string)) error {
	found, err := Find(ctx, c, j.options.StateDir)
	if err != nil {
		return err
	}
	now := map[keyslot.Slot]plan.Way{}
	for _, r := range found.Open {
		way, wanted := ways[r.Slot]
		if !wanted || r.Holder != "" { // strays are not open: finishing them removes keys
			continue
		}
		if !r.Option(way).Possible {
			way = r.Suggested
		}
		if way == plan.Leave {
			return fmt.Errorf("slot %d stays open: %s", r.Slot, r.Text)
		}
		now[r.Slot] = way
	}
	if len(now) == 0 {
		return nil // somebody else, or the last run, has settled them
	}
	job, err := StartRecovery(ctx, c, found, now, Options{StateDir: j.options.StateDir, Replace: replace, Unattended: true, BigKeys: RaiseNodeTimeout})
	if err != nil {
		return err
	}
	err = j.watchRecovery(ctx, job, say)
	if ctx.Err() != nil {
		return err
	}
	r := job.Wait()
	for slot := range now {
		if r.Open.Has(slot) || r.Skipped.Has(slot) {
			return fmt.Errorf("%s; where a key has two values, --replace lets the owner's stay and saves the other", strings.Join(r.Sentences, "; "))
		}
	}
	return err
}

// watchRecovery waits for a job, and notes where it saved values.
func (j *MemberJob) watchRecovery(ctx context.Context, job *Job, say func(string)) error {
	for p := range job.Updates() {
		if p.Keys.Total > 0 {
			say(fmt.Sprintf("%d of %d slots, %d of %d keys", p.Slots.Done, p.Slots.Total, p.Keys.Done, p.Keys.Total))
		}
	}
	r := job.Wait()
	for _, path := range r.Saved {
		if note := "values that were not kept are in " + path; !slices.Contains(j.report.Notes, note) {
			j.report.Notes = append(j.report.Notes, note)
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if r.Outcome == Failed {
		return fmt.Errorf("%s", strings.Join(r.Sentences, "; "))
	}
	return nil
}
