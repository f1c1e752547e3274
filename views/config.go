package views

import (
	"time"

	"slotdeck/cluster"
	"slotdeck/ui"
)

// Control is what the screens may ask of the watch. No call blocks.
type Control interface {
	SetInterval(time.Duration)
	Pause(bool)
	Refresh()
}

// Config is what the App is made from.
type Config struct {
	Context string // the name in the header: a context's, or the seed's address
	Version string
	Seeds   []string
	Look    ui.Look

	// Updates brings snapshots, the newest replacing one not yet taken.
	Updates <-chan *cluster.Snapshot
	First   *cluster.Snapshot // known before the screen opened; may be nil
	Control Control

	Log   LogSource  // what was sent so far; may be nil
	Slots SlotReader // reads keys per slot; may be nil
	Mover Mover      // carries plans out; may be nil

	Failovers Failovers // carries failovers out and remembers them; may be nil

	// Write writes a text into a new file of that name and tells where; nil
	// when there is nowhere.
	Write func(name, text string) (path string, err error)

	// Save writes a screen as text and tells where; nil when there is nowhere.
	Save func(text string) (path string, err error)

	ReadOnly bool // show the badge: there are no verbs that change anything
	AskSync  bool // ask the terminal for synchronized output by hand
}
