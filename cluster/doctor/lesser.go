package doctor

import (
	"fmt"
	"slices"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/quorum"
)

// outOfSight speaks when others vouch for a primary that the console cannot read.
func outOfSight(e *examination) (Status, string, bool) {
	if len(e.verdict.Affected) == 0 {
		return 0, "", false
	}
	t := e.verdict.Affected[0]
	n, _ := e.s.Node(t.Node)
	others := fmt.Sprintf("none of %s suspects it: clients are probably served", plural(t.Of, "other", "others"))
	more := ""
	if k := len(e.verdict.Affected) - 1; k > 0 {
		more = fmt.Sprintf(" %s more like it.", plural(k, "primary", "primaries"))
	}
	if t.Cause == LockedOut {
		why := "refuses the console's user or password"
		if n.Health == cluster.Rubbish {
			why = "answers the console with something that is no server's answer"
		}
		return Degraded, e.subject(t) + why + ", but " + others + "." + more, true
	}
	return Degraded, e.subject(t) + e.complaint(t) + ", but " + others + "." + more + " Check the way from here to there.", true
}

const (
	flapWindow = 2 * time.Minute
	flapCount  = 3 // recoveries of one node within the window; one is a single outage
)

func flapping(e *examination) (Status, string, bool) {
	// One outage shows as two recoveries, the console's and the other nodes', so
	// that each kind is counted by itself.
	type what struct {
		node cluster.NodeID
		kind cluster.EventKind
	}
	times := map[what]int{}
	var worst what
	for _, ev := range e.s.Events {
		if ev.Gravity != cluster.Good || ev.Kind != cluster.HealthChanged && ev.Kind != cluster.FlagChanged || e.s.At.Sub(ev.At) > flapWindow {
			continue
		}
		w := what{ev.Node, ev.Kind}
		if times[w]++; times[w] >= flapCount && times[w] > times[worst] {
			worst = w
		}
	}
	if worst.node == "" {
		return 0, "", false
	}
	text := nameOf(e.s, worst.node) + fmt.Sprintf(" comes and goes: it came back %d times in the last 2 min", times[worst])
	if e.verdict.Voters.Has(worst.node) {
		text += ", and may be failed over at any moment"
	}
	return Degraded, text + ". All slots are served now.", true
}

// bare speaks when a failure has left a shard without a working replica.
func bare(e *examination) (Status, string, bool) {
	var worst *cluster.Node
	var letters []string
	for i := range e.s.Shards {
		shard := &e.s.Shards[i]
		if shard.SlotLen == 0 || len(shard.Replicas) == 0 {
			continue
		}
		candidates := quorum.Candidates(e.s, shard)
		if len(candidates) == 0 || candidates[0].Eligible && sound(e.s, candidates[0].Node) {
			continue
		}
		letters = append(letters, shard.Letter)
		if worst == nil {
			worst, _ = e.s.Node(candidates[0].Node)
		}
	}
	if worst == nil {
		return 0, "", false
	}
	n, why := worst, "does not answer"
	for _, c := range quorum.Candidates(e.s, shardOf(e.s, n)) {
		if c.Node == n.ID && c.Why != "" {
			why = c.Why
		}
	}
	text := fmt.Sprintf("All slots are served, but shard %s has no replica that could take over: %s %s", letters[0], name(n), why)
	if len(letters) > 1 {
		text += "; nor " + verb(len(letters)-1, "has ", "have ") + list(letters[1:])
	}
	return Degraded, text + ".", true
}

func sound(s *cluster.Snapshot, id cluster.NodeID) bool {
	n, ok := s.Node(id)
	return ok && n.Health != cluster.NoAnswer && n.Health != cluster.Refused
}

func shardOf(s *cluster.Snapshot, n *cluster.Node) *cluster.Shard {
	for i := range s.Shards {
		if slices.Contains(s.Shards[i].Replicas, n.ID) || s.Shards[i].Primary == n.ID {
			return &s.Shards[i]
		}
	}
	return &cluster.Shard{}
}
