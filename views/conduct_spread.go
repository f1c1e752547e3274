package views

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/ui"
)

// spreadForm is the page about where the nodes stand: what the loss of each host
// or zone would do, and the failovers that even out the primaries.
type spreadForm struct {
	desk     *conductDesk
	plan     plan.SpreadPlan
	err      error
	proposal *Proposal
}

// openSpread opens the page; a run that is at work is shown instead.
func (d *conductDesk) openSpread(s *cluster.Snapshot) tea.Cmd {
	if d.running() != nil {
		return d.page()
	}
	if s == nil {
		return warn("no node has answered yet")
	}
	f := &spreadForm{desk: d}
	f.proposal = &Proposal{Body: f.draw, Run: f.run, Commands: f.commands}
	d.form = f
	f.renew(s)
	return Propose(f.proposal)
}

func (f *spreadForm) renew(s *cluster.Snapshot) {
	request := plan.SpreadRequest{Zones: f.desk.zones}
	if f.desk.source != nil {
		request.Failovers = f.desk.source.Failovers
	}
	f.plan, f.err = plan.PlanSpread(s, request)
	f.desk.planned(f.proposal, f.plan.Title, f.plan.Risk, f.plan.Why, f.err)
}

func (f *spreadForm) run() tea.Cmd {
	return f.desk.start(f.plan.Title, f.desk.source.StartSpread(f.plan, f.desk.zones))
}

func (f *spreadForm) commands() string { return strings.Join(f.plan.Commands(), "\n") + "\n" }

func (f *spreadForm) draw(t *ui.Theme, w int) []string {
	lines := lossTable(t, f.plan, w)
	if len(f.plan.Steps) > 0 && f.err == nil {
		lines = append(lines, "", t.Heading("failovers, one after the other", "", w))
		for i, s := range f.plan.Steps {
			lines = append(lines, t.Cut(fmt.Sprintf("   %d  %s %s  %s %s %s  %s", i+1, t.Strong.Text(s.Shard), t.Dim.Text(ui.Clean(s.Out)+" "+t.Glyph.Arrow+" "+ui.Clean(s.In)),
				s.From, t.Glyph.Arrow, t.Strong.Text(s.Addr), t.Dim.Text(t.Bytes(s.Behind.N)+" behind")), w))
		}
	}
	if len(f.plan.Cannot) > 0 {
		lines = append(lines, "", t.Heading("what failovers cannot do", "", w))
		for _, text := range f.plan.Cannot {
			lines = append(lines, wrapped(t, t.Note.Text(t.Glyph.Bullet), text, w)...)
		}
	}
	return append(append(lines, "", t.Heading("checks", "", w)), checkLines(t, f.plan.Checks, w)...)
}

// lossTable is a line for each zone: who stands there, and what its loss would
// do now; where a plan changes the number of primaries, both are shown.
func lossTable(t *ui.Theme, p plan.SpreadPlan, w int) []string {
	name := len(p.By)
	for _, z := range p.Zones {
		name = max(name, ui.Width(ui.Clean(z.Zone)))
	}
	name = min(name, max(12, w/4))
	lines := []string{t.Dim.Text(fmt.Sprintf("   %s  nodes  primaries  ", t.Left(p.By, name))) + t.Dim.Text("if it is lost")}
	for _, z := range p.Zones {
		n := fmt.Sprint(z.Before.Primaries)
		if z.Before.Primaries != z.After.Primaries {
			n += " " + t.Glyph.Arrow + " " + fmt.Sprint(z.After.Primaries)
		}
		glyph, paint := lossSign(t, z.Before)
		row := fmt.Sprintf(" %s %s  %s  %s  ", paint.Text(glyph), t.Left(ui.Clean(z.Zone), name), t.Right(fmt.Sprint(z.Before.Nodes), 5), t.Right(n, 9))
		indent := name + 23
		for i, l := range ui.Wrap(lossWords(z.Before), max(20, w-indent-1)) {
			if i > 0 {
				row = ui.Spaces(indent)
			}
			lines = append(lines, row+paint.Text(l))
		}
	}
	return lines
}

func lossSign(t *ui.Theme, l plan.Loss) (string, ui.Paint) {
	switch {
	case l.LostSlots > 0:
		return t.Glyph.Fail, t.Bad
	case l.Majority:
		return t.Glyph.Suspect, t.Warn
	case l.InterruptedSlots > 0:
		return t.Glyph.Lag, ui.Paint{}
	}
	return t.Glyph.OK, t.Good
}

// lossWords is what a loss does in few words.
func lossWords(l plan.Loss) string {
	var out []string
	if l.LostSlots > 0 {
		out = append(out, fmt.Sprintf("%d slots gone with their data (%s)", l.LostSlots, someLetters(l.Lost)))
	}
	if l.Majority {
		out = append(out, "majority lost")
	}
	if l.InterruptedSlots > 0 {
		until := "until a failover"
		if l.Majority {
			until = "until a takeover by hand"
		}
		out = append(out, fmt.Sprintf("%d slots interrupted %s (%s)", l.InterruptedSlots, until, someLetters(l.Interrupted)))
	}
	if len(l.Bare) > 0 {
		out = append(out, "no replica left for "+someLetters(l.Bare))
	}
	if len(out) == 0 {
		return "nothing is interrupted"
	}
	return strings.Join(out, ", ")
}

func someLetters(letters []string) string {
	if len(letters) > 8 {
		return strings.Join(letters[:8], " ") + fmt.Sprintf(" and %d more", len(letters)-8)
	}
	return strings.Join(letters, " ")
}
