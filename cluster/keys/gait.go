package keys

import (
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"slotdeck/cluster/wire"
)

// DefaultHold is how long a round trip of a walk holds its server, unless the
// walk says otherwise: clients that come meanwhile wait that much longer.
const DefaultHold = 125 * time.Microsecond

const (
	firstBatch  = 50
	fewestBatch = 10
	mostBatch   = 1000

	// restAtLeast and restAtMost are how long a server is left alone after a
	// round trip, in times of what that took: it serves others for two thirds of
	// the time at least.
	restAtLeast = 2.0
	restAtMost  = 8.0
)

// gait is how a walk goes over one node: how many keys a round trip takes, and
// how long the node rests after it. It may be used by several goroutines.
type gait struct {
	hold time.Duration

	mu    sync.Mutex
	holds least // of a key, until the first answer: what others have to wait
	works least // of a key, until the last
	size  float64
	rest  float64
	owing time.Duration // rest that was not taken yet; below 0: that was taken in advance
	asked bool          // a round trip is under way
	calm  []time.Duration
	heard []heard       // the newest last
	limit time.Duration // what a PING may take
}

// heard is how a PING was answered.
type heard struct{ late, asked bool }

// least is the least of the last measurements, in seconds: that is the server's,
// and what others are longer is the scheduler's.
type least struct {
	now, before float64 // since marks, and of those before; 0: none
	count       int
}

func (l *least) add(cost float64) float64 {
	if l.now == 0 || cost < l.now {
		l.now = cost
	}
	out := l.now
	if l.before > 0 {
		out = min(out, l.before)
	}
	if l.count++; l.count%tripsKept == 0 {
		l.now, l.before = 0, l.now
	}
	return max(out, 1e-9)
}

// newGait begins with what PINGs take of a node that is left alone.
func newGait(hold time.Duration, calm []time.Duration) *gait {
	g := &gait{hold: hold, size: firstBatch, rest: restAtLeast}
	if g.hold <= 0 {
		g.hold = DefaultHold
	}
	if len(calm) > 0 {
		g.calm = slices.Sorted(slices.Values(calm))
		// Whoever is far away calls seldom: then a call has to bring more.
		g.hold = min(max(g.hold, g.way()/50), 4*g.hold)
		g.limit = 2*g.calm[len(g.calm)*9/10] + g.hold/2
	}
	return g
}

// way is the time to the node and back.
func (g *gait) way() time.Duration { return g.calm[len(g.calm)/2] }

// batch is the COUNT of the next SCAN.
func (g *gait) batch() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return int(g.size)
}

// goes notes that a round trip begins, and how long the node was left alone
// before it. A sleep that was longer than it should have been is rest, too, as
// long as it is no more than a few holds.
func (g *gait) goes(alone time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.asked = true
	g.owing = max(g.owing-alone, -mostAdvance*g.hold)
}

// went takes a round trip into account: the time until the first answer, and
// until all were read. It tells how long to leave the node alone.
func (g *gait) went(batch int, first, all time.Duration) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.asked = false
	if len(g.calm) > 0 {
		first -= min(g.calm[0], first/2)
		all -= min(g.calm[0], all/2)
	}
	keys := float64(max(1, batch))
	fit := g.hold.Seconds() / g.holds.add(first.Seconds()/keys)
	g.size = max(fewestBatch, min(fit, g.size*2, mostBatch))
	g.owing += time.Duration(g.rest * g.works.add(all.Seconds()/keys) * keys * float64(time.Second))
	return max(0, g.owing)
}

const (
	shortestRest = 200 * time.Microsecond // what a sleep is good for: shorter ones take as long
	mostAdvance  = 4                      // holds
)

const (
	tripsKept = 32 // after so many round trips what a key costs is found anew
	heardKept = 64
	lateMost  = 16 // one of so many PINGs may be late
)

// hear takes a PING's time into account: sent while the node was being asked, or
// while it was left alone. PINGs that are late alike in both are late for other
// reasons than the walk, and nothing is gained by going slower.
func (g *gait) hear(took time.Duration, asked bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.limit == 0 {
		return
	}
	g.heard = append(g.heard, heard{took > g.limit, asked})
	if len(g.heard) > heardKept {
		g.heard = g.heard[1:]
	}
	var all, late [2]float64
	for _, h := range g.heard {
		k := 0
		if h.asked {
			k = 1
		}
		all[k]++
		if h.late {
			late[k]++
		}
	}
	share := (late[0] + late[1]) / float64(len(g.heard))
	ours := late[1]/max(1, all[1]) > late[0]/max(1, all[0])+1.0/(2*lateMost)
	if len(g.heard) >= lateMost && share > 1.0/lateMost && ours {
		g.rest = min(g.rest*1.05, restAtMost)
	} else {
		g.rest = max(g.rest*0.98, restAtLeast)
	}
}

// asking reports whether a round trip is under way.
func (g *gait) asking() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.asked
}

// Turns lets nodes of one host be asked in turns, about half of them at a time:
// they share its processors, and so do the clients that they serve.
type Turns struct{ hosts map[string]chan struct{} }

// NewTurns prepares the turns of nodes that are walked at once.
func NewTurns(nodes []*wire.Node) *Turns {
	count := map[string]int{}
	for _, n := range nodes {
		count[hostOf(n)]++
	}
	t := &Turns{hosts: map[string]chan struct{}{}}
	for host, n := range count {
		t.hosts[host] = make(chan struct{}, (n+1)/2)
	}
	return t
}

func hostOf(n *wire.Node) string {
	if strings.HasPrefix(n.Addr(), "unix://") {
		return "unix"
	}
	host, _, _ := net.SplitHostPort(n.Addr())
	return host
}

// take waits for a node's turn; what it returns ends the turn. A turn lasts one
// round trip, which has a deadline.
func (t *Turns) take(n *wire.Node) (end func()) {
	if t == nil {
		return func() {}
	}
	turn := t.hosts[hostOf(n)]
	if turn == nil {
		return func() {}
	}
	turn <- struct{}{}
	return func() { <-turn }
}
