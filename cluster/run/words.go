package run

import (
	"fmt"

	"slotdeck/keyslot"
)

// count is "1 slot" or "3 slots".
func count[N int | int64](n N, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// someSlots names slots, not too many of them.
func someSlots(s keyslot.Set) string {
	text := s.String()
	if len(text) > 60 {
		ranges := s.Ranges()
		return fmt.Sprintf("%v and %s more", ranges[0], count(s.Len()-ranges[0].Len(), "slot"))
	}
	return text
}

// either is the first word for one thing, else the second.
func either(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
