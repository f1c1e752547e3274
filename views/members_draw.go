package views

import (
	"fmt"
	"strings"

	"slotdeck/cluster/plan"
	"slotdeck/ui"
)

// body draws a change on its page: what can be changed, what there will be, what
// was checked, every step with its commands.
func (f *memberForm) body(t *ui.Theme, w int) []string {
	lines := append(fieldLines(t, w, f.fields, f.at, len(f.fields)), "")
	if f.asking != "" {
		lines = append(lines, wrapped(t, t.Note.Text(t.Glyph.Lag), f.readingText(), w)...)
	}
	if !f.ready() {
		return append(append(lines, refusalLines(t, f.refused, w)...), f.wayOut(t, w)...)
	}
	what := func(w int) []string {
		lines := f.pictureLines(t, w)
		if len(f.plan.Checks)+len(f.plan.Notes) > 0 {
			lines = append(append(lines, t.Heading("checks", "", w)), checkLines(t, f.plan.Checks, w)...)
		}
		for _, n := range f.plan.Notes {
			lines = append(lines, wrapped(t, t.Note.Text(t.Glyph.Bullet), n, w)...)
		}
		return lines
	}
	if w >= 140 {
		half := w / 2
		return append(lines, t.Beside(what(half-2), f.stepLines(t, w-half), half, 0)...)
	}
	lines = append(lines, what(w)...)
	if lines[len(lines)-1] != "" {
		lines = append(lines, "")
	}
	return append(lines, f.stepLines(t, w)...)
}

// readingText is what is being read.
func (f *memberForm) readingText() string {
	w := f.wish()
	switch n := len(w.Servers); {
	case n == 1:
		return "reading " + w.Servers[0] + ", and the cluster"
	case n > 1:
		return fmt.Sprintf("reading %d servers: version, keys, slots, whom they know, passwords", n)
	}
	return "reading every node of the cluster"
}

// wayOut is what helps when the node owns slots.
func (f *memberForm) wayOut(t *ui.Theme, w int) []string {
	set := f.toDrain()
	if set.Empty() {
		return nil
	}
	text := "D plans the way of its " + plural(set.Len(), "slot") + " to the other primaries; when that is done, this page comes back with the removal."
	return append([]string{""}, wrapped(t, t.Accent.Text(t.Glyph.Arrow), text, w)...)
}

// pictureLines are what there will be.
func (f *memberForm) pictureLines(t *ui.Theme, w int) []string {
	if len(f.plan.Picture) == 0 {
		return nil
	}
	lines := []string{t.Heading("there will be", "", w)}
	for _, l := range f.plan.Picture {
		lines = append(lines, wrapped(t, t.Accent.Text(t.Glyph.Bullet), l, w)...)
	}
	return append(lines, "")
}

// stepLines are the steps, each with what it sends.
func (f *memberForm) stepLines(t *ui.Theme, w int) []string {
	lines := []string{t.Heading("steps", t.Dim.Text("what each sends "), w)}
	for i, s := range f.plan.Steps {
		lines = append(lines, wrapped(t, t.Strong.Text(fmt.Sprint(i+1)), s.Title, w)...)
		for _, l := range planCommands(t, shortened(s.Commands), w-4) {
			lines = append(lines, "    "+l)
		}
	}
	return lines
}

// shortened leaves commands out of the middle of a long list: whoever wants all
// of them copies the plan.
func shortened(commands []plan.Command) []plan.Command {
	const most = 12
	if len(commands) <= most {
		return commands
	}
	out := append([]plan.Command(nil), commands[:most-2]...)
	out = append(out, plan.Command{Args: []string{"…"}, Note: fmt.Sprintf("%d more; c copies all", len(commands)-most+1)})
	return append(out, commands[len(commands)-1])
}

// memberBadge is the change at work in the header of every screen.
func (d *memberDesk) badge(t *ui.Theme) string {
	r := d.running()
	switch {
	case r == nil:
		return ""
	case r.job == nil:
		return t.Note.Text(r.plan.Kind.String())
	case r.watching():
		return t.Dim.Text("watching")
	}
	return t.Accent.Text(fmt.Sprintf("%s %d/%d", r.plan.Kind, min(r.at.Step+1, len(r.plan.Steps)), len(r.plan.Steps)))
}

// line is a change on the jobs screen: what it was, and how it stands.
func (r *memberRun) line(t *ui.Theme) (glyph, text string) {
	title := ui.Clean(r.plan.Title)
	switch {
	case r.err != nil:
		return t.Bad.Text(t.Glyph.Fail), title + ": not begun"
	case r.report == nil && r.watching():
		return t.Note.Text(t.Glyph.Lag), title + ": done, and watched"
	case r.report == nil:
		return t.Note.Text(t.Glyph.Lag), fmt.Sprintf("%s: step %d of %d", title, min(r.at.Step+1, len(r.plan.Steps)), len(r.plan.Steps))
	case r.report.OK:
		return t.Good.Text(t.Glyph.OK), title
	case r.report.Interrupted:
		return t.Warn.Text(t.Glyph.Suspect), title + ": interrupted"
	}
	return t.Bad.Text(t.Glyph.Fail), title + ": failed"
}

// homeLines are the changes on the jobs screen: what can be started there, and
// how the last ones went.
func (d *memberDesk) homeLines(t *ui.Theme, w int) []string {
	if d.source == nil || d.off != "" {
		return nil
	}
	starters := [][3]string{
		{"3 a", "add a node", "a primary, or a replica where it is needed most"},
		{"3 R", "remove a node", "alive or dead; a primary with slots is drained first"},
		{"3 p", "re-parent", "a replica follows another primary"},
		{":", "more", "replace, reset, create, set on all nodes; backup, import"},
	}
	var lines []string
	for _, s := range starters {
		lines = append(lines, "   "+t.Accent.Text(t.Left(s[0], 6))+t.Left(s[1], 15)+t.Dim.Text(s[2]))
	}
	if len(d.runs) == 0 {
		return lines
	}
	lines = append(lines, "", t.Heading("nodes that came and went", t.Dim.Text("w opens the last "), w))
	for i := len(d.runs) - 1; i >= max(0, len(d.runs)-3); i-- {
		glyph, text := d.runs[i].line(t)
		lines = append(lines, "   "+glyph+" "+t.Cut(text, w-6))
	}
	return lines
}

// took is how long a step took, for its line.
func took(s MemberStep) string {
	return strings.TrimSpace(fmt.Sprintf("%.1f s", s.Took.Seconds()))
}
