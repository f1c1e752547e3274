package watch

import (
	"context"
	"slices"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/quorum"
)

const (
	// alarmInterval is the time between two looks at the nodes concerned while
	// something fails: the stages of a failover follow each other that fast.
	alarmInterval = 100 * time.Millisecond
	// aftershock is for how long after a change the next is looked out for.
	aftershock = 5 * time.Second
	// longestAlarm is for how long trouble in which nothing changes keeps the
	// pace up, at most: then it is not the moment that matters any more.
	longestAlarm = time.Minute
	// mostAlarmed is how many nodes are asked at that pace at the most, however
	// large the cluster.
	mostAlarmed = everyRound
	// alarmedViews is how many views of a larger cluster may be asked for at a
	// time: those of nodes whose counters moved.
	alarmedViews = 4
)

// alarm quickens the polling while a failure is going on. It waits until every
// node was tried once: who is slow to be found has not failed.
type alarm struct {
	whole   bool      // every node was tried
	changed time.Time // when a node was last seen to fail, or to come back
	next    time.Time // the next look at those concerned; zero: no alarm
	near    map[cluster.NodeID]bool
}

// heed takes a new picture, and what is new in it.
func (a *alarm) heed(s *cluster.Snapshot, news []cluster.Event) {
	if !a.whole {
		a.whole = len(s.Nodes) > 0 && !slices.ContainsFunc(s.Nodes, func(n cluster.Node) bool { return n.Health == cluster.Unknown })
		return
	}
	var stirred []cluster.NodeID
	for _, e := range news {
		if stirs(e.Kind) {
			a.changed = s.At
			stirred = append(stirred, e.Node)
		}
	}
	sick := sickShards(s)
	calm := aftershock
	if len(sick) > 0 {
		calm = longestAlarm
		if timeout := quorum.NodeTimeout(s); timeout > 0 {
			calm = min(calm, 2*timeout+aftershock)
		}
	}
	if a.changed.IsZero() || s.At.Sub(a.changed) >= calm {
		a.next, a.near = time.Time{}, nil
		return
	}
	if a.next.IsZero() {
		a.next = s.At.Add(alarmInterval)
		a.near = nil
	}
	if a.near == nil || len(stirred) > 0 {
		a.near = concerned(s, sick, stirred)
	}
}

// stirs reports whether a change can be part of a failover.
func stirs(k cluster.EventKind) bool {
	switch k {
	case cluster.HealthChanged, cluster.FlagChanged, cluster.RoleChanged, cluster.PrimaryChanged,
		cluster.StateChanged, cluster.LinkChanged, cluster.RestartSeen:
		return true
	}
	return false
}

// sickShards are those with slots whose primary does not answer, or is
// suspected, or is missing.
func sickShards(s *cluster.Snapshot) []int {
	well := make([]bool, len(s.Shards))
	for i := range s.Nodes {
		n := &s.Nodes[i]
		if n.Shard >= 0 && s.Shards[n.Shard].Primary == n.ID {
			well[n.Shard] = n.Health != cluster.NoAnswer && n.Health != cluster.Refused && len(n.PFailBy)+len(n.FailBy) == 0
		}
	}
	var out []int
	for i := range well {
		if !well[i] && s.Shards[i].SlotLen > 0 {
			out = append(out, i)
		}
	}
	return out
}

// concerned are the nodes worth asking often: all of a small cluster; of a
// larger one those of the shards in trouble, then those that changed, then
// voters to hear from.
func concerned(s *cluster.Snapshot, sick []int, stirred []cluster.NodeID) map[cluster.NodeID]bool {
	near := make(map[cluster.NodeID]bool, mostAlarmed)
	add := func(ids ...cluster.NodeID) {
		for _, id := range ids {
			if len(near) < mostAlarmed && id != "" {
				near[id] = true
			}
		}
	}
	if len(s.Nodes) <= mostAlarmed {
		for i := range s.Nodes {
			add(s.Nodes[i].ID)
		}
		return near
	}
	for _, i := range sick {
		add(s.Shards[i].Primary)
		add(s.Shards[i].Replicas...)
	}
	for _, id := range stirred {
		if n, ok := s.Node(id); ok && n.Shard >= 0 {
			add(s.Shards[n.Shard].Primary)
			add(s.Shards[n.Shard].Replicas...)
		}
	}
	add(quorum.VotersOf(s).Answering...)
	return near
}

// look asks those concerned once more, between two rounds. A node that fails
// is asked again as soon as its last question has failed.
func (h *hub) look(now time.Time) {
	h.alarm.next = now.Add(alarmInterval)
	small := len(h.byID) <= mostAlarmed
	h.allowance = max(h.allowance, alarmedViews)
	if small {
		h.allowance = mostAlarmed
	}
	for id := range h.alarm.near {
		p := h.byID[id]
		if p == nil {
			continue
		}
		if small {
			p.wantView = true
		}
		h.ask(p, now)
	}
}

// beat does what is due by the clock: a round, or a look in between.
func (h *hub) beat(ctx context.Context, now time.Time) {
	switch {
	case h.wishes.paused:
	case !now.Before(h.nextRound):
		h.round(ctx, now)
		if !h.alarm.next.IsZero() {
			h.alarm.next = now.Add(alarmInterval)
		}
	case !h.alarm.next.IsZero() && !now.Before(h.alarm.next):
		h.look(now)
	}
}
