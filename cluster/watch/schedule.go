package watch

import (
	"slices"
)

const (
	// everyRound is up to how many nodes each node's view is asked for in each round.
	everyRound = 16
	// rounds is over how many rounds the views of a larger cluster are spread.
	rounds = 5
)

// share is how many views a round asks for by turns.
func share(nodes int) int {
	if nodes <= everyRound {
		return nodes
	}
	return (nodes + rounds - 1) / rounds
}

// allowance is how many views a round may ask for at all: those whose turn it
// is, and as many again that are thought to have changed.
func allowance(nodes int) int { return max(everyRound, 2*share(nodes)) }

// markDueViews chooses whose views are asked for in this round: those that
// waited longest.
func (h *hub) markDueViews() {
	turn := share(len(h.byID))
	if turn == len(h.byID) {
		for _, p := range h.byID {
			p.wantView = true
		}
		return
	}
	waiting := make([]*peer, 0, len(h.byID))
	for _, p := range h.byID {
		if p.line != nil && !p.line.busy {
			waiting = append(waiting, p)
		}
	}
	slices.SortFunc(waiting, func(a, b *peer) int { return a.node.View.Tried.Compare(b.node.View.Tried) })
	for _, p := range waiting[:min(turn, len(waiting))] {
		p.wantView = true
	}
}
