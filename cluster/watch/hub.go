package watch

import (
	"context"
	"fmt"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/spawn"
	"slotdeck/cluster/wire"
)

const (
	// gather is how long after the start of a round its picture is drawn even
	// though some nodes have not answered yet.
	gather = 120 * time.Millisecond
	// coalesce is how long late answers are collected before they are shown.
	coalesce = 50 * time.Millisecond

	firstBackoff = 100 * time.Millisecond
	// maxBackoff is short of a second, so that by default every round asks a
	// dead node again.
	maxBackoff = 900 * time.Millisecond

	// maxPeers bounds what a node can make the console connect to. Clusters are
	// not run beyond about a thousand nodes.
	maxPeers = 2000

	// maxAtAddress is how many nodes are looked for at one address: a node that
	// took the place of another has it in common with that one for a while.
	maxAtAddress = 4
)

// hub is the state of a running watch. One goroutine owns it: Run's.
type hub struct {
	watch  *Watch
	config Config
	clock  Clock

	seeds    []*seed
	byID     map[cluster.NodeID]*peer
	nameless map[*peer]struct{} // seeds that have not told their id
	crowd    map[string]int     // how many lines lead to an address
	answers  chan answer
	lines    spawn.Group
	views    *viewCache

	wishes    wishes
	nextRound time.Time
	drawAt    time.Time     // when the next picture is due; zero: none is
	awaited   int           // lines whose answers the round waits for
	allowance int           // how many views may still be asked for in this round
	slowest   time.Duration // what the slowest answering node took
	alarm     alarm

	kin       map[cluster.NodeID][]cluster.NodeID // of nodes that have no shard: who shares one with them
	kinSought map[cluster.NodeID]bool

	last    *cluster.Snapshot
	seq     uint64
	history history
}

// seed is one of the addresses given.
type seed struct {
	addr string
	id   cluster.NodeID
	peer *peer
	err  error
}

func newHub(w *Watch) *hub {
	h := &hub{
		watch:     w,
		config:    w.config,
		clock:     w.config.Clock,
		byID:      map[cluster.NodeID]*peer{},
		nameless:  map[*peer]struct{}{},
		crowd:     map[string]int{},
		answers:   make(chan answer, 64),
		views:     newViewCache(),
		kin:       map[cluster.NodeID][]cluster.NodeID{},
		kinSought: map[cluster.NodeID]bool{},
		wishes:    w.takeWishes(),
		history:   history{limit: w.config.History},
	}
	for _, addr := range w.config.Seeds {
		h.seeds = append(h.seeds, &seed{addr: addr})
	}
	return h
}

// end closes every connection and waits for the goroutines behind them.
func (h *hub) end() {
	h.eachPeer(h.disconnect)
	h.lines.Wait()
}

func (h *hub) run(ctx context.Context) {
	h.round(ctx, h.clock.Now())
	for {
		wake, release := h.clock.Wake(h.untilNext())
		select {
		case <-ctx.Done():
			release()
			return
		case a := <-h.answers:
			h.take(ctx, &a)
			h.drain(ctx)
		case <-h.watch.poke:
			h.fulfil(ctx)
		case <-wake:
		}
		release()
		now := h.clock.Now()
		h.beat(ctx, now)
		if !h.drawAt.IsZero() && !now.Before(h.drawAt) {
			h.draw(now)
		}
	}
}

// drain takes the answers that are there already, so that a thousand of them
// do not mean a thousand wakings.
func (h *hub) drain(ctx context.Context) {
	for range cap(h.answers) {
		select {
		case a := <-h.answers:
			h.take(ctx, &a)
		default:
			return
		}
	}
}

func (h *hub) untilNext() time.Duration {
	next := h.nextRound
	if !h.alarm.next.IsZero() && h.alarm.next.Before(next) {
		next = h.alarm.next
	}
	if h.wishes.paused {
		next = h.clock.Now().Add(MaxInterval)
	}
	if !h.drawAt.IsZero() && h.drawAt.Before(next) {
		next = h.drawAt
	}
	return max(0, next.Sub(h.clock.Now()))
}

// fulfil does what the operator wished for.
func (h *hub) fulfil(ctx context.Context) {
	was := h.wishes
	h.wishes = h.watch.takeWishes()
	now := h.clock.Now()
	if h.wishes.interval != was.interval {
		h.nextRound = now
	}
	if h.wishes.paused != was.paused {
		if h.wishes.paused {
			h.history.note(now, "polling paused")
		} else {
			h.history.note(now, "polling resumed")
			h.nextRound = now
		}
		h.drawSoon(now)
	}
	if h.wishes.refresh {
		h.wishes.refresh = false
		h.eachPeer(func(p *peer) { p.wantView, p.retryAt = true, time.Time{}; p.forgive() })
		h.round(ctx, now)
	}
}

