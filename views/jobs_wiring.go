package views

import (
	tea "charm.land/bubbletea/v2"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
)

// newJobs makes the jobs screen of an App.
func newJobs(cfg Config) *Jobs {
	if cfg.ReadOnly {
		j := NewJobs(nil, readOnly)
		j.looks = true
		return j
	}
	return NewJobs(cfg.Mover, "")
}

const readOnly = "this console only looks (--readonly)"

// jobs is the App's jobs screen; header, title and quitting want to know.
func (a *App) jobs() *Jobs { return a.screens[onJobs].(*Jobs) }

// offerMoves gives the other screens their keys for moves; there are none in a
// console that only looks.
func (a *App) offerMoves() {
	if a.cfg.ReadOnly {
		return
	}
	off := a.jobs().off
	offerMoves(&a.screens[onSlots].(*Slots).verbs, off, aboutSlots)
	offerMoves(&a.screens[onNodes].(*Nodes).verbs, off, aboutNode[*Nodes])
	offerMoves(&a.screens[onOverview].(*Overview).verbs, off, aboutNode[*Overview])
}

// flight is the slots in flight, nil when nothing runs.
func (j *Jobs) flight() []SlotInFlight {
	if j.job == nil {
		return nil
	}
	return j.at.InFlight
}

// evenOut opens the page of a rebalance by what the primaries differ in.
func evenOut(a *App, by plan.Objective) tea.Cmd {
	return func() tea.Msg { return moveWanted{kind: moveRebalance, by: by} }
}

// wantMove is a command of the palette that opens the page of a move.
func wantMove(kind moveKind) func(*App, string) tea.Cmd {
	return func(a *App, arg string) tea.Cmd {
		var about cluster.NodeID
		sc := a.scene()
		if c, ok := a.screen().(Chooser); ok && sc.Snap != nil {
			about = c.Selected(sc).Node
		}
		if arg != "" && sc.Snap != nil {
			id, err := plan.FindNode(sc.Snap, arg)
			if err != nil {
				return warn(err.Error())
			}
			about = id
		}
		return func() tea.Msg { return moveWanted{kind: kind, about: about} }
	}
}
