package views

import (
	"context"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/keyslot"
	"slotdeck/ui"
)

// memberDesk is what the screens share about who belongs to the cluster: the
// page that is open, and the changes that this console carries out.
type memberDesk struct {
	source Members
	off    string // why nothing can be changed; empty when it can
	seeds  []string
	zones  cluster.Zones
	moving func() string // why no change can begin beside the slots' jobs; empty when one can
	form   *memberForm
	runs   []*memberRun // oldest first

	drained drainFirst
	leaving bool // the console goes once the job has ended
}

// drainFirst is a removal that waits until a drain has freed its node.
type drainFirst struct {
	node  cluster.NodeID
	slots keyslot.Set
}

// memberRun is one change that this console began.
type memberRun struct {
	wish   plan.MemberWish
	plan   plan.MemberPlan
	job    MemberJob
	err    error // why it did not begin
	at     MemberProgress
	report *MemberReport
	front  bool // its page is in front
}

// over reports whether nothing more will come.
func (r *memberRun) over() bool { return r.err != nil || r.report != nil }

// watching reports whether all is done but to look whether a node comes back.
func (r *memberRun) watching() bool {
	return r.report == nil && r.at.Step < len(r.plan.Steps) && r.plan.Steps[r.at.Step].Act == plan.ActAbsent
}

func newMemberDesk(cfg Config, moving func() string) *memberDesk {
	d := &memberDesk{source: cfg.Members, seeds: cfg.Seeds, zones: cfg.Zones, moving: moving}
	switch {
	case cfg.ReadOnly:
		d.off = readOnly
	case d.source == nil:
		d.off = "this console was opened without the means to change who belongs to the cluster"
	}
	return d
}

// The messages of changes.
type (
	// memberWanted asks for the page of a change.
	memberWanted struct {
		kind  plan.MemberKind
		about cluster.NodeID // that was pointed at; may be empty
		text  string         // a server or a setting, as typed; may be empty
	}
	groundArrived struct {
		form   *memberForm
		of     string // what was asked for
		ground plan.MemberGround
		err    error
	}
	memberBegan struct {
		run *memberRun
		job MemberJob
		err error
	}
	memberProgressed struct {
		run *memberRun
		at  MemberProgress
	}
	memberDue   struct{ run *memberRun }
	memberEnded struct {
		run    *memberRun
		report MemberReport
	}
)

// How long may be read before a plan, and before its first command.
const (
	groundPatience  = 20 * time.Second
	memberStartWait = 30 * time.Second
)

// receive takes what was asked for, and what runs tell.
func (d *memberDesk) receive(msg tea.Msg, sc *Scene) tea.Cmd {
	switch msg := msg.(type) {
	case memberWanted:
		return d.open(msg, sc.Snap)
	case groundArrived:
		if msg.form == d.form {
			msg.form.take(msg)
		}
	case memberBegan:
		return d.began(msg)
	case memberProgressed:
		msg.run.at = msg.at
		run := msg.run
		return tea.Tick(jobBeat, func(time.Time) tea.Msg { return memberDue{run} })
	case memberDue:
		return nextMemberProgress(msg.run)
	case memberEnded:
		return d.ended(msg)
	case jobsEnded:
		return d.afterDrain(msg.report)
	}
	return nil
}

// busy is why no change can begin now.
func (d *memberDesk) busy() string {
	switch {
	case d.off != "":
		return d.off
	case d.moving() != "":
		return d.moving()
	}
	if r := d.running(); r != nil && !r.watching() {
		return "another change is at work: " + r.plan.Title
	}
	return ""
}

// running is the newest change that has not ended; nil when none is at work.
func (d *memberDesk) running() *memberRun {
	for _, r := range slices.Backward(d.runs) {
		if !r.over() {
			return r
		}
	}
	return nil
}

// last is the newest change; nil when there was none.
func (d *memberDesk) last() *memberRun {
	if len(d.runs) == 0 {
		return nil
	}
	return d.runs[len(d.runs)-1]
}

// open opens the page of a change.
func (d *memberDesk) open(msg memberWanted, s *cluster.Snapshot) tea.Cmd {
	if why := d.busy(); why != "" {
		return warn(ui.Clean(why))
	}
	if s == nil && msg.kind != plan.MemberCreate && msg.kind != plan.MemberReset && msg.kind != plan.MemberAddresses {
		return warn("no node has answered yet")
	}
	switch msg.kind {
	case plan.MemberRemove, plan.MemberForgotten, plan.MemberReplace, plan.MemberReplicate:
		if _, ok := s.Node(msg.about); !ok {
			return warn("select a node first (3 lists them), or name it: :remove ADDRESS")
		}
	}
	f := newMemberForm(d, msg, s)
	d.form = f
	return tea.Batch(Propose(f.p), f.read())
}

// start carries out what a form shows, and opens the page on which that is
// watched.
func (d *memberDesk) start(f *memberForm) tea.Cmd {
	run := &memberRun{wish: f.wish(), plan: f.plan}
	d.form = nil
	d.runs = append(d.runs, run)
	if extra := len(d.runs) - keptRuns; extra > 0 {
		d.runs = slices.Delete(d.runs, 0, extra)
	}
	source, snap := d.source, f.snap
	return tea.Batch(d.page(run), func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), memberStartWait)
		defer cancel()
		job, err := source.Start(ctx, run.wish, run.plan, snap)
		return memberBegan{run, job, err}
	})
}

// page opens the page of a run.
func (d *memberDesk) page(r *memberRun) tea.Cmd {
	r.front = true
	return func() tea.Msg { return overlayWanted{&memberPage{desk: d, run: r}} }
}

func (d *memberDesk) began(msg memberBegan) tea.Cmd {
	msg.run.job, msg.run.err = msg.job, msg.err
	if msg.err != nil {
		if d.leaving {
			return tea.Quit
		}
		return nil
	}
	if d.leaving {
		msg.job.Stop()
	}
	return nextMemberProgress(msg.run)
}

// nextMemberProgress waits for one progress of a run, or for its end. Exactly
// one such wait is in flight for each.
func nextMemberProgress(r *memberRun) tea.Cmd {
	job := r.job
	return func() tea.Msg {
		if at, ok := <-job.Updates(); ok {
			return memberProgressed{r, at}
		}
		return memberEnded{r, job.Report()}
	}
}

func (d *memberDesk) ended(msg memberEnded) tea.Cmd {
	r := msg.run
	r.report = &msg.report
	r.at.Steps, r.at.Step, r.at.Text = msg.report.Steps, len(msg.report.Steps), ""
	if d.leaving && d.running() == nil {
		return tea.Quit
	}
	fresh := func() tea.Msg { return refreshWanted{} }
	switch {
	case r.front:
		return fresh
	case msg.report.OK:
		return tea.Batch(fresh, say(ui.Clean(msg.report.Text)))
	}
	return tea.Batch(fresh, warn(ui.Clean(msg.report.Text)))
}

// afterDrain opens the removal that a drain was begun for.
func (d *memberDesk) afterDrain(r MoveReport) tea.Cmd {
	wanted := d.drained
	if wanted.node == "" || !wanted.slots.Minus(r.Moved).Empty() {
		return nil
	}
	d.drained = drainFirst{}
	return func() tea.Msg { return memberWanted{kind: plan.MemberRemove, about: wanted.node} }
}
