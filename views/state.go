package views

import (
	"fmt"

	"slotdeck/cluster"
	"slotdeck/ui"
)

// gravity orders states: the worse, the higher.
type gravity uint8

const (
	calm gravity = iota
	noted
	worrying
	broken
)

// state is how a node or shard is, in a word.
type state struct {
	gravity gravity
	glyph   string
	word    string
}

func (s state) paint(t *ui.Theme) ui.Paint {
	switch s.gravity {
	case calm:
		return t.Good
	case noted:
		return t.Note
	case worrying:
		return t.Warn
	default:
		return t.Bad
	}
}

func (s state) text() string { return s.glyph + " " + s.word }

// nodeState is the worst that is known of a node: first what the others agreed
// on, then what the console sees itself, then the replication.
func nodeState(sc *Scene, n *cluster.Node) state {
	g := sc.Theme.Glyph
	f := n.Member.Flags
	switch {
	case f.Has(cluster.Fail):
		return state{broken, g.Fail, "fail"}
	case f.Has(cluster.Handshake):
		return state{noted, g.Idle, "handshake"}
	case n.Health == cluster.NoAddress || f.Has(cluster.NoAddr):
		return state{broken, g.Silent, "no address"}
	case n.Health == cluster.Denied:
		return state{worrying, g.Silent, "denied"}
	case n.Health == cluster.Loading:
		return state{worrying, g.Lag, "loading"}
	case n.Health == cluster.Refused:
		return state{broken, g.Silent, "refused " + silent(sc, n)}
	case n.Health == cluster.NoAnswer:
		return state{broken, g.Silent, "no answer " + silent(sc, n)}
	case n.Health == cluster.Rubbish:
		return state{broken, g.Silent, "rubbish"}
	case n.Health == cluster.Unknown:
		return state{noted, g.Idle, "asking"}
	case len(n.PFailBy) > 0:
		return state{worrying, g.Suspect, fmt.Sprintf("fail? say %d", len(n.PFailBy))}
	}
	if f.Has(cluster.Replica) && n.Info.Known() {
		switch {
		case n.Stats.Syncing:
			return state{worrying, g.Lag, "syncing"}
		case !n.Stats.LinkUp:
			return state{worrying, g.Suspect, "link down"}
		}
	}
	if c := n.ClusterInfo; c.Known() && c.Value.State != "" && c.Value.State != "ok" {
		return state{worrying, g.Suspect, "says fail"}
	}
	return state{calm, g.OK, "ok"}
}

// silent is how long a node has said nothing: since its last answer, as the
// verdict counts too, or since it was first asked.
func silent(sc *Scene, n *cluster.Node) string {
	if n.LastSeen.IsZero() {
		return sc.Age(n.Since)
	}
	return sc.Age(n.LastSeen)
}

// shardState is the worst that is known of a shard.
func shardState(sc *Scene, sh *cluster.Shard) state {
	g := sc.Theme.Glyph
	p, ok := sc.Snap.Node(sh.Primary)
	if !ok {
		return state{broken, g.Fail, "no primary"}
	}
	s := nodeState(sc, p)
	if s.gravity == broken {
		return s
	}
	down := 0
	for _, id := range sh.Replicas {
		if r, ok := sc.Snap.Node(id); ok {
			if rs := nodeState(sc, r); rs.gravity >= worrying && rs.gravity > s.gravity {
				down++
			}
		}
	}
	switch {
	case s.gravity != calm:
		return s
	case down > 0 && down == len(sh.Replicas):
		return state{worrying, g.Suspect, "no live replica"}
	case down > 0:
		return state{worrying, g.Lag, fmt.Sprintf("%d of %d replicas", len(sh.Replicas)-down, len(sh.Replicas))}
	case sh.SlotLen == 0:
		return state{noted, g.Idle, "no slots"}
	case len(sh.Replicas) == 0:
		return state{noted, g.Idle, "no replica"}
	}
	if n := movesOf(sc.Snap, sh.Primary); n > 0 {
		return state{noted, g.Out, fmt.Sprintf("%d open", n)}
	}
	return s
}

// movesOf counts the open slots that a node has a hand in.
func movesOf(s *cluster.Snapshot, id cluster.NodeID) int {
	n := 0
	for _, m := range s.Moves {
		if m.From == id || m.To == id {
			n++
		}
	}
	return n
}

// behind is how many bytes a replica lacks of what its primary has written, by
// their last readings; -1 when one of them is not known.
func behind(s *cluster.Snapshot, r *cluster.Node) int64 {
	p, ok := s.Node(r.Member.Primary)
	if !ok || !p.Info.Known() || !r.Info.Known() || p.Stats.Offset < 0 || r.Stats.Offset < 0 {
		return -1
	}
	return max(0, p.Stats.Offset-r.Stats.Offset)
}

// memoryShare is used memory against its limit, -1 when there is no limit.
func memoryShare(n *cluster.Node) float64 {
	if !n.Info.Known() || n.Stats.MaxMemory <= 0 || n.Stats.UsedMemory < 0 {
		return -1
	}
	return float64(n.Stats.UsedMemory) / float64(n.Stats.MaxMemory)
}
