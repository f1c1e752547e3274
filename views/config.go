package views

import (
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/doctor"
	"slotdeck/ui"
)

// Control is what the screens may ask of the watch. No call blocks.
type Control interface {
	SetInterval(time.Duration)
	Pause(bool)
	Refresh()
}

// Mutes keeps, for the cluster that is watched, which findings are muted. Both
// may take as long as a file does.
type Mutes interface {
	Load(s *cluster.Snapshot) []doctor.Mute
	Keep(s *cluster.Snapshot, list []doctor.Mute) error
}

// Config is what the App is made from.
type Config struct {
	Context string // the name in the header: a context's, or the seed's address
	Version string
	Seeds   []string
	Look    ui.Look
	Notice  string // is told at the start; empty: nothing
	Ground  bool   // Look.Light is the operator's word: the terminal is not asked

	// Updates brings snapshots, the newest replacing one not yet taken.
	Updates <-chan *cluster.Snapshot
	First   *cluster.Snapshot // known before the screen opened; may be nil
	Control Control

	Log   LogSource  // what was sent so far; may be nil
	Slots SlotReader // reads keys per slot; may be nil
	Mover Mover      // carries plans out; may be nil
	Keys  KeyDesk    // follows commands and reads keys; may be nil

	Members   Members   // lets nodes come and go; may be nil
	Failovers Failovers // carries failovers out and remembers them; may be nil

	Conductor Conductor     // carries out what takes many steps; may be nil
	Freight   Freight       // brings all data out, or in; may be nil
	Zones     cluster.Zones // where the nodes stand; without a map: hosts

	Thresholds map[string]float64 // of the doctor, that are not to be the table's own
	Mutes      Mutes              // what nobody wants to be told of for a while; may be nil

	// Propose suggests a rule from announced to reachable addresses when the nodes
	// cannot be reached where they say they are, and why; may be nil.
	Propose func(*cluster.Snapshot) (rule, why string, ok bool)

	// Write writes a text into a new file of that name and tells where; nil
	// when there is nowhere.
	Write func(name, text string) (path string, err error)

	// Save writes a screen as text and tells where; nil when there is nowhere.
	Save func(text string) (path string, err error)

	ReadOnly  bool     // show the badge: there are no verbs that change anything
	Protected bool     // every plan asks for the context's name to be typed
	Colour    string   // of the context's name in the header, see ui.Theme.Named; empty: as usual
	Contexts  []string // other clusters that can be switched to
	AskSync   bool     // ask the terminal for synchronized output by hand
}
