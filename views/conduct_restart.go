package views

import (
	"fmt"
	"time"

	tea "charm.land/bubbletea/v2"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/ui"
)

// restartForm is the page of a rolling restart before it begins.
type restartForm struct {
	desk     *conductDesk
	since    time.Duration // nodes started within it are left out; 0: none
	snap     *cluster.Snapshot
	plan     plan.RestartPlan
	err      error
	proposal *Proposal
}

// restartSince are the steps of the field.
var restartSince = []time.Duration{0, 15 * time.Minute, time.Hour, 4 * time.Hour, 24 * time.Hour}

// openRestart opens the page; a run that is at work is shown instead.
func (d *conductDesk) openRestart(s *cluster.Snapshot) tea.Cmd {
	if d.running() != nil {
		return d.page()
	}
	if s == nil {
		return warn("no node has answered yet")
	}
	f := &restartForm{desk: d}
	f.proposal = &Proposal{Body: f.draw, Run: f.run, Keys: ui.Actions[*Proposal]{
		{Keys: []string{"u"}, Label: "leave out", Help: "Leave out nodes that were started lately: to go on where a restart ended.", Do: func(*Proposal) tea.Cmd {
			f.turn()
			return nil
		}},
	}}
	d.form = f
	f.renew(s)
	return Propose(f.proposal)
}

// turn takes the next step of the field.
func (f *restartForm) turn() {
	for i, d := range restartSince {
		if d == f.since {
			f.since = restartSince[(i+1)%len(restartSince)]
			break
		}
	}
	f.renew(f.snap)
}

func (f *restartForm) request() plan.RestartRequest {
	r := plan.RestartRequest{}
	if f.since > 0 {
		r.Since = f.snap.At.Add(-f.since)
	}
	if f.desk.source != nil {
		r.Failovers = f.desk.source.Failovers
	}
	return r
}

func (f *restartForm) renew(s *cluster.Snapshot) {
	f.snap = s
	f.plan, f.err = plan.PlanRestart(s, f.request())
	f.desk.planned(f.proposal, f.plan.Title, f.plan.Risk, f.plan.Why, f.err)
}

func (f *restartForm) run() tea.Cmd {
	return f.desk.start(f.plan.Title, f.desk.source.StartRolling(f.request()))
}

func (f *restartForm) draw(t *ui.Theme, w int) []string {
	since := "none"
	if f.since > 0 {
		since = "those started within " + t.Span(f.since)
	}
	lines := []string{
		" " + t.Dim.Text("left out  ") + since + t.Dim.Text("  u: other"), "",
	}
	lines = append(lines, wrapped(t, t.Note.Text(t.Glyph.Bullet),
		"You restart the nodes yourself, one by one, when you are told which. That it happened is seen by its run id; the next follows when it is in sync.", w)...)
	lines = append(lines, "", t.Heading("steps", "", w))
	for i, s := range f.plan.Steps {
		what := "restart    " + s.Addr + t.Dim.Text("  "+s.Run.String())
		if s.Act == plan.HandOver {
			what = "hand over  " + s.From + " " + t.Glyph.Arrow + " " + s.Addr
		}
		lines = append(lines, t.Cut(fmt.Sprintf("  %3d  %s %s", i+1, t.Left(s.Shard, 3), what), w))
	}
	for _, s := range f.plan.Skipped {
		lines = append(lines, t.Cut("   "+t.Dim.Text("–   "+t.Left(s.Shard, 3)+" left out   "+s.Addr+"  "+s.Run.String()), w))
	}
	return append(append(lines, "", t.Heading("checks", "", w)), checkLines(t, f.plan.Checks, w)...)
}
