package run

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/cluster/spawn"
	"slotdeck/cluster/wire"
	"slotdeck/keyslot"
)

// lastCall is how long the slots in hand may take once the context has ended.
const lastCall = 2500 * time.Millisecond

// Start carries a plan out. It first reads the cluster afresh and makes sure that
// the plan still fits, that the way of moving works on every node, that nobody
// else moves slots, and that the targets hold nothing in the way. Then it
// returns a job, which runs until it is done or the context ends: the slots in
// hand are then finished within 3 s.
//
// The error is a *plan.Changed, a *plan.Refusal, a *Refused, a *Taken or a
// *Changed; nothing was moved then.
func Start(ctx context.Context, c Cluster, p plan.Plan, o Options) (*Job, error) {
	j := newJob(c, p, o)
	ctx = wire.Under(ctx, j.id)
	if err := j.prepare(ctx); err != nil {
		j.discard()
		return nil, err
	}
	j.supersede()
	spawn.Go(func() { j.run(ctx, func(work context.Context) error { return j.drive(ctx, work, p.Moves) }) })
	return j, nil
}

func newJob(c Cluster, p plan.Plan, o Options) *Job {
	o = o.withDefaults()
	var id [4]byte
	_, _ = rand.Read(id[:]) // never fails
	j := &Job{
		id: hex.EncodeToString(id[:]), title: p.Title, cluster: c, crew: newCrew(c), started: time.Now(),
		updates: make(chan Progress, 1), finished: make(chan struct{}), changed: make(chan struct{}), leave: make(chan struct{}),
		plan: p, opts: o, databases: 1,
		relieved: map[cluster.NodeID]cluster.NodeID{}, ways: map[keyslot.Slot]way{}, strayless: map[way]time.Time{},
		wishes: wishes{throttle: o.KeysPerSecond, maxBlock: o.MaxBlock},
		board:  board{flight: map[keyslot.Slot]SlotState{}, latency: map[cluster.NodeID]*timing{}},
	}
	j.weighing.Store(true)
	b := &j.board
	b.slots.Total, b.keys.Total, b.bytes.Total = int64(p.Slots), p.Keys.N, p.Bytes.N
	for _, n := range p.Nodes {
		b.order = append(b.order, n.ID)
	}
	for i := range p.Moves {
		m := &p.Moves[i]
		row := b.pair(m)
		row.Slots.Total, row.Keys.Total = int64(m.Set().Len()), m.Keys.N
	}
	return j
}

// discard ends a job that never began.
func (j *Job) discard() {
	if j.lease != nil {
		j.lease.release()
	}
	j.crew.close()
}

// run is the life of a job.
func (j *Job) run(ctx context.Context, task func(work context.Context) error) {
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	quiet := make(chan struct{})
	j.background.Go(func() { j.announce(quiet) })
	j.background.Go(func() {
		select {
		case <-quiet:
			return
		case <-ctx.Done():
		}
		j.StopAtBoundary()
		close(j.leave)
		t := time.NewTimer(lastCall)
		defer t.Stop()
		select {
		case <-t.C:
			cancel()
		case <-quiet:
		}
	})
	j.say(Moving, "")
	j.checkpoint()
	err := task(work)
	w, _ := j.wanted()
	outcome := j.outcome(err)
	if w.rollBack && ctx.Err() == nil && (err == nil || errors.Is(err, errStopping)) {
		outcome, err = j.retreat(ctx, work)
	}
	cancel()
	j.restoreNodeTimeouts()
	j.finish(ctx, outcome, err)
	close(quiet)
	j.background.Wait()
	j.discard()
	j.cluster.Refresh()
	j.say(Ended, "")
	j.publish()
	close(j.updates)
	close(j.finished)
}

// outcome is how the way forward ended.
func (j *Job) outcome(err error) Outcome {
	j.mu.Lock()
	defer j.mu.Unlock()
	switch {
	case errors.Is(err, errStopping):
		return Stopped
	case err != nil:
		return Failed
	case !j.plan.Set().Minus(j.done).Empty():
		if j.wishes.stop {
			return Stopped
		}
		return Partly
	}
	return Completed
}

// drive moves slots by the driver that was chosen.
func (j *Job) drive(ctx, work context.Context, moves []plan.Move) error {
	switch j.driver {
	case plan.AtomicRedis, plan.AtomicValkey:
		err := j.atomic(ctx, work, moves)
		var older *olderDriver
		if !errors.As(err, &older) {
			return err
		}
		j.useDriver(plan.Legacy, "SETSLOT and MIGRATE, because "+older.why)
		if err := j.readyForMigrate(work); err != nil {
			return err
		}
		return j.legacy(ctx, work, older.rest)
	}
	return j.legacy(ctx, work, moves)
}

func (j *Job) useDriver(d plan.Driver, why string) {
	j.driver, j.why = d, why
	j.note(func(b *board) { b.driver, b.why = d, why })
}

// retreat moves back what was moved.
func (j *Job) retreat(ctx, work context.Context) (Outcome, error) {
	j.say(RollingBack, "")
	j.wish(func(w *wishes) { w.rollBack, w.paused = false, false })
	j.mu.Lock()
	back := map[way]*keyslot.Set{}
	var order []way
	for slot := range j.done.All() {
		w := j.ways[slot]
		turned := way{w.to, w.from}
		if back[turned] == nil {
			back[turned] = new(keyslot.Set)
			order = append(order, turned)
		}
		back[turned].Add(slot)
	}
	moved := j.done
	j.done = keyslot.Set{}
	j.board.slots, j.board.keys, j.board.bytes, j.board.pairs = Amount{Total: int64(moved.Len())}, Amount{}, Amount{}, nil
	j.mu.Unlock()
	var moves []plan.Move
	for _, w := range order {
		moves = append(moves, plan.Move{From: w.from, To: w.to, Ranges: back[w].Ranges()})
	}
	var froms, tos []cluster.NodeID
	for _, m := range moves {
		froms, tos = append(froms, j.standIn(m.From)), append(tos, j.standIn(m.To))
	}
	err := j.settleWords(work, froms, tos)
	if err == nil {
		err = j.drive(ctx, work, moves)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.back = moved.Intersect(j.done)
	j.done = moved.Minus(j.done)
	if err != nil || !j.done.Empty() {
		if err == nil {
			err = fmt.Errorf("%s could not go back", someSlots(j.done))
		}
		return Failed, err
	}
	return RolledBack, nil
}
