package views

import (
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/cluster/recorder"
)

// Failovers carries failovers out and remembers those that were seen.
type Failovers interface {
	// Facts is what a plan for a shard needs besides the picture. It does not block.
	Facts(shard string) plan.FailoverFacts
	// Start holds the plan against a fresh read, sends the one command, and
	// brings what comes of it: the newest state replaces one not yet taken, the
	// last one is Done, then the channel is closed. It blocks for up to a few
	// seconds. The error is a sentence; then nothing was sent.
	Start(p plan.FailoverPlan, kind plan.FailoverKind) (<-chan FailoverState, error)
	// Records are the failovers seen so far, oldest first. It does not block.
	Records() []recorder.Failover
}

// FailoverState is a failover of this console at one moment.
type FailoverState struct {
	Shard    string
	Kind     plan.FailoverKind
	Command  string
	Replica  cluster.NodeID
	To, From string // addresses of the replica and of the old primary
	Sent     time.Time
	Elapsed  time.Duration
	Steps    []FailoverStep // those seen, in the order of their times, then those to come
	Behind   int64          // bytes the replica lacks; -1: not known
	Message  string         // what is waited for
	Missing  []string       // nodes that answer and do not show the new primary yet
	Silent   []string       // nodes that do not answer

	Done    bool
	OK      bool // verified
	Text    string
	Why     []string
	Remains []string
}

// FailoverStep is one step of a failover.
type FailoverStep struct {
	Name string
	Seen bool
	At   time.Time
	Took time.Duration // since the command was sent
	Note string
}
