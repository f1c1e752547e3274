package cluster

import "slotdeck/keyslot"

// Coverage tells which slots are served, as far as can be told from outside.
type Coverage struct {
	Assigned keyslot.Set // slots that have an owner
	Served   keyslot.Set // their owner answers us, or the nodes do not hold it for failed
	Doubtful keyslot.Set // those of Served whose owner does not answer us
	Failing  keyslot.Set // assigned, but not served
}

// CoverageOf sums up a snapshot. Whether the nodes refuse all keys because some slots
// are not covered is their own setting, and shows in their ClusterInfo.
func CoverageOf(s *Snapshot) Coverage {
	var c Coverage
	if s == nil {
		return c
	}
	for i := range s.Shards {
		shard := &s.Shards[i]
		slots := keyslot.SetOf(shard.Slots...)
		c.Assigned = c.Assigned.Union(slots)
		n, ok := s.Node(shard.Primary)
		switch {
		case ok && n.Health == Answering:
			c.Served = c.Served.Union(slots)
		case ok && !n.Member.Flags.Has(Fail):
			c.Served = c.Served.Union(slots)
			c.Doubtful = c.Doubtful.Union(slots)
		}
	}
	c.Failing = c.Assigned.Minus(c.Served)
	return c
}
