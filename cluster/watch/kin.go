package watch

import (
	"errors"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/wire"
)

// A primary that failed and was replaced before the console was started owns
// nothing, and CLUSTER NODES does not say whose place it held. CLUSTER SHARDS
// does, except on Redis 7.0: one node is asked for it, once for each such node.

// seekKin has an answering node asked, if there is a node without a shard that
// nobody was asked about yet.
func (h *hub) seekKin(now time.Time) {
	for i := range h.last.Nodes {
		if n := &h.last.Nodes[i]; !n.Displaced() || h.kinSought[n.ID] {
			continue
		}
		var knows *peer
		for _, p := range h.byID {
			if p.current() && (knows == nil || p.node.ID < knows.node.ID) {
				knows = p
			}
		}
		if knows != nil {
			knows.wantKin = true
			h.ask(knows, now)
		}
		return
	}
}

// applyKin keeps who shares a shard with the nodes that have none here.
func (h *hub) applyKin(p *peer, a *answer) {
	var failed *wire.Error
	if !a.question.kin || errors.As(a.kin.err, &failed) && !failed.Kind.Answered() {
		return // it is asked again, or another is
	}
	p.wantKin = false
	for i := range h.last.Nodes {
		n := &h.last.Nodes[i]
		if !n.Displaced() {
			continue
		}
		h.kinSought[n.ID] = true
		for _, shard := range a.kin.value {
			if len(shard.Slots) == 0 {
				continue
			}
			var ids []cluster.NodeID
			among := false
			for _, m := range shard.Nodes {
				ids = append(ids, m.ID)
				among = among || m.ID == n.ID
			}
			if among {
				h.kin[n.ID] = ids
			}
		}
	}
}
