package run

import (
	"sync"
	"time"

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
	raise   bool    // with a longer node timeout
	stray   bool    // what the target holds of it was there before, and is left there
	closed  bool    // it was skipped and is with its owner again, or was given up open

	// ours: the target held nothing of it when this job opened it, so that what it
	// holds came with this job. unmarked: the owner was failed over while it was
	// open, so that clients may have been served by one that had forgotten it.
	ours, unmarked bool

	// doubled: its owner may have keys that the target has, too.
	doubled bool

	// shut: its owner was closed so that its keys could come home, and they are not
	// all there.
	shut bool
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
	former   []cluster.NodeID // who they were before
	rest     []*load          // not begun
	pace     *pace
	wary     int           // so many of the next keys are weighed, whatever is known
	gaveIn   time.Duration // how long the target took for the last slots that it was given

	// Where they live, as the other of the two knows it: looks renew that while
	// keys move.
	mu       sync.Mutex
	fromAddr cluster.Endpoint
	toAddr   cluster.Endpoint

	deafSince map[cluster.NodeID]time.Time // replicas that did not answer lately

	// What the own lines of the two have to say, as long as nobody else moves slots.
	fromOwn, toOwn keyslot.Set
	fromEpoch      uint64

	inHand []*load // what is being carried
	hauled int64   // keys; under the job's lock

	// Keys that a broken MIGRATE may have left on both sides: the target's copy
	// is ours, whatever it holds.
	torn map[tornKey]bool

	echoes     []echo // on the target
	homeEchoes []echo // on the source, of keys that were brought back

	// The target once did not answer a MIGRATE in time: they go one by one, each
	// with the time that several would have.
	patient bool

	// Keys go home: the target of this pair owns the slots. Of a key that differs
	// the owner's value stays; kept are those of which the other one stays, too,
	// because it may be somebody else's.
	homing bool
	asking bool // that is what the job is for; the operator is asked about those
	kept   map[tornKey]bool
	// closing are slots that the owner has to close just before the first keys
	// come, because it would send them away like any client.
	closing []*load
	shut    []*load // that it closed, and whose keys are not all home
	door    sync.Mutex
}

type tornKey struct {
	db  int
	key string
}

// derived reports whether the target's value of a key came from the source by
// this job, so that the owner's is the one to stay, or that was asked for.
func (p *pair) derived(one haul) bool {
	l := one.load
	return p.torn[tornKey{one.db, one.keys[0]}] || p.j.opts.Replace || l.ours && l.unmarked
}
