package views

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"slotdeck/cluster/plan"
	"slotdeck/ui"
)

// memberPage watches a change, step by step, to its end and its report. Leaving
// it does not end anything.
type memberPage struct {
	scroller
	desk *memberDesk
	run  *memberRun
}

func (pg *memberPage) key(a *App, k tea.KeyPressMsg) (tea.Cmd, bool) {
	cmd, done := pg.pressed(a, k.String())
	pg.run.front = !done
	return cmd, done
}

func (pg *memberPage) pressed(a *App, key string) (tea.Cmd, bool) {
	switch key {
	case "esc", "q", "enter", "ctrl+c":
		return nil, true
	case "s":
		if pg.run.job != nil && !pg.run.over() {
			pg.run.job.Stop()
			return say("stopping after the command in hand; what is done stays"), false
		}
	case "r":
		if pg.again() {
			return pg.desk.retry(pg.run, a.scene()), true
		}
	case "b":
		if pg.offersRebalance() {
			return func() tea.Msg { return moveWanted{kind: moveRebalance} }, true
		}
	case "3":
		return goTo(onNodes)(a), true
	case "7":
		return goTo(onHealth)(a), true
	default:
		pg.scroll(key)
	}
	return nil, false
}

// again reports whether it makes sense to look at the plan once more.
func (pg *memberPage) again() bool {
	r := pg.run
	return r.err != nil || r.report != nil && !r.report.OK
}

// offersRebalance reports whether a new primary waits for its slots.
func (pg *memberPage) offersRebalance() bool {
	r := pg.run
	return r.report != nil && r.report.OK && r.wish.Kind == plan.MemberAdd && !r.wish.Replica
}

// retry opens the page of the same wish anew.
func (d *memberDesk) retry(r *memberRun, sc *Scene) tea.Cmd {
	if why := d.busy(); why != "" {
		return warn(ui.Clean(why))
	}
	msg := memberWanted{kind: r.wish.Kind, about: r.wish.Node}
	f := newMemberForm(d, msg, sc.Snap)
	f.fill(r.wish)
	d.form = f
	return tea.Batch(Propose(f.p), f.changed())
}

// fill puts the values of a wish into the fields.
func (f *memberForm) fill(w plan.MemberWish) {
	if len(w.Servers) > 0 {
		f.servers.value = strings.Join(w.Servers, " ")
	}
	if w.Setting != "" {
		f.setting.value, f.value.value = w.Setting, w.Value
	}
	f.replicas.value, f.p.asked = w.Replicas, nil
	if w.Replica {
		f.role.at = asReplica
	}
	if w.Hard {
		f.how.at = resetHard
	}
	if w.Kind == plan.MemberRepair {
		f.repair.fill(w.Repair)
	}
	for i, c := range f.under.shards {
		if c.id == w.Under {
			f.under.at = i
			if f.under.anyone != "" {
				f.under.at++
			}
		}
	}
}

func (pg *memberPage) paste(string) {}

func (pg *memberPage) draw(a *App, sc *Scene, _ []string) ([]string, string) {
	t, r := sc.Theme, pg.run
	title := " " + t.Accent.Text("CHANGE") + "  " + t.Strong.Text(ui.Clean(r.plan.Title))
	lines := []string{t.Apart(t.Cut(title, sc.W-12), t.Dim.Text(r.plan.Kind.String()+" "), sc.W), ""}
	lines = append(lines, pg.body(sc)...)
	for i := range lines {
		lines[i] = t.Cut(lines[i], sc.W)
	}
	return pg.window(lines, sc.H), t.Footer(pg.hints(), a.w)
}

func (pg *memberPage) hints() []ui.Hint {
	r := pg.run
	var hints []ui.Hint
	if !r.over() {
		hints = append(hints, ui.Hint{Key: "esc", Label: "leave, it goes on"})
		if r.job != nil {
			hints = append(hints, ui.Hint{Key: "s", Label: "stop"})
		}
		return append(hints, ui.Hint{Key: "3", Label: "nodes"})
	}
	if pg.again() {
		hints = append(hints, ui.Hint{Key: "r", Label: "plan again"})
	}
	if pg.offersRebalance() {
		hints = append(hints, ui.Hint{Key: "b", Label: "give it its share of slots"})
	}
	next := ui.Hint{Key: "3", Label: "nodes"}
	if k := r.plan.Kind; k == plan.MemberRepair || k == plan.MemberSet { // is the finding gone?
		next = ui.Hint{Key: "7", Label: "health"}
	}
	return append(hints, ui.Hint{Key: "esc", Label: "leave"}, next)
}

