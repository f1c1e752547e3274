package run

import (
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/keyslot"
)

// State is what a job is doing.
type State uint8

// The states.
const (
	Preparing   State = iota
	Moving            // slots move
	Paused            // between slots, until Resume
	Asking            // until Answer; see Progress.Question
	Settling          // waiting for a failover, or for nodes to agree
	Stopping          // the slots in hand are finished, then it ends
	RollingBack       // moved slots go back
	Verifying         // every node is asked
	Ended             // see Job.Wait
)

var states = [...]string{"preparing", "moving", "paused", "asking", "settling", "stopping", "rolling back", "verifying", "ended"}

// String is the state in a word or two.
func (s State) String() string {
	if int(s) < len(states) {
		return states[s]
	}
	return "unknown state"
}

// Step is how far one slot is.
type Step uint8

// The steps, in order.
const (
	Waiting    Step = iota
	Opening         // importing on the target, migrating on the source
	MovingKeys      // key by key, or by the servers themselves
	Counting        // does the source hold nothing any more?
	GivingAway      // ownership changes
	Moved
)

var steps = [...]string{"waiting", "opening", "moving keys", "counting", "giving away", "moved"}

// String is the step in a word or two.
func (s Step) String() string {
	if int(s) < len(steps) {
		return steps[s]
	}
	return "unknown step"
}

// Progress is a job at one moment. It is never changed once sent.
type Progress struct {
	Job   string // its id, 8 hexadecimal digits
	Title string
	State State

	Driver    plan.Driver
	DriverWhy string // a sentence

	// Bytes.Total is 0, and Bytes.Done -1, when it is not known.
	Slots, Keys, Bytes Amount

	KeysPerSecond  float64       // lately
	BytesPerSecond float64       // lately; 0 when not known
	ETA            time.Duration // -1 when not known

	Pairs    []Pair
	InFlight []SlotState // by slot
	Latency  []Latency   // of the nodes that take part, in the order of the plan

	BatchKeys int           // keys of one MIGRATE now; 0 for atomic drivers
	MaxBlock  time.Duration // of the moment
	Throttle  int           // keys a second, 0: none

	Message  string    // what goes on now, a sentence or empty
	Question *Question // while State is Asking

	Started time.Time
	Elapsed time.Duration
}

// Amount is how much of something is done. Total may be an estimate, and grows
// when more is met.
type Amount struct{ Done, Total int64 }

// Pair is the progress between two primaries.
type Pair struct {
	From, To    cluster.NodeID
	Slots, Keys Amount
	State       PairState
}

// PairState is how a pair fares.
type PairState uint8

// The states of pairs.
const (
	PairWaiting PairState = iota
	PairMoving
	PairDone
	PairStopped // some slots stay behind; the report says which
)

// String is the state in a word.
func (s PairState) String() string {
	return [...]string{"waiting", "moving", "done", "stopped"}[min(s, PairStopped)]
}

// SlotState is a slot in flight.
type SlotState struct {
	Slot     keyslot.Slot
	From, To cluster.NodeID
	KeysLeft int64 // on the source; -1 when not known
	Step     Step
}

// Latency is how a node answers meanwhile.
type Latency struct {
	Node  cluster.NodeID
	Last  time.Duration // the newest call that held it, with the way there and back
	Worst time.Duration // of the last 10 seconds
}
