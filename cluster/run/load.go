package run

import (
	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/keyslot"
)

// load is one slot on its way.
type load struct {
	slot    keyslot.Slot
	keys    []int64 // on the source, by database, as last counted
	left    int64   // of them, in all databases
	opened  bool    // by this job, or known to have been open before it
	given   bool    // the target owns it
	skipped bool    // by choice
	heavy   bool    // a big key in it was agreed to
	stray   bool    // what the target holds of it was there before, and is left there
}

func (l *load) sum() int64 {
	var n int64
	for _, k := range l.keys {
		n += k
	}
	return n
}

func slotsOf(loads []*load) keyslot.Set {
	var s keyslot.Set
	for _, l := range loads {
		s.Add(l.slot)
	}
	return s
}

// pair is the slots that one primary gives another.
type pair struct {
	j    *Job
	move *plan.Move

	from, to cluster.NodeID   // who they are now: failovers change that
	fromAddr cluster.Endpoint // as the other of the two knows it
	toAddr   cluster.Endpoint
	rest     []*load // not begun
	pace     *pace

	// What the own lines of the two have to say, as long as nobody else moves slots.
	fromOwn, toOwn keyslot.Set
	fromEpoch      uint64

	// Keys that a broken MIGRATE may have left on both sides: the target's copy
	// is ours, whatever it holds.
	torn map[tornKey]bool

	// Keys go home: differing values on both sides are saved and left alone.
	homing bool
	kept   int
}

type tornKey struct {
	db  int
	key string
}
