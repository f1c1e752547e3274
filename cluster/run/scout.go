package run

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

const (
	// listMost is how many keys of a slot are asked for at a time, and scoutKeys
	// about how many are listed, or weighed, in one call: it holds the source for
	// a fraction of a millisecond.
	listMost  = 4000
	scoutKeys = 512
)

// Not every key is weighed: that costs the source an eighth of what moving them
// takes. Of each slot some are. As soon as one of them is large, or a call of
// MIGRATE fails, every key is weighed from then on; and a call that held the
// source for longer than the budget has the next ones weighed. What stays is a
// single huge key among small ones: MIGRATE's time-out ends that, and it is
// weighed before the next try. Whoever asked for a gentle move, by a throttle or a
// budget below the default, has every key weighed from the start.
const (
	sampleLeast = 4        // keys of a slot that are weighed,
	samplePart  = 16       // or the 16th part of them
	largeKey    = 32 << 10 // bytes
	waryKeys    = 4000
)

// scout lists and weighs keys, a little ahead of the hands.
func (m *mover) scout(ctx context.Context) error {
	for {
		next := m.unlisted()
		if len(next) == 0 {
			return nil
		}
		listed, err := m.list(ctx, next)
		if err != nil {
			return err
		}
		if err := m.weigh(ctx, listed); err != nil {
			return err
		}
		for i := range listed {
			stays, err := m.p.heavy(ctx, &listed[i])
			if err != nil {
				return err
			}
			m.bring(listed[i], stays)
		}
	}
}

// bring hands a haul over, unless its slot stays.
func (m *mover) bring(h haul, stays bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	h.load.skipped = h.load.skipped || stays
	m.ready = append(m.ready, h)
	m.news.Broadcast()
}

// unlisted waits until the hands need more, and takes what is to be listed then;
// nothing when there is nothing left.
func (m *mover) unlisted() (out []haul) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for {
		units, most := m.p.pace.size()
		if m.broken() || len(m.unit) == 0 {
			return nil
		}
		if keysIn(m.ready) < 2*hands*int(min(units, float64(most))) {
			break
		}
		m.news.Wait()
	}
	for n := int64(0); n < scoutKeys && len(m.unit) > 0; m.unit = m.unit[1:] {
		out = append(out, m.unit[0])
		n += min(m.unit[0].load.keys[m.unit[0].db], listMost) + 8
	}
	return out
}

// list asks for the names of keys.
func (m *mover) list(ctx context.Context, hauls []haul) (listed []haul, err error) {
	j := m.p.j
	var r roundTrip
	for _, h := range hauls {
		r.add(h.db, "CLUSTER", "GETKEYSINSLOT", int(h.load.slot), min(h.load.keys[h.db]+16, listMost))
	}
	answers, err := r.send(ctx, j.crew, m.p.from, callTimeout)
	if err != nil {
		return nil, err
	}
	for i, a := range answers {
		if a.Err != nil {
			return nil, a.Err
		}
		h := hauls[i]
		names, err := namesOf(a.Value)
		if err != nil {
			return nil, fmt.Errorf("%s does not name keys of slot %d in a way that is understood", j.crew.name(m.p.from), h.load.slot)
		}
		if h.keys = m.p.unkept(h.db, names); len(h.keys) > 0 {
			listed = append(listed, h)
		}
	}
	return listed, nil
}

// weigh finds the sizes of keys: of some, or of all.
func (m *mover) weigh(ctx context.Context, hauls []haul) error {
	j := m.p.j
	w, _ := j.wanted()
	var some, all []weight
	for i := range hauls {
		n := len(hauls[i].keys)
		step := max(1, min(n/sampleLeast, samplePart))
		if m.exactly(n, w) {
			step = 1
		}
		for k := range n {
			if one := (weight{&hauls[i], k}); k%step == 0 {
				some = append(some, one)
			} else {
				all = append(all, one)
			}
		}
	}
	for _, list := range [][]weight{some, all} {
		if err := m.ask(ctx, list); err != nil {
			return err
		}
		if !j.weighing.Load() {
			for i := range hauls {
				hauls[i].sizes = nil
			}
			return nil
		}
		for i := range hauls {
			if most := slices.Max(hauls[i].sizes); most >= largeKey || holdsAtMost(most) > w.maxBlock/4 {
				j.thorough.Store(true)
			}
		}
		if !j.thorough.Load() {
			break
		}
	}
	for i := range hauls {
		hauls[i].guess()
	}
	return nil
}

// weight is one key to be weighed.
type weight struct {
	haul *haul
	key  int
}

// exactly reports whether the next keys are all weighed.
func (m *mover) exactly(keys int, w wishes) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	wary := m.p.wary > 0
	m.p.wary = max(0, m.p.wary-keys)
	return wary || m.p.j.thorough.Load() || w.throttle > 0 || w.maxBlock < DefaultMaxBlock
}

// ask weighs keys.
func (m *mover) ask(ctx context.Context, list []weight) error {
	for len(list) > 0 {
		part := list[:min(len(list), scoutKeys)]
		list = list[len(part):]
		var r roundTrip
		for _, w := range part {
			r.add(w.haul.db, "MEMORY", "USAGE", w.haul.keys[w.key])
		}
		answers, err := r.send(ctx, m.p.j.crew, m.p.from, callTimeout)
		if err != nil {
			return err
		}
		for i, a := range answers {
			h := part[i].haul
			if h.sizes == nil {
				h.sizes = make([]int64, len(h.keys))
			}
			if n, ok := a.Value.(int64); ok && a.Err == nil {
				h.sizes[part[i].key] = n
			} else if a.Err != nil && unknownCommand(a.Err) {
				m.p.j.weighing.Store(false)
				return nil
			}
		}
	}
	return nil
}

// guess gives keys that were not weighed, or are gone by now, what the others
// have on average.
func (h *haul) guess() {
	var sum, n int64
	for _, s := range h.sizes {
		if s > 0 {
			sum += s
			n++
		}
	}
	for i, s := range h.sizes {
		if s == 0 && n > 0 {
			h.sizes[i] = sum / n
		}
	}
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
