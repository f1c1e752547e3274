package mover

import (
	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// Task is slots to be moved from one primary to another.
type Task struct {
	Seed             string // address of any node
	From, To         cluster.NodeID
	FromAddr, ToAddr string
	Slots            keyslot.Set
}
