package run

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"sync"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/cluster/spawn"
	"slotdeck/keyslot"
)

// What weighing a plan's keys may cost one source, beside its clients.
const (
	mostWeighed = 20_000          // keys, all of a plan;
	someWeighed = 8_000           // of one that has more, about so many
	weighTime   = 3 * time.Second // then what is known has to do
	weighCall   = 500             // keys in one round trip
	mostHeavy   = 100             // that are kept, the largest
)

// Weigh weighs the keys of the slots that a plan moves, on their owners and
// changing nothing: all of them, or some of every slot where there are more than
// a few seconds allow. Block is how long one call may hold a node; 0:
// DefaultMaxBlock. What could not be weighed is missing in the result; the error
// says why something is.
func Weigh(ctx context.Context, c Cluster, p plan.Plan, block time.Duration) (plan.Weights, error) {
	j := newJob(c, p, Options{MaxBlock: block})
	defer j.discard()
	if s := c.Latest(); s != nil {
		j.crew.learn(s)
	}
	w := &weighing{j: j, Weights: plan.Weights{Bytes: new(plan.Measure), Block: j.opts.MaxBlock}}
	bySource := map[cluster.NodeID]keyslot.Set{}
	for _, m := range p.Moves {
		bySource[m.From] = bySource[m.From].Union(m.Set())
	}
	if err := j.readSettings(ctx); err != nil {
		return w.Weights, err
	}
	w.NodeTimeout = j.nodeTimeout
	var wg spawn.Group
	for id, set := range bySource {
		wg.Go(func() { w.source(ctx, id, set) })
	}
	wg.Wait()
	slices.SortFunc(w.Heavy, func(a, b plan.HeavyKey) int {
		return cmp.Or(cmp.Compare(b.Holds, a.Holds), cmp.Compare(a.Slot, b.Slot), cmp.Compare(a.Name, b.Name))
	})
	w.Heavy = w.Heavy[:min(len(w.Heavy), mostHeavy)]
	return w.Weights, w.err
}

// weighing gathers what the sources tell.
type weighing struct {
	j *Job

	mu sync.Mutex
	plan.Weights
	err error
}

// sample is keys of one slot in one database.
type sample struct {
	slot  keyslot.Slot
	db    int
	most  int64 // of them that are weighed
	of    int64 // that there are
	names []string
	bytes []int64 // of memory; 0: gone meanwhile
}

func (w *weighing) source(ctx context.Context, id cluster.NodeID, set keyslot.Set) {
	ctx, cancel := context.WithTimeout(ctx, weighTime)
	defer cancel()
	samples, err := w.samples(ctx, id, set)
	for part := range batches(samples) {
		if err != nil {
			break
		}
		if err = w.weigh(ctx, id, part); err == nil {
			err = w.take(ctx, id, part)
		}
	}
	if err != nil && ctx.Err() == nil {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.err == nil {
			w.err = err
		}
	}
}

// samples spreads what may be weighed over all slots that hold keys.
func (w *weighing) samples(ctx context.Context, id cluster.NodeID, set keyslot.Set) ([]*sample, error) {
	var slots []keyslot.Slot
	for slot := range set.All() {
		slots = append(slots, slot)
	}
	counts, err := w.j.countKeys(ctx, id, slots)
	if err != nil {
		return nil, err
	}
	var out []*sample
	var total int64
	for i, slot := range slots {
		for db, n := range counts[i] {
			if n > 0 {
				out = append(out, &sample{slot: slot, db: db, of: n})
				total += n
			}
		}
	}
	w.mu.Lock()
	w.Of += total
	w.mu.Unlock()
	for _, s := range out {
		if s.most = s.of; total > mostWeighed {
			s.most = min(s.of, max(4, someWeighed/int64(len(out))))
		}
	}
	return out, nil
}

// batches are samples of one database that go into one round trip together.
func batches(samples []*sample) func(yield func([]*sample) bool) {
	slices.SortStableFunc(samples, func(a, b *sample) int { return cmp.Compare(a.db, b.db) })
	return func(yield func([]*sample) bool) {
		for len(samples) > 0 {
			n, keys := 0, int64(0)
			for n < len(samples) && samples[n].db == samples[0].db && (n == 0 || keys+samples[n].most <= weighCall) {
				keys += samples[n].most
				n++
			}
			if !yield(samples[:n]) {
				return
			}
			samples = samples[n:]
		}
	}
}

