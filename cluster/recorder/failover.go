package recorder

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"slotdeck/cluster"
)

// StageKind is a moment of a failover.
type StageKind uint8

// The stages, in the order in which they mostly come.
const (
	LastAnswer StageKind = iota // the primary's last answer to the console
	Suspected                   // the first node suspects it
	FailAgreed                  // a majority holds it for failed
	Election                    // a replica raised the epoch
	Promoted                    // a replica is primary
	Served                      // the new primary answers and takes commands
	Agreed                      // every node that answers shows the new primary
	OldBack                     // the old primary is its linked replica
)

var stageWords = [...]string{
	"last answer", "suspected", "fail agreed", "election", "new primary", "slots served", "everyone agrees", "old primary back as replica",
}

// String is the stage in a few words.
func (k StageKind) String() string { return word(stageWords[:], int(k)) }

// MarshalText writes the words.
func (k StageKind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// Stage is a moment that was seen.
type Stage struct {
	Kind StageKind `json:"stage"`
	At   time.Time `json:"at"`
	Note string    `json:"note,omitempty"` // who, or how many; clean
}

// Cause is what brought a failover about.
type Cause uint8

// The causes.
const (
	Unclear   Cause = iota // the primary was silent, and its failure was not seen to be agreed
	Automatic              // the cluster agreed that the primary failed
	Manual                 // ordered, while the primary lived or by this console
)

var causeWords = [...]string{"unclear", "automatic", "manual"}

// String is unclear, automatic or manual.
func (c Cause) String() string { return word(causeWords[:], int(c)) }

// MarshalText writes the word.
func (c Cause) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// Outcome is how far a failover came.
type Outcome uint8

// The outcomes.
const (
	Running    Outcome = iota // a primary is in trouble, or the change is not known to all yet
	Taken                     // a replica took over, and all agree; the old primary is not back yet
	Complete                  // the old primary is back as a replica, too, or is gone for good
	CameBack                  // the primary came back before anyone took over
	Superseded                // the new primary failed before all was done
)

var outcomeWords = [...]string{"running", "taken over", "complete", "came back", "superseded"}

// String is the outcome in a word or two.
func (o Outcome) String() string { return word(outcomeWords[:], int(o)) }

// MarshalText writes the word.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

func word(words []string, n int) string {
	if n < 0 || n >= len(words) {
		return "unknown"
	}
	return words[n]
}

// Node is a node of a failover, as it was then.
type Node struct {
	ID   cluster.NodeID `json:"id"`
	Addr string         `json:"addr"` // clean
}

// Failover is the record of one shard's change of primary, or of its trouble.
type Failover struct {
	Number  int     `json:"number"` // counts up
	Shard   string  `json:"shard"`
	Slots   int     `json:"slots"`
	From    Node    `json:"from"`
	To      Node    `json:"to"` // empty until somebody took over
	Cause   Cause   `json:"cause"`
	Outcome Outcome `json:"outcome"`
	Command string  `json:"command,omitempty"` // when this console ordered it
	Epoch   uint64  `json:"epoch,omitempty"`   // config epoch of the new primary

	Stages    []Stage       `json:"stages"`    // in the order of their times; what was not seen is left out
	Precision time.Duration `json:"precision"` // the longest time between two snapshots meanwhile; ns in JSON

	// AtRisk is how many bytes the new primary was behind the old one's last known
	// offset when it took over; -1: not known. The old primary may have taken
	// more after that offset was read: OffsetAge is how long before its last
	// answer that was, WriteRate how many bytes a second it wrote then (-1: not known).
	AtRisk    int64         `json:"at_risk_bytes"`
	OffsetAge time.Duration `json:"offset_age"`
	WriteRate int64         `json:"write_rate"`

	opening uint64 // the highest epoch known when the record began
}

// Stage finds a stage; ok is false when it was not seen.
func (f *Failover) Stage(k StageKind) (Stage, bool) {
	for _, s := range f.Stages {
		if s.Kind == k {
			return s, true
		}
	}
	return Stage{}, false
}

// Unavailable is for how long the shard's slots were not served, as seen from
// the console: from the old primary's last answer until the new one takes
// commands. ok is false while that is not known. It is 0 when no snapshot shows
// a gap, which then was shorter than Precision.
func (f *Failover) Unavailable() (gap time.Duration, ok bool) {
	served, ok := f.Stage(Served)
	if !ok {
		return 0, false
	}
	last, silent := f.Stage(LastAnswer)
	if !silent {
		return 0, f.Cause == Manual
	}
	return max(0, served.At.Sub(last.At)), true
}

// reach notes a stage, once.
func (f *Failover) reach(k StageKind, at time.Time, format string, args ...any) {
	if f.reached(k) {
		return
	}
	f.Stages = append(f.Stages, Stage{Kind: k, At: at, Note: fmt.Sprintf(format, args...)})
	slices.SortStableFunc(f.Stages, func(a, b Stage) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Kind, b.Kind))
	})
}

func (f *Failover) reached(k StageKind) bool {
	_, ok := f.Stage(k)
	return ok
}
