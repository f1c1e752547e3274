package run

import (
	"context"
	"errors"
	"fmt"
	"time"

	"slotdeck/cluster/wire"
)

// haul is keys of one slot in one database.
type haul struct {
	load  *load
	db    int
	keys  []string
	sizes []int64 // bytes of memory each takes; nil when that is not known
}

// listMost is how many keys of a slot are asked for at a time.
const listMost = 2000

// mover moves the keys of slots: while one call moves keys, the names and sizes
// of those that come next ride along.
type mover struct {
	p      *pair
	target target
	unit   []haul // slots, by database, whose keys are not listed yet
	listed []haul // names are known, sizes are not
	ready  []haul // can be moved
	moved  int
	failed []failure
}

// failure is a MIGRATE that did not go well. All, some or none of its keys may
// have moved.
type failure struct {
	haul haul
	err  error
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

// moveKeys moves keys that the source lists now, and tells how many of them
// went. That a slot is empty then is for a later count to say.
func (p *pair) moveKeys(ctx context.Context, group []*load) (moved int, err error) {
	t, err := p.target()
	if err != nil {
		return 0, err
	}
	m := &mover{p: p, target: t}
	for _, l := range group {
		for db, n := range l.keys {
			if n > 0 {
				m.unit = append(m.unit, haul{load: l, db: db})
			}
		}
	}
	for len(m.unit)+len(m.listed)+len(m.ready) > 0 {
		if err := m.call(ctx); err != nil {
			return m.moved, err
		}
		if len(m.failed) > 0 {
			n, err := p.mend(ctx, m.target, m.failed)
			m.moved += n
			return m.moved, err
		}
	}
	return m.moved, nil
}

// request is one command of a call, and what its answer means.
type request struct {
	cmd  []any
	haul *haul
	kind requestKind
}

type requestKind uint8

const (
	migrates requestKind = iota
	lists
	weighs
	selects
)

// call makes one round trip: keys move, and the next ones are listed and weighed.
func (m *mover) call(ctx context.Context) error {
	p, j := m.p, m.p.j
	w, _ := j.wanted()
	load, units := m.pack(w.throttle)
	keys := 0
	for _, h := range load {
		keys += len(h.keys)
	}
	if keys > 0 {
		p.pace.await(ctx, j, keys)
	}
	reqs := m.requests(load)
	timeout := callTimeout
	for i := range load {
		timeout += j.timeoutFor(load[i].sizes)
	}
	cmds := make([][]any, len(reqs))
	for i := range reqs {
		cmds[i] = reqs[i].cmd
	}
	start := time.Now()
	answers, err := j.crew.call(ctx, p.from, timeout, cmds...)
	took := time.Since(start)
	if err != nil {
		p.tear(load)
		return err
	}
	if keys > 0 {
		j.took(p.from, took)
		p.pace.learn(units, took, w.maxBlock)
		j.note(func(b *board) { b.batch = keys })
	}
	return m.take(ctx, reqs, answers)
}

// pack takes what the next call moves off the ready keys. A single key that is
// larger than the budget goes alone.
func (m *mover) pack(throttle int) (out []haul, units float64) {
	budget, most := m.p.pace.size()
	if throttle > 0 {
		most = min(most, max(1, throttle/5))
	}
	left := most
	depth := m.p.j.depth()
	for len(m.ready) > 0 && left > 0 && len(out) < depth {
		h := &m.ready[0]
		if h.load.skipped {
			m.ready = m.ready[1:]
			continue
		}
		n := 0
		for n < len(h.keys) && n < left {
			u := 1.0
			if h.sizes != nil {
				u = unitsOf(h.sizes[n])
			}
			if units+u > budget && units > 0 {
				left = 0
				break
			}
			units += u
			n++
		}
		if n == 0 {
			break
		}
		part := haul{load: h.load, db: h.db, keys: h.keys[:n]}
		h.keys = h.keys[n:]
		if h.sizes != nil {
			part.sizes, h.sizes = h.sizes[:n], h.sizes[n:]
		}
		if left -= n; len(h.keys) == 0 {
			m.ready = m.ready[1:]
		}
		out = append(out, part)
	}
	return out, units
}

// requests puts the commands of a call together.
func (m *mover) requests(load []haul) []request {
	var reqs []request
	db := 0
	in := func(want int) {
		if db != want {
			reqs = append(reqs, request{cmd: []any{"SELECT", want}, kind: selects})
			db = want
		}
	}
	for i := range load {
		in(load[i].db)
		reqs = append(reqs, request{cmd: m.target.migrate(db, m.p.j.timeoutFor(load[i].sizes), false, load[i].keys), haul: &load[i], kind: migrates})
	}
	// Two calls' worth is kept at hand.
	_, most := m.p.pace.size()
	units, _ := m.p.pace.size()
	want := 2 * int(min(units, float64(most)))
	if m.p.j.weighing.Load() {
		for n := keysIn(m.ready); n < want && len(m.listed) > 0; m.listed = m.listed[1:] {
			h := m.listed[0]
			n += len(h.keys)
			in(h.db)
			for _, k := range h.keys {
				reqs = append(reqs, request{cmd: []any{"MEMORY", "USAGE", k}, haul: &h, kind: weighs})
			}
		}
	}
	for n := keysIn(m.ready) + keysIn(m.listed); n < want && len(m.unit) > 0; m.unit = m.unit[1:] {
		h := m.unit[0]
		known := h.load.keys[h.db]
		n += int(min(known, listMost))
		in(h.db)
		reqs = append(reqs, request{cmd: []any{"CLUSTER", "GETKEYSINSLOT", int(h.load.slot), min(known+16, listMost)}, haul: &h, kind: lists})
	}
	in(0)
	return reqs
}

func keysIn(hauls []haul) (n int) {
	for i := range hauls {
		n += len(hauls[i].keys)
	}
	return n
}

// take reads the answers of a call.
func (m *mover) take(ctx context.Context, reqs []request, answers []wire.Answer) error {
	j := m.p.j
	for i := 0; i < len(reqs); i++ {
		r, a := reqs[i], answers[i]
		switch r.kind {
		case selects:
			if a.Err != nil {
				return a.Err
			}
		case migrates:
			if a.Err != nil {
				m.failed = append(m.failed, failure{*r.haul, a.Err})
				continue
			}
			m.moved += len(r.haul.keys)
			j.carried(m.p, r.haul)
		case lists:
			if a.Err != nil {
				return a.Err
			}
			names, err := namesOf(a.Value)
			if err != nil {
				return fmt.Errorf("%s does not name keys of slot %d in a way that is understood", j.crew.name(m.p.from), r.haul.load.slot)
			}
			r.haul.keys = names
			if len(names) == 0 {
				continue
			}
			if j.weighing.Load() {
				m.listed = append(m.listed, *r.haul)
			} else {
				m.ready = append(m.ready, *r.haul)
			}
		case weighs:
			h := r.haul
			h.sizes = make([]int64, len(h.keys))
			for k := range h.keys {
				if n, ok := answers[i+k].Value.(int64); ok && answers[i+k].Err == nil {
					h.sizes[k] = n
				} else if answers[i+k].Err != nil && unknownCommand(answers[i+k].Err) {
					j.weighing.Store(false)
				}
			}
			if !j.weighing.Load() {
				h.sizes = nil
			}
			i += len(h.keys) - 1
			if err := m.p.heavy(ctx, h); err != nil {
				return err
			}
			m.ready = append(m.ready, *h)
		}
	}
	return nil
}

var errNotNames = errors.New("not a list of names")

func namesOf(value any) ([]string, error) {
	list, ok := value.([]any)
	if !ok {
		return nil, errNotNames
	}
	names := make([]string, len(list))
	for i, item := range list {
		if names[i], ok = item.(string); !ok {
			return nil, errNotNames
		}
	}
	return names, nil
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
