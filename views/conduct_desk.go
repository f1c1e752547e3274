package views

import (
	tea "charm.land/bubbletea/v2"
	"cmp"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/ui"
)

// conductDesk is what the screens share about runs of many steps: the plan that
// is open, and the run at work or the last one.
type conductDesk struct {
	source Conductor
	off    string // why nothing can be started; empty when it can
	zones  cluster.Zones
	busy   func() string // why nothing may begin now; empty when it may

	freight Freight // nil: nothing can be brought in or out

	form conductForm // the page of a plan; nil when none is open
	run  *conductRun // nil before the first
}

// conductForm is a plan before it runs.
type conductForm interface {
	// renew makes it anew on a picture.
	renew(s *cluster.Snapshot)
}

// conductRun is a run of this console's.
type conductRun struct {
	title string
	from  ConductRun
	state ConductState
	front bool   // its page is in front
	leave string // what leaving the console would mean for it; empty: as for steps
}

// conductMoved is what a run tells.
type conductMoved struct {
	run   *conductRun
	state ConductState
	ok    bool
}

func newConductDesk(cfg Config, busy func() string) *conductDesk {
	d := &conductDesk{source: cfg.Conductor, zones: cfg.Zones, busy: busy, freight: cfg.Freight}
	if d.source == nil {
		d.off = "this console was opened without the means to fail over"
	}
	if cfg.ReadOnly {
		d.off = readOnly
	}
	return d
}

// mostRenewed is the size of cluster up to which an open plan follows every
// picture; beyond it r makes it anew.
const mostRenewed = 200

// show takes a new picture in.
func (d *conductDesk) show(s *cluster.Snapshot) {
	if d != nil && d.form != nil && s != nil && len(s.Nodes) <= mostRenewed {
		d.form.renew(s)
	}
}

// running is the run at work; nil when none is.
func (d *conductDesk) running() *conductRun {
	if d == nil || d.run == nil || d.run.state.Done {
		return nil
	}
	return d.run
}

// start begins a run and opens its page.
func (d *conductDesk) start(title string, from ConductRun) tea.Cmd {
	return d.begin(&conductRun{title: title, from: from})
}

func (d *conductDesk) begin(r *conductRun) tea.Cmd {
	r.state.Left = -1
	d.form, d.run = nil, r
	return tea.Batch(d.page(), nextConduct(d.run))
}

func (d *conductDesk) page() tea.Cmd {
	run := d.run
	run.front = true
	return func() tea.Msg { return overlayWanted{&conductPage{run: run}} }
}

func nextConduct(r *conductRun) tea.Cmd {
	return func() tea.Msg {
		s, ok := <-r.from.States()
		return conductMoved{r, s, ok}
	}
}

// receive takes what runs tell.
func (d *conductDesk) receive(msg tea.Msg) tea.Cmd {
	if planned, ours := msg.(freightPlanned); ours {
		planned.form.take(planned)
		return nil
	}
	m, ours := msg.(conductMoved)
	if d == nil || !ours || !m.ok {
		return nil
	}
	wanted := m.run.state.Wanted
	m.run.state = m.state
	cmds := []tea.Cmd{nextConduct(m.run)}
	switch {
	case m.run.front:
	case m.state.Done && m.state.OK:
		cmds = append(cmds, say(m.run.title+": "+m.state.End))
	case m.state.Done:
		cmds = append(cmds, warn(m.run.title+": "+m.state.End))
	case m.state.Wanted != "" && m.state.Wanted != wanted:
		cmds = append(cmds, warn(m.state.Wanted))
	}
	return tea.Batch(cmds...)
}

// badge is the run in the header of every screen.
func (d *conductDesk) badge(t *ui.Theme) string {
	r := d.running()
	switch {
	case r == nil:
		return ""
	case r.state.Wanted != "":
		return t.WarnFill.Text(" WAITS FOR YOU ")
	case r.state.Left > 0:
		return t.Accent.Text(plural(r.state.Left, "step") + " left")
	}
	return t.Accent.Text("step by step")
}

