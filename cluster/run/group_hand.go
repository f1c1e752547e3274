package run

import (
	"context"
	"errors"
	"fmt"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/wire"
)

// hand gives the slots to the target: after the source, asked now, is still the
// primary that migrates them and holds no key of them; to the target first, for
// else nobody would own them in between; then to the source; and to the others,
// who would also hear of it, at the same time.
func (p *pair) hand(ctx context.Context, group []*load) error {
	p.j.step(Counting, p.from, p.to, group)
	if err := p.j.durable(ctx, p.to); err != nil {
		return err
	}
	// A process that was stopped between asking and acting would act on an old
	// answer: then it asks again.
	const fresh = 400 * time.Millisecond
	var asked time.Time
	for try := 0; ; try++ {
		asked = time.Now()
		if err := p.ready(ctx, group); err != nil {
			return err
		}
		if time.Since(asked) < fresh {
			break
		}
		if try == 20 {
			return fmt.Errorf("%s and %s answer too slowly to give slots away safely (%v); try again when they are less busy", p.j.crew.name(p.from), p.j.crew.name(p.to), time.Since(asked).Round(time.Millisecond))
		}
	}
	p.j.step(GivingAway, p.from, p.to, group)
	give := each(group, func(l *load) []any { return setSlot(l.slot, "NODE", string(p.to)) })
	if err := p.setSlots(ctx, p.to, give); err != nil {
		return err
	}
	for _, l := range group {
		p.moved(l)
	}
	p.j.tellOthers(ctx, p.from, p.to, give)
	err := p.setSlots(ctx, p.from, give)
	if err == nil || saying(err, "use SETSLOT only with") {
		return nil // emptied, it has become a replica of the target by itself
	}
	if passing(err) {
		return nil // the target owns the slots, and tells everybody
	}
	return err
}

// ready is the last look before ownership changes.
func (p *pair) ready(ctx context.Context, group []*load) error {
	var f footing
	var counts []wire.Answer
	err := both(func() error {
		cmds := [][]any{{"CLUSTER", "NODES"}}
		for db := range p.j.databases {
			cmds = append(cmds, inDatabase(db, len(group), func(i int) []any { return []any{"CLUSTER", "COUNTKEYSINSLOT", int(group[i].slot)} })...)
		}
		answers, err := p.j.crew.all(ctx, p.from, callTimeout, cmds...)
		if err != nil {
			return err
		}
		counts = answers[1:]
		f.from, err = viewOf(answers[0].Value)
		return err
	}, func() (err error) {
		f.to, err = p.j.crew.view(ctx, p.to)
		return err
	})
	if err != nil {
		return err
	}
	f.read(p)
	if err := p.roles(&f); err != nil {
		return err
	}
	if err := p.unchanged(&f, group); err != nil {
		return err
	}
	if !p.informed(&f) {
		return errNotInformed
	}
	migrating, importing := openOn(f.fromSelf, false, p.to), openOn(f.toSelf, true, p.from)
	for _, l := range group {
		if !migrating.Has(l.slot) || !importing.Has(l.slot) {
			return &roleChange{fmt.Sprintf("slot %d is not open any more", l.slot)}
		}
	}
	for _, a := range counts {
		if n, is := a.Value.(int64); is && n != 0 {
			return errKeysAgain
		}
	}
	return nil
}

var (
	errNotInformed = errors.New("the target has not heard of the source's epoch yet")
	errKeysAgain   = errors.New("the source holds keys again")
)

// moved notes that the target owns a slot.
func (p *pair) moved(l *load) {
	if l.given {
		return
	}
	l.given = true
	p.fromOwn.Remove(l.slot)
	p.toOwn.Add(l.slot)
	p.j.gave(p, l)
}

// tellOthers tells the other primaries who owns the slots. Nobody waits for
// them; they would hear of it anyway.
func (j *Job) tellOthers(ctx context.Context, from, to cluster.NodeID, give [][]any) {
	for _, id := range j.others(from, to) {
		j.telling.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			if _, err := j.crew.call(ctx, id, time.Second, give...); err != nil {
				j.mute(id)
			}
		})
	}
}
