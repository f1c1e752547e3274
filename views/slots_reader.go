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
	// SampleKeys asks one node for the names of at most that many keys in a
	// slot, exactly as the server has them (CLUSTER GETKEYSINSLOT).
	SampleKeys(ctx context.Context, node cluster.NodeID, slot keyslot.Slot, most int) ([]string, error)
}

const (
	countPatience  = 10 * time.Second // for all slots of one node
	samplePatience = 3 * time.Second
	sampleMost     = 8
	restPatience   = 150 * time.Millisecond // how long the cursor must rest before a slot is asked about
	askAgain       = 2 * time.Second        // between two rounds of counting, and two samples of one slot
)

// slotCountsArrived answers one node's part of a round of counting.
type slotCountsArrived struct {
	round  int
	node   cluster.NodeID
	slots  []keyslot.Slot
	counts []int64 // as long as slots, or empty
	err    error
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

func countKeys(from SlotReader, round int, node cluster.NodeID, slots []keyslot.Slot) tea.Cmd {
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), countPatience)
		defer cancel()
		counts, err := from.CountKeys(ctx, node, slots)
		if len(counts) != len(slots) {
			counts = nil
		}
		return slotCountsArrived{round, node, slots, counts, err}
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
