package views

import (
	"context"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/keyslot"
)

// Mover carries plans out, and finds what interrupted ones left behind. Its
// methods read or change servers: they are called off the screen's goroutine.
type Mover interface {
	// Facts reads what plans want to know beyond the snapshot: keys and bytes
	// of each slot, migrations that run, what every node is able to do. What
	// could not be read is missing in it; the error says why something is.
	Facts(ctx context.Context, s *cluster.Snapshot) (MoveFacts, error)
	// Survey looks at the slots of a plan, on both sides, as far as the driver
	// makes that worth it. Block is how long one call may hold a node.
	Survey(ctx context.Context, p plan.Plan, d plan.Driver, block time.Duration) (MoveSurvey, error)
	// Start begins a plan, after it was held against a fresh picture.
	Start(ctx context.Context, p plan.Plan, o MoveOptions) (MoveJob, error)
	// Leftovers are the open slots, with key counts from both sides, and the
	// migrations that run without this console.
	Leftovers(ctx context.Context, s *cluster.Snapshot) (Leftovers, error)
	// Recover settles open slots that Leftovers told of, in one way.
	Recover(ctx context.Context, slots keyslot.Set, way plan.Way, o MoveOptions) (MoveJob, error)
	// Cancel ends a migration of Leftovers.Running.
	Cancel(ctx context.Context, name string) error
	// SetBack sets back the node timeouts of Leftovers.Raised.
	SetBack(ctx context.Context) error
	// SavePlan keeps a plan in a file and tells where.
	SavePlan(p plan.Plan) (path string, err error)
}

// MoveFacts are plan.Facts and what every primary is able to do.
type MoveFacts struct {
	plan.Facts
	Abilities map[cluster.NodeID]plan.Ability
	Rates     map[plan.Driver]plan.Rate // how fast each way was seen to be
}

// MoveSurvey is what the slots of one plan hold.
type MoveSurvey struct {
	Stray   map[cluster.NodeID]plan.Stray // what receivers hold of them already
	Weights *plan.Weights                 // of their keys on their owners; nil when not weighed
}

// Leftovers are what interrupted moves left behind.
type Leftovers struct {
	Open    []plan.Recovery
	Keys    plan.KeyCounts // of the open slots, on both sides
	Running []ForeignMove
	Rest    []plan.MoveExactly // what the last plan from this machine has yet to move
	Given   plan.MoveBack      // what it has moved, the way back
	Plan    string             // that plan's title; empty when nothing is known
	Begun   time.Time
	Raised  []RaisedTimeout // node timeouts that a move raised and did not set back
}

// RaisedTimeout is the node timeout of one node.
type RaisedTimeout struct {
	Node cluster.NodeID
	Was  time.Duration // before it was raised
	Is   time.Duration // 0: the node does not tell
}

// ForeignMove is a migration that the servers run by themselves.
type ForeignMove struct {
	Name     string
	From, To cluster.NodeID // empty when not told
	Slots    keyslot.Set
	State    string // the server's word
}

// MoveOptions say how a plan is carried out.
type MoveOptions struct {
	Driver    plan.Driver
	MaxBlock  time.Duration // how long one call may hold a server
	Throttle  int           // keys a second; 0: no bound
	Durable   bool          // wait for the target's replicas before a slot changes hands
	BigKeys   BigKeyPolicy
	Replace   bool // the source's value wins without a question
	Pipeline  int  // keys of one call; 0: as many as MaxBlock allows
	Timeout   time.Duration
	Questions bool // somebody is there to answer; else every question gets its safe answer
}

// BigKeyPolicy is what becomes of a slot with a key that would hold its server
// longer than MaxBlock.
type BigKeyPolicy uint8

// The policies.
const (
	AskAboutBigKeys BigKeyPolicy = iota
	LeaveBigKeys
	MoveBigKeys
	RaiseTimeout
)

var bigKeyPolicies = [...]string{"ask", "leave their slots", "move anyway", "raise the node timeout"}

