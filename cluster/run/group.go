package run

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

const (
	// groupTime is how long the keys of one group of slots may take: a stop is
	// heard between groups, and handing over the last one is waited for.
	groupTime = 50 * time.Millisecond
	mostSlots = 256
	// nearSlots is how many SETSLOTs go in one round trip to a node that is near:
	// they hold it for some tenths of a millisecond.
	nearSlots = 64
	// broadcasts bounds how many times nodes are told of a new owner in one go:
	// a target tells every node of every slot.
	broadcasts = 6000
)

// next takes the slots off that are carried together. One that is brief is done
// within about the groupTime.
func (p *pair) next() (group []*load, brief bool) {
	w, _ := p.j.wanted()
	most := min(mostSlots, max(16, broadcasts/max(1, p.j.nodes)))
	var keys int64
	n := 0
	brief = true
	for n < len(p.rest) && n < most {
		if keys += p.rest[n].sum(); p.pace.takes(keys, w.throttle) > groupTime {
			if n > 0 {
				break
			}
			brief = false
		}
		n++
	}
	group, p.rest = p.rest[:n:n], p.rest[n:]
	return group, brief
}

// carry moves a group from the first command to the last. It may be called again
// after an error that passes: what was done is found done.
func (p *pair) carry(ctx context.Context, group []*load) error {
	p.inHand = group
	f, err := p.stand(ctx, group)
	if err != nil {
		return err
	}
	pending := p.pending(group, &f)
	if err := p.unmark(ctx, group, &f); err != nil {
		return err
	}
	if group, err = p.staying(ctx, pending); err != nil || len(group) == 0 {
		return err
	}
	p.j.step(Opening, p.from, p.to, group)
	if err := p.open(ctx, group, &f); err != nil {
		return err
	}
	if group, err = p.staying(ctx, group); err != nil || len(group) == 0 {
		return err
	}
	if err := p.undouble(ctx, group); err != nil {
		return err
	}
	if err := p.silence(ctx); err != nil {
		return err
	}
	p.j.step(MovingKeys, p.from, p.to, group)
	if err := p.empty(ctx, group); err != nil {
		return err
	}
	if group, err = p.staying(ctx, group); err != nil || len(group) == 0 {
		return err
	}
	return p.hand(ctx, group)
}

// pending leaves out what the target owns already, and what was skipped and
// closed.
func (p *pair) pending(group []*load, f *footing) []*load {
	var out []*load
	for _, l := range group {
		if f.toOwn.Has(l.slot) {
			p.moved(l)
		} else if !l.closed {
			out = append(out, l)
		}
	}
	return out
}

// unmark closes slots on a source that has given them away and still shows them
// as migrating: a Redis that only hears of its loss leaves the marks, and whoever
// told it may have been called away before.
func (p *pair) unmark(ctx context.Context, group []*load, f *footing) error {
	var marks keyslot.Set
	for _, o := range f.fromSelf.Open {
		if !o.Importing {
			marks.Add(o.Slot)
		}
	}
	marked := slices.DeleteFunc(slices.Clone(group), func(l *load) bool { return !l.given || !marks.Has(l.slot) })
	if len(marked) == 0 {
		return nil
	}
	return p.tellSource(ctx, marked)
}

// staying leaves out what the target owns already, closes the slots that were
// skipped since they were opened, and leaves those out, too. The error is one that
// passes: then they are still to be closed.
func (p *pair) staying(ctx context.Context, group []*load) (out []*load, err error) {
	var skipped []*load
	for _, l := range group {
		switch {
		case l.given:
			p.closed([]*load{l})
		case l.skipped:
			skipped = append(skipped, l)
		default:
			out = append(out, l)
		}
	}
	if len(skipped) == 0 {
		return out, nil
	}
	if err := p.bringBack(ctx, skipped); err != nil {
		if again(err) {
			return nil, err
		}
		p.giveUp(ctx, skipped, err)
	}
	for _, l := range skipped {
		l.closed = true
	}
	p.j.step(Moved, p.from, p.to, skipped)
	return out, nil
}

// giveUp leaves slots open that cannot be closed.
func (p *pair) giveUp(ctx context.Context, group []*load, err error) {
	open := slices.DeleteFunc(slices.Clone(group), func(l *load) bool { return l.closed })
	back := &pair{j: p.j, from: p.to, to: p.from, shut: slices.DeleteFunc(slices.Clone(open), func(l *load) bool { return !l.shut })}
	back.reopen(ctx)
	p.j.complain(fmt.Errorf("%s could not be brought back: %w", someSlots(slotsOf(open)), err))
	for _, l := range open {
		p.j.leftOpen(l.slot)
	}
}

func setSlot(slot keyslot.Slot, how ...any) []any {
	return append([]any{"CLUSTER", "SETSLOT", int(slot)}, how...)
}

func each(group []*load, command func(l *load) []any) [][]any {
	cmds := make([][]any, len(group))
	for i, l := range group {
		cmds[i] = command(l)
	}
	return cmds
}

// open sets the slots to importing on the target, looks that it holds nothing of
// them, and sets them to migrating on the source. Slots that are open already
// are left so.
func (p *pair) open(ctx context.Context, group []*load, f *footing) error {
	importing, migrating := openOn(f.toSelf, true, p.from), openOn(f.fromSelf, false, p.to)
	var closedTo, closedFrom []*load
	for _, l := range group {
		if !importing.Has(l.slot) {
			closedTo = append(closedTo, l)
		}
		if !migrating.Has(l.slot) {
			closedFrom = append(closedFrom, l)
		}
	}
	if err := p.setSlots(ctx, p.to, each(closedTo, func(l *load) []any { return setSlot(l.slot, "IMPORTING", string(p.from)) })); err != nil {
		return err
	}
	if err := p.strays(ctx, closedTo); err != nil {
		return err
	}
	closedFrom = slices.DeleteFunc(closedFrom, func(l *load) bool { return l.skipped })
	for _, l := range group {
		l.opened = true
	}
	return p.setSlots(ctx, p.from, each(closedFrom, func(l *load) []any { return setSlot(l.slot, "MIGRATING", string(p.to)) }))
}

