package run

import (
	"context"
	"errors"
	"fmt"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/keyslot"
)

// task is an atomic migration as one node tells of it.
type task struct {
	name    string
	state   string
	message string // why it failed
	retries int64
	slots   keyslot.Set
	peer    cluster.NodeID
	export  bool
	final   bool
	failed  bool
	began   int64 // in the server's own unit, to find the newest
}

// olderDriver asks for the rest to be moved by SETSLOT and MIGRATE.
type olderDriver struct {
	rest []plan.Move
	why  string
}

func (o *olderDriver) Error() string { return o.why }

// running lists the atomic migrations of a node that are not over.
func (c *crew) running(ctx context.Context, id cluster.NodeID) ([]task, error) {
	answers, err := c.call(ctx, id, callTimeout, []any{"CLUSTER", "MIGRATION", "STATUS", "ALL"}, []any{"CLUSTER", "GETSLOTMIGRATIONS"})
	if err != nil {
		return nil, err
	}
	var out []task
	for i, read := range []func(any) task{redisTask, valkeyTask} {
		list, _ := answers[i].Value.([]any)
		for _, v := range list {
			if t := read(v); t.name != "" && !t.final {
				out = append(out, t)
			}
		}
	}
	return out, nil
}

// fieldsOf reads a flat list of names and values.
func fieldsOf(v any) map[string]any {
	list, _ := v.([]any)
	out := map[string]any{}
	for i := 0; i+1 < len(list); i += 2 {
		if name, ok := list[i].(string); ok {
			out[name] = list[i+1]
		}
	}
	return out
}

func words(f map[string]any, name string) string { s, _ := f[name].(string); return s }
func number(f map[string]any, name string) int64 { n, _ := f[name].(int64); return n }

// justLooked is how long ago the preflight may have looked for stray keys when the
// first try begins: on Redis that is three commands for each slot.
const justLooked = time.Second

// errCancelled is an atomic migration that was ended because the job ends.
var errCancelled = errors.New("the migration was cancelled")

// atomic moves pair after pair by the servers' own migrations: one at a time for
// each node, pairs without a common node side by side.
func (j *Job) atomic(ctx, work context.Context, moves []plan.Move) error {
	var older *olderDriver
	err := j.sideBySide(moves, func(m plan.Move) error { return j.atomicPair(ctx, work, m) })
	if errors.As(err, &older) {
		j.mu.Lock()
		defer j.mu.Unlock()
		older.rest = nil
		for _, m := range moves {
			set := m.Set()
			if rest := set.Minus(j.done); !rest.Empty() {
				m.Ranges = rest.Ranges()
				older.rest = append(older.rest, m)
			}
		}
		return older
	}
	return err
}

// atomicPair moves what one primary gives another, trying again a few times.
func (j *Job) atomicPair(ctx, work context.Context, m plan.Move) error {
	p := &pair{j: j, move: &m, from: j.standIn(m.From), to: j.standIn(m.To), pace: newPace(0)}
	j.note(func(b *board) { b.pair(&m).State = PairMoving })
	err := j.atomicTries(ctx, work, p)
	state := PairDone
	if err != nil {
		state = PairStopped
	}
	j.note(func(b *board) { b.pair(&m).State = state })
	return err
}

func (j *Job) atomicTries(ctx, work context.Context, p *pair) error {
	if err := p.begin(work); err != nil {
		return err
	}
	group := p.rest
	p.rest = nil
	stop := p.watchOver(work)
	defer stop()
	for try := 1; ; try++ {
		if err := j.boundary(ctx); err != nil {
			return err
		}
		if err := j.alone(work); err != nil {
			return err
		}
		if _, err := p.stand(work, group); err != nil {
			return err
		}
		if seen := j.strayless[way{p.from, p.to}]; try > 1 || time.Since(seen) > justLooked {
			if err := p.atomicStrays(work, group); err != nil {
				return err
			}
		}
		j.step(MovingKeys, p.from, p.to, group)
		var err error
		if j.driver == plan.AtomicRedis {
			err = p.importSlots(ctx, work, group, try)
		} else {
			err = p.migrateSlots(ctx, work, group, try)
		}
		if err == nil {
			j.checkpoint()
			return nil
		}
		p.closed(group)
		var changed *Changed
		if errors.As(err, &changed) || errors.Is(err, errCancelled) || work.Err() != nil {
			if errors.Is(err, errCancelled) {
				return errStopping
			}
			return err
		}
		if done, e := p.took(work, group); e == nil && done {
			return nil
		}
		if try < j.opts.MaxTries {
			j.say(Moving, fmt.Sprintf("try %d of %d failed: %s", try, j.opts.MaxTries, err))
			if e := pause(work, time.Duration(try)*200*time.Millisecond); e != nil {
				return e
			}
			continue
		}
		if err := j.offerOlder(ctx, p, try, err); err != nil {
			return err
		}
		try = 0
	}
}

