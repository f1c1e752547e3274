package views

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// SlotReader reads what lies in slots. It is asked only about slots that the
// operator looks at, and is called off the screen's goroutine, with a deadline.
type SlotReader interface {
	// CountKeys asks one node how many keys it holds in each of the slots
	// (CLUSTER SLOT-STATS where the server has it, else COUNTKEYSINSLOT).
	// The answer has one number for each slot asked, -1 for one not told, and
	// may come together with an error when only a part was answered.
	CountKeys(ctx context.Context, node cluster.NodeID, slots []keyslot.Slot) ([]int64, error)
	// MeasureSlots asks one node for what its slots hold or cost: CLUSTER
	// SLOT-STATS where the server counts it; memory else from some keys of each.
	MeasureSlots(ctx context.Context, node cluster.NodeID, slots []keyslot.Slot, what SlotMeasure) (SlotNumbers, error)
	// SampleKeys asks one node for the names of at most that many keys in a
	// slot, exactly as the server has them (CLUSTER GETKEYSINSLOT).
	SampleKeys(ctx context.Context, node cluster.NodeID, slot keyslot.Slot, most int) ([]string, error)
}

const (
	countPatience  = 10 * time.Second // for all slots of one node
	samplePatience = 3 * time.Second
	sampleMost     = 8
	restPatience   = 150 * time.Millisecond // how long the cursor must rest before a slot is asked about
	guessAgain     = 30 * time.Second       // between two rounds that ask about keys of every slot
	askAgain       = 2 * time.Second        // between two rounds of counting, and two samples of one slot
)

// slotCountsArrived answers one node's part of a round of counting.
type slotCountsArrived struct {
	round  int
	node   cluster.NodeID
	slots  []keyslot.Slot
	counts []int64 // as long as slots, or empty
	err    error

	sampled bool
	whyNot  string
}

// slotSampleArrived answers a look into one slot.
type slotSampleArrived struct {
	nr    int
	slot  keyslot.Slot
	count int64 // -1: not told
	keys  []string
	err   error
}

// slotRested says that the cursor has stood still; nr tells which stop it was.
type slotRested struct{ nr int }

// slotsBeat comes around as long as there is something to ask again and again.
type slotsBeat struct{}

func countKeys(from SlotReader, what SlotMeasure, round int, node cluster.NodeID, slots []keyslot.Slot) tea.Cmd {
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), countPatience)
		defer cancel()
		out := slotCountsArrived{round: round, node: node, slots: slots}
		if what == SlotKeys {
			out.counts, out.err = from.CountKeys(ctx, node, slots)
		} else {
			var told SlotNumbers
			told, out.err = from.MeasureSlots(ctx, node, slots, what)
			out.counts, out.sampled, out.whyNot = told.Numbers, told.Sampled, told.Why
		}
		if len(out.counts) != len(slots) {
			out.counts = nil
		}
		return out
	}
}

func sampleSlot(from SlotReader, nr int, node cluster.NodeID, slot keyslot.Slot) tea.Cmd {
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), samplePatience)
		defer cancel()
		out := slotSampleArrived{nr: nr, slot: slot, count: -1}
		counts, err := from.CountKeys(ctx, node, []keyslot.Slot{slot})
		if len(counts) == 1 {
			out.count = counts[0]
		}
		if err == nil && out.count != 0 {
			out.keys, err = from.SampleKeys(ctx, node, slot, sampleMost)
		}
		out.err = err
		return out
	}
}

func restSoon(nr int) tea.Cmd {
	return tea.Tick(restPatience, func(time.Time) tea.Msg { return slotRested{nr} })
}

func beatSoon() tea.Cmd {
	return tea.Tick(askAgain, func(time.Time) tea.Msg { return slotsBeat{} })
}
