package plan

import (
	"fmt"
	"slices"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// strays deals with keys that lie in a node that does not own their slot. They
// are leftovers that clients do not see; some may have been deleted since, which
// is why it has to be said that they shall come back.
func (r *repair) strays() {
	var open keyslot.Set
	for i := range r.p.snap.Moves {
		open.Add(r.p.snap.Moves[i].Slot)
	}
	for i := range r.p.primaries {
		id := r.p.primaries[i].id
		s, ok := r.seen.Strays[id]
		in := s.In.Minus(open).Minus(r.took)
		if !ok || in.Empty() {
			continue
		}
		if r.wish.Strays == LeaveStrays {
			r.leave("%s holds %s in %s (%s) that others own, and clients do not see them: say --strays merge to bring them to the owners (keys that clients deleted since come back; where the owner has a key, its value stays and the other is saved to a file)",
				r.p.name(id), count(int(s.Keys), "key"), count(in.Len(), "slot"), someSlots(in))
			continue
		}
		byOwner := map[cluster.NodeID]keyslot.Set{}
		var owners []cluster.NodeID
		for slot := range in.All() {
			owner, served := r.terms.server(slot)
			if !served {
				continue
			}
			if !slices.Contains(owners, owner) {
				owners = append(owners, owner)
			}
			set := byOwner[owner]
			set.Add(slot)
			byOwner[owner] = set
		}
		for _, owner := range owners {
			r.homes = append(r.homes, Move{From: id, To: owner, Ranges: byOwner[owner].Ranges()})
		}
		r.does = append(r.does, fmt.Sprintf("bring %s that %s holds in slots of others to the owners", count(int(s.Keys), "key"), r.p.name(id)))
		r.risks(Disruptive, fmt.Sprintf("keys that clients deleted while %s held copies come back; where the owner has a key, its value stays and the other is saved to a file first", r.p.name(id)))
	}
}
