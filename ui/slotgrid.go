package ui

import "slotdeck/keyslot"

// SlotState is what is wrong with a slot, or open. The worse is the larger: a
// cell that holds many slots shows the worst of them.
type SlotState uint8

// From well to bad.
const (
	SlotServed     SlotState = iota // nothing to say
	SlotFound                       // something was found about it that no other state tells
	SlotImporting                   // half a move: only the receiving side shows it
	SlotMigrating                   // a move is open
	SlotSuspect                     // its primary does not answer, nobody calls it failed yet
	SlotDisputed                    // the nodes disagree about its owner
	SlotUnassigned                  // nobody owns it
	SlotFailing                     // its primary failed
	slotStates
)

// SlotOwner is what the map must know of a shard.
type SlotOwner struct {
	Hue   int  // the shard's hue number, as Theme.Shard takes it
	Sign  byte // what stands for it in one cell; see SlotSign
	Faded bool // beside the point: drawn as a shadow
}

// SlotSign is the one letter that stands for a shard in a cell: the letter
// itself from A to Z, the last one in lower case for AA and later. Those repeat;
// the row of the cursor's slot always tells the whole name.
func SlotSign(letter string) byte {
	if letter == "" {
		return '?'
	}
	c := letter[len(letter)-1]
	if len(letter) > 1 && 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// MixedSign stands in a cell whose slots belong to several shards.
const MixedSign = '+'

// HeatSteps is how many shades a heat layer has: 0 is nothing at all, the last
// one the most.
const HeatSteps = 8

// HeatUnknown is the level of a slot that was not measured.
const HeatUnknown int8 = -1

// HeatLevel is the shade of a value when top is the largest one of all. Anything
// above zero differs from zero.
func HeatLevel(v, top int64) int8 {
	switch {
	case v < 0:
		return HeatUnknown
	case v == 0 || top <= 0:
		return 0
	}
	share := float64(min(v, top)) / float64(top)
	return int8(1 + min(HeatSteps-2, int(share*(HeatSteps-1))))
}

// SlotGrid is what the map shows: plain values, one per slot.
type SlotGrid struct {
	Owner  *[keyslot.Count]int16 // index into Owners; negative: nobody
	Owners []SlotOwner
	State  *[keyslot.Count]SlotState // nil: all are served
	Heat   *[keyslot.Count]int8      // shades instead of owners; nil: owners
	Marked *keyslot.Set              // nil: none
	Cursor int                       // the slot under the cursor; negative: none
}

// state is the state of one slot.
func (g *SlotGrid) state(slot int) SlotState {
	if g.State != nil {
		return g.State[slot]
	}
	return SlotServed
}
