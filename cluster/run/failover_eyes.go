package run

import (
	"context"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/spawn"
)

// failoverSight is what one node said at one moment.
type failoverSight struct {
	node  cluster.NodeID
	asked time.Time
	at    time.Time // when the answer was complete
	err   error     // no answer, or not one that can be read

	view  *cluster.View
	own   cluster.ClusterInfo
	info  cluster.Info // INFO replication, and of the old primary clients and stats, too
	stats cluster.Stats
}

// self is the node's line of itself.
func (s *failoverSight) self() cluster.Member {
	m, _ := s.view.Member(s.node)
	return m
}

// failoverEyes look at nodes again and again, each at its own pace and none
// waiting for another. It is for one goroutine.
type failoverEyes struct {
	cluster Cluster
	calls   *spawn.Group
	poll    time.Duration
	sights  chan failoverSight // has room for one of each node
	due     map[cluster.NodeID]time.Time
	out     int  // looks in flight
	won     bool // everybody was asked at once when it was won
}

// failoverRush is for how long the replica is looked at more often: it mostly
// wins within it, and with stale votes loses again as quickly.
const failoverRush = time.Second

// mostLooks is how many nodes are looked at at the same time.
const mostLooks = 64

// never is the due time of a node whose answer is awaited.
var never = time.Unix(1<<40, 0)

// look sends an eye to every node that is due: first of all the two that the
// failover is about.
func (e *failoverEyes) look(ctx context.Context, t *failoverTale, now time.Time) {
	if !e.won && !t.won.IsZero() {
		e.won = true
		for id, due := range e.due {
			if due != never {
				e.due[id] = now
			}
		}
	}
	for _, id := range t.order {
		if e.out >= mostLooks && id != t.to && id != t.from {
			return
		}
		if now.Before(e.due[id]) || !t.watched(id) {
			continue
		}
		e.due[id] = never
		e.out++
		e.calls.Go(func() { e.sights <- e.read(ctx, id, id == t.from) })
	}
}

// back takes an eye's report and says when the node is due again: soon while
// something is expected of it.
func (e *failoverEyes) back(s failoverSight, t *failoverTale) {
	e.out--
	pace := e.poll
	switch {
	case s.node == t.to && t.won.IsZero() && s.asked.Sub(t.sent) < failoverRush:
		pace /= 5
	case !t.urgent(s.node):
		pace *= 10
	}
	e.due[s.node] = s.asked.Add(pace)
}

func (e *failoverEyes) read(ctx context.Context, id cluster.NodeID, more bool) failoverSight {
	s := failoverSight{node: id, asked: time.Now()}
	ctx, cancel := context.WithTimeout(ctx, failoverPatience)
	defer cancel()
	node, ok := e.cluster.Node(id)
	if !ok {
		s.err, s.at = errNoSuchNode, time.Now()
		return s
	}
	ask := [][]any{{"INFO", "replication"}, {"CLUSTER", "INFO"}, {"CLUSTER", "NODES"}}
	if more {
		ask = append(ask, []any{"INFO", "clients"}, []any{"INFO", "stats"})
	}
	answers := node.Pipeline(ctx, ask...)
	s.at = time.Now()
	text := make([]string, len(answers))
	for i, a := range answers {
		if a.Err != nil {
			s.err = a.Err
			return s
		}
		text[i], _ = a.Value.(string)
	}
	if more {
		text[0] += "\r\n" + text[3] + "\r\n" + text[4]
	}
	if s.info, s.err = cluster.ParseInfo(text[0]); s.err != nil {
		return s
	}
	s.stats = cluster.StatsOf(s.info)
	if s.own, s.err = cluster.ParseClusterInfo(text[1]); s.err != nil {
		return s
	}
	s.view, s.err = cluster.ParseNodes(text[2])
	return s
}
