package views

import (
	"strings"
	"time"

	"slotdeck/ui"
)

// SlotMeasure is what can be told of every slot in a number.
type SlotMeasure uint8

// The measures.
const (
	SlotKeys    SlotMeasure = iota // how many keys
	SlotMemory                     // bytes
	SlotCPU                        // microseconds a second
	SlotTraffic                    // bytes a second, in and out together
)

// SlotNumbers is what one node told of its slots.
type SlotNumbers struct {
	Numbers []int64 // one for each slot asked, -1 for one not told
	Sampled bool    // worked out from some keys of each slot, not measured
	Why     string  // why there are none, in a sentence
}

// measureOf is what a layer shows; heats is false for those without numbers.
func (l slotLayer) measureOf() (what SlotMeasure, heats bool) {
	switch l {
	case keysLayer:
		return SlotKeys, true
	case memoryLayer:
		return SlotMemory, true
	case cpuLayer:
		return SlotCPU, true
	case trafficLayer:
		return SlotTraffic, true
	}
	return 0, false
}

func (l slotLayer) heats() bool {
	_, is := l.measureOf()
	return is
}

// amount is a number of a measure, in at most seven cells.
func (m SlotMeasure) amount(t *ui.Theme, n int64) string {
	switch {
	case n < 0:
		return t.Glyph.None
	case m == SlotMemory:
		return t.Bytes(n)
	case m == SlotCPU:
		return strings.TrimSpace(t.Span(time.Duration(n) * time.Microsecond))
	case m == SlotTraffic:
		return t.Bytes(n) + "/s"
	}
	return t.Count(n)
}

// unit is what stands behind the most of a measure.
func (m SlotMeasure) unit() string {
	return [...]string{"keys", "memory", "cpu a second", "bytes/s"}[m]
}

// shownLayers are the layers that the title names in w cells: as many around
// the one in front as there is room for.
func shownLayers(at slotLayer, w int) (first, last slotLayer) {
	const few = 4
	if w >= 116 {
		return 0, slotLayers - 1
	}
	first = max(0, min(at, slotLayers-1)-min(at, few-1))
	if at < few {
		first = 0
	}
	return first, min(slotLayers-1, first+few-1)
}

// measuredHow says how a layer's numbers came about.
func (a *slotAsking) measuredHow() string {
	if a.guessed {
		return "sampled"
	}
	return "measured"
}

// noNumbers says why the layer in front has none; empty when it has some, or
// none yet.
func (s *Slots) noNumbers() string {
	a := &s.ask
	switch {
	case !s.layer.heats() || a.from == nil || a.known > 0:
		return ""
	case a.why != nil:
		return "not counted: " + ui.Clean(a.why.Error())
	}
	return ui.Clean(a.whyNot)
}
