package audit

import (
	"time"
)

// Record is what was sent to one node in one round trip.
type Record struct {
	At       time.Time `json:"at"`
	ID       string    `json:"id"`
	User     string    `json:"user"`    // of this machine's system
	Host     string    `json:"host"`    // this machine
	Context  string    `json:"context"` // the cluster, as the operator calls it
	Plan     string    `json:"plan,omitempty"`
	Node     string    `json:"node"`         // as dialled
	As       string    `json:"as,omitempty"` // the server's user; empty: its default user
	Commands []string  `json:"commands"`     // redacted, bounded

	// Outcomes has "ok" or an error for each command. It is empty when the
	// program ended before the answers were there: then they may have been
	// carried out or not.
	Outcomes []string      `json:"outcomes,omitempty"`
	Took     time.Duration `json:"took_ns,omitempty"`
}

// Known reports whether the answers came.
func (r Record) Known() bool { return len(r.Outcomes) > 0 }

// line is one line of the file: either what is sent, or what came of it.
type line struct {
	At       time.Time `json:"at"`
	ID       string    `json:"id"`
	User     string    `json:"user,omitempty"`
	Host     string    `json:"host,omitempty"`
	Context  string    `json:"context,omitempty"`
	Plan     string    `json:"plan,omitempty"`
	Node     string    `json:"node,omitempty"`
	As       string    `json:"as,omitempty"`
	Sent     []string  `json:"sent,omitempty"`
	Heard    []string  `json:"heard,omitempty"`
	AllOK    int       `json:"ok,omitempty"` // so many answers, all of them "ok"
	TookNano int64     `json:"took_ns,omitempty"`
}

func outcome(id string, at time.Time, took time.Duration, outcomes []string) line {
	l := line{At: at, ID: id, TookNano: int64(took), AllOK: len(outcomes)}
	for _, o := range outcomes {
		if o != "ok" {
			l.AllOK, l.Heard = 0, outcomes
			break
		}
	}
	return l
}

func (l line) outcomes() []string {
	out := l.Heard
	for range min(l.AllOK, maxCommands) {
		out = append(out, "ok")
	}
	return out
}

// maxCommands bounds what a line that was not written here may claim.
const maxCommands = 1 << 16
