package plan

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/quorum"
)

// failoverFace is what a failover plan looks at: the shard, its two nodes, and
// who can vote.
type failoverFace struct {
	s       *cluster.Snapshot
	facts   FailoverFacts
	shard   *cluster.Shard
	replica *cluster.Node
	primary *cluster.Node // nil when the shard has none
	voters  quorum.Voters
	present []cluster.NodeID
}

func faceFailover(s *cluster.Snapshot, replica cluster.NodeID, facts FailoverFacts) (*failoverFace, error) {
	refuse := func(reason Reason, format string, args ...any) error {
		return &Refusal{Reason: reason, Text: fmt.Sprintf(format, args...), Nodes: []cluster.NodeID{replica}}
	}
	n, ok := s.Node(replica)
	if !ok {
		return nil, refuse(UnknownNode, "no node %s is known; give the id of a replica", quote(string(replica)))
	}
	f := &failoverFace{s: s, facts: facts, replica: n}
	for i := range s.Shards {
		if slices.Contains(s.Shards[i].Replicas, replica) {
			f.shard = &s.Shards[i]
		}
	}
	switch {
	case f.shard == nil || n.Member.Flags.Has(cluster.Primary):
		return nil, refuse(BadRequest, "%s is not a replica; a failover is sent to the replica that is to become primary", address(n))
	case f.shard.SlotLen == 0:
		return nil, refuse(BadRequest, "the primary of %s has no slots, so that there is nothing to take over", address(n))
	}
	if p, found := s.Node(f.shard.Primary); found {
		f.primary = p
	}
	f.voters = quorum.VotersOf(s)
	for _, id := range f.voters.Answering {
		if v, found := s.Node(id); found && f.voters.Among(v.FailBy) == 0 {
			f.present = append(f.present, id)
		}
	}
	return f, nil
}

// linked is the replica's own word on its link.
func (f *failoverFace) linked() bool { return f.replica.Info.Known() && f.replica.Stats.LinkUp }

// alive reports whether the primary may be taking writes, as far as is known.
func (f *failoverFace) alive() bool {
	if f.primary == nil || f.primary.Health == cluster.Refused {
		return false
	}
	return f.voters.Among(f.primary.FailBy) == 0 || f.primary.Health == cluster.Answering
}

// failed reports whether the replica itself holds its primary for failed: then
// it refuses a graceful failover.
func (f *failoverFace) failed() bool {
	if f.primary == nil {
		return true
	}
	return slices.Contains(f.primary.FailBy, f.replica.ID) || f.voters.Among(f.primary.FailBy) > 0
}

// wait is how long to leave the shard alone, on servers that may count the votes
// of its last election once more (all Redis; Valkey asks for new ones).
func (f *failoverFace) wait() time.Duration {
	last := f.facts.LastElection
	for _, e := range f.s.Events {
		if e.Kind == cluster.RoleChanged && e.Shard == f.shard.Letter && e.At.After(last) {
			last = e.At
		}
	}
	if last.IsZero() || f.replica.Stats.Flavor == "valkey" {
		return 0
	}
	return max(0, quorum.VotePause(quorum.NodeTimeout(f.s))-f.s.At.Sub(last))
}

// waiting reports whether nothing but time is in the way of an election.
func (f *failoverFace) waiting(p *FailoverPlan) bool {
	return p.Wait > 0 && p.Present >= p.Need && f.facts.Busy == ""
}

// obstacle says why a way cannot work now; empty when it can.
func (f *failoverFace) obstacle(k FailoverKind, p *FailoverPlan) string {
	if why := f.unfit(); why != "" {
		return why
	}
	if k == Graceful {
		if why := f.unheard(p); why != "" {
			return why
		}
	}
	if k == Takeover {
		return ""
	}
	if p.Present < p.Need {
		return fmt.Sprintf("an election needs %d of %d voting primaries, and %d can be reached", p.Need, p.Voters, p.Present)
	}
	if p.Wait > 0 {
		return fmt.Sprintf("the shard's last election is too recent: for %s more its votes could be counted again, and the failover would fall back", spanText(p.Wait))
	}
	return ""
}

