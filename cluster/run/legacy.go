package run

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/keyslot"
)

// legacy carries moves out by SETSLOT and MIGRATE.
func (j *Job) legacy(ctx, work context.Context, moves []plan.Move) error {
	return j.sideBySide(moves, func(m plan.Move) error { return j.runPair(ctx, work, m) })
}

// sideBySide does the moves that have no node in common at the same time,
// because a node serves one MIGRATE, and one migration, at a time. After an
// error no further one begins; those that run come to their end.
func (j *Job) sideBySide(moves []plan.Move, do func(plan.Move) error) error {
	busy := map[cluster.NodeID]bool{}
	waiting := slices.Clone(moves)
	ended := make(chan pairEnd)
	running := 0
	var failed error
	for {
		for i := 0; i < len(waiting) && failed == nil; {
			m := waiting[i]
			if busy[m.From] || busy[m.To] {
				i++
				continue
			}
			waiting = slices.Delete(waiting, i, i+1)
			busy[m.From], busy[m.To] = true, true
			running++
			j.background.Go(func() { ended <- pairEnd{m, do(m)} })
		}
		if running == 0 {
			return failed
		}
		e := <-ended
		running--
		busy[e.move.From], busy[e.move.To] = false, false
		if e.err != nil && (failed == nil || errors.Is(failed, errStopping)) {
			failed = e.err
		}
	}
}

type pairEnd struct {
	move plan.Move
	err  error
}

// runPair moves the slots of one pair.
func (j *Job) runPair(ctx, work context.Context, m plan.Move) error {
	p := &pair{j: j, move: &m, from: j.standIn(m.From), to: j.standIn(m.To), pace: newPace(j.opts.KeysPerCall)}
	j.note(func(b *board) { b.pair(&m).State = PairMoving })
	err := p.run(ctx, work)
	j.relieve(m.From, p.from)
	j.relieve(m.To, p.to)
	state := PairDone
	if err != nil {
		state = PairStopped
	}
	j.note(func(b *board) { b.pair(&m).State = state })
	return err
}

func (p *pair) run(ctx, work context.Context) error {
	if err := p.begin(work); err != nil {
		return err
	}
	stop := p.watchOver(work)
	defer stop()
	for len(p.rest) > 0 {
		if err := p.j.boundary(ctx); err != nil {
			return err
		}
		if err := p.j.alone(work); err != nil {
			return err
		}
		if err := p.flow(ctx, work); err != nil {
			return err
		}
		p.j.checkpoint()
	}
	return nil
}

// begin counts the keys of all slots, takes the map as it is for what it has to
// stay, and brings functions to a target that never had a slot.
func (p *pair) begin(ctx context.Context) error {
	set := p.move.Set()
	var slots []keyslot.Slot
	for s := range set.All() {
		slots = append(slots, s)
	}
	var counts [][]int64
	count := func() (err error) { counts, err = p.j.countKeys(ctx, p.from, slots); return err }
	err := together(func() error { return p.base(ctx) }, count)
	if err != nil {
		if !passing(err) {
			return err
		}
		if err := p.settleFirst(ctx, err); err != nil {
			return err
		}
		if err := count(); err != nil {
			return err
		}
	}
	var total int64
	for i, s := range slots {
		l := &load{slot: s, keys: counts[i], opened: p.j.inherited.Has(s)}
		l.left = l.sum()
		total += l.left
		p.rest = append(p.rest, l)
	}
	p.j.counted(p, len(slots), total)
	for range 3 {
		p.pace.nearby(p.j.ping(ctx, p.from))
	}
	return p.j.bringFunctions(ctx, p.from, p.to, p.toOwn.Empty())
}

// settleFirst waits for a pair that is not ready when its turn comes.
func (p *pair) settleFirst(ctx context.Context, cause error) error {
	if err := p.settle(ctx, nil, cause); err != nil {
		var changed *Changed
		if !errors.As(err, &changed) { // nothing was known before, so anything differs
			return err
		}
	}
	return p.base(ctx)
}

// mostTries is how often a group is begun again, after what passes, without any
// key having moved.
const mostTries = 12

// persist carries a group through what passes: failovers, broken links, nodes
// that load. When it cannot, it leaves nothing open that it can close.
func (p *pair) persist(ctx context.Context, group []*load) error {
	return p.goOn(ctx, group, p.guardedCarry(ctx, group))
}

func (p *pair) guardedCarry(ctx context.Context, group []*load) error {
	return p.guarded(ctx, func(ctx context.Context) error { return p.carry(ctx, group) })
}

// progress is how many keys this pair has moved.
func (p *pair) progress() int64 {
	p.j.mu.Lock()
	defer p.j.mu.Unlock()
	return p.hauled
}

