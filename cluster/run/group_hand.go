package run

import (
	"context"
	"errors"
	"fmt"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/wire"
	"slotdeck/keyslot"
)

// hand gives the slots to the target.
func (p *pair) hand(ctx context.Context, group []*load) error {
	p.j.step(Counting, p.from, p.to, group)
	if err := p.j.durable(ctx, p.to); err != nil {
		return err
	}
	for len(group) > 0 {
		n := min(len(group), p.atOnce())
		if err := p.give(ctx, group[:n]); err != nil {
			return err
		}
		group = group[n:]
	}
	return nil
}

// give is after the source, asked now, is still the primary that migrates the
// slots and holds no key of them; to the target first, for else nobody would own
// them in between; then, once it has heard of that, to the source.
func (p *pair) give(ctx context.Context, group []*load) error {
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
	asked = time.Now()
	if err := p.giveSlots(ctx, group); err != nil {
		return err
	}
	p.gaveIn = time.Since(asked) - p.pace.far()
	for _, l := range group {
		p.moved(l)
	}
	if err := p.tellSource(ctx, group); !passing(err) {
		return err
	}
	return nil // the target owns the slots, and tells everybody
}

// tellSource closes slots on their source, once it has heard that the target
// owns them.
func (p *pair) tellSource(ctx context.Context, group []*load) error {
	if err := p.heard(ctx, group); err != nil {
		return err
	}
	err := p.setSlots(ctx, p.from, each(group, func(l *load) []any { return setSlot(l.slot, "NODE", string(p.to)) }))
	if saying(err, "use SETSLOT only with") {
		return nil // emptied, it has become a replica of the target by itself
	}
	return err
}

// hearsay is how long a source may take to hear from the target what it was
// given: a bus that works takes a millisecond or two.
const hearsay = 2 * time.Second

// heard waits until the source has heard over the cluster bus that the target
// owns the slots. A target tells everybody of each slot that it gets, so that
// every word but the last lacks some. A node that was told by SETSLOT before
// takes such a word for a slot that its owner does not claim, does not unlearn
// that (Redis 7.0 and newer, Valkey), and from then on believes anybody who
// claims the slot, at whatever epoch: a former primary that thaws, say. It would
// serve the slot, and delete what was written when it hears of the target again.
// For the same reason no other node is told: what they hear over the bus comes
// in the right order.
func (p *pair) heard(ctx context.Context, group []*load) error {
	hand := slotsOf(group)
	defer p.replicasHeard(ctx, hand)()
	return p.hears(ctx, p.from, hand, hearsay)
}

// hears waits until a node names the target as the owner of slots, or the
// patience ends.
func (p *pair) hears(ctx context.Context, id cluster.NodeID, hand keyslot.Set, patience time.Duration) error {
	wait := 250 * time.Microsecond // word goes round in less than that, mostly
	for deadline := time.Now().Add(patience); ; wait = min(2*wait, 4*time.Millisecond) {
		view, err := p.j.crew.view(ctx, id)
		if err != nil {
			return err
		}
		if to, ok := view.Member(p.to); ok && hand.Minus(keyslot.SetOf(to.Slots...)).Empty() || time.Now().After(deadline) {
			return nil
		}
		if err := pause(ctx, wait); err != nil {
			return err
		}
	}
}

// ready is the last look before ownership changes.
func (p *pair) ready(ctx context.Context, group []*load) error {
	var f footing
	var counts []wire.Answer
	err := together(func() error {
		cmds := [][]any{p.writing(group, true), {"CLUSTER", "NODES"}}
		for db := range p.j.databases {
			cmds = append(cmds, inDatabase(db, len(group), func(i int) []any { return []any{"CLUSTER", "COUNTKEYSINSLOT", int(group[i].slot)} })...)
		}
		answers, err := p.writes(ctx, p.from, cmds)
		if err != nil {
			return err
		}
		counts = answers[1:]
		f.from, err = viewOf(answers[0].Value)
		return err
	}, func() error {
		answers, err := p.writes(ctx, p.to, [][]any{p.writing(group, false), {"CLUSTER", "NODES"}})
		if err != nil {
			return err
		}
		f.to, err = viewOf(answers[0].Value)
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
