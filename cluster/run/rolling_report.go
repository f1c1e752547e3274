package run

import (
	"time"

	"slotdeck/cluster/plan"
)

// RollingProgress is a rolling restart at one moment. It is never changed once
// sent.
type RollingProgress struct {
	Step     plan.RestartStep // the one at work; its address is empty while none is
	Left     int              // steps to come, this one included; -1: not known yet
	Wanted   bool             // the operator is to restart the node now
	Text     string           // what is waited for now; may be empty
	Done     []RollingStep    // in their order
	Failover *FailoverProgress
	Elapsed  time.Duration

	Report *RollingReport // set in the last one
}

// RollingStep is a step and what became of it.
type RollingStep struct {
	plan.RestartStep
	After    plan.ServerRun  `json:"after"`             // restart: the life it is in now
	Away     time.Duration   `json:"away_ns"`           // restart: from its last answer to the first of its new life
	Sync     time.Duration   `json:"sync_ns"`           // restart: from then until it was in sync
	Failover *FailoverReport `json:"failover"`          // hand over
	Text     string          `json:"text"`              // a sentence
	OK       bool            `json:"ok"`                // verified
	Foreign  string          `json:"foreign,omitempty"` // what somebody else did before it, a sentence
}

// RollingReport is how a rolling restart ended.
type RollingReport struct {
	Outcome MemberOutcome `json:"outcome"`
	Text    string        `json:"text"` // a sentence
	Steps   []RollingStep `json:"steps"`
	Began   time.Time     `json:"began"` // nodes that were started after it need not be restarted again
	Took    time.Duration `json:"took_ns"`
}

// Nodes is how many nodes were restarted and verified.
func (r RollingReport) Nodes() int {
	n := 0
	for _, s := range r.Steps {
		if s.OK && s.Act == plan.Restart {
			n++
		}
	}
	return n
}
