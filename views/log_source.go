package views

import "time"

// LogSource is the record of what slotdeck itself has sent. Both calls return
// copies at once: they never wait for a node.
type LogSource interface {
	// Sent are the commands that may have changed something, oldest first.
	Sent() []SentCommand
	// Reads count the commands that only read, by node and command.
	Reads() []ReadCount
}

// SentCommand is one command that may have changed something.
type SentCommand struct {
	Seq     uint64 // counts up, never reused within a session
	At      time.Time
	Addr    string // the node, as dialled
	Command string // redacted: no secrets
	Took    time.Duration
	Err     error // nil when the node accepted it
}

// ReadCount is how often a reading command was sent to a node.
type ReadCount struct {
	Addr    string // the node, as dialled; empty for nodes counted together
	Command string // "CLUSTER NODES"
	Sent    uint64
	Failed  uint64 // of those sent
}
