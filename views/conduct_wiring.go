package views

import (
	tea "charm.land/bubbletea/v2"
	"cmp"

	"slotdeck/cluster"
	"slotdeck/ui"
)

// offerConduct gives the screens what they share about runs of many steps, and
// their keys. Where the nodes stand is shown to those who only look, too.
func (a *App) offerConduct() {
	desk := newConductDesk(a.cfg, func() string {
		switch f := a.screens[onOverview].(*Overview).failovers; {
		case a.jobs().running():
			return "a job moves slots; let it end, or stop it first"
		case a.members != nil && a.members.running() != nil:
			return "a change of the nodes is at work; let it end first"
		case f != nil && f.running() != nil:
			return "a failover is being watched; let it end first"
		}
		return ""
	})
	overview, nodes := a.screens[onOverview].(*Overview), a.screens[onNodes].(*Nodes)
	overview.conduct = desk
	offerConduct(&overview.verbs, desk)
	offerConduct(&nodes.verbs, desk)
}

func offerConduct[T any](v *moveVerbs[T], desk *conductDesk) {
	open := func(page func(*cluster.Snapshot) tea.Cmd) func(T) tea.Cmd {
		return func(T) tea.Cmd {
			if v.sc == nil {
				return nil
			}
			return page(v.sc.Snap)
		}
	}
	v.actions = append(v.actions, ui.Actions[T]{
		{Keys: []string{"H"}, Label: "hosts", Help: "What the loss of each host or zone would do, and the failovers that spread the primaries evenly.", Do: open(desk.openSpread), Hidden: true},
		{Keys: []string{"T"}, Label: "restarts", Help: "Plan a rolling restart: replicas first, then hand over, each step verified; you restart, it watches.", Do: open(desk.openRestart), Hidden: true},
	}...)
}

// conduct is what the App knows of runs of many steps.
func (a *App) conduct() *conductDesk { return a.screens[onOverview].(*Overview).conduct }

// conductQuit is what quitting asks while such a run is at work.
type conductQuit struct{}

func (conductQuit) key(_ *App, k tea.KeyPressMsg) (tea.Cmd, bool) {
	switch k.String() {
	case "y":
		return tea.Quit, true
	case "esc", "n", "q":
		return nil, true
	}
	return nil, false
}

func (conductQuit) paste(string) {}

func (conductQuit) draw(a *App, sc *Scene, body []string) ([]string, string) {
	t := sc.Theme
	inner := min(66, a.w-6)
	r := a.conduct().running()
	if r == nil {
		return body, ""
	}
	leave := cmp.Or(r.leave, "if you leave, no further step begins. What was done stays done, and the plan made anew does the rest.")
	lines := ui.Wrap(ui.Clean(r.title)+" is not at its end. It runs in this program: "+leave, inner)
	lines = append(lines, "", t.Accent.Text("y")+" leave", t.Accent.Text("esc")+" stay, it goes on")
	box := t.Box("step by step", lines, inner)
	return ui.Overlay(body, box, max(0, (a.w-inner-4)/2), max(0, (sc.H-len(box))/2), a.w), " " + t.Accent.Text("y") + " leave  " + t.Accent.Text("esc") + " stay"
}
