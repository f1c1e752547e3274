package keyslot

// Count is how many slots a cluster has.
const Count = 16384

// Slot is a slot's number, 0 to 16383.
type Slot uint16

// Range is a run of slots, both ends included; First is never above Last.
type Range struct{ First, Last Slot }

// Len is how many slots the range holds, at least 1.
func (r Range) Len() int { return int(r.Last) - int(r.First) + 1 }
