package watch

import (
	"context"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/wire"
)

// peer is a node as the hub knows it. Only the hub touches it.
type peer struct {
	node cluster.Node // its readings; the id is empty for a seed that has not told yet
	line *line        // nil when nobody knows where it lives

	failures   int       // failed attempts in a row
	retryAt    time.Time // not asked before, after a failure
	took       time.Duration
	wantView   bool      // its view may have changed
	wantKin    bool      // it is to say who shares a shard with whom
	hint       hint      // what its CLUSTER INFO said when its view was read
	settingsAt time.Time // when its settings were asked for
	impostor   error     // another node answers at its address

	checkups
}

// hint is what in CLUSTER INFO moves when a view changes.
type hint struct {
	state                                   string
	assigned, ok, pfail, fail, known, epoch uint64
	own                                     uint64
}

func hintOf(c *cluster.ClusterInfo) hint {
	return hint{c.State, uint64(c.SlotsAssigned), uint64(c.SlotsOK), uint64(c.SlotsPFail), uint64(c.SlotsFail),
		uint64(c.KnownNodes), c.CurrentEpoch, c.MyEpoch}
}

// prompt reports whether a round should wait for the peer's answer.
func (p *peer) prompt() bool { return p.failures == 0 }

// answering reports whether the newest attempt brought an answer.
func (p *peer) answering() bool { return p.node.Health == cluster.Answering }

// settingsRest is for how long the settings are not asked for again. A user who
// was refused them once will be again, until somebody changes the rights; every
// refusal stands in the server's ACL LOG, so there is one, until the operator asks
// for everything anew.
func (p *peer) settingsRest() time.Duration {
	if wire.KindOf(p.node.Config.Err) == wire.NoPermission {
		return never
	}
	return settingsEvery
}

// line is a connection and the goroutine that asks over it.
type line struct {
	peer    *peer
	wire    *wire.Node
	ask     chan question // capacity 1
	busy    bool          // a question is under way
	awaited bool          // the round waits for its answer
}

// run answers questions until there are no more.
func (l *line) run(ctx context.Context, clock Clock, views *viewCache, answers chan<- answer) {
	for q := range l.ask {
		a := poll(ctx, clock, l.wire, q, views)
		a.from = l
		select {
		case answers <- a:
		case <-ctx.Done():
			return
		}
	}
}

func (l *line) close() {
	close(l.ask)
	l.wire.Close()
}

// setHealth notes how the node fares.
func (p *peer) setHealth(h cluster.Health, err error, at time.Time) {
	if p.node.Health != h || p.node.Since.IsZero() {
		p.node.Health, p.node.Since = h, at
	}
	p.node.Err = err
}

// apply brings an answer into the readings. It reports whether there is a view
// that differs from the last.
func (p *peer) apply(a *answer) (changed bool) {
	p.setHealth(a.health, a.err, a.at)
	n := &p.node
	if a.heard() {
		n.LastSeen = a.at
	}
	if a.health == cluster.Answering {
		p.failures, p.took = 0, a.took
	} else {
		p.failures++
		p.retryAt = a.at.Add(min(maxBackoff, firstBackoff<<min(p.failures-1, 10)))
	}
	a.latency.into(&n.Latency, a.at)
	if !a.question.noInfo {
		a.info.into(&n.Info, a.at)
		if a.info.err == nil {
			n.Stats = a.stats
		}
	}
	if a.question.settings != nil {
		a.settings.into(&n.Config, a.at)
	}
	a.clusterInfo.into(&n.ClusterInfo, a.at)
	p.applyCheckup(a)
	return p.applyView(a)
}

func (p *peer) applyView(a *answer) (changed bool) {
	n := &p.node
	moved := a.clusterInfo.err == nil && hintOf(&a.clusterInfo.value) != p.hint
	switch {
	case a.question.view:
		old := n.View.Value
		a.view.into(&n.View, a.at)
		if a.view.err == nil && a.clusterInfo.err == nil {
			p.hint, p.wantView = hintOf(&a.clusterInfo.value), false
		}
		return a.view.err == nil && (old == nil || old.Topology() != n.View.Value.Topology())
	case a.health != cluster.Answering:
		n.View = n.View.Fail(a.err, a.at)
	case moved:
		p.wantView = true
	}
	return false
}