// offerOlder asks what to do after the last try; nil means to try again.
func (j *Job) offerOlder(ctx context.Context, p *pair, tries int, cause error) error {
	text := fmt.Sprintf("the atomic migration from %s to %s failed %d times, at last with: %s", j.crew.name(p.from), j.crew.name(p.to), tries, cause)
	choice := j.ask(ctx, Question{Kind: AtomicFailed, Text: text, Default: Stop, Choices: []Choice{
		{Stop, "the job ends here; nothing is open, the slots stay where they are"},
		{Migrate, "the rest is moved key by key, with SETSLOT and MIGRATE"},
		{Again, "it is tried as often again"},
	}}, j.opts.Unattended)
	switch choice {
	case Again:
		return nil
	case Migrate:
		return &olderDriver{why: text}
	}
	return refuse(p.from, cause, "%s", text)
}

// atomicStrays looks, right before a migration, for keys that the target holds
// of the slots to come: Valkey 9 crashes on them, Redis drops them.
func (p *pair) atomicStrays(ctx context.Context, group []*load) error {
	held, keys, err := p.j.straysOn(ctx, p.to, p.from, slotsOf(group), p.j.driver == plan.AtomicRedis)
	if err != nil {
		return err
	}
	if !held.Empty() {
		return &plan.Refusal{Reason: plan.StrayKeys, Nodes: []cluster.NodeID{p.to}, Slots: held,
			Text: fmt.Sprintf("%s holds %s in %s that it does not own; no atomic migration is begun over them", p.j.crew.name(p.to), count(keys, "key"), someSlots(held))}
	}
	return nil
}

// took reports whether the target says that it owns all slots of the group, and
// notes it. The source is not asked: it may be frozen, and time counts.
func (p *pair) took(ctx context.Context, group []*load) (bool, error) {
	v, err := p.j.crew.view(ctx, p.to)
	if err != nil {
		return false, err
	}
	self, _ := v.Member(p.to)
	own := keyslot.SetOf(self.Slots...)
	if !self.Flags.Has(cluster.Primary) || !slotsOf(group).Minus(own).Empty() {
		return false, nil
	}
	for _, l := range group {
		p.moved(l)
	}
	p.j.arrived(p)
	return true, nil
}

// arrived notes that all keys of a pair are over.
func (j *Job) arrived(p *pair) {
	j.note(func(b *board) {
		row := b.pair(p.move)
		j.weigh(b, p.move, row.Keys.Total-row.Keys.Done)
		b.keys.Done += row.Keys.Total - row.Keys.Done
		row.Keys.Done = row.Keys.Total
	})
}

// underway notes how many keys of a pair have arrived.
func (j *Job) underway(p *pair, keys int64) {
	j.note(func(b *board) {
		row := b.pair(p.move)
		keys = min(max(keys, row.Keys.Done), row.Keys.Total)
		j.weigh(b, p.move, keys-row.Keys.Done)
		b.keys.Done += keys - row.Keys.Done
		row.Keys.Done = keys
	})
}

// weigh adds the bytes of keys that the servers moved, which they do not tell: as
// many as the plan measured for the average key. Without a measure the bytes are
// not known from then on.
func (j *Job) weigh(b *board, m *plan.Move, keys int64) {
	if keys <= 0 || b.bytes.Done < 0 {
		return
	}
	size, ok := sizePerKey(m.Bytes, m.Keys)
	if !ok {
		size, ok = sizePerKey(j.plan.Bytes, j.plan.Keys) // on the way back
	}
	if !ok {
		b.bytes.Done = -1
		return
	}
	b.bytes.Done += int64(size * float64(keys))
}

// sizePerKey is false when the bytes were spread evenly rather than measured.
func sizePerKey(bytes, keys plan.Amount) (float64, bool) {
	if bytes.How <= plan.Guessed || keys.N <= 0 {
		return 0, false
	}
	return float64(bytes.N) / float64(keys.N), true
}

// pollEvery is how often a running migration is looked at: often at first, so
// that a short one is not held up, then less often.
func pollEvery(since time.Time) time.Duration {
	return min(max(time.Since(since)/40, 2*time.Millisecond), 50*time.Millisecond)
}

// hurried reports whether a running migration shall be cancelled.
func (j *Job) hurried(ctx context.Context) bool {
	w, _ := j.wanted()
	return w.ending() || ctx.Err() != nil
}
