package views

import (
	tea "charm.land/bubbletea/v2"

	"slotdeck/ui"
)

// helpPage is "?": the keys of this screen and those that work everywhere,
// out of the same tables that carry them out.
type helpPage struct{ top int }

func openHelp(a *App) tea.Cmd {
	a.overlay = &helpPage{}
	return nil
}

func (p *helpPage) key(a *App, k tea.KeyPressMsg) (tea.Cmd, bool) {
	switch k.String() {
	case "down", "j":
		p.top++
	case "up", "k":
		p.top = max(0, p.top-1)
	case "pgdown", "ctrl+d", "space":
		p.top += 10
	case "pgup", "ctrl+u":
		p.top = max(0, p.top-10)
	case "g", "home":
		p.top = 0
	default:
		return nil, true
	}
	return nil, false
}

func (p *helpPage) paste(string) {}

func (p *helpPage) draw(a *App, sc *Scene, body []string) ([]string, string) {
	t := sc.Theme
	var lines []string
	section := func(title string, hints []ui.Hint) {
		lines = append(lines, t.Heading(title, "", a.w))
		for _, h := range hints {
			note, paint := h.Help, ui.Paint{}
			if h.Off != "" {
				note, paint = note+" Not now: "+h.Off, t.Dim
			}
			const left = 22
			text := ui.Wrap(note, max(20, min(a.w, 110)-left-2))
			lines = append(lines, "  "+t.Accent.Text(t.Right(h.Key, 6))+"  "+t.Left(h.Label, left-10)+paint.Text(text[0]))
			for _, more := range text[1:] {
				lines = append(lines, ui.Spaces(left)+paint.Text(more))
			}
		}
		lines = append(lines, "")
	}
	section("on "+a.screen().Name(), a.screen().Hints(sc))
	section("everywhere", a.keys.Hints(a))
	lines = append(lines, t.Heading("moving", "", a.w),
		"  "+t.Dim.Text("j k h l and the arrows, g and G to the ends, ^d and ^u half a page, pgup and pgdn a page"), "",
		t.Heading("signs", "", a.w), "  "+signs(t), "")
	p.top = min(p.top, max(0, len(lines)-sc.H))
	more := "any other key closes"
	if len(lines) > sc.H {
		more = "j k scroll, any other key closes"
	}
	for i := range lines {
		lines[i] = t.Cut(lines[i], a.w)
	}
	return ui.Fill(lines[p.top:], sc.H), " " + t.Dim.Text(more)
}

func signs(t *ui.Theme) string {
	g := t.Glyph
	return t.Good.Text(g.OK) + " ok   " + t.Warn.Text(g.Lag) + " behind   " + t.Warn.Text(g.Suspect) + " suspected   " +
		t.Bad.Text(g.Fail) + " failed   " + t.Bad.Text(g.Silent) + " does not answer   " + t.Dim.Text(g.None) + " not known"
}
