package quorum

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"slotdeck/cluster"
)

// Candidate is a replica with its prospects to take over by itself.
type Candidate struct {
	Node     cluster.NodeID
	Behind   int64  // bytes behind the primary's last known offset; -1: not known
	Eligible bool   // no rule known to the console forbids it
	Why      string // what forbids it, continuing "the replica …"; empty when eligible
	Doubt    string // what could not be checked, continuing "the replica …"
}

// Candidates are a shard's replicas, the eligible first, then the least behind.
func Candidates(s *cluster.Snapshot, shard *cluster.Shard) []Candidate {
	voters := VotersOf(s)
	out := make([]Candidate, 0, len(shard.Replicas))
	for _, id := range shard.Replicas {
		n, ok := s.Node(id)
		if !ok {
			continue
		}
		c := Candidate{Node: id, Behind: Behind(s, shard, n)}
		c.Why, c.Doubt = standing(s, shard, voters, n)
		c.Eligible = c.Why == ""
		out = append(out, c)
	}
	slices.SortStableFunc(out, func(a, b Candidate) int {
		return cmp.Or(
			-cmp.Compare(rank(a), rank(b)),
			cmp.Compare(uint64(a.Behind), uint64(b.Behind)), // not known (-1) comes last
			cmp.Compare(a.Node, b.Node),
		)
	})
	return out
}

func rank(c Candidate) int {
	switch {
	case c.Eligible && c.Doubt == "":
		return 2
	case c.Eligible:
		return 1
	}
	return 0
}

// Behind is how many bytes a replica is behind the last known offset of its
// shard's primary; -1 when either offset is not known.
func Behind(s *cluster.Snapshot, shard *cluster.Shard, replica *cluster.Node) int64 {
	if lag, ok := s.LagBytes(replica.ID); ok && replica.Member.Primary == shard.Primary {
		return lag
	}
	return -1
}

// standing tells what forbids a replica to stand, and what is not known of it.
func standing(s *cluster.Snapshot, shard *cluster.Shard, v Voters, n *cluster.Node) (why, doubt string) {
	if why, doubt = presence(v, n); why != "" {
		return why, doubt
	}
	if n.Member.Flags.Has(cluster.Primary) { // replaced, and not yet told so
		return "has not become a replica yet", ""
	}
	own := SettingsOf(n)
	if n.Member.Flags.Has(cluster.NoFailover) || own.NoFailover == Yes {
		return "has cluster-replica-no-failover set", ""
	}
	if unknown, read := strangers(s, shard, v, n.ID); unknown > 0 && v.Size-unknown < v.Need {
		return fmt.Sprintf("is not known to %d of the %d voting primaries that answer", unknown, read), ""
	}
	why, old := age(s, own, n)
	if doubt == "" {
		doubt = old
	}
	return why, doubt
}

func presence(v Voters, n *cluster.Node) (why, doubt string) {
	switch {
	case n.Health == cluster.Loading || n.Health == cluster.Answering && n.Stats.Loading:
		return "is loading its dataset", ""
	case v.Among(n.FailBy) > 0:
		return "has failed", ""
	case n.Health == cluster.NoAddress:
		return "has no address", ""
	case n.Health == cluster.Answering:
		return "", ""
	case v.Among(n.PFailBy) > 0:
		return "does not answer", ""
	case n.Health == cluster.Refused:
		return "is not running", ""
	case n.Health == cluster.Denied:
		return "", "does not let the console in"
	case n.Health == cluster.Unknown:
		return "", "has not been asked yet"
	}
	return "", "does not answer the console"
}

// strangers counts the voters, of those whose view was read, that do not know
// a node as a replica of its shard's primary.
func strangers(s *cluster.Snapshot, shard *cluster.Shard, v Voters, id cluster.NodeID) (unknown, read int) {
	for _, voter := range v.IDs {
		n, ok := s.Node(voter)
		if !ok || n.Health != cluster.Answering || !n.View.Known() {
			continue
		}
		read++
		m, listed := n.View.Value.Member(id)
		if !listed || m.Flags.Has(cluster.Handshake) || m.Primary != "" && m.Primary != shard.Primary {
			unknown++
		}
	}
	return unknown, read
}

// age holds the replica's time without its primary against the limit.
func age(s *cluster.Snapshot, own Settings, n *cluster.Node) (why, doubt string) {
	if n.Health != cluster.Answering {
		return "", "" // what it said last is worth nothing now; presence has said so
	}
	if !n.Info.Known() {
		return "", "has not told how old its link is"
	}
	idle, ok := LinkAge(s, n)
	if !ok {
		if own.ValidityFactor == 0 {
			return "", ""
		}
		return "has never been linked to its primary", ""
	}
	limit, known := own.AgeLimit()
	switch {
	case known && limit == 0:
		return "", ""
	case !known && idle > time.Minute:
		return "", fmt.Sprintf("has had no link for %d s (limit unknown)", int(idle.Seconds()))
	case !known:
		return "", ""
	}
	if idle > limit {
		return fmt.Sprintf("is too old (link down %d s, limit %d s)", int(idle.Seconds()), int(limit.Seconds())), ""
	}
	return "", ""
}

// LinkAge is for how long a replica has had nothing from its primary. ok is
// false when it never had anything, or did not say.
func LinkAge(s *cluster.Snapshot, n *cluster.Node) (time.Duration, bool) {
	since := s.At.Sub(n.Info.At)
	if n.Stats.LinkUp {
		return since + max(0, n.Stats.LinkIdle), true
	}
	down, ok := n.Info.Value.Int("master_link_down_since_seconds")
	return since + time.Duration(down)*time.Second, ok && down >= 0
}
