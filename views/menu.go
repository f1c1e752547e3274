package views

import (
	tea "charm.land/bubbletea/v2"
	"cmp"

	"slotdeck/ui"
)

// menu is "x": everything that can be done here, by name.
type menu struct{ at int }

func openMenu(a *App) tea.Cmd {
	a.overlay = &menu{}
	return nil
}

func (m *menu) key(a *App, k tea.KeyPressMsg) (tea.Cmd, bool) {
	hints := a.hints(a.scene())
	switch k.String() {
	case "esc", "x", "q", "ctrl+c":
		return nil, true
	case "up", "k":
		m.at = max(0, m.at-1)
	case "down", "j":
		m.at = min(m.at+1, len(hints)-1)
	case "enter":
		h := hints[min(m.at, len(hints)-1)]
		if h.Off != "" {
			return warn(h.Label + ": " + h.Off), false
		}
		a.overlay = nil
		cmd := a.pressed(pressOf(h.Press))
		return cmd, a.overlay == nil
	default:
		for _, h := range hints {
			if h.Press == k.String() {
				a.overlay = nil
				cmd := a.pressed(k)
				return cmd, a.overlay == nil
			}
		}
	}
	return nil, false
}

func (m *menu) paste(string) {}

func (m *menu) draw(a *App, sc *Scene, body []string) ([]string, string) {
	t := sc.Theme
	hints := a.hints(sc)
	const told = 2 // lines at the bottom: all that is said of the chosen one
	rows := min(len(hints), sc.H-2-told-1)
	top := max(0, min(m.at-rows+1, len(hints)-rows))
	inner := min(64, a.w-6)
	var lines []string
	for i := top; i < top+rows; i++ {
		h := hints[i]
		note := h.Help
		p := ui.Paint{}
		if h.Off != "" {
			note, p = h.Off, t.Dim
		}
		line := t.Accent.Text(t.Right(h.Key, 6)) + "  " + p.Text(t.Left(h.Label, 12)) + t.Dim.Text(t.Cut(note, inner-22))
		mark := "  "
		if i == m.at {
			mark = t.Accent.Text(t.Glyph.Cursor) + " "
		}
		lines = append(lines, mark+line)
	}
	chosen := hints[min(m.at, len(hints)-1)]
	lines = append(lines, t.Rule(inner, ""))
	lines = append(lines, ui.Fill(ui.Wrap(cmp.Or(chosen.Off, chosen.Help), inner), told)...)
	box := t.Box("on "+a.screen().Name(), lines, inner)
	return ui.Overlay(body, box, max(0, (a.w-inner-4)/2), max(0, (sc.H-len(box))/2), a.w), ""
}

// pressOf makes the key press that a table names.
func pressOf(name string) tea.KeyPressMsg {
	switch name {
	case "enter":
		return tea.KeyPressMsg{Code: tea.KeyEnter}
	case "tab":
		return tea.KeyPressMsg{Code: tea.KeyTab}
	case "esc":
		return tea.KeyPressMsg{Code: tea.KeyEscape}
	case "space":
		return tea.KeyPressMsg{Code: tea.KeySpace, Text: " "}
	case "left":
		return tea.KeyPressMsg{Code: tea.KeyLeft}
	case "right":
		return tea.KeyPressMsg{Code: tea.KeyRight}
	case "up":
		return tea.KeyPressMsg{Code: tea.KeyUp}
	case "down":
		return tea.KeyPressMsg{Code: tea.KeyDown}
	case "backspace":
		return tea.KeyPressMsg{Code: tea.KeyBackspace}
	case "delete":
		return tea.KeyPressMsg{Code: tea.KeyDelete}
	}
	if len(name) == 6 && name[:5] == "ctrl+" {
		return tea.KeyPressMsg{Code: rune(name[5]), Mod: tea.ModCtrl}
	}
	r := []rune(name)
	return tea.KeyPressMsg{Code: r[0], Text: name}
}