// MoveJob is a plan that is being carried out. No method blocks.
type MoveJob interface {
	// Updates brings progress, the newest replacing one not yet taken; it is
	// closed when the job has ended, and then Report is whole.
	Updates() <-chan MoveProgress
	Report() MoveReport
	Pause()
	Resume()
	Throttle(keysPerSecond int)
	SetMaxBlock(time.Duration)
	StopAtBoundary()
	RollBack()
	Answer(question int, choice string) error
}

// MoveState is what a job is doing.
type MoveState uint8

// The states.
const (
	JobPreparing MoveState = iota
	JobMoving
	JobPaused
	JobAsking
	JobSettling
	JobStopping
	JobRollingBack
	JobVerifying
	JobEnded
)

var moveStates = [...]string{"preparing", "moving", "paused", "asking", "settling", "stopping", "rolling back", "verifying", "ended"}

// String is the state in a word or two.
func (s MoveState) String() string { return moveStates[min(int(s), len(moveStates)-1)] }

// Tally is how much of something is done; Total is 0, and Done -1, when it is not
// known.
type Tally struct{ Done, Total int64 }

// share is 0 to 1, or -1 when there is nothing to measure by.
func (t Tally) share() float64 {
	if t.Total <= 0 {
		return -1
	}
	return min(1, float64(t.Done)/float64(t.Total))
}

// MoveProgress is a job at one moment.
type MoveProgress struct {
	Job, Title string
	State      MoveState
	Driver     plan.Driver
	DriverWhy  string // a sentence

	Slots, Keys, Bytes            Tally
	KeysPerSecond, BytesPerSecond float64       // lately; 0 when not known
	ETA                           time.Duration // -1 when not known

	Pairs    []MovePair
	InFlight []SlotInFlight // by slot
	Latency  []NodeLatency

	BatchKeys int // keys of one MIGRATE now; 0 when the servers move by themselves
	MaxBlock  time.Duration
	Throttle  int // keys a second; 0: no bound

	Message  string        // a sentence, or empty
	Question *MoveQuestion // while State is JobAsking
	Elapsed  time.Duration
}

// Share is how much of the job is done, 0 to 1 or -1 when not known, by keys and slots alike: by keys alone
// a move of empty slots would be done before it began.
func (p *MoveProgress) Share() float64 {
	done, total := p.Slots.Done+p.Keys.Done, p.Slots.Total+p.Keys.Total
	return Tally{done, total}.share()
}

// MovePair is the progress between two primaries.
type MovePair struct {
	From, To    cluster.NodeID
	Slots, Keys Tally
	State       string // a word: waiting, moving, done, stopped
}

// SlotInFlight is a slot between two owners.
type SlotInFlight struct {
	Slot     keyslot.Slot
	From, To cluster.NodeID
	KeysLeft int64  // -1 when not known
	Step     string // a word or two
}

// NodeLatency is how long a node is held by a call.
type NodeLatency struct {
	Node        cluster.NodeID
	Last, Worst time.Duration
}

// MoveQuestion is what a job cannot decide.
type MoveQuestion struct {
	ID      int
	Kind    string // "conflict", "big key" …
	Text    string
	Details []string
	Choices []MoveChoice
	Default string // the name of the safe choice
}

// MoveChoice is one answer.
type MoveChoice struct{ Name, Text string }

// MoveReport is how a job ended, as far as the nodes themselves tell.
type MoveReport struct {
	Job, Title string
	Outcome    string // "completed", "stopped" …
	OK         bool   // everything was done, and every node that answered agrees
	Err        error
	Driver     plan.Driver

	Moved, Left, Open, Skipped keyslot.Set
	Back                       keyslot.Set // with the owner they had, and closed there
	Keys, Bytes                int64       // Bytes is -1 when not known
	Took                       time.Duration
	Worst                      []NodeLatency

	Nodes     []NodeVerdict
	Saved     []string // files with values that were overwritten or removed
	Remains   []string // what is left to do
	Sentences []string
}

// NodeVerdict is what one node said of the slots at the end.
type NodeVerdict struct {
	Node   cluster.NodeID
	Addr   string
	Agrees bool
	Err    error
	Text   string
}
