package run

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/keyslot"
)

// board is what a job shows: numbers that the movers write and Progress copies.
type board struct {
	state   State
	paused  bool
	message string
	driver  plan.Driver
	why     string

	slots, keys, bytes Amount
	pairs              []Pair
	flight             map[keyslot.Slot]SlotState
	order              []cluster.NodeID
	latency            map[cluster.NodeID]*timing
	batch              int
	past               []mark // for rates
}

// mark is how much was done at a moment.
type mark struct {
	at          time.Time
	keys, bytes int64
	slots       int64
}

// rateWindow is over how long rates are taken.
const rateWindow = 5 * time.Second

func (b *board) progress(now time.Time) Progress {
	b.past = append(b.past, mark{now, b.keys.Done, b.bytes.Done, b.slots.Done})
	for len(b.past) > 2 && now.Sub(b.past[0].at) > rateWindow {
		b.past = b.past[1:]
	}
	p := Progress{
		State: b.state, Driver: b.driver, DriverWhy: b.why, Slots: b.slots, Keys: b.keys, Bytes: b.bytes,
		Pairs: slices.Clone(b.pairs), BatchKeys: b.batch, Message: b.message, ETA: -1,
	}
	if b.paused && b.state == Moving {
		p.State = Paused
	}
	p.InFlight = slices.SortedFunc(maps.Values(b.flight), func(x, y SlotState) int { return cmp.Compare(x.Slot, y.Slot) })
	for _, id := range b.order {
		if t := b.latency[id]; t != nil {
			p.Latency = append(p.Latency, Latency{Node: id, Last: t.last, Worst: t.recent(now)})
		}
	}
	first := b.past[0]
	if seconds := now.Sub(first.at).Seconds(); seconds > 0 {
		p.KeysPerSecond = float64(b.keys.Done-first.keys) / seconds
		p.BytesPerSecond = float64(max(0, b.bytes.Done-max(0, first.bytes))) / seconds
		p.ETA = b.eta(p.KeysPerSecond, float64(b.slots.Done-first.slots)/seconds)
	}
	return p
}

// eta is the time left at the present rates: the longer of what the keys and
// what the slots take.
func (b *board) eta(keys, slots float64) time.Duration {
	left := func(a Amount, rate float64) float64 {
		n := max(0, a.Total-a.Done)
		switch {
		case n == 0:
			return 0
		case rate <= 0:
			return -1
		}
		return float64(n) / rate
	}
	k, s := left(b.keys, keys), left(b.slots, slots)
	if k < 0 || s < 0 {
		return -1
	}
	return time.Duration(min(max(k, s), 1e9) * float64(time.Second))
}

// timing is how long calls on one node took.
type timing struct {
	last, worst time.Duration
	window      [2]time.Duration // the worst of this and of the former 5 seconds
	begun       time.Time
}

func (t *timing) add(now time.Time, d time.Duration) {
	t.turn(now)
	t.last, t.worst, t.window[0] = d, max(t.worst, d), max(t.window[0], d)
}

func (t *timing) turn(now time.Time) {
	const half = 5 * time.Second
	for now.Sub(t.begun) > half {
		t.window = [2]time.Duration{0, t.window[0]}
		t.begun = t.begun.Add(half)
		if now.Sub(t.begun) > 10*half {
			t.begun, t.window = now, [2]time.Duration{}
		}
	}
}

func (t *timing) recent(now time.Time) time.Duration {
	t.turn(now)
	return max(t.window[0], t.window[1])
}

// took notes how long a call on a node took.
func (j *Job) took(id cluster.NodeID, d time.Duration) {
	j.note(func(b *board) {
		t := b.latency[id]
		if t == nil {
			t = &timing{begun: time.Now()}
			b.latency[id] = t
		}
		t.add(time.Now(), d)
	})
}

// row finds the pair of a move; nil when it is not shown.
func (b *board) row(m *plan.Move) *Pair {
	for i := range b.pairs {
		if b.pairs[i].From == m.From && b.pairs[i].To == m.To {
			return &b.pairs[i]
		}
	}
	return nil
}

// pair finds the pair of a move, and shows it from now on.
func (b *board) pair(m *plan.Move) *Pair {
	if row := b.row(m); row != nil {
		return row
	}
	b.pairs = append(b.pairs, Pair{From: m.From, To: m.To})
	return &b.pairs[len(b.pairs)-1]
}

// step shows slots at a step; Moved takes them off.
func (j *Job) step(step Step, from, to cluster.NodeID, slots []*load) {
	j.note(func(b *board) {
		for _, l := range slots {
			if step == Moved {
				delete(b.flight, l.slot)
				continue
			}
			b.flight[l.slot] = SlotState{Slot: l.slot, From: from, To: to, KeysLeft: l.left, Step: step}
		}
	})
}
