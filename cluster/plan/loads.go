package plan

import (
	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// gauge is one objective's number for every slot, gaps filled with estimates
// where anything allows one.
type gauge struct {
	per [keyslot.Count]float64
	how [keyslot.Count]How
}

// loads are the gauges of a cluster.
type loads struct {
	keys, bytes, traffic gauge
}

func weigh(p *picture, l Load) *loads {
	w := &loads{}
	w.keys.take(l.Keys)
	w.bytes.take(l.Bytes)
	w.traffic.take(l.Traffic)
	for i := range p.primaries {
		q := &p.primaries[i]
		w.keys.fill(&q.own, totalKeys(q.node), nil)
		w.bytes.fill(&q.own, totalBytes(q.node), &w.keys)
		w.traffic.fill(&q.own, -1, nil)
	}
	return w
}

// of is the gauge of an objective; nil for Slots, which needs none.
func (l *loads) of(o Objective) *gauge {
	switch o {
	case Keys:
		return &l.keys
	case Memory:
		return &l.bytes
	case Traffic:
		return &l.traffic
	}
	return nil
}

func (g *gauge) take(m *Measure) {
	if m == nil {
		return
	}
	for slot, a := range m {
		if a.How != NotKnown && a.N >= 0 {
			g.per[slot], g.how[slot] = float64(a.N), a.How
		}
	}
}

// supplement takes what is better known than before.
func (g *gauge) supplement(m *Measure) {
	if m == nil {
		return
	}
	for slot, a := range m {
		if a.How > g.how[slot] && a.N >= 0 {
			g.per[slot], g.how[slot] = float64(a.N), a.How
		}
	}
}

// fill guesses what one node's slots carry that nobody measured: what is left of
// the node's total, spread evenly, or along another gauge that knows all of
// them. Without a total, the mean of the node's known slots.
func (g *gauge) fill(own *keyslot.Set, total float64, along *gauge) {
	var known, spread float64
	unknown, measured := 0, 0
	whole := along != nil
	for slot := range own.All() {
		if g.how[slot] != NotKnown {
			known += g.per[slot]
			measured++
			continue
		}
		unknown++
		if whole {
			spread += along.per[slot]
			whole = along.how[slot] != NotKnown
		}
	}
	if unknown == 0 || total < 0 && measured == 0 {
		return
	}
	rest := known / float64(max(1, measured)) * float64(unknown)
	if total >= 0 {
		rest = max(0, total-known)
	}
	for slot := range own.All() {
		if g.how[slot] != NotKnown {
			continue
		}
		g.how[slot] = Guessed
		g.per[slot] = rest / float64(unknown)
		if whole && spread > 0 {
			g.per[slot] = rest * along.per[slot] / spread
		}
	}
}

// totalKeys is a node's own count, -1 when it did not report one.
func totalKeys(n *cluster.Node) float64 {
	if !n.Info.Known() || n.Stats.Keys < 0 {
		return -1
	}
	return float64(n.Stats.Keys)
}

// totalBytes is the size of a node's data without what an empty server takes,
// -1 when it did not report any.
func totalBytes(n *cluster.Node) float64 {
	if !n.Info.Known() {
		return -1
	}
	if v, ok := n.Info.Value.Int("used_memory_dataset"); ok && v >= 0 {
		return float64(v)
	}
	if n.Stats.UsedMemory > 0 {
		return float64(n.Stats.UsedMemory)
	}
	return -1
}

// sum is what a set of slots carries; NotKnown when one of them is not known.
func (g *gauge) sum(slots *keyslot.Set) Amount {
	var total float64
	how := Reported
	for slot := range slots.All() {
		total += g.per[slot]
		how = min(how, g.how[slot])
	}
	if how == NotKnown {
		return Amount{}
	}
	return Amount{N: rounded(total), How: how}
}
