package run

import (
	"time"

	"slotdeck/cluster/plan"
	"slotdeck/cluster/wire"
)

// What holds when Options leaves it open.
const (
	DefaultMaxBlock = 10 * time.Millisecond
	DefaultMaxTries = 3
)

// Bounds of what Options may say.
const (
	MinMaxBlock = time.Millisecond
	MaxMaxBlock = 10 * time.Second
)

// Options say how a plan is carried out. The zero value is what a production
// operator would accept.
type Options struct {
	// Driver is the wanted way; plan.Auto takes the best that all nodes can do.
	Driver plan.Driver

	// MaxBlock bounds how long one call of the SETSLOT and MIGRATE driver may
	// hold the source; 0: DefaultMaxBlock. Calls take about a millisecond where
	// that is less, since larger ones are hardly faster. A single key can take
	// longer: that is what BigKeys is for. Such keys are found by weighing some
	// of each slot, and all from the moment on that one is large, a MIGRATE fails,
	// or a call exceeds MaxBlock; one huge key among small ones can be missed.
	MaxBlock time.Duration

	// Timeout is MIGRATE's: how long the target may be silent. 0: a quarter of
	// the node timeout, 2 s at most, because the source stands still meanwhile.
	Timeout time.Duration

	KeysPerCall   int // keys of one MIGRATE; 0: as many as MaxBlock allows
	KeysPerSecond int // 0: no limit

	// Replace lets the value of the slot's owner win over a different one on the
	// other side without a question. What is overwritten or removed is saved in
	// StateDir.
	Replace bool

	// Durable waits, before a slot changes hands, until as many replicas of the
	// target as are linked have received its keys. It costs one WAIT for each
	// batch of slots. Keys of a slot in hand depend on the target alone until
	// then: MIGRATE removes them from the source and waits for no replica.
	Durable bool

	BigKeys BigKeys

	// MaxTries is how often an atomic migration is tried before the older
	// driver is offered; 0: DefaultMaxTries.
	MaxTries int

	// User and Password are what the source gives the target in MIGRATE. When
	// both are empty the ones of the console's own connections are used.
	User     string
	Password wire.Secret

	// Unattended gives every question its Default answer at once.
	Unattended bool

	// StateDir is the folder of checkpoints and saved values. Empty:
	// $XDG_STATE_HOME/slotdeck, or ~/.local/state/slotdeck.
	StateDir string
}

// BigKeys is what becomes of a slot with a key that would hold the source
// longer than MaxBlock.
type BigKeys uint8

// The policies.
const (
	AskAboutBig      BigKeys = iota // a question, whose default is to leave the slot
	SkipSlot                        // the slot stays where it is
	MoveAnyway                      // the source stands still as long as it takes
	RaiseNodeTimeout                // the node timeout is raised for the while, so that no failover begins
)

func (o Options) withDefaults() Options {
	if o.MaxBlock <= 0 {
		o.MaxBlock = DefaultMaxBlock
	}
	o.MaxBlock = min(max(o.MaxBlock, MinMaxBlock), MaxMaxBlock)
	if o.MaxTries <= 0 {
		o.MaxTries = DefaultMaxTries
	}
	return o
}
