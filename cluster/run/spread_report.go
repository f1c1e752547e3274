package run

import (
	"time"

	"slotdeck/cluster/plan"
)

// SpreadProgress is how far a spread is. It is never changed once sent.
type SpreadProgress struct {
	Step     int    // the one at work; the number of steps when it has ended
	Text     string // what is waited for now; may be empty
	Steps    []SpreadStepReport
	Failover *FailoverProgress // of the step at work, while its failover is watched
	Elapsed  time.Duration

	Report *SpreadReport // set in the last one
}

// SpreadStepReport is a step and what became of it.
type SpreadStepReport struct {
	plan.SpreadStep
	State    MemberState     `json:"state"`
	Text     string          `json:"text,omitempty"`
	Failover *FailoverReport `json:"failover,omitempty"` // nil: nothing was sent
}

// SpreadReport is how a spread ended.
type SpreadReport struct {
	Outcome MemberOutcome      `json:"outcome"`
	Text    string             `json:"text"` // a sentence
	Steps   []SpreadStepReport `json:"steps"`
	Took    time.Duration      `json:"took_ns"`
}

// Done is how many steps are done.
func (r SpreadReport) Done() int {
	n := 0
	for _, s := range r.Steps {
		if s.State == MemberIsDone {
			n++
		}
	}
	return n
}
