package recorder

import (
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/quorum"
)

// pace is how fast a primary wrote between its last two known offsets.
type pace struct {
	offset int64
	at     time.Time
	rate   int64 // bytes a second; -1: not known
}

// measure follows the offsets of the primaries.
func (r *Recorder) measure(s *cluster.Snapshot) {
	for i := range s.Shards {
		n, ok := s.Node(s.Shards[i].Primary)
		if !ok || !n.Info.Known() || n.Stats.Offset < 0 || n.Stats.Role == cluster.Replica {
			continue
		}
		old, known := r.paces[n.ID]
		if known && !n.Info.At.After(old.at) {
			continue
		}
		p := pace{offset: n.Stats.Offset, at: n.Info.At, rate: -1}
		if known && p.offset >= old.offset {
			p.rate = int64(float64(p.offset-old.offset) / p.at.Sub(old.at).Seconds())
		}
		r.paces[n.ID] = p
	}
}

// risk estimates what the new primary had not got, from the snapshot before it
// took over: then both roles still were the old ones.
func (r *Recorder) risk(f *Failover, to cluster.NodeID) {
	if r.prev == nil {
		return
	}
	was := shardOf(r.prev, f.Shard)
	n, ok := r.prev.Node(to)
	if was == nil || !ok || was.Primary != f.From.ID {
		return
	}
	f.AtRisk = quorum.Behind(r.prev, was, n)
	p, known := r.paces[f.From.ID]
	if !known {
		return
	}
	f.WriteRate = p.rate
	if last, silent := f.Stage(LastAnswer); silent {
		f.OffsetAge = max(0, last.At.Sub(p.at))
	}
}
