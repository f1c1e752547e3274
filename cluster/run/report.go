package run

import (
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/keyslot"
)

// Outcome is how a job ended.
type Outcome uint8

// The outcomes.
const (
	Completed  Outcome = iota // all slots are where they should be
	Partly                    // some slots were left out, as was chosen
	Stopped                   // as asked for; nothing is open
	RolledBack                // all moved slots are back
	Failed                    // something went wrong; Report.Remains says what
)

var outcomes = [...]string{"completed", "partly completed", "stopped", "rolled back", "failed"}

// String is the outcome in a word or two.
func (o Outcome) String() string {
	if int(o) < len(outcomes) {
		return outcomes[o]
	}
	return "unknown outcome"
}

// Report is how a job ended, as far as the nodes themselves tell.
type Report struct {
	Job     string
	Title   string
	Outcome Outcome
	Driver  plan.Driver
	Err     error // why it failed or stopped; a sentence

	Moved   keyslot.Set // slots that changed hands and stayed there
	Back    keyslot.Set // slots that were brought back to the owner they had, and closed there
	Left    keyslot.Set // slots of the plan that are with their first owner
	Open    keyslot.Set // slots that are open still
	Skipped keyslot.Set // slots of Left that were left out by choice
	Keys    int64
	Bytes   int64 // -1 when not known; by the servers' own drivers an estimate

	Started time.Time
	Took    time.Duration
	Worst   []Latency // of the whole job, by node

	Nodes     []Verdict // what every node said at the end
	Saved     []string  // files with values that were overwritten or removed
	Remains   []string  // what is left to do, sentences
	Sentences []string  // all of it in words, for a person
}

// OK reports whether everything asked for was done and every node that
// answered agrees.
func (r Report) OK() bool {
	if r.Outcome == Failed || r.Outcome == Partly || !r.Open.Empty() {
		return false
	}
	for _, n := range r.Nodes {
		if n.Err == nil && !n.Agrees {
			return false
		}
	}
	return r.Err == nil
}

// Verdict is what one node said of the plan's slots at the end.
type Verdict struct {
	Node   cluster.NodeID
	Addr   string // the address alone, without the shard's letter
	Agrees bool   // it names the owners that the report names, and has none of the slots open
	Err    error  // it could not be asked
	Text   string
}
