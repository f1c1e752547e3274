package plan

import (
	"cmp"
	"fmt"
	"slices"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// lost deals with slots whose owner does not answer and has no replica that
// does. They are given away only when that was said, and what is lost is told in
// numbers.
func (r *repair) lost() {
	byOwner := map[cluster.NodeID]*keyslot.Set{}
	var owners []cluster.NodeID
	r.terms.each(func(k *tenure, slots keyslot.Set) {
		silent := r.silentOf(k.named)
		if len(k.claimed) > 0 || len(silent) == 0 {
			return
		}
		slices.SortFunc(silent, func(a, b cluster.NodeID) int { return cmp.Or(cmp.Compare(r.epoch(b), r.epoch(a)), cmp.Compare(a, b)) })
		if byOwner[silent[0]] == nil {
			byOwner[silent[0]] = new(keyslot.Set)
			owners = append(owners, silent[0])
		}
		*byOwner[silent[0]] = byOwner[silent[0]].Union(slots)
	})
	slices.Sort(owners)
	for _, id := range owners {
		r.loseOf(id, *byOwner[id])
	}
}

func (r *repair) epoch(id cluster.NodeID) uint64 {
	if n := r.p.nodes[id]; n != nil {
		return n.Member.Epoch
	}
	return 0
}

func (r *repair) loseOf(id cluster.NodeID, slots keyslot.Set) {
	name := r.p.name(id)
	what := fmt.Sprintf("%s (%s) %s to %s, which does not answer", count(slots.Len(), "slot"), someSlots(slots), verb(slots.Len(), "belongs", "belong"), name)
	heir := cluster.NodeID("")
	for i := range r.p.snap.Nodes {
		if n := &r.p.snap.Nodes[i]; n.Health == cluster.Answering && n.Member.Primary == id {
			heir = n.ID
			break
		}
	}
	n := r.p.nodes[id]
	switch {
	case heir != "":
		r.leave("%s; its replica %s does and has a copy of its keys: fail over to it (slotdeck failover %s --force, or --takeover without a majority), and nothing is given away",
			what, r.p.name(heir), address(r.p.nodes[heir]))
		return
	case n != nil && !n.Member.Flags.Has(cluster.Fail) && len(n.FailBy) == 0:
		r.leave("%s, and the others do not hold it for failed yet: wait, then look again", what)
		return
	case !r.wish.Unreachable:
		r.leave("%s, and no replica of it does; its keys (%s) are on it alone: bring it back, or say --fix-with-unreachable-masters to give its slots away and lose them", what, r.lastKeys(id))
		return
	}
	r.risks(Lossy, fmt.Sprintf("%s of %s become empty: its keys (%s) are lost unless its files are kept; when it comes back it finds its slots with others and deletes its keys of them by itself, so keep its files (RDB, AOF) before it starts again",
		count(slots.Len(), "slot"), name, r.lastKeys(id)))
	var free keyslot.Set
	for _, l := range r.where(slots, id) {
		free = free.Union(r.settleLost(l))
	}
	shares := r.balance(free)
	for _, to := range r.order() {
		if set, ok := shares[to]; ok {
			r.coverBy(&lying{back: id}, to, set, "by balance, in the place of "+name)
		}
	}
}

// settleLost gives slots of a node that is gone to who was said, or to the one
// that holds keys of them; what is left is free of keys.
func (r *repair) settleLost(l *lying) (free keyslot.Set) {
	back := l.back
	if len(l.on) == 0 && len(l.copies) == 0 && len(l.blind) == 0 {
		for owner, slots := range r.saidOf(&l.slots) {
			r.coverBy(l, owner, slots, "as was said")
		}
		return l.slots
	}
	l.back = ""
	was := len(r.left)
	before := l.slots
	free = r.settleCover(l, nil)
	l.back = back
	if len(r.left) == was {
		for id, set := range r.cover {
			if shared := before.Intersect(*set); !shared.Empty() {
				r.raise[id] = true
			}
		}
	}
	return free
}

// lastKeys is what is known of a node's keys.
func (r *repair) lastKeys(id cluster.NodeID) string {
	if n, ok := r.seen.LastKeys[id]; ok && n >= 0 {
		return fmt.Sprintf("%d when it was last asked", n)
	}
	keys, slots := int64(0), 0
	for i := range r.p.primaries {
		q := &r.p.primaries[i]
		if q.node.Health == cluster.Answering && q.node.Info.Known() && q.slots > 0 && q.node.Stats.Keys >= 0 {
			keys, slots = keys+q.node.Stats.Keys, slots+q.slots
		}
	}
	if slots == 0 {
		return "nobody knows how many"
	}
	return fmt.Sprintf("how many is not known; the others hold about %.1f a slot", float64(keys)/float64(slots))
}
