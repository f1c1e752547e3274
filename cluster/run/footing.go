package run

import (
	"context"
	"fmt"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/spawn"
	"slotdeck/keyslot"
)

// footing is what source and target say just before something is done.
type footing struct {
	from, to         *cluster.View
	fromOwn, toOwn   keyslot.Set
	fromSelf, toSelf cluster.Member
}

// together does several things at the same time. The error is that of the first of
// them, in the order given, that failed.
func together(things ...func() error) error {
	var wg spawn.Group
	errs := make([]error, len(things))
	for i, thing := range things {
		wg.Go(func() { errs[i] = thing() })
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *pair) look(ctx context.Context) (f footing, err error) {
	err = together(
		func() (err error) { f.from, err = p.j.crew.view(ctx, p.from); return err },
		func() (err error) { f.to, err = p.j.crew.view(ctx, p.to); return err })
	if err != nil {
		return f, err
	}
	f.read(p)
	return f, nil
}

func (f *footing) read(p *pair) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if m, ok := f.from.Member(p.to); ok {
		p.toAddr = m.Endpoint
	}
	if m, ok := f.to.Member(p.from); ok {
		p.fromAddr = m.Endpoint
	}
	f.fromSelf, _ = f.from.Member(p.from)
	f.toSelf, _ = f.to.Member(p.to)
	f.fromOwn, f.toOwn = keyslot.SetOf(f.fromSelf.Slots...), keyslot.SetOf(f.toSelf.Slots...)
}

// roleChange is a source or target that is no primary any more.
type roleChange struct{ text string }

func (r *roleChange) Error() string { return r.text }

// roles makes sure that both are primaries still, and know each other.
func (p *pair) roles(f *footing) error {
	for _, side := range []struct {
		id   cluster.NodeID
		self cluster.Member
	}{{p.from, f.fromSelf}, {p.to, f.toSelf}} {
		if side.self.ID != side.id {
			return &Changed{Nodes: []cluster.NodeID{side.id}, Text: fmt.Sprintf("another node answers where %s was", p.j.crew.name(side.id))}
		}
		if !side.self.Flags.Has(cluster.Primary) {
			return &roleChange{fmt.Sprintf("%s is not a primary any more", p.j.crew.name(side.id))}
		}
	}
	return nil
}

// informed reports whether the target knows the source's epoch. Until it does,
// the epoch that it takes might be too low, and others would give the slots
// back.
func (p *pair) informed(f *footing) bool {
	seen, ok := f.to.Member(p.from)
	return ok && seen.Epoch >= f.fromSelf.Epoch
}

// stand makes sure that nobody changed the map since the last look: the two own
// exactly what they should, at the epoch that was, and have no slots open but
// this job's.
func (p *pair) stand(ctx context.Context, group []*load) (f footing, err error) {
	for deadline := time.Now().Add(5 * time.Second); ; {
		if f, err = p.look(ctx); err != nil {
			return f, err
		}
		if err = p.roles(&f); err != nil {
			return f, err
		}
		err = p.unchanged(&f, group)
		if err == nil && p.informed(&f) {
			return f, nil
		}
		if time.Now().After(deadline) {
			if err == nil {
				err = &Changed{Nodes: []cluster.NodeID{p.from, p.to}, Text: fmt.Sprintf("%s has not heard of the epoch of %s for 5 s; look at the cluster bus between them",
					p.j.crew.name(p.to), p.j.crew.name(p.from))}
			}
			return f, err
		}
		if err != nil && !p.lagging(&f) {
			return f, err
		}
		if err := pause(ctx, 20*time.Millisecond); err != nil {
			return f, err
		}
	}
}

// lagging reports whether the only difference is that the source has not heard
// yet of slots that the target took.
func (p *pair) lagging(f *footing) bool {
	return f.toOwn == p.toOwn && f.fromOwn.Minus(p.fromOwn).Minus(f.toOwn).Empty() && p.fromOwn.Minus(f.fromOwn).Empty() && f.fromOwn != p.fromOwn
}

func (p *pair) unchanged(f *footing, group []*load) error {
	name := p.j.crew.name
	hand := slotsOf(group) // in hand: whether they were given away already is not known for sure
	if lost := hand.Minus(f.fromOwn).Minus(f.toOwn); !lost.Empty() {
		if len(p.former) > 0 && p.unclaimed(f, lost) {
			return &roleChange{fmt.Sprintf("nobody owns %s (%s) since %s took its place; run slotdeck fix, which finds the node that holds their keys",
				count(lost.Len(), "slot"), someSlots(lost), name(p.to))}
		}
		return &Changed{Nodes: []cluster.NodeID{p.from}, Slots: lost, Text: fmt.Sprintf("neither %s nor %s says that it owns %s (%s); somebody else moves slots, find out who it is",
			name(p.from), name(p.to), count(lost.Len(), "slot"), someSlots(lost))}
	}
	for _, side := range []struct {
		id      cluster.NodeID
		was, is keyslot.Set
		open    []cluster.OpenSlot
	}{{p.from, p.fromOwn, f.fromOwn, f.fromSelf.Open}, {p.to, p.toOwn, f.toOwn, f.toSelf.Open}} {
		for verb, diff := range map[string]keyslot.Set{"lost": side.was.Minus(side.is).Minus(hand), "gained": side.is.Minus(side.was).Minus(hand)} {
			if !diff.Empty() {
				return &Changed{Nodes: []cluster.NodeID{side.id}, Slots: diff, Text: fmt.Sprintf("somebody else moves slots: %s %s %s (%s) meanwhile; stopped before harm is done, find out who it is",
					name(side.id), verb, count(diff.Len(), "slot"), someSlots(diff))}
			}
		}
		mine := p.opened(group)
		for _, o := range side.open {
			if !mine.Has(o.Slot) {
				return &Changed{Nodes: []cluster.NodeID{side.id}, Slots: keyslot.SetOf(keyslot.Range{First: o.Slot, Last: o.Slot}),
					Text: fmt.Sprintf("somebody else moves slots: slot %d is open on %s; stopped before harm is done, find out who it is", o.Slot, name(side.id))}
			}
		}
	}
	if f.fromSelf.Epoch != p.fromEpoch {
		return &Changed{Nodes: []cluster.NodeID{p.from}, Text: fmt.Sprintf("the epoch of %s went from %d to %d: it won an election, or somebody else gives it slots; stopped before harm is done",
			name(p.from), p.fromEpoch, f.fromSelf.Epoch)}
	}
	return nil
}

// opened is the slots that may be open: those in hand, what was open when the job
// began and is its to settle, and what it had to leave open.
func (p *pair) opened(group []*load) keyslot.Set {
	p.j.mu.Lock()
	set := p.j.inherited.Union(p.j.open)
	p.j.mu.Unlock()
	return set.Union(slotsOf(group)).Union(slotsOf(p.inHand))
}

// base takes what the two say now as what has to stay.
func (p *pair) base(ctx context.Context) error {
	f, err := p.look(ctx)
	if err != nil {
		return err
	}
	if err := p.roles(&f); err != nil {
		return err
	}
	p.fromOwn, p.toOwn, p.fromEpoch = f.fromOwn, f.toOwn, f.fromSelf.Epoch
	return nil
}

// pause waits, or less when the context ends.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