// conductPage shows a run to its end. Leaving it does not end anything.
type conductPage struct {
	scroller
	run  *conductRun
	free bool // the operator has scrolled: the page follows no more
}

func (pg *conductPage) key(_ *App, k tea.KeyPressMsg) (tea.Cmd, bool) {
	switch k.String() {
	case "esc", "q", "enter", "ctrl+c":
		pg.run.front = false
		return nil, true
	case "s":
		if !pg.run.state.Done {
			pg.run.from.Stop()
			return say("it ends before the next step"), false
		}
	default:
		pg.free = pg.scroll(k.String()) || pg.free
	}
	return nil, false
}

func (pg *conductPage) paste(string) {}

func (pg *conductPage) draw(a *App, sc *Scene, _ []string) ([]string, string) {
	t, s := sc.Theme, pg.run.state
	left := ""
	if s.Left > 0 && !s.Done {
		left = plural(s.Left, "step") + " left "
	}
	lines := []string{t.Apart(" "+t.Accent.Text("STEP BY STEP")+"  "+t.Strong.Text(ui.Clean(pg.run.title)), t.Dim.Text(left), sc.W), ""}
	switch {
	case s.Done && s.OK:
		lines = append(lines, sentence(t, t.Good, t.Glyph.OK, s.End, sc.W)...)
	case s.Done:
		lines = append(lines, sentence(t, t.Bad, t.Glyph.Fail, s.End, sc.W)...)
	case s.Wanted != "":
		lines = append(lines, sentence(t, t.Warn, t.Glyph.Suspect, s.Wanted, sc.W)...)
	default:
		lines = append(lines, sentence(t, t.Note, t.Glyph.Lag, cmp.Or(s.Text, "beginning"), sc.W)...)
	}
	lines = append(lines, "")
	head, at := len(lines), 0
	for _, step := range s.Steps {
		if step.State != StepWaits {
			at = len(lines)
		}
		lines = append(lines, stepLines(t, step, sc.W)...)
	}
	for i := range lines {
		lines[i] = t.Cut(lines[i], sc.W)
	}
	// The sentence stays, the steps scroll: by themselves to the one at work.
	pg.measure(len(lines)-head, max(1, sc.H-head))
	if !pg.free {
		pg.to(at - head - pg.room/2)
	}
	body := append(lines[:head:head], lines[head+pg.top:]...)
	hints := []ui.Hint{{Key: "esc", Label: "leave, it goes on"}, {Key: "s", Label: "stop before the next step"}}
	if s.Done {
		hints = []ui.Hint{{Key: "esc", Label: "leave"}}
	}
	return ui.Fill(body, sc.H), t.Footer(hints, a.w)
}

// stepLines are a step and what became of it.
func stepLines(t *ui.Theme, s ConductStep, w int) []string {
	glyph, p, name := t.Glyph.Idle, t.Dim, t.Dim
	switch s.State {
	case StepRuns:
		glyph, p, name = t.Glyph.Lag, t.Note, t.Strong
	case StepDone:
		glyph, p, name = t.Glyph.OK, t.Good, ui.Paint{}
	case StepFailed:
		glyph, p, name = t.Glyph.Fail, t.Bad, t.Strong
	}
	lines := []string{" " + p.Text(glyph) + " " + name.Text(ui.Clean(s.Name))}
	if s.Note != "" {
		for _, l := range ui.Wrap(ui.Clean(s.Note), max(20, w-6)) {
			lines = append(lines, "     "+t.Dim.Text(l))
		}
	}
	return lines
}

// planned is what a proposal of the desk has in common.
func (d *conductDesk) planned(p *Proposal, title string, risk plan.Risk, why string, refused error) {
	p.Title, p.Risk, p.Why, p.Refused = title, risk, why, ""
	switch {
	case refused != nil:
		p.Refused = refused.Error()
	case d.off != "":
		p.Refused = d.off
	default:
		p.Refused = d.busy()
	}
}
