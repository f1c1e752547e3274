package cluster

// LagBytes is how many bytes of its primary's stream a replica has not got,
// as of the last INFO of both; false when it cannot be told: the node is no
// replica, or an offset was never read.
//
// The two are never read at the same moment, so the difference alone grows with
// the time between. What the primary itself knew of the replica at the same moment is
// at most about a second old; the smaller of both is nearer to the truth. Of
// a primary that fell silent the last offset counts.
func (s *Snapshot) LagBytes(replica NodeID) (int64, bool) {
	r, ok := s.Node(replica)
	if !ok || !r.Member.Flags.Has(Replica) || r.Stats.Role != Replica || r.Stats.Offset < 0 || !r.Info.Known() {
		return 0, false
	}
	p, ok := s.Node(r.Member.Primary)
	if !ok || p.Stats.Role != Primary || p.Stats.Offset < 0 || !p.Info.Known() {
		return 0, false
	}
	lag := p.Stats.Offset - r.Stats.Offset
	if acked, ok := acknowledged(p, r); ok {
		lag = min(lag, p.Stats.Offset-acked)
	}
	return max(0, lag), true
}

// acknowledged is the offset that the primary heard of last from the replica.
func acknowledged(p, r *Node) (int64, bool) {
	for _, o := range ReplicaOffsets(p.Info.Value) {
		if o.Offset > 0 && (o.Addr == r.Member.Endpoint.Addr() || o.Addr == r.Dialled) {
			return o.Offset, true
		}
	}
	return 0, false
}
