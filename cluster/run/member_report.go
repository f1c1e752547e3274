package run

import (
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
)

// MemberState is how far a step is.
type MemberState string

// The states of a step.
const (
	MemberWaits     MemberState = "waiting"
	MemberRuns      MemberState = "running"
	MemberIsDone    MemberState = "done"
	MemberHasFailed MemberState = "failed"
)

// MemberOutcome is how a job ended.
type MemberOutcome string

// The outcomes.
const (
	MemberDone        MemberOutcome = "done"
	MemberFailed      MemberOutcome = "failed"
	MemberInterrupted MemberOutcome = "interrupted"
)

// MemberProgress is how far a job is.
type MemberProgress struct {
	Step  int    // the one at work; the number of steps when it has ended
	Text  string // what is waited for now; may be empty
	Steps []MemberStepReport
}

// MemberStepReport is a step and what became of it.
type MemberStepReport struct {
	Title string        `json:"title"`
	State MemberState   `json:"state"`
	Text  string        `json:"text,omitempty"` // why it failed
	Took  time.Duration `json:"took_ns"`
}

// MemberResult is what one node did.
type MemberResult struct {
	ID   cluster.NodeID `json:"id"`
	Addr string         `json:"addr"`
	OK   bool           `json:"ok"`
	Text string         `json:"text"` // a sentence
}

// MemberReport is how a job ended.
type MemberReport struct {
	Kind    plan.MemberKind    `json:"kind"`
	Title   string             `json:"title"`
	Outcome MemberOutcome      `json:"outcome"`
	Text    string             `json:"text"` // a sentence
	Steps   []MemberStepReport `json:"steps"`
	Nodes   []MemberResult     `json:"nodes,omitempty"`  // where nodes did it each by themselves
	Matrix  []string           `json:"matrix,omitempty"` // who does not reach whom, after a join that failed
	Notes   []string           `json:"notes,omitempty"`  // what the operator should know afterwards
	Took    time.Duration      `json:"took_ns"`
}
