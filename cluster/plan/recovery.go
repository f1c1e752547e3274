package plan

import (
	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// Way is what can be done about an open slot.
type Way uint8

// The ways.
const (
	Finish   Way = iota // move the rest of the keys, then give the slot to the target
	RollBack            // bring the keys back to the owner, then close the slot
	Leave               // do nothing
)

var ways = [...]string{"finish", "roll back", "leave"}

// String is finish, roll back or leave.
func (w Way) String() string { return word(ways[:], int(w)) }

// Option is one way, and what it leads to.
type Option struct {
	Way      Way
	Possible bool
	Text     string // a sentence: the consequence, or why it is not possible
	Risk     Risk
	Commands []Command // in order; nil for Leave and for what is not possible
}

// Recovery is an open slot, or one with keys on a node that does not own it, and
// what can be done about it.
type Recovery struct {
	Slot      keyslot.Slot
	Owner     cluster.NodeID // who serves it; empty when nobody, or when that is disputed
	To        cluster.NodeID // who would get it by Finish; empty when that is not clear
	Holder    cluster.NodeID // who holds keys of it though it is not open; empty when it is open
	Unowned   bool           // nobody owns it, whether it is open or not
	Text      string         // a sentence: how the slot stands
	Options   []Option       // Finish, RollBack, Leave
	Suggested Way
}

// Option is the option of one way.
func (r Recovery) Option(w Way) Option {
	for _, o := range r.Options {
		if o.Way == w {
			return o
		}
	}
	return Option{Way: w, Text: "not worked out"}
}

// KeyCounts tells how many keys a node holds in a slot, in all databases. What
// is missing was not counted. Redis 8.4 and newer count 0 for a slot that a node
// neither owns nor imports, whatever it holds.
type KeyCounts map[keyslot.Slot]map[cluster.NodeID]int64

func (c KeyCounts) of(slot keyslot.Slot, id cluster.NodeID) (n int64, known bool) {
	n, known = c[slot][id]
	return n, known && n >= 0
}
