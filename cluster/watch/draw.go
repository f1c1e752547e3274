package watch

import (
	"time"

	"slotdeck/cluster"
)

// draw makes a picture of the readings and publishes it.
func (h *hub) draw(now time.Time) {
	h.drawAt = time.Time{}
	h.dropForgotten()
	in := cluster.Inputs{
		At:       now,
		Seq:      h.seq + 1,
		Interval: h.wishes.interval,
		Paused:   h.wishes.paused,
		Seeds:    h.seedStates(),
		Kin:      h.kin,
		Nodes:    make([]cluster.Node, 0, len(h.byID)),
	}
	for _, p := range h.byID {
		n := p.node
		n.KinTried = h.kinSought[n.ID]
		in.Nodes = append(in.Nodes, n)
	}
	next := cluster.Merge(h.last, in)
	h.seq++
	news := cluster.Diff(h.last, next)
	h.history.add(news...)
	h.alarm.heed(next, news)
	next.Events = h.history.newest()
	h.last = next
	h.seekKin(now)
	h.watch.publish(next)
}

func (h *hub) seedStates() []cluster.SeedState {
	states := make([]cluster.SeedState, len(h.seeds))
	for i, s := range h.seeds {
		states[i] = cluster.SeedState{Addr: s.addr, ID: s.id, Err: s.err}
		if p := h.byID[s.id]; s.id != "" && p != nil {
			states[i].Err = p.node.Err
		}
	}
	return states
}
