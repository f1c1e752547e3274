package doctor

import (
	"fmt"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/quorum"
)

// prognosis fills in whether a shard heals by itself, how and when, or why not.
func prognosis(s *cluster.Snapshot, v quorum.Voters, t *ShardTrouble) {
	switch t.Cause {
	case Unseen, LockedOut:
		return
	case CutOff:
		seen, _ := v.Sees(s, t.Node)
		t.Blocked = fmt.Sprintf("it sees only %d of %d voting primaries, %d are needed", seen, v.Size, v.Need)
		return
	case NoPrimary:
		t.Blocked = "it has no replica either"
		if len(t.Candidates) > 0 {
			t.Blocked = "replica " + nameOf(s, t.Candidates[0].Node) + " stands only for a primary that has failed"
		}
		return
	case Reading:
		if t.Agree == 0 {
			t.Heals = loading(s, t.Node)
			return
		}
	}
	if t.Blocked = noElection(s, v, t.Node); t.Blocked != "" {
		return
	}
	if t.Blocked = noCandidate(s, t.Candidates); t.Blocked != "" {
		return
	}
	elect(s, t)
}

// loading expects the primary itself back, when its dataset is read.
func loading(s *cluster.Snapshot, id cluster.NodeID) *Heal {
	h := &Heal{Within: -1, Why: "is loading its dataset"}
	n, ok := s.Node(id)
	if !ok || !n.Info.Known() {
		return h
	}
	if eta, ok := n.Info.Value.Int("loading_eta_seconds"); ok && eta >= 0 {
		h.Within = max(time.Second, time.Duration(eta)*time.Second-s.At.Sub(n.Info.At))
	}
	return h
}

// noElection says why the voters cannot elect a successor; empty when they can.
func noElection(s *cluster.Snapshot, v quorum.Voters, dead cluster.NodeID) string {
	if !v.CanElect(dead) {
		left := len(v.Answering)
		for _, id := range v.Answering {
			if id == dead {
				left--
			}
		}
		if left == 0 {
			return "no voting primary is left to elect a replica"
		}
		return fmt.Sprintf("only %d of %d voting primaries can be reached, %d are needed", left, v.Size, v.Need)
	}
	best, read := 0, false
	for _, id := range v.Answering {
		if seen, ok := v.Sees(s, id); ok && id != dead {
			best, read = max(best, seen), true
		}
	}
	if read && best < v.Need {
		return fmt.Sprintf("no voting primary sees more than %d of %d, %d are needed", best, v.Size, v.Need)
	}
	return ""
}

// noCandidate says why no replica can stand; empty when one can.
func noCandidate(s *cluster.Snapshot, candidates []quorum.Candidate) string {
	if len(candidates) == 0 {
		return "it has no replica"
	}
	if candidates[0].Eligible {
		return ""
	}
	first := nameOf(s, candidates[0].Node) + " " + candidates[0].Why
	if len(candidates) > 1 {
		return "no replica is eligible; " + first
	}
	return "replica " + first
}

// elect expects the best replica to win, unless it should have long since.
func elect(s *cluster.Snapshot, t *ShardTrouble) {
	best := t.Candidates[0]
	timeout := quorum.NodeTimeout(s)
	agreed := t.Agree > 0
	bound := timeout
	if bound == 0 {
		bound = defaultTimeout
	}
	due := notice(bound) + quorum.Within(0, true, bound, 0)
	switch {
	case t.Silent < 0:
	case agreed && t.Silent > due:
		t.Overdue = t.Silent - due
		t.Blocked = fmt.Sprintf("replica %s is eligible, yet its election is overdue by %s", nameOf(s, best.Node), span(t.Overdue))
		return
	case !agreed && t.Silent > notice(bound) && t.Of > 0:
		t.Overdue = t.Silent - notice(bound)
		t.Blocked = fmt.Sprintf("the others should have agreed %s ago that it failed", span(t.Overdue))
		return
	}
	t.Heals = &Heal{
		Replica: best.Node,
		Within:  quorum.Within(max(0, t.Silent), agreed, timeout, 0),
		Why:     describe(best),
	}
}

// describe continues "replica X …".
func describe(c quorum.Candidate) string {
	behind := "an unknown way behind"
	if c.Behind >= 0 {
		behind = bytes(c.Behind) + " behind"
	}
	if c.Doubt != "" {
		return "is " + behind + ", but " + c.Doubt
	}
	return "is " + behind + " and eligible"
}
