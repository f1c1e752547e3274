package proof

import (
	"strconv"

	"slotdeck/keyslot"
)

// tags is a hash tag for every slot, so that keys can be put where they matter.
type tags [keyslot.Count]string

func newTags() *tags {
	t := &tags{}
	for n, missing := uint64(0), keyslot.Count; missing > 0; n++ {
		tag := strconv.FormatUint(n, 36)
		if slot := keyslot.Of(tag); t[slot] == "" {
			t[slot] = tag
			missing--
		}
	}
	return t
}
