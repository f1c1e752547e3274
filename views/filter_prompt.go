package views

import (
	tea "charm.land/bubbletea/v2"

	"slotdeck/ui"
)

// filterPrompt is "/": the rows narrow while one types.
type filterPrompt struct {
	line   lineInput
	before Filter
	wrong  string
}

func openFilter(a *App) tea.Cmd {
	p := &filterPrompt{line: newLineInput("/"), before: a.filter}
	p.line.field.SetValue(a.filter.String())
	p.line.field.CursorEnd()
	a.overlay = p
	return nil
}

func (p *filterPrompt) key(a *App, k tea.KeyPressMsg) (tea.Cmd, bool) {
	switch k.String() {
	case "esc", "ctrl+c":
		a.filter = p.before
		a.screen().Show(a.scene())
		return nil, true
	case "enter":
		return nil, p.wrong == ""
	}
	p.line.key(k)
	p.apply(a)
	return nil, false
}

func (p *filterPrompt) apply(a *App) {
	f, err := NewFilter(p.line.text())
	if err != nil {
		p.wrong = "not a regular expression yet: " + ui.Clean(err.Error())
		return
	}
	p.wrong = ""
	a.filter = f
	a.screen().Show(a.scene())
}

func (p *filterPrompt) paste(text string) { p.line.paste(text) }

func (p *filterPrompt) draw(a *App, sc *Scene, body []string) ([]string, string) {
	t := sc.Theme
	hint := t.Dim.Text("regular expression, ! inverts  enter keep  esc undo")
	if p.wrong != "" {
		hint = t.Bad.Text(t.Cut(p.wrong, a.w/2))
	}
	return body, t.Apart(p.line.draw(t, a.w/2), hint, a.w)
}
