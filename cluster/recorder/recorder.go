package recorder

import (
	"slices"
	"time"

	"slotdeck/cluster"
)

// keep is how many finished records are kept.
const keep = 100

// Recorder makes records out of snapshots. The zero value is ready. It is for
// one goroutine.
type Recorder struct {
	prev   *cluster.Snapshot
	open   map[string]*Failover // by letter of the shard
	closed []Failover
	paces  map[cluster.NodeID]pace
	orders []order
	count  int
}

// order is a failover that this console asked for.
type order struct {
	replica cluster.NodeID
	command string
	at      time.Time
}

// orderLife is for how long an order can explain a promotion: servers give up
// after seconds, but a frozen primary can thaw within them.
const orderLife = 30 * time.Second

// Ordered tells that this console sent a failover command to a replica.
func (r *Recorder) Ordered(replica cluster.NodeID, command string, at time.Time) {
	r.orders = append(r.orders, order{replica, command, at})
}

// Failovers are the records kept, oldest first. They do not change any more.
func (r *Recorder) Failovers() []Failover {
	out := slices.Clone(r.closed)
	for _, f := range r.open {
		out = append(out, *f)
	}
	for i := range out {
		out[i].Stages = slices.Clone(out[i].Stages)
	}
	slices.SortFunc(out, func(a, b Failover) int { return a.Number - b.Number })
	return out
}

// Feed takes the next snapshot. One that is nil or not newer than the last is
// left out.
func (r *Recorder) Feed(s *cluster.Snapshot) {
	if s == nil || r.prev != nil && !s.At.After(r.prev.At) {
		return
	}
	if r.open == nil {
		r.open, r.paces = map[string]*Failover{}, map[cluster.NodeID]pace{}
	}
	for i := range s.Shards {
		now := &s.Shards[i]
		was := shardOf(r.prev, now.Letter)
		f := r.open[now.Letter]
		if f != nil && superseded(f, s, now) {
			f.Outcome = Superseded
			r.close(f)
			f = nil
		}
		if f == nil {
			f = r.begin(s, was, now)
		}
		if f != nil {
			r.advance(f, s, now)
		}
	}
	r.measure(s)
	r.prev = s
}

func shardOf(s *cluster.Snapshot, letter string) *cluster.Shard {
	if s != nil {
		for i := range s.Shards {
			if s.Shards[i].Letter == letter {
				return &s.Shards[i]
			}
		}
	}
	return nil
}

// superseded reports whether the shard's troubles are no longer those of the
// record: its new primary is in trouble itself, or was replaced.
func superseded(f *Failover, s *cluster.Snapshot, now *cluster.Shard) bool {
	if f.To.ID == "" || now.Primary == "" {
		return false
	}
	if now.Primary != f.To.ID {
		return true
	}
	p, ok := s.Node(now.Primary)
	return ok && sick(p)
}

// sick reports whether a primary gives cause for a record.
func sick(p *cluster.Node) bool {
	return p.Health == cluster.NoAnswer || p.Health == cluster.Refused || len(p.PFailBy)+len(p.FailBy) > 0
}

// begin opens a record when a shard's primary changed or is in trouble.
func (r *Recorder) begin(s *cluster.Snapshot, was, now *cluster.Shard) *Failover {
	if now.SlotLen == 0 {
		return nil
	}
	from := now.Primary
	if was != nil && was.Primary != "" && was.SlotLen > 0 {
		from = was.Primary
	}
	n, ok := s.Node(from)
	if !ok && r.prev != nil {
		n, ok = r.prev.Node(from)
	}
	if !ok || from == now.Primary && !sick(n) || now.Primary == "" {
		return nil
	}
	r.count++
	f := &Failover{
		Number: r.count, Shard: now.Letter, Slots: now.SlotLen, From: nodeOf(n),
		AtRisk: -1, WriteRate: -1, opening: highestEpoch(s),
	}
	if r.prev != nil {
		f.opening = highestEpoch(r.prev)
	}
	r.open[now.Letter] = f
	return f
}

func highestEpoch(s *cluster.Snapshot) uint64 {
	var epoch uint64
	for i := range s.Nodes {
		epoch = max(epoch, s.Nodes[i].ClusterInfo.Value.CurrentEpoch)
	}
	return epoch
}

func (r *Recorder) close(f *Failover) {
	for letter, g := range r.open {
		if g == f {
			delete(r.open, letter)
		}
	}
	r.closed = append(r.closed, *f)
	if extra := len(r.closed) - keep; extra > 0 {
		r.closed = slices.Delete(r.closed, 0, extra)
	}
}

// drop forgets a record that turned out to be nothing.
func (r *Recorder) drop(f *Failover) {
	for letter, g := range r.open {
		if g == f {
			delete(r.open, letter)
		}
	}
}
