package views

import (
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
)

// Conductor carries out what takes many steps, one after the other: failovers
// that even out the roles, restarts of all nodes.
type Conductor interface {
	// Failovers is what a failover plan for a shard needs besides the picture. It
	// does not block.
	Failovers(shard string) plan.FailoverFacts
	// StartSpread and StartRolling begin, and do not block.
	StartSpread(p plan.SpreadPlan, zones cluster.Zones) ConductRun
	StartRolling(r plan.RestartRequest) ConductRun
}

// ConductRun is one run. Its methods do not block.
type ConductRun interface {
	// States brings the newest state; the last one is Done, then it is closed.
	States() <-chan ConductState
	// Stop ends it before the next step.
	Stop()
}

// ConductState is a run at one moment.
type ConductState struct {
	Steps   []ConductStep // those done, the one at work, where they are known those to come
	Left    int           // steps to come, the one at work included; -1: not known
	Text    string        // what is waited for
	Wanted  string        // what the operator is to do now, a sentence; empty: nothing
	Elapsed time.Duration

	Done bool
	OK   bool
	End  string // how it ended, a sentence
}

// ConductStep is one step.
type ConductStep struct {
	Name  string
	State MemberState
	Note  string
}