// unfit says why the replica cannot be made primary in any way.
func (f *failoverFace) unfit() string {
	n := f.replica
	switch {
	case f.facts.Busy != "":
		return clean(f.facts.Busy) + " is running on the shard; let it end or stop it first"
	case n.Health == cluster.Loading || n.Stats.Loading:
		return address(n) + " is loading its dataset"
	case n.Health != cluster.Answering:
		return address(n) + " does not answer the console, so that nothing can be sent to it"
	case n.Stats.Syncing:
		return address(n) + " is in the middle of a full sync and has only part of the data"
	}
	return ""
}

// unheard says why the primary cannot hand over.
func (f *failoverFace) unheard(p *FailoverPlan) string {
	switch {
	case f.primary == nil:
		return "the shard has no primary that could hand over"
	case f.failed():
		return p.From + " is held for failed, and the replica refuses"
	case f.primary.Health == cluster.Loading:
		return p.From + " is loading its dataset and cannot hand over"
	case f.replica.Info.Known() && !f.replica.Stats.LinkUp:
		return "the replica has no link to " + p.From + ", and refuses"
	case f.primary.Health == cluster.NoAnswer || f.primary.Health == cluster.Refused:
		return p.From + " does not answer: the replica would say OK and nothing would happen"
	case f.migrating():
		return "an atomic slot migration runs on the shard; cancel it on its target, or let it end"
	}
	return ""
}

// migrating reports whether the primary takes part in an atomic migration that
// it counts in CLUSTER INFO (Redis 8.4+).
func (f *failoverFace) migrating() bool {
	for _, field := range f.primary.ClusterInfo.Value.Fields {
		if field.Name == "cluster_slot_migration_active_tasks" {
			n, err := strconv.Atoi(field.Value)
			return err == nil && n > 0
		}
	}
	return false
}

// checks tell what was looked at.
func (f *failoverFace) checks(p *FailoverPlan) []Check {
	var c findings
	if p.Present >= p.Need {
		c.ok(fmt.Sprintf("%d of %d voting primaries can be reached, %d are needed", p.Present, p.Voters, p.Need))
	} else {
		c.warn(fmt.Sprintf("only %d of %d voting primaries can be reached, %d are needed", p.Present, p.Voters, p.Need))
	}
	switch {
	case !f.replica.Info.Known():
		c.warn("the state of the replica's link is not known")
	case !p.LinkUp && p.Idle >= 0:
		c.warn("the replica has had no link to its primary for " + spanText(p.Idle))
	case !p.LinkUp:
		c.warn("the replica has never been linked to its primary")
	default:
		c.ok("the replica is linked and " + p.Behind.bytes() + " behind")
	}
	for _, other := range quorum.Candidates(f.s, f.shard) {
		if other.Node != p.Replica && other.Eligible && other.Behind >= 0 && p.Behind.How != NotKnown && other.Behind < p.Behind.N {
			if n, ok := f.s.Node(other.Node); ok {
				c.warn(fmt.Sprintf("replica %s is %s further ahead", address(n), byteText(p.Behind.N-other.Behind)))
			}
			break
		}
	}
	f.checkMoves(&c)
	if f.primary != nil && f.primary.ClusterInfo.Known() && f.migrating() {
		c.warn("an atomic slot migration runs here: after a failover the old primary may complete it and lose writes; cancel it on its target")
	}
	return c.checks
}

func (f *failoverFace) checkMoves(c *findings) {
	open := 0
	for _, m := range f.s.Moves {
		if m.From == f.shard.Primary || m.To == f.shard.Primary {
			open++
		}
	}
	if open > 0 {
		c.warn(count(open, "open slot") + " of the shard: Redis forgets its half of the move in a failover, so finish or roll back first")
	}
}