func openOn(self cluster.Member, importing bool, peer cluster.NodeID) (set keyslot.Set) {
	for _, o := range self.Open {
		if o.Importing == importing && o.Peer == peer {
			set.Add(o.Slot)
		}
	}
	return set
}

// setSlots sends SETSLOTs in few round trips. Valkey answers NOREPLICAS when a
// replica did not take one in time; then the replica may show it and the
// primary not, which only sending it again puts right.
func (p *pair) setSlots(ctx context.Context, id cluster.NodeID, cmds [][]any) error {
	n := len(cmds)
	if p.pace != nil && !p.j.crew.waitsForReplicas(id) {
		n = nearSlots * (1 + int(p.pace.far()/time.Millisecond))
	}
	for len(cmds) > 0 {
		part := cmds[:min(n, len(cmds))]
		began := time.Now()
		if err := p.setPart(ctx, id, part); err != nil {
			return err
		}
		if cmds = cmds[len(part):]; p.pace != nil && time.Since(began)-p.pace.far() > dearGive {
			n = mostSlots // it writes its map to the disk each time
		}
	}
	return nil
}

func (p *pair) setPart(ctx context.Context, id cluster.NodeID, cmds [][]any) error {
	for try := 0; len(cmds) > 0; try++ {
		answers, err := p.j.crew.sendSlots(ctx, id, callTimeout+time.Duration(len(cmds))*5*time.Millisecond, cmds)
		if err != nil {
			return err
		}
		var again [][]any
		for i, a := range answers {
			switch {
			case a.Err == nil:
			case saying(a.Err, "NOREPLICAS") && try < 3:
				again = append(again, cmds[i])
			default:
				return a.Err
			}
		}
		if len(again) > 0 {
			p.j.say(Settling, fmt.Sprintf("%s waits for a replica that does not take part; trying again", p.j.crew.name(id)))
		}
		cmds = again
	}
	return nil
}

// strays looks for keys that the target holds in slots it is only about to
// import. They are not the source's: moved among them they would come to life
// again.
func (p *pair) strays(ctx context.Context, group []*load) error {
	var fresh []*load
	for _, l := range group {
		if !l.opened {
			fresh = append(fresh, l)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	counts, err := p.j.countKeys(ctx, p.to, slotsIn(fresh))
	if err != nil {
		return err
	}
	for i, l := range fresh {
		var n int64
		for _, k := range counts[i] {
			n += k
		}
		l.ours = n == 0
		if n > 0 {
			if err := p.askStray(ctx, l, n); err != nil {
				return err
			}
		}
	}
	return nil
}

func slotsIn(group []*load) []keyslot.Slot {
	out := make([]keyslot.Slot, len(group))
	for i, l := range group {
		out[i] = l.slot
	}
	return out
}

func (p *pair) askStray(ctx context.Context, l *load, n int64) error {
	to := p.j.crew.name(p.to)
	choice := p.j.ask(ctx, Question{Kind: StrayKeys, Slot: l.slot, Default: Skip,
		Text: fmt.Sprintf("%s holds %s of slot %d, which it does not own: an earlier move left them; moved there, the slot would show them again", to, count(n, "key"), l.slot),
		Choices: []Choice{
			{Skip, "the slot stays where it is, and those keys where they are"},
			{Flush, fmt.Sprintf("those keys are removed from %s (saved first), then the slot moves", to)},
			{Anyway, "the slot moves; of keys that are on both sides the values are compared, the others come to life again"},
			{Stop, "the job ends here, with nothing open"},
		}}, p.j.opts.Unattended)
	if err := ctx.Err(); err != nil { // nobody has chosen
		return err
	}
	switch choice {
	case Skip:
		l.skipped, l.opened, l.stray = true, true, true
		return nil
	case Stop:
		p.j.StopAtBoundary()
		l.skipped, l.opened, l.stray = true, true, true
		return nil
	case Flush:
		return p.flush(ctx, l)
	}
	return nil
}

// empty moves keys until the source, asked again, holds none.
func (p *pair) empty(ctx context.Context, group []*load) error {
	stuck := 0
	for round := 0; ; round++ {
		counts, err := p.j.countKeys(ctx, p.from, slotsIn(group))
		if err != nil {
			return err
		}
		var full []*load
		var before int64
		for i, l := range group {
			l.keys = counts[i]
			l.left = l.sum()
			if l.left > 0 && !l.skipped {
				full = append(full, l)
				before += l.left
			}
		}
		if len(full) == 0 {
			return nil
		}
		moved, err := p.moveKeys(ctx, full)
		if err != nil {
			return err
		}
		if moved == 0 {
			if stuck++; stuck > 20 {
				return fmt.Errorf("%s keeps %s in %s (%s) that cannot be moved; look at them with CLUSTER GETKEYSINSLOT",
					p.j.crew.name(p.from), count(before, "key"), count(len(full), "slot"), someSlots(slotsOf(full)))
			}
			if err := pause(ctx, 10*time.Millisecond); err != nil {
				return err
			}
		} else {
			stuck = 0
		}
	}
}

// unknownCommand reports whether a node lacks a command, or the user the right
// to it.
func unknownCommand(err error) bool {
	text := strings.ToLower(said(err))
	return strings.Contains(text, "unknown") || strings.HasPrefix(text, "noperm")
}
