package plan

import (
	"cmp"
	"fmt"
	"slices"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// claimants settles slots that several primaries call their own. Left to the
// servers, the highest epoch wins as soon as they hear each other, and the others
// delete their keys; so the others give the slots up first, which deletes
// nothing, and their keys follow.
func (r *repair) claimants() {
	r.terms.each(func(k *tenure, slots keyslot.Set) {
		if len(k.claimed) < 2 {
			return
		}
		for owner, set := range r.saidOf(&slots) {
			r.letWin(k, owner, set)
		}
		if slots.Empty() {
			return
		}
		winner, clear := r.strongest(k, slots)
		if clear && r.wish.Claimants {
			r.letWin(k, winner, slots)
			return
		}
		advice := fmt.Sprintf("say --owner %s=NODE", ranges(slots))
		if clear {
			advice = fmt.Sprintf("%s has the highest epoch and the most keys: say --search-multiple-owners to let it win, or --owner %s=NODE", r.p.name(winner), ranges(slots))
		}
		r.leave("%s (%s) %s claimed by %s; the highest epoch wins as soon as they hear each other, and the others then delete their keys: %s; what the others hold is brought to the winner, or saved",
			count(slots.Len(), "slot"), someSlots(slots), verb(slots.Len(), "is", "are"), r.claims(k, slots), advice)
	})
}

// strongest is the claimant with the highest epoch, and whether the keys speak
// for it, too.
func (r *repair) strongest(k *tenure, slots keyslot.Set) (id cluster.NodeID, clear bool) {
	id, clear = k.claimed[0], true
	for _, other := range k.claimed[1:] {
		if r.epoch(other) > r.epoch(id) {
			id = other
		}
	}
	most, known := r.sum(id, slots)
	clear = known
	for _, other := range k.claimed {
		if other == id {
			continue
		}
		n, told := r.sum(other, slots)
		clear = clear && told && n <= most && r.epoch(other) < r.epoch(id)
	}
	return id, clear
}

// sum is how many keys a node holds in slots.
func (r *repair) sum(id cluster.NodeID, slots keyslot.Set) (keys int64, known bool) {
	known = true
	for slot := range slots.All() {
		n, told := r.seen.Keys.of(slot, id)
		keys, known = keys+n, known && told
	}
	return keys, known
}

func (r *repair) claims(k *tenure, slots keyslot.Set) string {
	var parts []string
	for _, id := range k.claimed {
		keys := "keys not counted"
		if n, known := r.sum(id, slots); known {
			keys = count(int(n), "key")
		}
		parts = append(parts, fmt.Sprintf("%s (epoch %d, %s)", r.p.name(id), r.epoch(id), keys))
	}
	return some(parts)
}

func (r *repair) letWin(k *tenure, winner cluster.NodeID, slots keyslot.Set) {
	r.took = r.took.Union(slots)
	r.does = append(r.does, fmt.Sprintf("let %s own %s (%s), claimed by %s", r.p.name(winner), count(slots.Len(), "slot"), someSlots(slots), r.claims(k, slots)))
	if !slices.Contains(k.claimed, winner) {
		r.give(winner, slots)
	}
	r.raise[winner] = true
	losers := slices.Clone(k.claimed)
	// Of a key that several of them have the first value stays: the newest epoch's.
	slices.SortStableFunc(losers, func(a, b cluster.NodeID) int { return cmp.Compare(r.epoch(b), r.epoch(a)) })
	for _, id := range losers {
		if id == winner {
			continue
		}
		if r.drops[id] == nil {
			r.drops[id] = new(keyslot.Set)
		}
		*r.drops[id] = r.drops[id].Union(slots)
		r.strangers(id, winner)
		holding := r.holding(id, slots)
		if keys, _ := r.sum(id, slots); keys > 0 {
			r.bring(id, winner, holding, keys)
			r.risks(Disruptive, fmt.Sprintf("%s of %s go to %s: where both have a key, the value of %s stays and the other is saved to a file first",
				count(int(keys), "key"), r.p.name(id), r.p.name(winner), r.p.name(winner)))
		}
	}
}

// strangers lets two nodes meet that have no link.
func (r *repair) strangers(a, b cluster.NodeID) {
	for _, pair := range [][2]cluster.NodeID{{a, b}, {b, a}} {
		_, view := r.p.says(pair[0])
		other := r.p.nodes[pair[1]]
		if view == nil || other == nil {
			continue
		}
		if m, ok := view.Member(pair[1]); ok && m.Linked && !m.Flags.Has(cluster.Fail) && !m.Flags.Has(cluster.NoAddr) {
			continue
		}
		r.meets = append(r.meets, r.p.memberNode(r.p.nodes[pair[0]]).meet(r.p.memberNode(other)))
	}
}

// dissent deals with nodes that take somebody else for the owner of a slot that
// one primary serves, and that do not come to agree by themselves: the owner
// takes a higher epoch, which all others believe, and nodes without a link meet.
func (r *repair) dissent() {
	r.terms.each(func(k *tenure, slots keyslot.Set) {
		if len(k.claimed) != 1 || len(k.named) == 0 && !k.nobody {
			return
		}
		for i := range r.p.snap.Moves { // a target that has not heard of an owner is told when the slot is settled
			slots.Remove(r.p.snap.Moves[i].Slot)
		}
		if slots.Empty() {
			return
		}
		owner := k.claimed[0]
		r.raise[owner] = true
		r.does = append(r.does, fmt.Sprintf("let all nodes hear that %s owns %s (%s)", r.p.name(owner), count(slots.Len(), "slot"), someSlots(slots)))
		for i := range r.p.snap.Nodes {
			n := &r.p.snap.Nodes[i]
			_, view := r.p.says(n.ID)
			if view == nil || n.ID == owner || ownerIn(view, slots.Ranges()[0].First) == owner {
				continue
			}
			r.strangers(n.ID, owner)
		}
	})
}
