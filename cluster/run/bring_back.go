package run

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"slotdeck/keyslot"
)

// target is where MIGRATE sends keys: the address by which the source knows the
// target.
func (p *pair) target() (target, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	host := p.toAddr.IP
	if host == "" {
		host = p.toAddr.Hostname
	}
	if host == "" || p.toAddr.Port == 0 {
		return target{}, fmt.Errorf("%s does not know where %s lives, so that it can send it no keys", p.j.crew.name(p.from), p.j.crew.name(p.to))
	}
	port := p.toAddr.Port
	if from, known := p.j.speaks[p.from]; known {
		port = from.To(p.j.speaks[p.to], port)
	}
	return target{host: host, port: strconv.Itoa(port), login: p.j.login}, nil
}

// bringBack undoes slots in hand, one after the other: the owner is closed first,
// because it would send clients away from keys that come back; then the keys come
// home, and the target is closed. A slot that the source does not own is left
// alone.
func (p *pair) bringBack(ctx context.Context, group []*load) error {
	f, err := p.look(ctx)
	if err != nil {
		return err
	}
	if err := p.roles(&f); err != nil {
		return err
	}
	var mine []*load
	var strange keyslot.Set
	for _, l := range group {
		switch {
		case f.toOwn.Has(l.slot):
			p.moved(l)
		case f.fromOwn.Has(l.slot):
			mine = append(mine, l)
		default:
			strange.Add(l.slot)
		}
	}
	if err := p.unmark(ctx, group, &f); err != nil {
		return err
	}
	if err := p.undouble(ctx, mine); err != nil {
		return err
	}
	if p.torn == nil {
		p.torn = map[tornKey]bool{}
	}
	back := &pair{j: p.j, move: p.move, from: p.to, to: p.from, toAddr: p.fromAddr, fromAddr: p.toAddr, pace: p.pace, torn: p.torn, homing: true, inHand: p.inHand,
		patient: len(p.homeEchoes) > 0, echoes: p.homeEchoes}
	p.homeEchoes = nil
	defer func() { p.homeEchoes, p.hauled = back.echoes, p.hauled+back.hauled }()
	for _, l := range mine {
		if l.closed {
			continue
		}
		back.closing = []*load{l}
		if err := back.home(ctx, []*load{l}); err != nil {
			return err
		}
		if err := p.setSlots(ctx, p.to, [][]any{setSlot(l.slot, "STABLE")}); err != nil {
			return err
		}
		l.closed = true
	}
	back.tellKept()
	if !strange.Empty() {
		return &Changed{Slots: strange, Text: fmt.Sprintf("%s is no longer with %s, and was left as it is", someSlots(strange), p.j.crew.name(p.from))}
	}
	return nil
}

// home moves keys until the source of this pair, which does not own the slots,
// holds none but those that were kept or were its own before.
func (p *pair) home(ctx context.Context, group []*load) error {
	err := p.comeHome(ctx, group)
	if err == nil {
		p.shuts(nil)
	} else if len(p.echoes) == 0 { // else clients would be sent to copies of keys that have come
		p.reopen(ctx)
	}
	return err
}

func (p *pair) comeHome(ctx context.Context, group []*load) error {
	stuck, before := 0, int64(-1)
	for {
		if err := p.silence(ctx); err != nil {
			return err
		}
		counts, err := p.j.countKeys(ctx, p.from, slotsIn(group))
		if err != nil {
			return err
		}
		var full []*load
		var left int64
		for i, l := range group {
			back := *l
			back.keys, back.skipped = counts[i], false // all of a skipped slot has to go home
			if back.left = back.sum() - p.keptIn(l.slot); back.left > 0 && !l.stray {
				full = append(full, &back)
				left += back.left
			}
		}
		if len(full) == 0 {
			return p.close(ctx)
		}
		// Keys are counted, because a call that meets one that is on both sides
		// moves the others and does not tell how many.
		if left != before {
			stuck = 0
		} else if stuck++; stuck > 20 {
			return fmt.Errorf("%s keeps %s of %s that cannot be moved back to %s", p.j.crew.name(p.from), count(left, "key"), someSlots(slotsOf(full)), p.j.crew.name(p.to))
		}
		before = left
		if _, err := p.moveKeys(ctx, full); err != nil {
			return err
		}
		for _, back := range full {
			if back.skipped {
				return errLeftOpen
			}
		}
	}
}

// close closes the owner, once; whoever comes meanwhile waits until it is.
func (p *pair) close(ctx context.Context) error {
	p.door.Lock()
	defer p.door.Unlock()
	if len(p.closing) == 0 {
		return nil
	}
	p.shuts(p.closing) // also when it is not known whether it came through
	err := p.setSlots(ctx, p.to, each(p.closing, func(l *load) []any { return setSlot(l.slot, "STABLE") }))
	if err == nil {
		p.closing = nil
	}
	return err
}

// shuts notes for which slots the owner is closed.
func (p *pair) shuts(group []*load) {
	for _, l := range p.shut {
		l.shut = false
	}
	for _, l := range group {
		l.shut = true
	}
	p.shut = group
}

