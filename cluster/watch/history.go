package watch

import (
	"slices"
	"time"

	"slotdeck/cluster"
)

// history is the newest events. Snapshots hold parts of it: what was handed
// out is never written to again, only added behind.
type history struct {
	limit  int
	seq    uint64
	events []cluster.Event
}

func (h *history) add(events ...cluster.Event) {
	for _, e := range events {
		h.seq++
		e.Seq = h.seq
		h.events = append(h.events, e)
	}
	// A quarter more than shown, so that it is not copied at every event.
	if len(h.events) > h.limit+h.limit/4+1 {
		h.events = slices.Clone(h.newest())
	}
}

// note is something the console itself has to say.
func (h *history) note(at time.Time, text string) {
	h.add(cluster.Event{At: at, Kind: cluster.Note, Gravity: cluster.Quiet, Text: text})
}

func (h *history) newest() []cluster.Event {
	events := h.events[max(0, len(h.events)-h.limit):]
	return events[:len(events):len(events)]
}
