package views

import (
	"context"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
)

// Members reads servers, and changes who belongs to the cluster.
type Members interface {
	// Ground reads all that a wish is planned from. The picture tells where the
	// cluster can be reached. It blocks for some seconds at most; the error is a
	// sentence.
	Ground(ctx context.Context, w plan.MemberWish, s *cluster.Snapshot) (plan.MemberGround, error)
	// Start holds the plan against a fresh read and begins. The error is a
	// sentence; then nothing was sent.
	Start(ctx context.Context, w plan.MemberWish, p plan.MemberPlan, s *cluster.Snapshot) (MemberJob, error)
}

// MemberJob is a plan that is being carried out. No method blocks.
type MemberJob interface {
	// Updates brings progress, the newest replacing one not yet taken; it is
	// closed when the job has ended, and then Report is whole.
	Updates() <-chan MemberProgress
	Report() MemberReport
	// Stop ends it between two commands. What is done stays.
	Stop()
}

// MemberState is how far a step is.
type MemberState uint8

// The states.
const (
	StepWaits MemberState = iota
	StepRuns
	StepDone
	StepFailed
)

// MemberStep is a step and what became of it.
type MemberStep struct {
	Title string
	State MemberState
	Text  string // why it failed
	Took  time.Duration
}

// MemberProgress is a job at one moment.
type MemberProgress struct {
	Step  int    // the one at work
	Text  string // what is waited for; may be empty
	Steps []MemberStep
}

// MemberReport is how a job ended.
type MemberReport struct {
	OK          bool
	Interrupted bool
	Text        string // a sentence
	Steps       []MemberStep
	Nodes       []MemberResult // where nodes did it each by themselves
	Matrix      []string       // who does not reach whom
	Notes       []string       // what the operator should know afterwards
	Took        time.Duration
}

// MemberResult is what one node did.
type MemberResult struct {
	Addr string
	OK   bool
	Text string
}
