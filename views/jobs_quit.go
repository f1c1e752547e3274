package views

import (
	"fmt"

	tea "charm.land/bubbletea/v2"

	"slotdeck/ui"
)

// quitDialog is what quitting asks while a job runs.
type quitDialog struct{}

func (quitDialog) key(a *App, k tea.KeyPressMsg) (tea.Cmd, bool) {
	jobs := a.jobs()
	switch k.String() {
	case "y", "s":
		if jobs.job == nil {
			return tea.Quit, true
		}
		jobs.leaving = true
		jobs.job.StopAtBoundary()
		return func() tea.Msg { return screenWanted{onJobs} }, true
	case "esc", "n", "q":
		jobs.leaving, a.next = false, ""
		return nil, true
	}
	return nil, false
}

func (quitDialog) paste(string) {}

func (quitDialog) draw(a *App, sc *Scene, body []string) ([]string, string) {
	t, jobs := sc.Theme, a.jobs()
	p := &jobs.at
	inner := min(66, a.w-6)
	text := fmt.Sprintf("%s is at %s: %d of %d slots have moved, %d are in hand.",
		p.Title, t.Percent(max(0, p.Share())), p.Slots.Done, p.Slots.Total, len(p.InFlight))
	var lines []string
	add := func(s string) {
		lines = append(lines, ui.Wrap(ui.Clean(s), inner)...)
	}
	add(text)
	lines = append(lines, "")
	add("The job runs in this program. If you leave, the slots in hand are finished first, so that nothing stays open; then it ends. What has moved stays where it is, and the rest stays, too.")
	if jobs.leaving {
		lines = append(lines, "")
		add("That is going on now.")
	}
	lines = append(lines, "", t.Accent.Text("y")+" stop at the slot boundary, then leave", t.Accent.Text("esc")+" stay, the job goes on")
	box := t.Box("a job is running", lines, inner)
	return ui.Overlay(body, box, max(0, (a.w-inner-4)/2), max(0, (sc.H-len(box))/2), a.w), " " + t.Accent.Text("y") + " stop and leave  " + t.Accent.Text("esc") + " stay"
}
