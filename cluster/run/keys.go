package run

import (
	"context"
	"slices"
	"sync"
	"time"

	"slotdeck/cluster/spawn"
	"slotdeck/cluster/wire"
)

// haul is keys of one slot in one database.
type haul struct {
	load  *load
	db    int
	keys  []string
	sizes []int64 // bytes of memory each takes; nil when that is not known
}

// mover moves the keys of slots. A scout lists and weighs what comes next, and
// two hands carry what is ready, each with one call under way: the source finds
// the next call waiting when it is done with one, and serves its clients in
// between.
type mover struct {
	p      *pair
	target target

	mu     sync.Mutex
	news   *sync.Cond // something of the following changed
	unit   []haul     // slots, by database, whose keys are not listed yet
	ready  []haul     // can be moved
	done   bool       // the scout brings no more
	err    error      // of a call: no further one begins
	moved  int
	failed []failure
	last   time.Time // when a call came back
}

// failure is a MIGRATE that did not go well. All, some or none of its keys may
// have moved.
type failure struct {
	haul haul
	err  error
	none bool  // it is certain that no key left the source
	came int64 // how many keys had ever come to the target before; -1: not told
}

// target is what MIGRATE needs to know of where keys go.
type target struct {
	host, port string
	login      []any // AUTH password, AUTH2 user password, or nothing
}

// migrate is the command for some keys.
func (t target) migrate(db int, timeout time.Duration, replace bool, keys []string) []any {
	cmd := make([]any, 0, 10+len(keys))
	cmd = append(cmd, "MIGRATE", t.host, t.port, "", db, timeout.Milliseconds())
	if replace {
		cmd = append(cmd, "REPLACE")
	}
	cmd = append(cmd, t.login...)
	cmd = append(cmd, "KEYS")
	for _, k := range keys {
		cmd = append(cmd, k)
	}
	return cmd
}

// hands is how many calls that move keys are under way at a time.
const hands = 2

// moveKeys moves keys that the source lists now, and tells how many of them
// went. That a slot is empty then is for a later count to say.
func (p *pair) moveKeys(ctx context.Context, group []*load) (moved int, err error) {
	t, err := p.target()
	if err != nil {
		return 0, err
	}
	m := &mover{p: p, target: t}
	m.news = sync.NewCond(&m.mu)
	for _, l := range group {
		for db, n := range l.keys {
			if n > 0 {
				m.unit = append(m.unit, haul{load: l, db: db})
			}
		}
	}
	var work spawn.Group
	work.Go(func() { m.end(m.scout(ctx), true) })
	atOnce := min(hands, p.depth())
	if p.homing {
		atOnce = 1 // of several that failed nobody could tell which keys had come
	}
	for range atOnce {
		work.Go(func() { m.end(m.carry(ctx), false) })
	}
	work.Wait()
	p.remember(ctx, m.failed)
	if m.err == nil && len(m.failed) > 0 {
		n, err := p.mend(ctx, m.target, m.failed)
		return m.moved + n, err
	}
	return m.moved, m.err
}

// end notes how the scout or a hand ended, and tells the others.
func (m *mover) end(err error, scout bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err == nil {
		m.err = err
	}
	m.done = m.done || scout
	m.news.Broadcast()
}

// broken reports that no further call may begin.
func (m *mover) broken() bool { return m.err != nil || len(m.failed) > 0 }

// carry moves what is ready until nothing more will be.
func (m *mover) carry(ctx context.Context) error {
	for {
		w, _ := m.p.j.wanted()
		load, units := m.take(w.throttle)
		if len(load) == 0 {
			return nil
		}
		held, err := m.call(ctx, load, units, w.maxBlock)
		if err != nil {
			return err
		}
		if rest := m.p.pace.breather(held); rest > 0 && !m.p.homing && !m.p.j.leaving() {
			if err := pause(ctx, rest); err != nil {
				return err
			}
		}
	}
}

// take waits for keys that can be moved.
func (m *mover) take(throttle int) (load []haul, units float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for !m.broken() {
		if load, units = m.pack(throttle); len(load) > 0 {
			break
		}
		if m.done {
			return nil, 0
		}
		m.news.Wait()
	}
	m.news.Broadcast() // the scout may go on
	return load, units
}

