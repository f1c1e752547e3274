package doctor

import (
	"cmp"
	"slices"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/quorum"
	"slotdeck/keyslot"
)

// defaultTimeout stands in for a node timeout that is not known, where only a
// careful bound is needed: the servers' default.
const defaultTimeout = 15 * time.Second

// troubles finds the shards whose primary is in trouble, the worst first.
func troubles(s *cluster.Snapshot, v quorum.Voters) []ShardTrouble {
	var out []ShardTrouble
	for i := range s.Shards {
		shard := &s.Shards[i]
		if shard.SlotLen == 0 {
			continue
		}
		p, found := s.Node(shard.Primary)
		cause, sick := NoPrimary, true
		if found && shard.Primary != "" {
			cause, sick = ail(s, v, p)
		}
		if !sick {
			continue
		}
		t := ShardTrouble{
			Shard: shard.Letter, Node: shard.Primary, Cause: cause, Silent: -1,
			Slots: shard.SlotLen, Ranges: shard.Slots,
			Share:      float64(shard.SlotLen) / keyslot.Count,
			Of:         v.Others(shard.Primary),
			Candidates: quorum.Candidates(s, shard),
		}
		if found {
			t.Agree = v.Among(p.FailBy)
			t.Suspects = flaggers(v, p)
			t.Since = since(p)
			if cause == Cut || cause == CutOff {
				t.Since = flagged(s, p.ID)
			}
		}
		if !t.Since.IsZero() {
			t.Silent = max(0, s.At.Sub(t.Since))
		}
		prognosis(s, v, &t)
		out = append(out, t)
	}
	slices.SortStableFunc(out, func(a, b ShardTrouble) int {
		return cmp.Or(
			cmp.Compare(weight(a), weight(b)),
			-cmp.Compare(a.Slots, b.Slots),
		)
	})
	return out
}

// weight puts what needs somebody first, then what heals, then what serves.
func weight(t ShardTrouble) int {
	switch {
	case t.Cause.Serves():
		return 2
	case t.Heals != nil:
		return 1
	}
	return 0
}

// flaggers counts the voters that suspect a node or hold it for failed.
func flaggers(v quorum.Voters, n *cluster.Node) int {
	return v.Among(n.FailBy) + v.Among(minus(n.PFailBy, n.FailBy))
}

func minus(ids, without []cluster.NodeID) []cluster.NodeID {
	var out []cluster.NodeID
	for _, id := range ids {
		if !slices.Contains(without, id) {
			out = append(out, id)
		}
	}
	return out
}

// since is the last sign of life of a node that does not answer, else the
// beginning of its present health.
func since(n *cluster.Node) time.Time {
	if n.Health != cluster.Answering && n.Health != cluster.Loading && !n.LastSeen.IsZero() {
		return n.LastSeen
	}
	return n.Since
}

// flagged is when the others' flags of a node last changed, as far as the
// snapshot's events reach back; else zero.
func flagged(s *cluster.Snapshot, id cluster.NodeID) time.Time {
	for i := len(s.Events) - 1; i >= 0; i-- {
		if e := s.Events[i]; e.Kind == cluster.FlagChanged && e.Node == id {
			return e.At
		}
	}
	return time.Time{}
}

// ail tells what is wrong with a primary, if anything.
func ail(s *cluster.Snapshot, v quorum.Voters, p *cluster.Node) (Cause, bool) {
	failed := v.Among(p.FailBy) > 0
	suspected := v.Among(p.PFailBy) > 0
	switch p.Health {
	case cluster.Answering:
		return ailAnswering(s, v, p)
	case cluster.Loading:
		return Reading, true
	}
	switch {
	case failed:
		return Failed, true
	case suspected:
		return Suspected, true
	case !vouched(s, v, p):
		return Silent, true
	case p.Health == cluster.Unknown:
		return 0, false // not asked yet, and nobody complains
	case p.Health == cluster.Denied || p.Health == cluster.Rubbish:
		return LockedOut, true
	}
	return Unseen, true
}

func ailAnswering(s *cluster.Snapshot, v quorum.Voters, p *cluster.Node) (Cause, bool) {
	if p.Stats.Loading {
		return Reading, true
	}
	// A majority flags it, though it lives: its bus is cut, or it just came back
	// and the flags have not cleared yet.
	if v.Among(minus(p.FailBy, []cluster.NodeID{p.ID})) > 0 || v.Need > 1 && flaggers(v, p) >= v.Need {
		return Cut, true
	}
	seen, known := v.Sees(s, p.ID)
	if known && seen < v.Need && len(v.IDs) > 1 {
		return CutOff, true
	}
	return 0, false
}

// notice is by when the nodes have certainly noticed, and agreed, that one of
// them is gone. Real servers take 1 to 2 node timeouts; the rest is room for
// slow rounds.
func notice(timeout time.Duration) time.Duration { return 2*timeout + 2*time.Second }

// vouched reports whether the others would know by now if a primary that does
// not answer the console were gone: one of them that answers knows it, does not
// suspect it, and had time enough to notice.
func vouched(s *cluster.Snapshot, v quorum.Voters, p *cluster.Node) bool {
	timeout := quorum.NodeTimeout(s)
	if timeout == 0 {
		timeout = defaultTimeout
	}
	noticed := since(p).Add(notice(timeout)) // before that a view proves nothing
	if p.Health == cluster.Denied || p.Health == cluster.Rubbish || p.Health == cluster.Unknown {
		noticed = time.Time{} // it lives, or was not asked: any view will do
	}
	for _, id := range v.Answering {
		n, ok := s.Node(id)
		if !ok || id == p.ID || !n.View.Known() || n.View.At.Before(noticed) {
			continue
		}
		if m, listed := n.View.Value.Member(p.ID); listed && m.Flags&(cluster.PFail|cluster.Fail|cluster.Handshake) == 0 {
			return true
		}
	}
	return false
}
