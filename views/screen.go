package views

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"slotdeck/cluster"
	"slotdeck/cluster/doctor"
	"slotdeck/ui"
)

// Screen is one of the numbered pages. It is asked for its body and given the
// keys that the App does not take itself.
type Screen interface {
	// Name is the word in the palette and the footer: "overview".
	Name() string
	// Key handles a key press. It reports whether the key meant something here.
	Key(key tea.KeyPressMsg, sc *Scene) (tea.Cmd, bool)
	// Show is told of every new snapshot while the screen lives, also when
	// another one is in front.
	Show(sc *Scene)
	// Body draws exactly sc.H lines of at most sc.W cells.
	Body(sc *Scene) []string
	// Hints are the actions of this screen as they stand now.
	Hints(sc *Scene) []ui.Hint
}

// Receiver is a screen that wants messages other than keys: answers to
// commands that it sent out itself. Messages not meant for it must be ignored.
type Receiver interface {
	Receive(msg tea.Msg, sc *Scene) tea.Cmd
}

// Opener is a screen that has something to ask when it comes to the front.
type Opener interface {
	Open(sc *Scene) tea.Cmd
}

// Typing is a screen that may hold a text field. While it does, every key but
// ctrl+c and esc goes to it first.
type Typing interface {
	Typing() bool
	// Paste hands over pasted text, exactly as it came.
	Paste(text string, sc *Scene) tea.Cmd
}

// Leaver is a screen with an inner state (an open pane, a mark) that esc
// closes before it leads anywhere else. It reports whether there was one.
type Leaver interface {
	Leave(sc *Scene) bool
}

// Chooser is a screen with a current row or cell. Selected is what y copies
// and what an action is about.
type Chooser interface {
	Selected(sc *Scene) Selection
}

// Selection names the thing under the cursor.
type Selection struct {
	Text string         // copied by y: an address, a slot, a key
	Node cluster.NodeID // when it is a node
}

// Scene is all that a screen may look at while it draws: no clock, no cluster
// but this snapshot.
type Scene struct {
	Snap *cluster.Snapshot // nil until the first one arrived
	// What is to be said of Snap, worked out once a snapshot.
	Verdict  doctor.Verdict
	Findings []doctor.Finding // but for those that are muted
	Muted    []doctor.Muted
	Now      time.Time
	W, H     int // of the body
	Theme    *ui.Theme
	Filter   Filter
	Issues   bool // only problems are wanted
	Frozen   bool // the operator holds the picture

	Zones  cluster.Zones  // where the nodes stand
	Flight []SlotInFlight // of this console's own job, newer than Snap
}

// Age is how old a time is now, as text; the sign for none when it never was.
func (sc *Scene) Age(at time.Time) string {
	if at.IsZero() {
		return sc.Theme.Glyph.None
	}
	return sc.Theme.Span(max(0, sc.Now.Sub(at)))
}

// Stale reports whether a reading is too old to be shown like a new one: more
// than three ticks.
func (sc *Scene) Stale(at time.Time) bool {
	if sc.Snap == nil {
		return false
	}
	return sc.Now.Sub(at) > 3*max(sc.Snap.Interval, time.Second)
}
