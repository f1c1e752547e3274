package plan

import (
	"cmp"
	"slices"

	"slotdeck/keyslot"
)

// pick chooses n slots of own for a receiver so that few runs of slots remain on
// either side: first runs that lie against the receiver's, then a cut from such
// a run, then one cut from the low end of the shortest run that suffices.
func pick(own keyslot.Set, n int, receiver keyslot.Set) keyslot.Set {
	var out keyslot.Set
	left := n
	take := func(r keyslot.Range) {
		out.AddRange(r)
		left -= r.Len()
	}
	runs := own.Ranges()
	slices.SortStableFunc(runs, func(a, b keyslot.Range) int { return cmp.Compare(b.Len(), a.Len()) })

	rest := runs[:0]
	for _, r := range runs {
		if low, high := against(r, receiver); (low || high) && r.Len() <= left {
			take(r)
			continue
		}
		rest = append(rest, r)
	}
	for _, r := range rest {
		if low, high := against(r, receiver); left > 0 && r.Len() > left && (low || high) {
			take(end(r, left, !low))
		}
	}
	for len(rest) > 0 && left > 0 {
		// The runs are sorted, longest first: find the shortest that suffices.
		i := 0
		for i < len(rest) && rest[i].Len() >= left {
			i++
		}
		if i > 0 {
			take(end(rest[i-1], left, false))
			break
		}
		take(rest[0])
		rest = rest[1:]
	}
	return out
}

// against reports whether the receiver has the slot right below, and right above.
func against(r keyslot.Range, receiver keyslot.Set) (low, high bool) {
	return r.First > 0 && receiver.Has(r.First-1), receiver.Has(r.Last + 1)
}

// end cuts n slots off a run's low or high end.
func end(r keyslot.Range, n int, high bool) keyslot.Range {
	if high {
		return keyslot.Range{First: r.Last - keyslot.Slot(n-1), Last: r.Last}
	}
	return keyslot.Range{First: r.First, Last: r.First + keyslot.Slot(n-1)}
}

// nearestFirst is the runs of a set: those against the receiver's, then the rest,
// each longest first.
func nearestFirst(s, receiver keyslot.Set) []keyslot.Range {
	runs := s.Ranges()
	near := func(r keyslot.Range) int {
		low, high := against(r, receiver)
		return b2i(!low && !high)
	}
	slices.SortStableFunc(runs, func(a, b keyslot.Range) int {
		return cmp.Or(cmp.Compare(near(a), near(b)), cmp.Compare(b.Len(), a.Len()))
	})
	return runs
}
