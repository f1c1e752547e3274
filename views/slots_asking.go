package views

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// slotAsking is what the map has asked servers, and what they said. Nothing is
// asked while the screen is not looked at, held, or polling is paused.
type slotAsking struct {
	from SlotReader // nil: there is nobody to ask

	seen    bool // the screen was drawn since the last beat
	beating bool

	// The slot under the cursor.
	rest    int // counts the cursor's stops
	sample  slotSampleArrived
	sampled time.Time // when sample came; zero: not yet for this slot
	pending int       // the stop whose answer is awaited; 0: none

	// All slots, while the layer of keys is in front.
	round   int
	waiting map[cluster.NodeID]bool // who has not answered in this round
	counts  [keyslot.Count]int64
	counted time.Time // when the newest answer came
	known   int       // how many slots have a count
	most    int64
	failed  int // nodes that did not answer in this round
	why     error

	what    SlotMeasure // what the numbers are
	guessed bool        // they are worked out from some keys of each slot
	whyNot  string      // why a node has none
}

func newSlotAsking(from SlotReader) slotAsking {
	a := slotAsking{from: from, rest: 1}
	a.forget()
	return a
}

func (a *slotAsking) forget() {
	for i := range a.counts {
		a.counts[i] = -1
	}
	a.known, a.most, a.counted = 0, 0, time.Time{}
}

// measure is told what is to be measured from now on; the numbers of something
// else are dropped.
func (a *slotAsking) measure(what SlotMeasure) {
	if a.what != what {
		a.what, a.guessed, a.whyNot = what, false, ""
		a.forget()
	}
}

// mayAsk reports whether a question may be sent now.
func (a *slotAsking) mayAsk(sc *Scene) bool {
	return a.from != nil && sc.Snap != nil && !sc.Frozen && !sc.Snap.Paused
}

// moved is told that the cursor stands on another slot: what was known of the
// one before is dropped, and the new one asked about once the cursor rests.
func (a *slotAsking) moved() tea.Cmd {
	a.rest++
	a.pending, a.sample, a.sampled = 0, slotSampleArrived{}, time.Time{}
	if a.from == nil {
		return nil
	}
	return tea.Batch(restSoon(a.rest), a.beat())
}

// beat keeps the questions coming again; one beat is in flight at most.
func (a *slotAsking) beat() tea.Cmd {
	if a.from == nil || a.beating {
		return nil
	}
	a.beating = true
	return beatSoon()
}

// lookInto asks the owner of a slot for what is in it.
func (a *slotAsking) lookInto(sc *Scene, slot keyslot.Slot) tea.Cmd {
	if !a.mayAsk(sc) || a.pending != 0 {
		return nil
	}
	shard, ok := sc.Snap.ShardOf(slot)
	if !ok || !answers(sc.Snap, shard.Primary) {
		return nil
	}
	a.pending = a.rest
	return sampleSlot(a.from, a.rest, shard.Primary, slot)
}

// takeSample keeps an answer unless the cursor has moved on.
func (a *slotAsking) takeSample(msg slotSampleArrived, sc *Scene) {
	if msg.nr != a.rest || msg.nr != a.pending {
		return
	}
	a.pending, a.sample, a.sampled = 0, msg, sc.Now
}

// countAll begins a round: every primary that answers counts its own slots.
func (a *slotAsking) countAll(sc *Scene) tea.Cmd {
	if !a.mayAsk(sc) || len(a.waiting) > 0 || sc.Snap.Owner == nil || a.guessed && sc.Now.Sub(a.counted) < guessAgain {
		return nil
	}
	a.round++
	a.failed, a.why = 0, nil
	a.waiting = map[cluster.NodeID]bool{}
	var cmds []tea.Cmd
	for i := range sc.Snap.Shards {
		sh := &sc.Snap.Shards[i]
		if sh.SlotLen == 0 {
			continue
		}
		if !answers(sc.Snap, sh.Primary) {
			a.failed++
			continue
		}
		a.waiting[sh.Primary] = true
		cmds = append(cmds, countKeys(a.from, a.what, a.round, sh.Primary, slotsOf(sh)))
	}
	return tea.Batch(cmds...)
}

// stopCounting makes answers still under way count for nothing.
func (a *slotAsking) stopCounting() {
	a.round++
	a.waiting = nil
}

// takeCounts keeps one node's answer unless its round is over.
func (a *slotAsking) takeCounts(msg slotCountsArrived, sc *Scene) {
	if msg.round != a.round || !a.waiting[msg.node] {
		return
	}
	delete(a.waiting, msg.node)
	if msg.err != nil {
		a.failed++
		a.why = msg.err
	}
	a.guessed = a.guessed || msg.sampled
	if msg.whyNot != "" {
		a.whyNot = msg.whyNot
	}
	for i, n := range msg.counts {
		if n >= 0 && msg.slots[i] < keyslot.Count {
			a.counts[msg.slots[i]] = n
			a.counted = sc.Now
		}
	}
	a.known, a.most = 0, 0
	for _, n := range a.counts {
		if n >= 0 {
			a.known++
			a.most = max(a.most, n)
		}
	}
}

func answers(s *cluster.Snapshot, id cluster.NodeID) bool {
	n, ok := s.Node(id)
	return ok && n.Health == cluster.Answering
}

func slotsOf(sh *cluster.Shard) []keyslot.Slot {
	out := make([]keyslot.Slot, 0, sh.SlotLen)
	for _, r := range sh.Slots {
		for slot := int(r.First); slot <= int(r.Last); slot++ {
			out = append(out, keyslot.Slot(slot))
		}
	}
	return out
}
