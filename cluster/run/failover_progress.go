package run

import (
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
)

// FailoverStep is a moment of a failover that this program ordered.
type FailoverStep uint8

// The steps, in the order in which they mostly come.
const (
	FailoverAccepted FailoverStep = iota // the replica said OK, which means no more than that
	FailoverPaused                       // the primary holds writes back, where it tells (Valkey)
	FailoverElection                     // the replica raised the epoch
	FailoverWon                          // the replica says of itself that it is a primary with the slots
	FailoverHeld                         // it still is half a second later, at an epoch that is new
	FailoverServed                       // it owns all slots of the shard and takes commands
	FailoverAgreed                       // every node that answers shows it
	FailoverFollowed                     // the old primary is its replica
	FailoverLinked                       // all replicas that answer have their link to it up
)

var failoverSteps = [...]string{
	"accepted", "primary paused", "election", "won", "holds", "slots served", "everyone agrees", "old primary follows", "replicas linked",
}

// String is the step in a few words.
func (s FailoverStep) String() string {
	if int(s) < len(failoverSteps) {
		return failoverSteps[s]
	}
	return "unknown step"
}

// MarshalText writes the words.
func (s FailoverStep) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// FailoverStage is a step that was seen.
type FailoverStage struct {
	Step FailoverStep  `json:"stage"`
	At   time.Time     `json:"at"`             // when the answer that shows it came
	Took time.Duration `json:"took_ns"`        // since the command was sent
	Note string        `json:"note,omitempty"` // who, or how many; clean
}

// FailoverProgress is a failover at one moment. It is never changed once sent.
type FailoverProgress struct {
	Shard   string
	Kind    plan.FailoverKind
	Command string
	Replica cluster.NodeID
	To      string // address of the replica
	From    string // address of the old primary; empty when there was none
	Sent    time.Time

	Stages  []FailoverStage // in the order of their times
	Missing []string        // nodes that answer and do not show the new primary yet
	Silent  []string        // nodes that do not answer
	Behind  int64           // bytes the replica lacks; -1: not known
	Message string          // what is waited for now, a sentence
	GivesUp time.Time       // when the server gives up unless it was won before
	Elapsed time.Duration

	Report *FailoverReport // set in the last one
}

// FailoverOutcome is what came of a failover.
type FailoverOutcome uint8

// The outcomes.
const (
	FailoverComplete  FailoverOutcome = iota // verified on every node, and all replicas are linked
	FailoverTaken                            // verified on every node that answers; some replica is not linked (yet)
	FailoverUnsettled                        // it was won, but not every node shows it or the slots are not served
	FailoverFellBack                         // it was won and lost again
	FailoverTimedOut                         // it did not happen
	FailoverRefused                          // the replica refused the command
	FailoverLost                             // the replica does not answer: what came of it is not known
	FailoverLeft                             // nobody watches any more: what came of it is not known
)

var failoverOutcomes = [...]string{"complete", "taken over", "unsettled", "fell back", "timed out", "refused", "lost", "left"}

// String is the outcome in a word or two.
func (o FailoverOutcome) String() string {
	if int(o) < len(failoverOutcomes) {
		return failoverOutcomes[o]
	}
	return "unknown outcome"
}

// MarshalText writes the words.
func (o FailoverOutcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// FailoverReport is how a failover ended, as far as the nodes themselves tell.
type FailoverReport struct {
	Outcome FailoverOutcome   `json:"outcome"`
	Text    string            `json:"text"` // a sentence
	Shard   string            `json:"shard"`
	Kind    plan.FailoverKind `json:"kind"`
	Command string            `json:"command"`
	Replica cluster.NodeID    `json:"replica"`
	To      string            `json:"to"`
	From    string            `json:"from"`
	Epoch   uint64            `json:"epoch,omitempty"` // of the new primary; 0 when there is none
	Sent    time.Time         `json:"sent"`
	Took    time.Duration     `json:"took_ns"` // until the last stage, or until it was given up
	Stages  []FailoverStage   `json:"stages"`
	Why     []string          `json:"why,omitempty"`     // why it did not happen: what was seen, sentences
	Remains []string          `json:"remains,omitempty"` // what is left to do or to wait for, sentences
	Missing []string          `json:"missing,omitempty"` // nodes that answer and do not show it
	Silent  []string          `json:"silent,omitempty"`  // nodes that do not answer
}

// OK reports whether the replica is the primary, on every node that answers,
// and serves the slots.
func (r FailoverReport) OK() bool { return r.Outcome <= FailoverTaken }

// Stage finds a stage; ok is false when it was not seen.
func (r FailoverReport) Stage(step FailoverStep) (FailoverStage, bool) {
	for _, s := range r.Stages {
		if s.Step == step {
			return s, true
		}
	}
	return FailoverStage{}, false
}