// goOn is persist after a first try, and how that ended.
func (p *pair) goOn(ctx context.Context, group []*load, err error) error {
	for try := 1; err != nil; try++ {
		if try == mostTries || !again(err) {
			break
		}
		before := p.progress()
		if err = p.settle(ctx, group, err); err != nil {
			break
		}
		// One of the two may not have heard yet what all others say.
		if err = pause(ctx, time.Duration(try-1)*50*time.Millisecond); err != nil {
			break
		}
		if err = p.guardedCarry(ctx, group); p.progress() != before { // slowly, but it goes on
			try = 0
		}
	}
	if err == nil {
		p.closed(group)
		return nil
	}
	if ctx.Err() != nil {
		err = fmt.Errorf("the slots in hand could not be finished in time: %w", errStopping)
	}
	p.abandon(ctx, group)
	return err
}

// again reports whether a group can be begun again once source and target have
// settled.
func again(err error) bool {
	var role *roleChange
	return passing(err) || errors.As(err, &role) || errors.Is(err, errKeysAgain) || errors.Is(err, errNotInformed)
}

// abandon brings the slots in hand back to the source.
func (p *pair) abandon(ctx context.Context, group []*load) {
	var open, given []*load
	for _, l := range group {
		switch {
		case l.given:
			given = append(given, l)
		case l.opened && !l.closed:
			open = append(open, l)
		}
	}
	defer p.closed(group)
	if f, err := p.look(ctx); err == nil && len(given) > 0 {
		if err := p.unmark(ctx, given, &f); err != nil {
			p.j.complain(fmt.Errorf("%s could not be told that it gave away %s: %w", p.j.crew.name(p.from), someSlots(slotsOf(given)), err))
		}
	}
	if len(open) == 0 {
		return
	}
	for try := 0; ctx.Err() == nil; try++ {
		p.j.say(Stopping, fmt.Sprintf("bringing back %s", count(len(open), "slot")))
		err := p.bringBack(ctx, open)
		if err == nil {
			return
		}
		if try == 3 || !again(err) || p.settle(ctx, group, err) != nil {
			p.giveUp(ctx, open, err)
			return
		}
	}
	for _, l := range open {
		p.j.leftOpen(l.slot)
	}
}

func (p *pair) closed(group []*load) { p.j.step(Moved, p.from, p.to, group) }

// standIn is who stands for a node of the plan since failovers in this job.
func (j *Job) standIn(id cluster.NodeID) cluster.NodeID {
	j.mu.Lock()
	defer j.mu.Unlock()
	if now, ok := j.relieved[id]; ok {
		return now
	}
	return id
}

func (j *Job) relieve(was, now cluster.NodeID) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if was != now {
		j.relieved[was] = now
	}
}

// gave notes a slot that changed hands.
func (j *Job) gave(p *pair, l *load) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.done.Add(l.slot)
	j.ways[l.slot] = way{p.move.From, p.move.To}
	j.board.slots.Done++
	j.board.pair(p.move).Slots.Done++
	delete(j.board.flight, l.slot)
}

// way is where a slot came from and where it went, by the ids of the plan.
type way struct{ from, to cluster.NodeID }

// carried notes keys that moved.
func (j *Job) carried(p *pair, h *haul) {
	n := int64(len(h.keys))
	var bytes int64
	for _, s := range h.sizes {
		bytes += s
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	p.hauled += n
	if p.homing && !p.asking {
		n, bytes = -n, -bytes
	}
	b := &j.board
	b.keys.Done += n
	switch {
	case h.sizes == nil && n != 0: // nobody weighs them
		b.bytes.Done = -1
	case b.bytes.Done >= 0:
		b.bytes.Done += bytes
	}
	b.pair(p.move).Keys.Done += n
	if f, ok := b.flight[h.load.slot]; ok {
		h.load.left = max(0, h.load.left-n)
		f.KeysLeft = h.load.left
		b.flight[h.load.slot] = f
	}
}

// counted notes what a pair has to move, better known than before.
func (j *Job) counted(p *pair, slots int, keys int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	row := j.board.pair(p.move)
	j.board.keys.Total += keys - row.Keys.Total
	row.Keys.Total, row.Slots.Total = keys, int64(slots)
}

// complain keeps an error for the report.
func (j *Job) complain(err error) { j.remains(err.Error()) }

func (j *Job) remains(sentence string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if !slices.Contains(j.left, sentence) {
		j.left = append(j.left, sentence)
	}
}

func (j *Job) leftOpen(slot keyslot.Slot) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.open.Add(slot)
}
