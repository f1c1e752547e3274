package views

import (
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/cluster/quorum"
	"slotdeck/cluster/recorder"
)

// failoverDesk is what the screens share about failovers: the page that is
// open, those that this console started, and the records of all.
type failoverDesk struct {
	source  Failovers
	off     string // why none can be started; empty when one can
	write   func(name, text string) (path string, err error)
	cockpit *failoverCockpit
	runs    []*failoverRun // oldest first
	records []recorder.Failover
}

// failoverRun is one failover that this console started.
type failoverRun struct {
	plan  plan.FailoverPlan
	kind  plan.FailoverKind
	state FailoverState
	begun bool  // the command was sent
	err   error // why it was not
	front bool  // its page is in front
	from  <-chan FailoverState
}

// keptRuns is how many runs are kept.
const keptRuns = 20

func newFailoverDesk(cfg Config) *failoverDesk {
	d := &failoverDesk{source: cfg.Failovers, write: cfg.Write}
	if d.source == nil {
		d.off = "this console was opened without the means to fail over"
	}
	return d
}

// The messages of failovers.
type (
	// failoverBegan is the answer to a start.
	failoverBegan struct {
		run  *failoverRun
		from <-chan FailoverState
		err  error
	}
	failoverMoved struct {
		run   *failoverRun
		state FailoverState
		ok    bool
	}
	// recordSaved is the outcome of an export.
	recordSaved struct {
		paths []string
		err   error
	}
)

// show takes a new picture in.
func (d *failoverDesk) show(s *cluster.Snapshot) {
	if d == nil {
		return
	}
	if d.source != nil {
		d.records = d.source.Records()
	}
	if d.cockpit != nil && s != nil {
		d.cockpit.renew(s)
	}
}

// receive takes what runs tell.
func (d *failoverDesk) receive(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case failoverBegan:
		msg.run.err, msg.run.from, msg.run.begun = msg.err, msg.from, msg.err == nil
		if msg.err == nil {
			return nextFailoverState(msg.run)
		}
	case failoverMoved:
		if !msg.ok {
			return nil
		}
		msg.run.state = msg.state
		if msg.state.Done {
			return tea.Batch(nextFailoverState(msg.run), d.announce(msg.run))
		}
		return nextFailoverState(msg.run)
	case recordSaved:
		return toldSaved(msg)
	}
	return nil
}

// announce says the end in a toast, for those who have left the page.
func (d *failoverDesk) announce(r *failoverRun) tea.Cmd {
	s := r.state
	if r.front {
		return nil
	}
	if s.OK {
		return say("failover of " + s.Shard + " verified: " + s.To + " is its primary")
	}
	return warn("failover of " + s.Shard + ": " + s.Text)
}

func nextFailoverState(r *failoverRun) tea.Cmd {
	from := r.from
	return func() tea.Msg {
		s, ok := <-from
		return failoverMoved{r, s, ok}
	}
}

// start begins a failover and opens the page on which it is watched.
func (d *failoverDesk) start(p plan.FailoverPlan, kind plan.FailoverKind) tea.Cmd {
	run := &failoverRun{plan: p, kind: kind}
	d.runs = append(d.runs, run)
	if extra := len(d.runs) - keptRuns; extra > 0 {
		d.runs = slices.Delete(d.runs, 0, extra)
	}
	source := d.source
	return tea.Batch(
		d.page(run),
		func() tea.Msg {
			from, err := source.Start(p, kind)
			return failoverBegan{run, from, err}
		},
	)
}

// page opens the page of a run.
func (d *failoverDesk) page(r *failoverRun) tea.Cmd {
	r.front = true
	return func() tea.Msg { return overlayWanted{&failoverPage{desk: d, run: r}} }
}

// running is the newest run that has not ended; nil when none runs.
func (d *failoverDesk) running() *failoverRun {
	for _, r := range slices.Backward(d.runs) {
		if r.err == nil && !r.state.Done {
			return r
		}
	}
	return nil
}

// runOf is the run that a record tells of; nil when it was none of ours.
func (d *failoverDesk) runOf(f *recorder.Failover) *failoverRun {
	const apart = 30 * time.Second
	promoted, ok := f.Stage(recorder.Promoted)
	for _, r := range slices.Backward(d.runs) {
		if ok && r.begun && r.plan.Replica == f.To.ID && promoted.At.Sub(r.state.Sent).Abs() < apart {
			return r
		}
	}
	return nil
}

// facts are what a plan for a shard needs: a run of our own makes it busy.
func (d *failoverDesk) facts(shard string) plan.FailoverFacts {
	facts := d.source.Facts(shard)
	if r := d.running(); r != nil && r.plan.Shard == shard {
		facts.Busy = "a failover"
	}
	return facts
}

// open opens the cockpit for a node: the replica itself, or the best replica
// of its shard. A run that is still being watched is shown instead.
func (d *failoverDesk) open(s *cluster.Snapshot, id cluster.NodeID) tea.Cmd {
	n, ok := s.Node(id)
	if !ok || n.Shard < 0 {
		return warn("select a shard or one of its nodes first")
	}
	sh := &s.Shards[n.Shard]
	if r := d.running(); r != nil && r.plan.Shard == sh.Letter {
		return d.page(r)
	}
	if len(sh.Replicas) == 0 {
		return warn("shard " + sh.Letter + " has no replica that could take over")
	}
	c := &failoverCockpit{desk: d, shard: sh.Letter}
	if slices.Contains(sh.Replicas, id) {
		c.replica = id
	} else if all := quorum.Candidates(s, sh); len(all) > 0 {
		c.replica = all[0].Node
	}
	d.cockpit = c
	c.proposal = &Proposal{Body: c.draw, Keys: cockpitActions(c), Run: c.run, Commands: c.commands}
	c.renew(s)
	return Propose(c.proposal)
}
