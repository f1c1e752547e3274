package doctor

import (
	"fmt"
	"time"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

func forming(e *examination) (Status, string, bool) {
	if e.verdict.Unassigned == keyslot.Count {
		text := "No slot has an owner: the cluster is not created yet; "
		if n := len(e.s.Nodes); n == 1 {
			return Forming, text + "1 node stands alone.", true
		}
		return Forming, text + plural(len(e.s.Nodes), "node is", "nodes are") + " known.", true
	}
	if len(e.verdict.Affected) > 0 || e.verdict.Unassigned > 0 || e.verdict.Served > 0 {
		return 0, "", false
	}
	young, meeting := true, 0
	for i := range e.s.Nodes {
		n := &e.s.Nodes[i]
		if n.Member.Flags.Has(cluster.Handshake) {
			meeting++
		}
		if n.Health == cluster.Answering && (!n.Info.Known() || n.Stats.Uptime > time.Minute) {
			young = false
		}
	}
	if meeting == 0 && !young {
		return 0, "", false
	}
	text := fmt.Sprintf("All slots have owners, but %d of %d nodes still say fail: the nodes are joining", len(e.verdict.SayFail), e.answer)
	if meeting > 0 {
		return Forming, text + ", " + plural(meeting, "handshake", "handshakes") + " to go.", true
	}
	return Forming, text + ", which takes some seconds.", true
}
