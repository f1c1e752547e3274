package keys

import (
	"context"
	"sync"
	"time"

	"slotdeck/cluster/keyspace"
	"slotdeck/cluster/spawn"
	"slotdeck/cluster/wire"
)

// Survey adds up the keys of several nodes, all walked at once.
type Survey struct {
	Walk Walk
	Most int // how long the lists of the largest are
}

// Part is what is known of one node while a survey runs, and at its end.
type Part struct {
	Addr  string
	Met   int64
	Total int64 // DBSIZE at the beginning; Unknown while it was not told
	Done  bool
	Err   error
}

// Progress is where a survey stands.
type Progress struct {
	Parts []Part
	Tally *keyspace.Tally // of all nodes; a copy that nobody changes
	Took  time.Duration
}

// Met is how many keys were met so far, and of how many; Unknown when a node
// has not told.
func (p Progress) Met() (met, total int64) {
	for _, part := range p.Parts {
		met += part.Met
		if part.Total < 0 || total < 0 {
			total = Unknown
		} else {
			total += part.Total
		}
	}
	return met, total
}

// Running is a survey that was started.
type Running struct {
	began  time.Time
	cancel context.CancelFunc
	done   chan struct{}

	mu    sync.Mutex
	parts []Part
	tally []*keyspace.Tally
	took  time.Duration
}

// Start walks over the nodes, each with a goroutine of its own. The nodes stay
// the caller's; the context, or Stop, ends it.
func (s Survey) Start(ctx context.Context, nodes []*wire.Node) *Running {
	ctx, cancel := context.WithCancel(ctx)
	r := &Running{began: time.Now(), cancel: cancel, done: make(chan struct{}), parts: make([]Part, len(nodes)), tally: make([]*keyspace.Tally, len(nodes))}
	s.Walk.Turns = NewTurns(nodes)
	var all spawn.Group
	for i, n := range nodes {
		r.parts[i] = Part{Addr: n.Addr(), Total: Unknown}
		r.tally[i] = keyspace.NewTally(s.Most)
		all.Go(func() { r.walk(ctx, s.Walk, i, n) })
	}
	spawn.Go(func() { // ends with the walks
		all.Wait()
		cancel()
		r.mu.Lock()
		r.took = time.Since(r.began)
		r.mu.Unlock()
		close(r.done)
	})
	return r
}

func (r *Running) walk(ctx context.Context, w Walk, i int, n *wire.Node) {
	if v, err := n.Do(ctx, "DBSIZE"); err == nil {
		r.mu.Lock()
		r.parts[i].Total, _ = v.(int64)
		r.mu.Unlock()
	}
	err := w.Run(ctx, n, func(b Batch) bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		t := r.tally[i]
		for _, key := range b.Met {
			t.Meet(key)
		}
		for k := range b.Entries {
			t.Add(&b.Entries[k])
		}
		r.parts[i].Met = t.Keys
		return true
	})
	r.mu.Lock()
	defer r.mu.Unlock()
	r.parts[i].Done, r.parts[i].Err = err == nil, err
}

// Now is where it stands.
func (r *Running) Now() Progress {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := Progress{Parts: append([]Part(nil), r.parts...), Took: r.took}
	if p.Took == 0 {
		p.Took = time.Since(r.began)
	}
	p.Tally = keyspace.NewTally(0)
	if len(r.tally) > 0 {
		p.Tally = r.tally[0].Fresh()
	}
	for _, t := range r.tally {
		p.Tally.Merge(t)
	}
	return p
}

// Wait waits for the end, and tells what was found.
func (r *Running) Wait() Progress {
	<-r.done
	return r.Now()
}

// Done is closed at the end.
func (r *Running) Done() <-chan struct{} { return r.done }

// Stop ends it, and waits until nothing is sent any more.
func (r *Running) Stop() {
	r.cancel()
	<-r.done
}
