package run

import (
	"errors"
	"fmt"
	"strings"

	"slotdeck/cluster/wire"
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

// brief is the first of the errors in one line. Of a command only its name is
// told: a MIGRATE names keys, hundreds of them.
func brief(err error) string {
	if list, is := err.(interface{ Unwrap() []error }); is {
		if all := list.Unwrap(); len(all) > 0 {
			return brief(all[0])
		}
	}
	if e, is := errors.AsType[*wire.Error](err); is && e == err {
		short := *e
		short.Tried, _, _ = strings.Cut(e.Tried, " ")
		if strings.HasSuffix(e.Tried, " to") || strings.HasSuffix(e.Tried, " with") {
			short.Tried = e.Tried
		}
		return short.Error()
	}
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}