func (pg *memberPage) body(sc *Scene) []string {
	t, r := sc.Theme, pg.run
	switch {
	case r.err != nil:
		return sentence(t, t.Bad, t.Glyph.Fail, r.err.Error(), sc.W)
	case r.job == nil:
		return sentence(t, t.Note, t.Glyph.Lag, "reading every node concerned once more, before anything is sent", sc.W)
	}
	var lines []string
	for i, s := range pg.steps() {
		lines = append(lines, pg.step(sc, i, s)...)
	}
	lines = append(lines, "")
	if r.report == nil {
		return lines
	}
	return append(lines, memberEnding(sc, r)...)
}

// steps are the plan's, with what became of each.
func (pg *memberPage) steps() []MemberStep {
	if len(pg.run.at.Steps) == len(pg.run.plan.Steps) {
		return pg.run.at.Steps
	}
	out := make([]MemberStep, len(pg.run.plan.Steps))
	for i, s := range pg.run.plan.Steps {
		out[i].Title = s.Title
	}
	return out
}

func (pg *memberPage) step(sc *Scene, i int, s MemberStep) []string {
	t := sc.Theme
	glyph, paint, right := t.Glyph.Idle, t.Dim, ""
	switch s.State {
	case StepRuns:
		glyph, paint = t.Glyph.Lag, t.Note
	case StepDone:
		glyph, paint, right = t.Glyph.OK, t.Good, took(s)
	case StepFailed:
		glyph, paint, right = t.Glyph.Fail, t.Bad, took(s)
	}
	var lines []string
	for n, l := range ui.Wrap(fmt.Sprintf("%d  %s", i+1, ui.Clean(s.Title)), max(20, sc.W-16)) {
		switch {
		case n == 0:
			lines = append(lines, t.Apart(" "+paint.Text(glyph)+" "+l, t.Dim.Text(right)+" ", min(sc.W, 110)))
		default:
			lines = append(lines, "      "+l)
		}
	}
	if s.State == StepRuns && pg.run.at.Text != "" {
		for _, l := range ui.Wrap(ui.Clean(pg.run.at.Text), max(20, sc.W-8)) {
			lines = append(lines, "      "+t.Dim.Text(l))
		}
	}
	return lines
}

// memberEnding is the report.
func memberEnding(sc *Scene, r *memberRun) []string {
	t, p := sc.Theme, r.report
	paint, glyph := t.Good, t.Glyph.OK
	switch {
	case p.Interrupted:
		paint, glyph = t.Warn, t.Glyph.Suspect
	case !p.OK:
		paint, glyph = t.Bad, t.Glyph.Fail
	}
	lines := sentence(t, paint, glyph, p.Text, sc.W)
	if p.OK {
		lines = append(lines, "   "+t.Dim.Text(fmt.Sprintf("%.1f s in all", p.Took.Seconds())))
	}
	if len(p.Nodes) > 0 {
		lines = append(lines, "", t.Heading("every node by itself", "", sc.W))
		for _, n := range p.Nodes {
			mark := t.Good.Text(t.Glyph.OK)
			if !n.OK {
				mark = t.Bad.Text(t.Glyph.Fail)
			}
			lines = append(lines, wrapped(t, mark, n.Addr+"  "+n.Text, sc.W)...)
		}
	}
	if len(p.Matrix) > 0 {
		lines = append(lines, "", t.Heading("who does not reach whom", "", sc.W))
		for _, l := range p.Matrix {
			lines = append(lines, wrapped(t, t.Bad.Text(t.Glyph.Fail), l, sc.W)...)
		}
	}
	for _, n := range p.Notes {
		lines = append(lines, wrapped(t, t.Note.Text(t.Glyph.Bullet), n, sc.W)...)
	}
	if len(r.plan.Left) > 0 {
		lines = append(lines, "", t.Heading("left as it is", "", sc.W))
		for _, l := range r.plan.Left {
			lines = append(lines, wrapped(t, t.Warn.Text(t.Glyph.Suspect), l, sc.W)...)
		}
	}
	return lines
}