// reopen lets the owner send clients on again to keys that could not come home. A
// closed owner says of them that they do not exist: a client that removes one is
// told so, and would find it there again once it has come.
func (p *pair) reopen(ctx context.Context) {
	p.door.Lock()
	defer p.door.Unlock()
	if len(p.shut) == 0 {
		return
	}
	p.closing = p.shut // when they are fetched again
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), homeTimeout)
	defer cancel()
	if p.setSlots(ctx, p.to, each(p.shut, func(l *load) []any { return setSlot(l.slot, "MIGRATING", string(p.from)) })) == nil {
		p.shuts(nil)
	}
}

// homeTimeout is how long a node may be silent, beyond the time of a MIGRATE,
// while an owner is closed whose keys are elsewhere.
const homeTimeout = time.Second

var errLeftOpen = errors.New("left as it is, as was chosen: a key has different values on both sides")

// settleAtHome decides between the value of a key on a node that does not own
// its slot, mine, and the owner's, which is what clients see and goes on
// changing: it is never overwritten without being asked for. When the other came
// by this job it is no longer needed.
func (p *pair) settleAtHome(ctx context.Context, t target, one haul, mine, theirs value) (done bool, err error) {
	if mine.same(theirs) {
		return true, p.dismiss(ctx, one)
	}
	choice := TakeTarget
	if !p.derived(one) && !one.load.ours {
		if choice = Skip; p.asking {
			p.reopen(ctx) // clients cannot wait as long as a question does
			choice = p.j.ask(ctx, p.conflictAtHome(one, mine, theirs), p.j.opts.Unattended)
			if err := ctx.Err(); err != nil { // nobody has chosen
				return false, err
			}
			if mine, theirs, err = p.values(ctx, one); err != nil || !mine.exists || !theirs.exists && choice == TakeSource {
				return err == nil, err
			}
		}
	}
	switch choice {
	case TakeTarget:
		if err := p.j.save(p.from, one, mine); err != nil {
			return false, err
		}
		return true, p.dismiss(ctx, one)
	case TakeSource:
		if err := p.j.save(p.to, one, theirs); err != nil {
			return false, err
		}
		return true, p.overwrite(ctx, t, one)
	}
	if p.asking {
		one.load.skipped = true
		return false, nil
	}
	if p.kept == nil {
		p.kept = map[tornKey]bool{}
	}
	p.kept[tornKey{one.db, one.keys[0]}] = true
	return true, p.j.save(p.from, one, mine)
}

func (p *pair) conflictAtHome(one haul, mine, theirs value) Question {
	from, to := p.j.crew.name(p.from), p.j.crew.name(p.to)
	return Question{
		Kind: Conflict, Slot: one.load.slot, Default: Skip,
		Text:    p.twoValues(one),
		Details: []string{from + ": " + mine.text(), to + ": " + theirs.text()},
		Choices: []Choice{
			{Skip, "the slot stays open, with this key on both sides; look again later"},
			{TakeTarget, "the value of " + to + ", the owner, stays, which is what clients see now; the other is saved to a file, then removed"},
			{TakeSource, "the value of " + from + " comes back; the owner's is saved to a file first, then overwritten"},
		},
	}
}

// unkept leaves out keys that stay where they are.
func (p *pair) unkept(db int, names []string) []string {
	if len(p.kept) == 0 {
		return names
	}
	return slices.DeleteFunc(names, func(key string) bool { return p.kept[tornKey{db, key}] })
}

// keptIn is how many keys of a slot stay where they should not be.
func (p *pair) keptIn(slot keyslot.Slot) (n int64) {
	for k := range p.kept {
		if keyslot.Of(k.key) == slot {
			n++
		}
	}
	return n
}

func (p *pair) tellKept() {
	if len(p.kept) > 0 {
		p.j.remains(fmt.Sprintf("%s still holds %s of slots that went back to %s, with other values than there; they are saved in a file, and have to be removed before these slots move again",
			p.j.crew.name(p.from), count(len(p.kept), "key"), p.j.crew.name(p.to)))
	}
}

// flush removes a target's stray keys of one slot, each after it was saved.
func (p *pair) flush(ctx context.Context, l *load) error {
	for {
		counts, err := p.j.countKeys(ctx, p.to, []keyslot.Slot{l.slot})
		if err != nil {
			return err
		}
		var left int64
		for db, n := range counts[0] {
			if left += n; n == 0 {
				continue
			}
			if err := p.flushDatabase(ctx, l, db); err != nil {
				return err
			}
		}
		if left == 0 {
			return nil
		}
	}
}

func (p *pair) flushDatabase(ctx context.Context, l *load, db int) error {
	answers, err := p.j.crew.all(ctx, p.to, callTimeout, inDatabase(db, 1, func(int) []any { return []any{"CLUSTER", "GETKEYSINSLOT", int(l.slot), 100} })...)
	if err != nil {
		return err
	}
	names, err := namesOf(answersIn(db, answers)[0].Value)
	if err != nil {
		return err
	}
	for _, key := range names {
		one := haul{load: l, db: db, keys: []string{key}}
		v, err := p.j.valueOf(ctx, p.to, db, key)
		if err != nil {
			return err
		}
		if v.exists {
			if err := p.j.save(p.to, one, v); err != nil {
				return err
			}
		}
		if _, err := p.j.crew.all(ctx, p.to, callTimeout, inDatabase(db, 2, func(i int) []any { return [][]any{{"ASKING"}, {"DEL", key}}[i] })...); err != nil {
			return err
		}
	}
	return nil
}
