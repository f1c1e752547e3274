package plan

import (
	"cmp"
	"slices"

	"slotdeck/keyslot"
)

// transfer is what goes from one primary to another; both are indices into
// picture.primaries.
type transfer struct {
	from, to int
	slots    keyslot.Set
}

// draft is a request worked out, before it is judged.
type draft struct {
	title     string
	transfers []transfer // one for each pair of primaries, none empty
	notes     []string   // what the operator should know about the request itself
}

// give adds slots to the transfer between two primaries.
func (d *draft) give(from, to int, slots keyslot.Set) {
	if slots.Empty() {
		return
	}
	for i := range d.transfers {
		if t := &d.transfers[i]; t.from == from && t.to == to {
			t.slots = t.slots.Union(slots)
			return
		}
	}
	d.transfers = append(d.transfers, transfer{from, to, slots})
}

// order sorts transfers by source. A source's last receiver is the one with the
// fewest replicas: an emptied primary turns into a replica of whoever took its
// last slot, and there it is most needed.
func (d *draft) order(p *picture) {
	replicas := func(i int) int { return len(p.primaries[i].shard.Replicas) }
	slices.SortStableFunc(d.transfers, func(a, b transfer) int {
		return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(replicas(b.to), replicas(a.to)), cmp.Compare(a.to, b.to))
	})
}
