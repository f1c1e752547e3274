package watch

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/wire"
)

// Watch keeps looking at one cluster while Run runs. Its methods may be called
// from any goroutine, and none but Run blocks.
type Watch struct {
	config  Config
	updates chan *cluster.Snapshot
	latest  atomic.Pointer[cluster.Snapshot]
	started atomic.Bool
	poke    chan struct{} // the wishes changed

	mu     sync.Mutex
	wishes wishes
	nodes  map[cluster.NodeID]*wire.Node
}

// wishes are what the operator asked for and the hub has yet to do.
type wishes struct {
	interval time.Duration
	paused   bool
	refresh  bool
}

// New prepares a watch. Nothing is dialled before Run.
func New(config Config) *Watch {
	config = config.withDefaults()
	return &Watch{
		config:  config,
		updates: make(chan *cluster.Snapshot, 1),
		poke:    make(chan struct{}, 1),
		wishes:  wishes{interval: config.Interval},
		nodes:   map[cluster.NodeID]*wire.Node{},
	}
}

var errTwice = errors.New("a watch runs only once")

// Run watches until the context ends, and then returns nil: with every
// connection closed, every goroutine ended and the channel of updates closed.
// It can be called once.
func (w *Watch) Run(ctx context.Context) error {
	if w.started.Swap(true) {
		return errTwice
	}
	defer close(w.updates)
	h := newHub(w)
	defer h.end()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	h.run(ctx)
	return nil
}

// Updates brings snapshots. One that was not taken is replaced by the next. It
// is closed when Run ends.
func (w *Watch) Updates() <-chan *cluster.Snapshot { return w.updates }

// Latest is the newest snapshot, nil before the first.
func (w *Watch) Latest() *cluster.Snapshot { return w.latest.Load() }

// Node is the connection to a node, for use beside the watch. It is closed
// when the node goes or Run ends.
func (w *Watch) Node(id cluster.NodeID) (*wire.Node, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n, ok := w.nodes[id]
	return n, ok
}

// SetInterval changes the time between two polls, within MinInterval and MaxInterval.
func (w *Watch) SetInterval(d time.Duration) {
	w.wish(func(wish *wishes) { wish.interval = within(d) })
}

// Pause stops polling, or goes on with it.
func (w *Watch) Pause(paused bool) {
	w.wish(func(wish *wishes) { wish.paused = paused })
}

// Refresh polls every node now, also while paused.
func (w *Watch) Refresh() {
	w.wish(func(wish *wishes) { wish.refresh = true })
}

func (w *Watch) wish(change func(*wishes)) {
	w.mu.Lock()
	change(&w.wishes)
	w.mu.Unlock()
	select {
	case w.poke <- struct{}{}:
	default:
	}
}

// takeWishes hands the wishes over; a refresh is wished for once.
func (w *Watch) takeWishes() wishes {
	w.mu.Lock()
	defer w.mu.Unlock()
	taken := w.wishes
	w.wishes.refresh = false
	return taken
}

func (w *Watch) setNode(id cluster.NodeID, n *wire.Node) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if n == nil {
		delete(w.nodes, id)
		return
	}
	w.nodes[id] = n
}

// publish replaces the snapshot that waits in the channel. Only the hub sends.
func (w *Watch) publish(s *cluster.Snapshot) {
	w.latest.Store(s)
	select {
	case <-w.updates:
	default:
	}
	w.updates <- s
}
