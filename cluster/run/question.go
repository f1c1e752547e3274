package run

import "slotdeck/keyslot"

// Question is what a job cannot decide. It goes on only after Job.Answer, or
// stops.
type Question struct {
	ID      int // for Answer
	Kind    QuestionKind
	Slot    keyslot.Slot // which slot it is about, when About is Conflict or BigKey
	Text    string       // a sentence
	Details []string     // for a conflict: what the source holds, what the target holds
	Choices []Choice
	Default string // the Name of the safe choice
}

// Choice is one answer.
type Choice struct {
	Name string // for Answer: "source", "target", "skip", "stop" …
	Text string // what it leads to, a sentence
}

// QuestionKind is what a question is about.
type QuestionKind uint8

// The kinds.
const (
	Conflict     QuestionKind = iota + 1 // a key has one value on the source and another on the target
	BigKey                               // a key would hold the source too long
	StrayKeys                            // the target holds keys of a slot it does not own
	AtomicFailed                         // an atomic migration failed too often
)

var questionKinds = [...]string{"", "conflict", "big key", "stray keys", "atomic migration failed"}

// String is the kind in a word or two.
func (k QuestionKind) String() string {
	if int(k) < len(questionKinds) {
		return questionKinds[k]
	}
	return "unknown question"
}

// The names of choices.
const (
	TakeSource = "source"  // the source's value; the target's is saved, then overwritten
	TakeTarget = "target"  // the target's value; the source's is saved, then removed
	Skip       = "skip"    // the slot stays with its owner
	Stop       = "stop"    // the job ends here, with nothing open
	Anyway     = "anyway"  // the slot moves, however long that takes
	Raise      = "raise"   // the node timeout is raised meanwhile
	Flush      = "flush"   // the target's stray keys are removed
	Again      = "again"   // once more, as before
	Migrate    = "migrate" // by SETSLOT and MIGRATE
)
