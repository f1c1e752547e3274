package plan

import (
	"time"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// Facts are what the caller knows beyond the snapshot. Nothing in it is needed:
// what is missing is said to be unknown, in a check or an estimate.
type Facts struct {
	Load Load
	Rate Rate

	JobsAsked bool  // all nodes were asked for atomic migrations
	Jobs      []Job // those that are not over

	// Stray counts, by node, the keys it holds in slots it does not own.
	Stray map[cluster.NodeID]Stray

	// Inside is how nodes speak to each other, as far as they tell.
	Inside map[cluster.NodeID]Inside

	// Weights are of the slots to come, for drivers that move key by key; nil
	// when nothing was weighed.
	Weights *Weights
}

// Load is what each slot carries. A nil Measure is not known at all.
type Load struct {
	Keys    *Measure // in all databases
	Bytes   *Measure // of memory
	Traffic *Measure // in any one unit, such as bytes in and out a second
}

// Measure is one number for each slot.
type Measure [keyslot.Count]Amount

// Rate is how fast slots were seen to move; zero values mean not known. Low is
// the slower of the two.
type Rate struct{ Low, High Pace }

// Pace is the speed of one move: the time is keys/Keys plus slots/Slots.
type Pace struct {
	Keys  float64 // a second
	Slots float64 // a second, when they are empty
}

// Job is an atomic migration that somebody runs.
type Job struct {
	Name     string // the server's name of the job
	From, To cluster.NodeID
	Slots    keyslot.Set
}

// Stray is what a node holds in slots that it does not own. Such keys are what
// an interrupted move leaves: Valkey 9 crashes when they meet an atomic import,
// Redis 8.4 and newer drop them without a word.
type Stray struct {
	Counted keyslot.Set // the slots that were counted, in every database
	In      keyslot.Set // those of them that hold keys
	Keys    int64
}

// Estimate is how long a plan will take; both are 0 when that is not known.
type Estimate struct {
	Low  time.Duration `json:"low_ns"` // the shortest
	High time.Duration `json:"high_ns"`
}

// Known reports whether there is an estimate.
func (e Estimate) Known() bool { return e.High > 0 }

// estimate needs a rate and a number of keys; a missing one leaves it unknown.
func estimate(r Rate, slots int, keys Amount) Estimate {
	if keys.How == NotKnown {
		return Estimate{}
	}
	slow, ok := r.Low.takes(slots, keys.N)
	fast, okFast := r.High.takes(slots, keys.N)
	if !ok || !okFast {
		return Estimate{}
	}
	return Estimate{Low: min(fast, slow), High: max(fast, slow)}
}

func (p Pace) takes(slots int, keys int64) (time.Duration, bool) {
	if !(p.Keys > 0) || !(p.Slots > 0) {
		return 0, false
	}
	seconds := float64(keys)/p.Keys + float64(slots)/p.Slots
	const longest = float64(1 << 62)
	return time.Duration(min(seconds*float64(time.Second), longest)), true
}
