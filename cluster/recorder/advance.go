package recorder

import (
	"slices"
	"strings"
	"time"
	"unicode"

	"slotdeck/cluster"
	"slotdeck/cluster/quorum"
)

// advance notes what a snapshot shows of a failover for the first time.
func (r *Recorder) advance(f *Failover, s *cluster.Snapshot, now *cluster.Shard) {
	if r.prev != nil {
		f.Precision = max(f.Precision, s.At.Sub(r.prev.At))
	}
	from, listed := s.Node(f.From.ID)
	if listed {
		trouble(f, s, from)
	}
	election(f, s, now)
	if f.To.ID == "" && now.Primary != f.From.ID && now.Primary != "" {
		r.promoted(f, s, now)
	}
	if f.To.ID == "" {
		if listed && !sick(from) && from.Health == cluster.Answering {
			r.recovered(f)
		}
		return
	}
	aftermath(f, s, now, from, listed)
	if f.Outcome == Complete {
		r.close(f)
	}
}

// trouble notes how the primary was lost.
func trouble(f *Failover, s *cluster.Snapshot, from *cluster.Node) {
	if f.To.ID != "" {
		return
	}
	if (from.Health == cluster.NoAnswer || from.Health == cluster.Refused) && !from.LastSeen.IsZero() {
		f.reach(LastAnswer, from.LastSeen, "of %s", f.From.Addr)
	}
	v := quorum.VotersOf(s)
	if by := slices.Concat(from.PFailBy, from.FailBy); len(by) > 0 {
		f.reach(Suspected, s.At, "by %s", names(s, by))
	}
	if len(from.FailBy) > 0 {
		f.reach(FailAgreed, s.At, "%d of %d other voting primaries say so", v.Among(from.FailBy), v.Others(from.ID))
	}
}

// election notes that a replica asked for votes: its epoch rose above all
// that were known.
func election(f *Failover, s *cluster.Snapshot, now *cluster.Shard) {
	if f.To.ID != "" {
		return
	}
	for _, id := range append(slices.Clone(now.Replicas), now.Primary) {
		n, ok := s.Node(id)
		if !ok || id == f.From.ID || n.Health != cluster.Answering {
			continue
		}
		if e := n.ClusterInfo.Value.CurrentEpoch; e > f.opening {
			f.reach(Election, s.At, "epoch %d, %s", e, nodeOf(n).Addr)
		}
	}
}

// promoted notes the new primary, why it came, and what it had not got.
func (r *Recorder) promoted(f *Failover, s *cluster.Snapshot, now *cluster.Shard) {
	n, ok := s.Node(now.Primary)
	if !ok {
		return
	}
	f.To, f.Epoch, f.Slots = nodeOf(n), n.Member.Epoch, max(f.Slots, now.SlotLen)
	f.reach(Promoted, s.At, "%s, epoch %d", f.To.Addr, f.Epoch)
	from, listed := s.Node(f.From.ID)
	switch _, agreed := f.Stage(FailAgreed); {
	case agreed:
		f.Cause = Automatic
	case listed && from.Health == cluster.Answering && !f.reached(LastAnswer):
		f.Cause = Manual
	}
	for _, o := range r.orders {
		if age := s.At.Sub(o.at); o.replica == n.ID && age >= 0 && age <= orderLife {
			f.Cause, f.Command = Manual, o.command
		}
	}
	r.risk(f, n.ID)
}

// aftermath notes what has to follow a promotion.
func aftermath(f *Failover, s *cluster.Snapshot, now *cluster.Shard, from *cluster.Node, listed bool) {
	to, ok := s.Node(f.To.ID)
	if !ok || now.Primary != f.To.ID {
		return
	}
	state := to.ClusterInfo.Value.State
	if to.Health == cluster.Answering && now.SlotLen >= f.Slots && (state == "ok" || !to.ClusterInfo.Known()) {
		f.reach(Served, s.At, "%d slots by %s", now.SlotLen, f.To.Addr)
	}
	promoted, _ := f.Stage(Promoted)
	if n, all := agreeing(f, s, promoted.At); all && n > 0 {
		f.reach(Agreed, s.At, "%d nodes that answer", n)
	}
	if listed && from.Health == cluster.Answering && from.Member.Flags.Has(cluster.Replica) &&
		from.Member.Primary == f.To.ID && from.Stats.Role == cluster.Replica && from.Stats.LinkUp {
		f.reach(OldBack, s.At, "%s, linked", f.From.Addr)
	}
	if f.reached(Served) && f.reached(Agreed) {
		f.Outcome = Taken
		if f.reached(OldBack) || !listed {
			f.Outcome = Complete
		}
	}
}

// agreeing counts the nodes that answer, and tells whether each of them shows
// the new primary with slots and the old one without.
func agreeing(f *Failover, s *cluster.Snapshot, since time.Time) (n int, all bool) {
	for i := range s.Nodes {
		node := &s.Nodes[i]
		if node.Health != cluster.Answering || !node.View.Known() || node.View.Err != nil {
			continue
		}
		to, listed := node.View.Value.Member(f.To.ID)
		if !listed || !to.Flags.Has(cluster.Primary) || len(to.Slots) == 0 || to.Epoch < f.Epoch {
			return 0, false
		}
		if from, ok := node.View.Value.Member(f.From.ID); ok && len(from.Slots) > 0 {
			return 0, false
		}
		if node.View.At.Before(since) {
			return 0, false // it has not been asked since
		}
		n++
	}
	return n, true
}

// recovered ends a record whose primary is well again. Mere hiccups, which no
// other node noticed, are forgotten.
func (r *Recorder) recovered(f *Failover) {
	if !f.reached(Suspected) {
		r.drop(f)
		return
	}
	f.Outcome = CameBack
	r.close(f)
}

func nodeOf(n *cluster.Node) Node {
	addr := n.Member.Endpoint.Addr()
	if addr == "" {
		addr = n.Dialled
	}
	if addr == "" {
		addr = n.ID.Short()
	}
	return Node{ID: n.ID, Addr: clean(addr)}
}

func names(s *cluster.Snapshot, ids []cluster.NodeID) string {
	var out []string
	for _, id := range ids {
		if n, ok := s.Node(id); ok && len(out) < 3 {
			out = append(out, nodeOf(n).Addr)
		}
	}
	if more := len(ids) - len(out); more > 0 {
		out = append(out, "…")
	}
	return strings.Join(out, ", ")
}

// clean makes a server's text fit for a line of a record.
func clean(text string) string {
	const most = 60
	text = strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) || r == '|' {
			return '·'
		}
		return r
	}, text)
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}