// round asks every node that is not still busy with the last question.
func (h *hub) round(ctx context.Context, now time.Time) {
	h.nextRound = now.Add(h.wishes.interval)
	h.awaitNobody()
	h.measure()
	h.allowance = allowance(len(h.byID))
	h.reviveSeeds(ctx)
	h.follow(ctx)
	h.markDueViews()
	h.eachPeer(func(p *peer) {
		if !now.Before(p.retryAt) {
			h.ask(p, now)
		}
	})
	h.drawAt = now.Add(gather)
	if h.awaited == 0 {
		h.drawAt = now
	}
}

// awaitNobody leaves those behind that still owe an answer to an older round.
func (h *hub) awaitNobody() {
	h.awaited = 0
	h.eachPeer(func(p *peer) {
		if p.line != nil {
			p.line.awaited = false
		}
	})
}

// ask sends a question unless one is under way.
func (h *hub) ask(p *peer, now time.Time) {
	l := p.line
	if l == nil || l.busy {
		return
	}
	q := question{patience: h.patience(), kin: p.wantKin}
	if (p.wantView || !p.node.View.Known()) && h.allowance > 0 {
		h.allowance--
		q.view = true
	}
	if len(h.config.Settings) > 0 && p.answering() && now.Sub(p.settingsAt) >= p.settingsRest() {
		p.settingsAt = now
		q.settings = h.config.Settings
	}
	q.noInfo = wire.KindOf(p.node.Info.Err) == wire.NoPermission
	h.checkUp(p, &q, now)
	l.busy = true
	if p.prompt() {
		l.awaited = true
		h.awaited++
	}
	l.ask <- q // its one place is free: it is not busy
}

// patience is how long a node may take to answer: what the slowest took in
// this round and the last leaves room for bad moments, of the nodes, of the
// network, and of the machine that this runs on.
func (h *hub) patience() time.Duration {
	if h.slowest == 0 {
		return h.config.Options.CallTimeout
	}
	return min(patienceBase+20*h.slowest, h.config.Options.CallTimeout)
}

// measure finds the slowest of the answering nodes.
func (h *hub) measure() {
	h.slowest = 0
	for _, p := range h.byID {
		if p.answering() {
			h.slowest = max(h.slowest, p.took)
		}
	}
}

const (
	patienceBase  = 500 * time.Millisecond
	settingsEvery = time.Minute
	never         = 100 * 365 * 24 * time.Hour
)

// take brings an answer in.
func (h *hub) take(ctx context.Context, a *answer) {
	l := a.from
	p := l.peer
	l.busy = false
	if p.line != l {
		return // the connection was given up meanwhile
	}
	if l.awaited {
		l.awaited = false
		h.awaited--
	}
	first := h.last == nil || len(h.last.Nodes) == 0
	h.digest(ctx, p, a)
	if a.health == cluster.Answering {
		h.slowest = max(h.slowest, a.took)
	}
	now := h.clock.Now()
	if p.line != nil && p.wantView && !a.question.view && p.answering() && h.allowance > 0 {
		h.ask(p, now)
	}
	switch {
	case first && len(h.byID) > 0, h.awaited <= 0:
		h.drawAt = now
	default:
		h.drawSoon(now)
	}
}

// drawSoon has a picture drawn within a moment, if none is due anyway.
func (h *hub) drawSoon(now time.Time) {
	if h.drawAt.IsZero() {
		h.drawAt = now.Add(coalesce)
	}
}

func (h *hub) eachPeer(f func(*peer)) {
	for p := range h.nameless {
		f(p)
	}
	for _, p := range h.byID {
		f(p)
	}
}

// connect gives a peer a line to an address.
func (h *hub) connect(ctx context.Context, p *peer, addr string) {
	if p.node.ID != "" && h.crowd[addr] >= maxAtAddress {
		p.setHealth(cluster.NoAddress, fmt.Errorf("%d other nodes are said to live at %s, its address", h.crowd[addr], addr), h.clock.Now())
		return
	}
	h.crowd[addr]++
	l := &line{peer: p, wire: wire.Open(addr, h.config.Options), ask: make(chan question, 1)}
	p.line, p.node.Dialled = l, addr
	p.failures, p.retryAt, p.impostor = 0, time.Time{}, nil
	p.node.Stranger, p.node.Foreign = "", false
	h.lines.Go(func() { l.run(ctx, h.clock, h.views, h.answers) })
	if p.node.ID != "" {
		h.watch.setNode(p.node.ID, l.wire)
	}
	h.ask(p, h.clock.Now())
}

// disconnect takes a peer's line away.
func (h *hub) disconnect(p *peer) {
	l := p.line
	if l == nil {
		return
	}
	if l.awaited {
		l.awaited = false
		h.awaited--
	}
	if h.crowd[p.node.Dialled]--; h.crowd[p.node.Dialled] <= 0 {
		delete(h.crowd, p.node.Dialled)
	}
	p.line, p.node.Dialled = nil, ""
	if p.node.ID != "" {
		h.watch.setNode(p.node.ID, nil)
	}
	l.close()
}