// weigh asks for names, then for what each takes.
func (w *weighing) weigh(ctx context.Context, id cluster.NodeID, part []*sample) error {
	db := part[0].db
	answers, err := w.j.crew.all(ctx, id, callTimeout, inDatabase(db, len(part), func(i int) []any {
		return []any{"CLUSTER", "GETKEYSINSLOT", int(part[i].slot), min(part[i].most, mostWeighed)}
	})...)
	if err != nil {
		return err
	}
	type place struct {
		of   *sample
		name string
	}
	var all []place
	for i, a := range answersIn(db, answers) {
		if part[i].names, err = namesOf(a.Value); err != nil {
			return err
		}
		for _, name := range part[i].names {
			all = append(all, place{part[i], name})
		}
	}
	for places := range slices.Chunk(all, weighCall) {
		answers, err := w.j.crew.call(ctx, id, callTimeout, inDatabase(db, len(places), func(i int) []any { return []any{"MEMORY", "USAGE", places[i].name} })...)
		if err != nil {
			return err
		}
		for i, a := range answersIn(db, answers) {
			if a.Err != nil && unknownCommand(a.Err) {
				return a.Err
			}
			n, _ := a.Value.(int64)
			places[i].of.bytes = append(places[i].of.bytes, n)
		}
	}
	return nil
}

// take adds what a batch weighs.
func (w *weighing) take(ctx context.Context, id cluster.NodeID, part []*sample) error {
	for _, s := range part {
		held, err := w.j.burdens(ctx, id, s.db, s.names, s.bytes, w.Block)
		if err != nil {
			return err
		}
		var sum, there int64
		for _, n := range s.bytes {
			sum += n
			there += int64(b2i(n > 0))
		}
		if there == 0 {
			continue
		}
		w.mu.Lock()
		w.Looked += there
		per := &w.Bytes[s.slot]
		per.How = plan.Sampled
		per.N += int64(float64(sum) / float64(there) * float64(s.of))
		for i, b := range held {
			if b.holds > w.Block {
				w.Heavy = append(w.Heavy, plan.HeavyKey{Node: id, Slot: s.slot, DB: s.db, Name: s.names[i], Kind: b.kind, Elements: b.elements, Bytes: s.bytes[i], Holds: b.holds})
			}
		}
		w.mu.Unlock()
	}
	return nil
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// burden is what is known of a key besides its size.
type burden struct {
	kind     string // empty: not asked, because it cannot matter
	elements int64
	holds    time.Duration // how long MIGRATE will hold the source, predicted
}

// burdens predicts how long keys hold their source. What their elements are is
// asked only of those that could exceed the limit.
func (j *Job) burdens(ctx context.Context, id cluster.NodeID, db int, keys []string, sizes []int64, limit time.Duration) ([]burden, error) {
	out := make([]burden, len(sizes))
	var ask []int
	for i, n := range sizes {
		if out[i].holds = holdsAtMost(n); out[i].holds > limit {
			ask = append(ask, i)
		}
	}
	if len(ask) == 0 {
		return out, nil
	}
	answers, err := j.crew.call(ctx, id, callTimeout, inDatabase(db, len(ask), func(i int) []any { return []any{"TYPE", keys[ask[i]]} })...)
	if err != nil {
		return nil, err
	}
	for i, a := range answersIn(db, answers) {
		out[ask[i]].kind, _ = a.Value.(string)
	}
	answers, err = j.crew.call(ctx, id, callTimeout, inDatabase(db, len(ask), func(i int) []any {
		return []any{lengthCommand(out[ask[i]].kind), keys[ask[i]]}
	})...)
	if err != nil {
		return nil, err
	}
	for i, a := range answersIn(db, answers) {
		b := &out[ask[i]]
		n, known := a.Value.(int64)
		if known && a.Err == nil {
			b.elements = n
			b.holds = holds(b.kind, n, sizes[ask[i]])
		}
	}
	return out, nil
}

// lengthCommand counts the elements of a value.
func lengthCommand(kind string) string {
	switch kind {
	case "string":
		return "EXISTS"
	case "list":
		return "LLEN"
	case "set":
		return "SCARD"
	case "zset":
		return "ZCARD"
	case "hash":
		return "HLEN"
	case "stream":
		return "XLEN"
	}
	return "OBJECT" // an error: then the size alone has to do
}

// How fast values are dumped, sent, restored and freed, at the careful end of
// what was measured on the servers of the test matrix: bytes for all, and for
// those that are made of a table also the time for each of its elements.
const (
	bytesPerSecond = 250 << 20
	perElement     = 1800 * time.Nanosecond
	// slowest is what a value moves at when nothing but its size is known: a set
	// or a hash of small elements.
	slowest = 30 << 20
)

// holds predicts how long a key holds the source.
func holds(kind string, elements, bytes int64) time.Duration {
	d := time.Duration(float64(bytes) / bytesPerSecond * float64(time.Second))
	switch kind {
	case "string", "list", "stream":
		return d
	case "set", "hash", "zset":
		return d + time.Duration(elements)*perElement
	}
	return holdsAtMost(bytes)
}

// holdsAtMost is holds for a key of which only the size is known.
func holdsAtMost(bytes int64) time.Duration {
	return time.Duration(float64(bytes) / slowest * float64(time.Second))
}

// nodeTimeoutOf reads a node's node timeout.
func (j *Job) nodeTimeoutOf(ctx context.Context, id cluster.NodeID) (time.Duration, bool) {
	v, ok := j.setting(ctx, id, "cluster-node-timeout")
	ms, err := strconv.Atoi(v)
	return time.Duration(ms) * time.Millisecond, ok && err == nil && ms > 0
}