// call makes one round trip that moves keys, and tells how long it held the
// source.
func (m *mover) call(ctx context.Context, load []haul, units float64, budget time.Duration) (held time.Duration, err error) {
	p, j := m.p, m.p.j
	keys, timeout, came := keysIn(load), callTimeout, int64(-1)
	if w, _ := j.wanted(); w.throttle > 0 {
		p.reopen(ctx) // clients do not wait as long
	}
	p.pace.await(ctx, j, keys)
	if p.homing {
		if came, err = j.arrivals(ctx, p.to); err != nil {
			return 0, err
		}
		timeout = homeTimeout
	}
	if err := p.close(ctx); err != nil {
		return 0, err
	}
	var r roundTrip
	for i := range load {
		h := &load[i]
		limit := p.timeoutFor(h.sizes)
		timeout += hands * limit // the other hand's call may be served first
		// Counted before and after, the source tells of a MIGRATE that failed
		// whether any key went: none comes to a slot that is moving.
		count := []any{"CLUSTER", "COUNTKEYSINSLOT", int(h.load.slot)}
		r.add(h.db, count...)
		r.add(h.db, m.target.migrate(h.db, limit, false, h.keys)...)
		r.add(h.db, count...)
	}
	start := time.Now()
	answers, err := r.send(ctx, j.crew, p.from, timeout)
	end := time.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	if err != nil {
		p.tear(load)
		return 0, err
	}
	if late(answers) {
		m.last = end // how long the target was silent says nothing of the keys
	} else {
		held = m.timed(start, end, units, budget)
	}
	j.note(func(b *board) { b.batch = keys })
	for i := range load {
		before, a, after := answers[3*i].Value, answers[3*i+1], answers[3*i+2].Value
		if a.Err != nil {
			m.failed = append(m.failed, failure{haul: load[i], err: a.Err, none: before != nil && before == after, came: came})
			j.thorough.Store(true)
			if n := wentBetween(before, after, len(load[i].keys)); n > 0 {
				part := load[i]
				part = part.cut(n)
				m.moved += n
				j.carried(p, &part)
			}
			continue
		}
		m.moved += len(load[i].keys)
		j.carried(p, &load[i])
	}
	return held, nil
}

// wentBetween is how many of the keys of a call that failed went all the same: a
// MIGRATE that meets one key that cannot go moves the others.
func wentBetween(before, after any, most int) int {
	was, ok := before.(int64)
	is, also := after.(int64)
	if !ok || !also {
		return 0
	}
	return int(min(max(0, was-is), int64(most)))
}

// late reports whether a MIGRATE of a call ran into its time-out.
func late(answers []wire.Answer) bool {
	return slices.ContainsFunc(answers, func(a wire.Answer) bool { return saying(a.Err, "IOERR") })
}

// timed learns from a call how long it held the source: not longer than since
// the other hand's call came back, and not while it was on its way.
func (m *mover) timed(start, end time.Time, units float64, budget time.Duration) (held time.Duration) {
	held = end.Sub(start) - m.p.pace.far()
	if m.last.After(start) {
		held = min(held, end.Sub(m.last))
	}
	m.last = end
	held = max(held, 0)
	m.p.j.took(m.p.from, held)
	if m.p.pace.learn(units, held, budget) {
		m.p.wary = waryKeys
	}
	return held
}

// pack takes what the next call moves off the ready keys. A single key that is
// larger than the budget goes alone; a slot that fits into a call is not divided.
func (m *mover) pack(throttle int) (out []haul, units float64) {
	budget, left := m.p.pace.size()
	stretch := m.p.pace.stretch()
	if throttle > 0 {
		left = min(left, max(1, throttle/5))
	}
	depth := max(1, m.p.depth()/hands)
	for len(m.ready) > 0 && left > 0 && len(out) < depth {
		h := &m.ready[0]
		if h.load.skipped {
			m.ready = m.ready[1:]
			continue
		}
		n, u := h.fit(budget*stretch-units, left)
		if len(out) > 0 && (n < len(h.keys) || units+u > budget) {
			break
		}
		if n < len(h.keys) {
			n, u = h.fit(budget, left)
		}
		out, units, left = append(out, h.cut(n)), units+u, left-n
		if len(h.keys) == 0 {
			m.ready = m.ready[1:]
		}
	}
	return out, units
}

// fit is how many of the keys go into a call: one at least.
func (h *haul) fit(budget float64, most int) (n int, units float64) {
	for n < len(h.keys) && n < most {
		u := 1.0
		if h.sizes != nil {
			u = unitsOf(h.sizes[n])
		}
		if n > 0 && units+u > budget {
			break
		}
		units += u
		n++
	}
	return n, units
}

// cut takes the first keys off.
func (h *haul) cut(n int) haul {
	part := haul{load: h.load, db: h.db, keys: h.keys[:n]}
	h.keys = h.keys[n:]
	if h.sizes != nil {
		part.sizes, h.sizes = h.sizes[:n], h.sizes[n:]
	}
	return part
}

func keysIn(hauls []haul) (n int) {
	for i := range hauls {
		n += len(hauls[i].keys)
	}
	return n
}

// tear remembers keys of which the target may now hold a copy that this job made.
func (p *pair) tear(hauls []haul) {
	if p.torn == nil {
		p.torn = map[tornKey]bool{}
	}
	for i := range hauls {
		for _, k := range hauls[i].keys {
			p.torn[tornKey{hauls[i].db, k}] = true
		}
	}
}
