package plan

import (
	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// Request is what the operator wants: a MoveCount, MoveExactly, MoveBack, Rebalance
// or Drain. Nodes are named by their full ids; FindNode turns what a person types
// into one.
type Request interface {
	draft(p *picture, l *loads) (draft, error)
}

// MoveCount moves a number of slots to one primary. Each source gives in
// proportion to the slots it has, as redis-cli --cluster reshard does: the
// largest rounds up, the others down. Unlike there, slots lost to rounding are
// made up for, so that exactly Slots slots move.
type MoveCount struct {
	From  []cluster.NodeID // empty: all other primaries with slots
	To    cluster.NodeID
	Slots int // 1 to 16384
}

// MoveExactly moves the given slots, whoever owns them, to one primary. Slots
// that are there already are left out.
type MoveExactly struct {
	Slots keyslot.Set
	To    cluster.NodeID
}

// MoveBack gives slots that an earlier plan moved to whom they came from.
type MoveBack []MoveExactly

// Rebalance gives every primary its share, by weight, moving as few slots as
// possible. Nothing moves while no primary is out of balance beyond the
// threshold; once one is, all are balanced, as redis-cli --cluster rebalance
// does.
type Rebalance struct {
	Weights   map[cluster.NodeID]float64 // 0 to 1,000,000; a primary not named weighs 1, a primary of weight 0 is emptied
	Threshold float64                    // percent, below 100; 0 is DefaultThreshold, AnyImbalance none at all
	UseEmpty  bool                       // primaries without slots take part, too
	By        Objective
}

const (
	// DefaultThreshold is redis-cli's: out of balance means by more than 2 percent.
	DefaultThreshold = 2.0
	// AnyImbalance asks for as even a cluster as can be.
	AnyImbalance = -1.0
)

// Drain takes all slots from a primary and spreads them over others, the
// emptiest first.
type Drain struct {
	Node cluster.NodeID
	To   []cluster.NodeID // empty: all other primaries that have slots
}

// Objective is what a rebalance makes even.
type Objective uint8

// The objectives.
const (
	Slots   Objective = iota // how many slots
	Keys                     // how many keys
	Memory                   // bytes of data
	Traffic                  // whatever Load.Traffic counts, such as bytes a second
)

// String is the objective as the command line spells it.
func (o Objective) String() string {
	switch o {
	case Slots:
		return "slots"
	case Keys:
		return "keys"
	case Memory:
		return "memory"
	case Traffic:
		return "traffic"
	}
	return "unknown objective"
}
