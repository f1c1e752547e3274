package cluster

import (
	"cmp"
	"slices"

	"slotdeck/keyslot"
)

// ownership is who owns each slot, after all claims were weighed.
type ownership struct {
	claims []claim              // those that were met
	of     [keyslot.Count]int32 // index of the claim that won, and 1; 0: nobody's
}

// claim is what some views say: that a node owns slots since an epoch.
type claim struct {
	owner  NodeID
	epoch  uint64
	weight int // how much it is backed
}

// owner is who owns a slot; empty: nobody.
func (own *ownership) owner(s keyslot.Slot) NodeID {
	if at := own.of[s]; at > 0 {
		return own.claims[at-1].owner
	}
	return ""
}

// faction is the views that agree about all slots, whatever else they differ in.
type faction struct {
	view *View
	by   []NodeID // sorted
}

// factions puts together the groups that agree about owners and epochs.
func (t *tally) factions() []faction {
	var out []faction
	index := map[uint64]int{}
	for i := range t.groups {
		g := &t.groups[i]
		config := g.view.Config()
		at, ok := index[config]
		if !ok {
			at = len(out)
			index[config] = at
			out = append(out, faction{view: g.view})
		}
		out[at].by = append(out[at].by, g.by...)
	}
	for i := range out {
		slices.Sort(out[i].by)
	}
	return out
}

// ownership weighs the claims: the highest epoch wins; among equals what the
// claimed owner says itself, then the more backed claim, then the smaller id.
func (t *tally) ownership(factions []faction) *ownership {
	own := &ownership{}
	for _, f := range factions {
		for i := range f.view.Members {
			m := &f.view.Members[i]
			if len(m.Slots) == 0 {
				continue
			}
			c := claim{m.ID, m.Epoch, len(f.by)}
			if _, ok := slices.BinarySearch(f.by, m.ID); ok {
				c.weight += t.voices
			}
			own.claims = append(own.claims, c)
			at := int32(len(own.claims))
			for _, r := range m.Slots {
				for s := int(r.First); s <= int(r.Last); s++ {
					if best := own.of[s]; best == 0 || own.claims[best-1].yields(&c) {
						own.of[s] = at
					}
				}
			}
		}
	}
	return own
}

// yields reports whether a claim gives way to another one.
func (c *claim) yields(to *claim) bool {
	return cmp.Or(
		cmp.Compare(c.epoch, to.epoch),
		cmp.Compare(c.weight, to.weight),
		cmp.Compare(to.owner, c.owner),
	) < 0
}

// disputes are the runs of slots for which the views name different owners.
func disputes(factions []faction) []Dispute {
	if len(factions) < 2 {
		return nil
	}
	claims := make([][keyslot.Count]int32, len(factions)) // index of the member + 1
	for i, f := range factions {
		for m := range f.view.Members {
			for _, r := range f.view.Members[m].Slots {
				for s := int(r.First); s <= int(r.Last); s++ {
					claims[i][s] = int32(m + 1)
				}
			}
		}
	}
	var out []Dispute
	for s := 0; s < keyslot.Count; {
		end := s + 1
		for end < keyslot.Count && alike(claims, s, end) {
			end++
		}
		if says := weigh(factions, claims, s); len(says) > 1 {
			out = append(out, Dispute{Range: keyslot.Range{First: keyslot.Slot(s), Last: keyslot.Slot(end - 1)}, Says: says})
		}
		s = end
	}
	return out
}

// alike reports whether all factions say of slot b what they say of slot a.
func alike(claims [][keyslot.Count]int32, a, b int) bool {
	for i := range claims {
		if claims[i][a] != claims[i][b] {
			return false
		}
	}
	return true
}

// weigh lists the different owners claimed for a slot, the most backed first.
func weigh(factions []faction, claims [][keyslot.Count]int32, slot int) []Claim {
	var says []Claim
	for i, f := range factions {
		c := Claim{By: f.by}
		if at := claims[i][slot]; at > 0 {
			c.Owner, c.Epoch = f.view.Members[at-1].ID, f.view.Members[at-1].Epoch
		}
		same := slices.IndexFunc(says, func(s Claim) bool { return s.Owner == c.Owner })
		if same < 0 {
			says = append(says, c)
			continue
		}
		says[same].By = slices.Sorted(slices.Values(slices.Concat(says[same].By, c.By)))
		says[same].Epoch = max(says[same].Epoch, c.Epoch)
	}
	slices.SortStableFunc(says, func(a, b Claim) int {
		return cmp.Or(-cmp.Compare(len(a.By), len(b.By)), -cmp.Compare(a.Epoch, b.Epoch), cmp.Compare(a.Owner, b.Owner))
	})
	return says
}
