package keyslot

import (
	"fmt"
	"strconv"
	"strings"
)

// Range is a run of slots, both ends included; First is never above Last.
type Range struct{ First, Last Slot }

// Len is how many slots the range holds, at least 1.
func (r Range) Len() int { return int(r.Last) - int(r.First) + 1 }

// Has reports whether a slot lies in the range.
func (r Range) Has(s Slot) bool { return r.First <= s && s <= r.Last }

// String writes the range as servers do: "5" or "0-5460".
func (r Range) String() string { return string(r.append(nil)) }

func (r Range) append(b []byte) []byte {
	b = strconv.AppendUint(b, uint64(r.First), 10)
	if r.First != r.Last {
		b = append(b, '-')
		b = strconv.AppendUint(b, uint64(r.Last), 10)
	}
	return b
}

// ParseRange reads "5" or "0-5460". An error says what is wrong with the text.
func ParseRange(text string) (Range, error) {
	from, to, two := strings.Cut(text, "-")
	first, ok := parseSlot(from)
	last, okLast := first, ok
	if two {
		last, okLast = parseSlot(to)
	}
	switch {
	case !ok || !okLast:
		return Range{}, fmt.Errorf("%s is not a slot (0 to %d) or a range of slots such as 0-99", quote(text), Count-1)
	case first >= Count || last >= Count:
		return Range{}, fmt.Errorf("%s is beyond the last slot, %d", quote(text), Count-1)
	case first > last:
		return Range{}, fmt.Errorf("the range %s runs backwards; write %d-%d", quote(text), last, first)
	}
	return Range{Slot(first), Slot(last)}, nil
}

// parseSlot reads a number; one too large for a slot comes back as Count.
func parseSlot(text string) (n int, ok bool) {
	if text == "" {
		return 0, false
	}
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return 0, false
		}
		n = min(n*10+int(text[i]-'0'), Count)
	}
	return n, true
}

// quote makes a stranger's text harmless and short enough for an error.
func quote(text string) string {
	const most = 32
	if len(text) > most {
		return strconv.QuoteToASCII(text[:most]) + "…"
	}
	return strconv.QuoteToASCII(text)
}
