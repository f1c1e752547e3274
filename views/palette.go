package views

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"slotdeck/ui"
)

// command is one entry of the palette. A command with an argument is typed as
// "name argument".
type command struct {
	name, alias string
	arg         string // what the argument is, empty for none
	help        string
	run         func(a *App, arg string) tea.Cmd
}

// palette is ":": type a part of what you want.
type palette struct {
	line lineInput
	at   int
}

func openPalette(a *App) tea.Cmd {
	a.overlay = &palette{line: newLineInput(":")}
	return nil
}

// matches are the commands that fit what was typed, the best first.
func (p *palette) matches() []command {
	word, _, _ := strings.Cut(strings.TrimLeft(p.line.text(), " "), " ")
	type scored struct {
		c command
		s int
	}
	var found []scored
	for _, c := range commands() {
		s := max(fuzzy(word, c.name), fuzzy(word, c.alias))
		if s > 0 {
			found = append(found, scored{c, s})
		}
	}
	out := make([]command, 0, len(found))
	for len(found) > 0 { // few entries: pick the best again and again, keeping the order of equals
		best := 0
		for i := range found {
			if found[i].s > found[best].s {
				best = i
			}
		}
		out = append(out, found[best].c)
		found = append(found[:best], found[best+1:]...)
	}
	return out
}

// fuzzy scores how well typed letters fit a name: all of it, its beginning, a
// part, or its letters in order; 0 when they do not.
func fuzzy(typed, name string) int {
	typed = strings.ToLower(typed)
	switch {
	case name == "":
		return 0
	case typed == "":
		return 1
	case typed == name:
		return 5
	case strings.HasPrefix(name, typed):
		return 4
	case strings.Contains(name, typed):
		return 3
	}
	rest := name
	for _, r := range typed {
		i := strings.IndexRune(rest, r)
		if i < 0 {
			return 0
		}
		rest = rest[i+1:]
	}
	return 2
}

func (p *palette) key(a *App, k tea.KeyPressMsg) (tea.Cmd, bool) {
	found := p.matches()
	switch k.String() {
	case "esc", "ctrl+c":
		return nil, true
	case "up", "ctrl+p", "shift+tab":
		p.at = max(0, p.at-1)
		return nil, false
	case "down", "ctrl+n":
		p.at = min(p.at+1, max(0, len(found)-1))
		return nil, false
	case "tab":
		if p.at < len(found) {
			p.line.field.SetValue(found[p.at].name + " ")
			p.line.field.CursorEnd()
			p.at = 0
		}
		return nil, false
	case "backspace":
		if p.line.text() == "" {
			return nil, true
		}
	case "enter":
		if p.at >= len(found) {
			return warn("no command fits \"" + ui.Clean(p.line.text()) + "\"; esc closes, ? lists the keys"), false
		}
		_, arg, _ := strings.Cut(strings.TrimSpace(p.line.text()), " ")
		c := found[p.at]
		if c.arg != "" && strings.TrimSpace(arg) == "" && !strings.HasPrefix(c.arg, "[") {
			p.line.field.SetValue(c.name + " ")
			p.line.field.CursorEnd()
			p.at = 0
			return say(c.name + " wants " + c.arg), false
		}
		a.overlay = nil
		return c.run(a, strings.TrimSpace(arg)), a.overlay == nil
	}
	p.line.key(k)
	p.at = 0
	return nil, false
}

func (p *palette) paste(text string) { p.line.paste(text) }

func (p *palette) draw(a *App, sc *Scene, body []string) ([]string, string) {
	t := sc.Theme
	found := p.matches()
	rows := min(len(found), max(1, sc.H-2), 10)
	top := max(0, p.at-rows+1)
	inner := min(72, a.w-6)
	var lines []string
	for i := top; i < top+rows && i < len(found); i++ {
		c := found[i]
		name := t.Left(c.name+" "+c.arg, 22)
		line := "  " + name + t.Dim.Text(t.Cut(c.help, inner-24))
		if i == p.at {
			line = t.Accent.Text(t.Glyph.Cursor+" "+name) + t.Cut(c.help, inner-24)
		}
		lines = append(lines, line)
	}
	if len(lines) == 0 {
		lines = []string{t.Dim.Text("  no command fits")}
	}
	box := t.Box("", lines, inner)
	return ui.Overlay(body, box, 1, sc.H-len(box), a.w), p.line.draw(t, a.w)
}
