package cluster

import (
	"cmp"
	"slices"
)

// lineage is what the previous snapshot tells of shards, so that each keeps its
// letter while it lives.
type lineage struct {
	prev    *Snapshot
	member  map[NodeID]int // index of the previous shard
	heir    []*head        // by previous shard: who goes on under its letter
	overlap map[share]int  // filled by inherit
}

// share is the slots that a head has from a previous shard.
type share struct {
	head *head
	past int
}

func lineageOf(prev *Snapshot) lineage {
	l := lineage{prev: prev, member: map[NodeID]int{}, overlap: map[share]int{}}
	if prev == nil {
		return l
	}
	l.heir = make([]*head, len(prev.Shards))
	for i := range prev.Nodes {
		if n := &prev.Nodes[i]; n.Shard >= 0 && n.Shard < len(prev.Shards) {
			l.member[n.ID] = n.Shard
		}
	}
	return l
}

// shard is the previous shard of a node, -1 for none.
func (l *lineage) shard(id NodeID) int {
	if past, ok := l.member[id]; ok {
		return past
	}
	return -1
}

func (l *lineage) knows(id NodeID) bool { return l.shard(id) >= 0 }

// led reports whether a node was the primary of its previous shard.
func (l *lineage) led(id NodeID) bool {
	past := l.shard(id)
	return past >= 0 && l.prev.Shards[past].Primary == id
}

// compare puts former primaries first.
func (l *lineage) compare(a, b NodeID) int {
	switch {
	case l.led(a) == l.led(b):
		return 0
	case l.led(a):
		return -1
	}
	return 1
}

// take lets a head go on as a previous shard, unless another does.
func (l *lineage) take(h *head, past int) {
	if h.hue < 0 && past >= 0 && l.heir[past] == nil {
		l.heir[past] = h
		h.hue = l.prev.Shards[past].Hue
	}
}

// inherit gives the heads that own slots the letters of the shards their
// primaries come from. If several come from one, the one that kept the most
// of its slots goes on, then the former primary.
func (l *lineage) inherit(heads []*head) {
	if l.prev == nil {
		return
	}
	l.measure(heads)
	order := slices.Clone(heads)
	slices.SortStableFunc(order, func(a, b *head) int {
		return cmp.Or(
			-cmp.Compare(l.overlap[share{a, l.shard(a.primary)}], l.overlap[share{b, l.shard(b.primary)}]),
			l.compare(a.primary, b.primary),
			cmp.Compare(a.primary, b.primary),
		)
	})
	for _, h := range order {
		l.take(h, l.shard(h.primary))
	}
}

// measure counts the slots that each head has from each previous shard.
func (l *lineage) measure(heads []*head) {
	if l.prev.Owner == nil {
		return
	}
	for _, h := range heads {
		for _, r := range h.slots {
			for s := int(r.First); s <= int(r.Last); {
				past, start := l.prev.Owner[s], s
				for s <= int(r.Last) && l.prev.Owner[s] == past {
					s++
				}
				if past != NoShard {
					l.overlap[share{h, int(past)}] += s - start
				}
			}
		}
	}
}

// resume gives a head whose primary is new to us the letter of a shard that is gone
// and most of whose slots it has: a failover to a replica nobody had seen yet.
func (l *lineage) resume(heads []*head) {
	for _, h := range heads {
		if h.hue >= 0 {
			continue
		}
		for past := range l.heir {
			if 2*l.overlap[share{h, past}] > max(1, l.prev.Shards[past].SlotLen) {
				l.take(h, past)
			}
		}
		for _, id := range h.replicas {
			if h.missing { // the primary vanished, those who followed it remain
				l.take(h, l.shard(id))
			}
		}
	}
}

// christen gives new letters: in the order of their lowest slots, those
// without slots last. Letters of the previous snapshot are not given out again.
func (l *lineage) christen(heads []*head) {
	used := map[int]bool{}
	if l.prev != nil {
		for _, s := range l.prev.Shards {
			used[s.Hue] = true
		}
	}
	order := slices.Clone(heads) // slotless ones are in the order of their addresses already
	slices.SortStableFunc(order, func(a, b *head) int { return cmp.Compare(a.first(), b.first()) })
	hue := 0
	for _, h := range order {
		if h.hue >= 0 {
			continue
		}
		for used[hue] {
			hue++
		}
		h.hue, used[hue] = hue, true
	}
}
