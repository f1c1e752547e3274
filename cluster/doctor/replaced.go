package doctor

import (
	"fmt"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// replaced speaks when nodes differ only because a primary is cut off: its
// successor was elected, and it has not heard of that.
func replaced(e *examination) (Status, string, bool) {
	if len(e.s.Disputes) == 0 || e.youngDispute() {
		return 0, "", false
	}
	var slots keyslot.Set
	var old, by cluster.NodeID
	var epoch uint64
	for _, d := range e.s.Disputes {
		loser, winner, ok := e.usurped(d)
		if !ok || old != "" && (old != loser || by != winner.Owner) {
			return 0, "", false
		}
		old, by, epoch = loser, winner.Owner, winner.Epoch
		slots.AddRange(d.Range)
	}
	text := fmt.Sprintf("%s is cut off from the other nodes, which replaced it: %s has %s (epoch %d). The old primary has not heard of it",
		nameOf(e.s, old), nameOf(e.s, by), slotWords(slots), epoch)
	n, _ := e.s.Node(old)
	switch opinion(n) {
	case "fail":
		text += ", and refuses every key"
	case "ok":
		text += ", and still serves: its writes are lost"
	}
	return Degraded, text + "; once it hears the others it follows: check its bus port.", true
}

// usurped tells who still takes itself for the owner of disputed slots, though
// the others hold it for failed and have elected another.
func (e *examination) usurped(d cluster.Dispute) (old cluster.NodeID, winner cluster.Claim, ok bool) {
	if len(d.Says) != 2 {
		return "", winner, false
	}
	winner, loser := d.Says[0], d.Says[1]
	if loser.Epoch > winner.Epoch {
		winner, loser = loser, winner
	}
	n, found := e.s.Node(loser.Owner)
	v := e.verdict.Voters
	if !found || winner.Owner == "" || winner.Epoch == loser.Epoch || v.Need < 2 || v.Among(minus(n.FailBy, loser.By)) < v.Need {
		return "", winner, false
	}
	seen, known := v.Sees(e.s, n.ID)
	return n.ID, winner, n.Health == cluster.Answering && known && seen < v.Need
}

func slotWords(s keyslot.Set) string {
	text := ranges(s.Ranges())
	switch {
	case len(s.Ranges()) > 2:
		return text
	case s.Len() == 1:
		return "slot " + text
	}
	return "slots " + text
}
