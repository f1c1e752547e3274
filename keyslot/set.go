package keyslot

import (
	"iter"
	"math/bits"
)

const (
	wordBits = 64
	words    = Count / wordBits
)

// Set is a set of slots. The zero value is empty; sets are plain values of 2 KiB
// that can be copied and compared with ==. Slots from Count up are never in a
// set: adding one does nothing.
type Set struct{ words [words]uint64 }

// SetOf is the set of all slots in the given ranges, which may overlap.
func SetOf(ranges ...Range) Set {
	var s Set
	for _, r := range ranges {
		s.AddRange(r)
	}
	return s
}

// Full is the set of all slots.
func Full() Set { return SetOf(Range{0, Count - 1}) }

// Add puts a slot into the set.
func (s *Set) Add(slot Slot) {
	if slot < Count {
		s.words[slot/wordBits] |= 1 << (slot % wordBits)
	}
}

// Remove takes a slot out of the set.
func (s *Set) Remove(slot Slot) {
	if slot < Count {
		s.words[slot/wordBits] &^= 1 << (slot % wordBits)
	}
}

// Has reports whether a slot is in the set.
func (s *Set) Has(slot Slot) bool {
	return slot < Count && s.words[slot/wordBits]&(1<<(slot%wordBits)) != 0
}

// AddRange puts all slots of a range into the set.
func (s *Set) AddRange(r Range) {
	for w, mask := range masks(r) {
		s.words[w] |= mask
	}
}

// RemoveRange takes all slots of a range out of the set.
func (s *Set) RemoveRange(r Range) {
	for w, mask := range masks(r) {
		s.words[w] &^= mask
	}
}

// masks yields each word that a range touches, with its bits there.
func masks(r Range) iter.Seq2[int, uint64] {
	return func(yield func(int, uint64) bool) {
		if r.First > r.Last || r.First >= Count {
			return
		}
		last := min(r.Last, Count-1)
		for w := r.First / wordBits; w <= last/wordBits; w++ {
			mask := ^uint64(0)
			if w == r.First/wordBits {
				mask <<= r.First % wordBits
			}
			if w == last/wordBits {
				mask &= ^uint64(0) >> (wordBits - 1 - last%wordBits)
			}
			if !yield(int(w), mask) {
				return
			}
		}
	}
}

// Len is how many slots are in the set, 0 to 16384.
func (s Set) Len() int {
	n := 0
	for _, w := range &s.words {
		n += bits.OnesCount64(w)
	}
	return n
}

// Empty reports whether no slot is in the set.
func (s Set) Empty() bool { return s == Set{} }

// Union is the set of the slots in either set.
func (s Set) Union(t Set) Set {
	for i, w := range &t.words {
		s.words[i] |= w
	}
	return s
}

// Minus is the set of the slots in s that are not in t.
func (s Set) Minus(t Set) Set {
	for i, w := range &t.words {
		s.words[i] &^= w
	}
	return s
}

// Intersect is the set of the slots in both sets.
func (s Set) Intersect(t Set) Set {
	for i, w := range &t.words {
		s.words[i] &= w
	}
	return s
}

// All yields the slots in the set in rising order.
func (s Set) All() iter.Seq[Slot] {
	return func(yield func(Slot) bool) {
		for i, w := range &s.words {
			for ; w != 0; w &= w - 1 {
				if !yield(Slot(i*wordBits + bits.TrailingZeros64(w))) {
					return
				}
			}
		}
	}
}

// Ranges is the set as the fewest runs of slots, in rising order; nil when the
// set is empty.
func (s Set) Ranges() []Range {
	var out []Range
	for at := s.next(0, true); at < Count; {
		end := s.next(at, false)
		out = append(out, Range{Slot(at), Slot(end - 1)})
		at = s.next(end, true)
	}
	return out
}

// next is the first slot from at on that is in the set (or, for in == false,
// that is not); Count when there is none.
func (s *Set) next(at int, in bool) int {
	for at < Count {
		w := s.words[at/wordBits]
		if !in {
			w = ^w
		}
		if w >>= at % wordBits; w != 0 {
			return at + bits.TrailingZeros64(w)
		}
		at = (at/wordBits + 1) * wordBits
	}
	return Count
}
