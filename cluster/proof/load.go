package proof

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"slotdeck/keyslot"
)

// LoadPrefix begins the name of every key that a Load writes.
const LoadPrefix = "load:"

// LoadConfig says how a load writes. The zero value is about 1,500 writes a
// second into all slots.
type LoadConfig struct {
	Rate    int           // writes a second; 0: 1500
	Writers int           // how many writes can be on their way at once; 0: 16
	Slots   keyslot.Set   // where half of the writes go; empty: nowhere in particular
	Wait    int           // how many replicas have to confirm a write before it counts as safe
	Timeout time.Duration // after which a client gives a write up; 0: 3 s
	Seed    uint64

	// Excuse tells why nobody who moves slots could have kept what was lost; empty
	// when somebody could. Such losses are told apart. It may be nil.
	Excuse func(Loss) string
}

// Tally is what became of the writes of a load.
type Tally struct {
	Acked   int64 // answered, and confirmed by the replicas when that was asked for
	Unsafe  int64 // answered, but not confirmed by enough replicas in time
	Refused int64 // given up; certainly not carried out
	Unsure  int64 // given up; nobody knows
}

// String is the tally in one line.
func (t Tally) String() string {
	return fmt.Sprintf("%d writes acknowledged, %d without their replicas, %d refused, %d unanswered", t.Acked, t.Unsafe, t.Refused, t.Unsure)
}

// Load writes keys and remembers every acknowledged write.
type Load struct {
	judge   *Judge
	config  LoadConfig
	route   *route
	tags    *tags
	focus   []keyslot.Slot
	cancel  context.CancelFunc
	ended   sync.WaitGroup
	writers []*writer

	counts [unsure + 1]atomic.Int64
	times  samples
}

// writer is one goroutine of a load and the keys that are its own.
type writer struct {
	number int
	random *rand.Rand
	cells  []*cell
	sets   []*cell // live ones that SET writes
	counts []*cell // live ones that INCR writes
}

// StartLoad begins to write, until Stop is called or the context ends.
func (j *Judge) StartLoad(ctx context.Context, config LoadConfig) (*Load, error) {
	if config.Rate == 0 {
		config.Rate = 1500
	}
	if config.Writers == 0 {
		config.Writers = 16
	}
	if config.Timeout == 0 {
		config.Timeout = 3 * time.Second
	}
	w, err := j.world(ctx)
	if err != nil {
		return nil, fmt.Errorf("the load does not start: %w", err)
	}
	l := &Load{judge: j, config: config, route: newRoute(j, w), tags: newTags(), focus: slices.Collect(config.Slots.All())}
	ctx, l.cancel = context.WithCancel(ctx)
	began := time.Now()
	for i := range config.Writers {
		one := &writer{number: i, random: rand.New(rand.NewPCG(config.Seed, uint64(i)))}
		l.writers = append(l.writers, one)
		l.ended.Go(func() { l.write(ctx, one, began, w.databases) })
	}
	return l, nil
}

// Stop ends the load, waits for its end and tells what it came to.
func (l *Load) Stop() Tally {
	l.cancel()
	l.ended.Wait()
	return l.Tally()
}

// Tally is what became of the writes so far.
func (l *Load) Tally() Tally {
	return Tally{Acked: l.counts[acked].Load(), Unsafe: l.counts[unsafe].Load(), Refused: l.counts[refused].Load(), Unsure: l.counts[unsure].Load()}
}

// TakeTimes is how long the client waited for each write that was answered since
// it was last called; see LatencyOf.
func (l *Load) TakeTimes() []Wait { return l.times.take() }

// write is the life of one writer: a write whenever one is due. When it falls
// behind by more than a second, what was due is dropped.
func (l *Load) write(ctx context.Context, w *writer, began time.Time, databases int) {
	gap := time.Duration(l.config.Writers) * time.Second / time.Duration(l.config.Rate)
	due := began.Add(time.Duration(w.number) * gap / time.Duration(l.config.Writers))
	timer := time.NewTimer(time.Until(due))
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		l.writeOnce(w, due, databases)
		due = due.Add(gap)
		if late := time.Since(due); late > time.Second {
			due = due.Add(late)
		}
		timer.Reset(time.Until(due))
	}
}

// writeOnce makes one write. It has a time-out of its own rather than the
// load's context: a write that is cut short leaves a key in doubt.
func (l *Load) writeOnce(w *writer, due time.Time, databases int) {
	c, remove := l.choose(w, databases)
	ctx, cancel := context.WithTimeout(context.Background(), l.config.Timeout)
	defer cancel()
	result, ack, reply := l.route.send(ctx, c, c.command(remove), l.config.Wait)
	l.counts[result].Add(1)
	if result == acked || result == unsafe {
		ack.Reply, _ = reply.(int64)
		ack.Safe = result == acked
		c.acks = append(c.acks, ack)
	}
	switch result {
	case acked:
		c.acked, c.safe = c.tried, c.tried
	case unsafe:
		c.acked = c.tried
	case refused:
		c.refused()
	case unsure:
		c.unsure = true
	}
	if result == acked || result == unsafe {
		l.times.add(Wait{keyslot.Of(c.name.key), time.Since(due)})
	}
}

// choose takes a key to write: mostly a new one, else one of before to be
// overwritten, counted up, or removed.
func (l *Load) choose(w *writer, databases int) (c *cell, remove bool) {
	old := func(cells *[]*cell) *cell {
		for len(*cells) > 0 {
			i := w.random.IntN(len(*cells))
			if c := (*cells)[i]; !c.unsure && c.deleted == 0 {
				return c
			}
			*cells = slices.Delete(*cells, i, i+1)
		}
		return nil
	}
	var again *cell
	dice := w.random.IntN(100)
	switch {
	case dice < 20:
		again = old(&w.sets)
	case dice < 40 && len(w.counts) >= 10:
		again = old(&w.counts)
	case dice >= 95:
		again, remove = old(&w.sets), true
	}
	if again != nil {
		return again, remove
	}
	slot := keyslot.Slot(w.random.IntN(keyslot.Count))
	if len(l.focus) > 0 && w.random.IntN(2) == 0 {
		slot = l.focus[w.random.IntN(len(l.focus))]
	}
	key := fmt.Sprintf("%s{%s}:%d:%d", LoadPrefix, l.tags[slot], w.number, len(w.cells))
	c = &cell{name: name{w.random.IntN(databases), key}, counter: dice >= 20 && dice < 40}
	w.cells = append(w.cells, c)
	if c.counter {
		w.counts = append(w.counts, c)
	} else {
		w.sets = append(w.sets, c)
	}
	return c, false
}
