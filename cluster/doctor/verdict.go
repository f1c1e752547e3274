package doctor

import (
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/quorum"
	"slotdeck/keyslot"
)

// Status is the verdict in a word.
type Status uint8

// The words, from well to worst; Forming stands apart.
const (
	OK        Status = iota // every slot is served
	Degraded                // some slot is not served, or the next failure would cost one
	Down                    // no slot is served
	NoContact               // no node answers the console: nothing is known
	Forming                 // the cluster is still being created
)

// String is the word as the screens show it.
func (s Status) String() string {
	switch s {
	case OK:
		return "OK"
	case Degraded:
		return "DEGRADED"
	case Down:
		return "DOWN"
	case NoContact:
		return "NO CONTACT"
	case Forming:
		return "FORMING"
	}
	return "?"
}

// Verdict is how the cluster is at the snapshot's moment. Served, Failing and
// Unassigned count slots and make 16384 together, but for NoContact, when
// nothing is known and all are 0.
type Verdict struct {
	Status   Status
	Sentence string // one or two sentences, worst thing first, about 240 characters at most

	Served     int // the owner answers (or others vouch for it) and takes commands
	Failing    int // has an owner, which cannot or will not serve it
	Unassigned int // has no owner

	Affected []ShardTrouble // the worst first
	Heals    *Heal          // for Affected[0]; nil when it will not heal by itself

	SayOK, SayFail []cluster.NodeID // what the answering nodes say of the whole cluster
	Voters         quorum.Voters
	FullCoverage   quorum.Answer // does an uncovered slot stop all?
}

// Cause is what ails a shard's primary.
type Cause uint8

// The causes, in the order of how sure they are.
const (
	NoPrimary Cause = iota // nobody claims to be it
	Failed                 // a majority of the voters agreed that it failed
	Suspected              // does not answer, and some others suspect it
	Silent                 // does not answer; the others have not noticed, or cannot be asked
	Reading                // answers LOADING
	Cut                    // answers the console, but not the other nodes
	Unseen                 // does not answer the console, yet the others vouch for it
	LockedOut              // does not let the console in, yet the others vouch for it
	CutOff                 // answers the console, and says that it is without a majority
)

var causeWords = [...]string{
	NoPrimary: "no primary", Failed: "failed", Suspected: "suspected", Silent: "silent", Reading: "loading",
	Cut: "cut from the other nodes", Unseen: "not seen from here", LockedOut: "does not let us in", CutOff: "without a majority",
}

// String is the cause in a few words.
func (c Cause) String() string {
	if int(c) < len(causeWords) {
		return causeWords[c]
	}
	return "?"
}

// Serves reports whether clients can be assumed to be served all the same.
func (c Cause) Serves() bool { return c == Unseen || c == LockedOut }

// ShardTrouble is one shard with a primary in trouble.
type ShardTrouble struct {
	Shard string         // its letter
	Node  cluster.NodeID // the primary; empty when there is none
	Cause Cause

	Slots  int // how many
	Ranges []keyslot.Range
	Share  float64       // of the key space, 0 to 1
	Since  time.Time     // the last answer, or since when it is as it is; zero: not known
	Silent time.Duration // from Since to the snapshot; -1: not known

	Suspects int // voters that suspect it or hold it for failed
	Agree    int // voters that hold it for failed
	Of       int // how many other voters there are

	Candidates []quorum.Candidate // its replicas, the best first
	Heals      *Heal              // nil: it will not heal by itself
	Blocked    string             // why it will not; empty when it will
	Overdue    time.Duration      // for how long it should have healed already; 0: it is not overdue
}

// Heal is how a shard will come back without anybody's doing.
type Heal struct {
	Replica cluster.NodeID // who takes over; empty when the primary itself comes back
	Within  time.Duration  // at the latest, if all goes well; -1: not known
	Why     string         // continuing "the replica …"
}
