package views

import (
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
)

// saveScreen writes what is on the screen as plain text, through the function
// that the App was given: views do no writing of their own.
func saveScreen(a *App) tea.Cmd {
	if a.cfg.Save == nil {
		return say("there is nowhere to save to")
	}
	text := ansi.Strip(a.View().Content)
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	save := a.cfg.Save
	return func() tea.Msg {
		path, err := save(strings.Join(lines, "\n") + "\n")
		return savedScreen{path, err}
	}
}
