package views

import (
	"fmt"
	"slices"

	"slotdeck/cluster"
	"slotdeck/keyslot"
	"slotdeck/ui"
)

// withFlight is the map's states with the slots that this console's own job has
// in hand: they change faster than the cluster is looked at. ok is false when
// nothing is in hand.
func (m *slotMap) withFlight(sc *Scene) (state [keyslot.Count]ui.SlotState, ok bool) {
	if len(sc.Flight) == 0 {
		return state, false
	}
	state = m.state
	for _, f := range sc.Flight {
		state[f.Slot] = max(state[f.Slot], ui.SlotMigrating)
	}
	return state, true
}

func flightOf(sc *Scene, slot keyslot.Slot) (SlotInFlight, bool) {
	i := slices.IndexFunc(sc.Flight, func(f SlotInFlight) bool { return f.Slot == slot })
	if i < 0 {
		return SlotInFlight{}, false
	}
	return sc.Flight[i], true
}

// flightWords are how far a slot in hand is.
func flightWords(sc *Scene, f SlotInFlight) string {
	text := letterOf(sc.Snap, f.From) + " to " + letterOf(sc.Snap, f.To) + ", " + ui.Clean(f.Step)
	if f.KeysLeft > 0 {
		text += fmt.Sprintf(", %d left", f.KeysLeft)
	}
	return text
}

// flightSummary is who gives how many slots to whom at this moment.
func flightSummary(sc *Scene) string {
	type way struct{ from, to cluster.NodeID }
	counts, order := map[way]int{}, []way(nil)
	for _, f := range sc.Flight {
		w := way{f.From, f.To}
		if counts[w] == 0 {
			order = append(order, w)
		}
		counts[w]++
	}
	text := ""
	for i, w := range order {
		if i == 3 {
			return text + fmt.Sprintf("+%d  ", len(order)-i)
		}
		text += pairName(sc.Theme, sc.Snap, w.from, w.to) + fmt.Sprintf(" %d   ", counts[w])
	}
	return text
}
