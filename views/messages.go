package views

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"slotdeck/cluster"
)

// snapshotArrived is a new picture of the cluster; ok is false when the watch
// has ended and none will follow.
type snapshotArrived struct {
	snap *cluster.Snapshot
	ok   bool
}

// nextSnapshot waits for one snapshot. Exactly one such wait is in flight.
func nextSnapshot(from <-chan *cluster.Snapshot) tea.Cmd {
	if from == nil {
		return nil
	}
	return func() tea.Msg {
		s, ok := <-from
		return snapshotArrived{s, ok}
	}
}

// clockTicked tells the time while no snapshots do.
type clockTicked struct{ at time.Time }

func tickClock() tea.Cmd {
	return tea.Tick(time.Second, func(at time.Time) tea.Msg { return clockTicked{at} })
}

// toastShown puts a sentence where the eye is; toastEnded takes it away again
// unless a newer one has replaced it.
type (
	toastShown struct {
		text string
		bad  bool
	}
	toastEnded struct{ nr int }
)

// say makes a toast.
func say(text string) tea.Cmd {
	return func() tea.Msg { return toastShown{text: text} }
}

// warn makes a toast in the colour of trouble.
func warn(text string) tea.Cmd {
	return func() tea.Msg { return toastShown{text: text, bad: true} }
}

// savedScreen is the outcome of saving a screen as text.
type savedScreen struct {
	path string
	err  error
}
