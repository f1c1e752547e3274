package views

import (
	"cmp"
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"slotdeck/ui"
)

// failoverPage watches a failover, step by step, to its end. Leaving it does
// not end anything.
type failoverPage struct {
	scroller
	desk *failoverDesk
	run  *failoverRun
}

func (pg *failoverPage) key(a *App, k tea.KeyPressMsg) (tea.Cmd, bool) {
	cmd, done := pg.pressed(a, k.String())
	pg.run.front = !done
	return cmd, done
}

func (pg *failoverPage) pressed(a *App, key string) (tea.Cmd, bool) {
	switch key {
	case "esc", "q", "enter", "ctrl+c":
		return nil, true
	case "6":
		return goTo(onEvents)(a), true
	case "f":
		if pg.again() {
			return pg.desk.open(a.scene().Snap, pg.run.plan.Replica), true
		}
	default:
		pg.scroll(key)
	}
	return nil, false
}

// again reports whether it makes sense to look at the plan once more.
func (pg *failoverPage) again() bool {
	return pg.run.err != nil || pg.run.state.Done && !pg.run.state.OK
}

func (pg *failoverPage) paste(string) {}

func (pg *failoverPage) draw(a *App, sc *Scene, _ []string) ([]string, string) {
	t, r := sc.Theme, pg.run
	title := " " + t.Accent.Text("FAILOVER") + "  " + t.Strong.Text("shard "+r.plan.Shard) + "  " + ui.Clean(cmp.Or(r.plan.From, "nobody")) +
		" " + t.Glyph.Arrow + " " + t.Strong.Text(ui.Clean(r.plan.Addr))
	lines := []string{t.Apart(title, t.Dim.Text(wayNames[r.kind]+" "), sc.W), ""}
	lines = append(lines, pg.body(sc)...)
	for i := range lines {
		lines[i] = t.Cut(lines[i], sc.W)
	}
	hints := []ui.Hint{{Key: "esc", Label: "leave, it goes on"}}
	if r.err != nil || r.state.Done {
		hints[0].Label = "leave"
	}
	if pg.again() {
		hints = append(hints, ui.Hint{Key: "f", Label: "plan again"})
	}
	return pg.window(lines, sc.H), t.Footer(append(hints, ui.Hint{Key: "6", Label: "events"}), a.w)
}

func (pg *failoverPage) body(sc *Scene) []string {
	t, r := sc.Theme, pg.run
	switch {
	case r.err != nil:
		return sentence(t, t.Bad, t.Glyph.Fail, r.err.Error(), sc.W)
	case r.state.Sent.IsZero():
		return sentence(t, t.Note, t.Glyph.Lag, "reading the replica, its primary and all voters once more, before anything is sent", sc.W)
	}
	s := r.state
	lines := []string{" " + t.Dim.Text("sent") + "  " + t.Strong.Text(ui.Clean(s.Command)) + t.Dim.Text(" to ") + ui.Clean(s.To) +
		t.Dim.Text(" at "+s.Sent.In(sc.Now.Location()).Format("15:04:05.000")), ""}
	lines = append(lines, stageLines(t, stepRows(t, s), sc.W)...)
	return append(append(lines, ""), ending(sc, s)...)
}

// ending is what is waited for, or how it ended.
func ending(sc *Scene, s FailoverState) []string {
	t := sc.Theme
	if !s.Done {
		lines := sentence(t, t.Note, t.Glyph.Lag, s.Message, sc.W)
		state := fmt.Sprintf("   %.1f s since the command", s.Elapsed.Seconds())
		if s.Behind >= 0 {
			state += ", the replica is " + t.Bytes(s.Behind) + " behind"
		}
		return append(lines, t.Dim.Text(state))
	}
	p, glyph := t.Good, t.Glyph.OK
	if !s.OK {
		p, glyph = t.Bad, t.Glyph.Fail
	}
	lines := sentence(t, p, glyph, s.Text, sc.W)
	for _, why := range s.Why {
		lines = append(lines, bulleted(t, why, sc.W)...)
	}
	if len(s.Remains) > 0 {
		lines = append(lines, "", " "+t.Head.Text("NOW"))
		for _, what := range s.Remains {
			lines = append(lines, bulleted(t, what, sc.W)...)
		}
	}
	return lines
}

// sentence is a text that the eye should find, wrapped.
func sentence(t *ui.Theme, p ui.Paint, glyph, text string, w int) []string {
	var lines []string
	for i, l := range ui.Wrap(capital(ui.Clean(text)), max(20, w-4)) {
		if i == 0 {
			lines = append(lines, " "+p.Text(glyph)+" "+t.Strong.Text(l))
		} else {
			lines = append(lines, "   "+t.Strong.Text(l))
		}
	}
	return lines
}

func bulleted(t *ui.Theme, text string, w int) []string {
	var lines []string
	for i, l := range ui.Wrap(ui.Clean(text), max(20, w-7)) {
		mark := "  "
		if i == 0 {
			mark = t.Dim.Text(t.Glyph.Bullet) + " "
		}
		lines = append(lines, "   "+mark+l)
	}
	return lines
}

// capital begins a sentence as sentences begin.
func capital(text string) string {
	if text == "" || text[0] < 'a' || text[0] > 'z' {
		return text
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

// stepRows are the steps as lines: seen, being waited for, to come. Of those
// that never came only the first is told, for there it broke.
func stepRows(t *ui.Theme, s FailoverState) []stageRow {
	rows := make([]stageRow, 0, len(s.Steps))
	waited := false
	for _, step := range s.Steps {
		r := stageRow{glyph: t.Glyph.OK, paint: t.Good, name: step.Name, at: step.Took, note: step.Note}
		if !step.Seen {
			r.glyph, r.paint, r.at = t.Glyph.Idle, t.Dim, -1
			switch {
			case s.Done && (waited || s.OK):
				continue
			case s.Done:
				r.glyph, r.paint, r.note = t.Glyph.Fail, t.Bad, "not seen"
			case !waited:
				r.glyph = t.Glyph.Lag
			}
			waited = true
		}
		rows = append(rows, r)
	}
	return rows
}
