package plan

import (
	"errors"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// Reason is why there is no plan.
type Reason uint8

// The reasons.
const (
	NotConverged   Reason = iota + 1 // the nodes do not agree, or were not all read yet
	OpenSlots                        // an earlier move is unfinished
	Uncovered                        // some slots have no owner
	NodeDown                         // a node that is needed does not answer, or is suspected
	StateFail                        // a node that is needed holds the cluster for failed
	ForeignJob                       // somebody else moves slots
	UnknownNode                      // no such node
	AmbiguousNode                    // more than one such node
	NotPrimary                       // a replica, or a node that is still joining
	StrangeNode                      // a node whose id is not one
	SelfMove                         // source and target are the same
	NoReceiver                       // nobody is there to take the slots
	NothingToMove                    // the cluster is as asked for already
	NotEnoughSlots                   // the sources have fewer
	NotMeasured                      // the objective needs numbers that nobody has
	BadRequest                       // a number out of range
	StrayKeys                        // the target holds keys of slots it would get
	NoRoom                           // the target has not the memory
	NoDriver                         // no way of moving slots that all nodes can do
	NotEmpty                         // a server that has to be empty has keys, slots, functions or a cluster
	InUse                            // a node that has to be free owns slots, or others follow it
	NoRights                         // the user may not do it on a node that is needed
)

// Reasons is every reason, in order.
func Reasons() []Reason {
	all := make([]Reason, 0, NoRights)
	for r := NotConverged; r <= NoRights; r++ {
		all = append(all, r)
	}
	return all
}

var reasons = [...]string{
	"", "not converged", "open slots", "uncovered", "node down", "state fail", "foreign job", "unknown node",
	"ambiguous node", "not a primary", "strange node", "self move", "no receiver", "nothing to move", "not enough slots",
	"not measured", "bad request", "stray keys", "no room", "no driver", "not empty", "in use", "no rights",
}

// String is the reason in two or three words.
func (r Reason) String() string { return word(reasons[:], int(r)) }

// Refusal is the answer when no plan can be made. Text is a sentence for the
// operator that says what is wrong and what to do.
type Refusal struct {
	Reason Reason
	Text   string
	Nodes  []cluster.NodeID // whom it is about
	Slots  keyslot.Set      // which slots it is about
	Checks []Check          // everything that was looked at, when it got that far
}

// Error is the sentence.
func (r *Refusal) Error() string { return r.Text }

// ReasonOf is the reason of a refusal anywhere in err's chain; ok is false for
// any other error.
func ReasonOf(err error) (reason Reason, ok bool) {
	var r *Refusal
	if errors.As(err, &r) {
		return r.Reason, true
	}
	return 0, false
}
