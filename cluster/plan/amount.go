package plan

import (
	"fmt"
	"math"
)

// How tells what a number is worth, from nothing to most. The worth of a sum is
// that of its weakest part.
type How uint8

// From worthless to best.
const (
	NotKnown How = iota
	Guessed      // spread evenly from what the whole node reports
	Sampled      // measured on some of the keys
	Reported     // the server's own count
)

var hows = [...]string{"unknown", "guessed", "sampled", "reported"}

// String is the word for it.
func (h How) String() string { return word(hows[:], int(h)) }

// MarshalText writes the word.
func (h How) MarshalText() ([]byte, error) { return marshalWord(hows[:], int(h)) }

// UnmarshalText reads the word.
func (h *How) UnmarshalText(text []byte) error {
	n, err := unmarshalWord(hows[:], text)
	*h = How(n)
	return err
}

// Amount is a number of keys or bytes, and how it is known. An Amount that is
// NotKnown has N 0.
type Amount struct {
	N   int64 `json:"n"`
	How How   `json:"how"`
}

// String writes "24380", "~24380" when it is no server's own count, or "unknown".
func (a Amount) String() string {
	switch a.How {
	case NotKnown:
		return "unknown"
	case Reported:
		return fmt.Sprint(a.N)
	}
	return fmt.Sprintf("~%d", a.N)
}

func (a Amount) bytes() string {
	switch a.How {
	case NotKnown:
		return "unknown"
	case Reported:
		return byteText(a.N)
	}
	return "~" + byteText(a.N)
}

func byteText(n int64) string {
	units := []string{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	v, u := float64(n)/1024, 0
	for v >= 1024 && u < len(units)-1 {
		v, u = v/1024, u+1
	}
	if v < 10 {
		return fmt.Sprintf("%.1f %s", v, units[u])
	}
	return fmt.Sprintf("%.0f %s", v, units[u])
}

// rounded keeps a sum of estimates within int64.
func rounded(v float64) int64 {
	if v >= math.MaxInt64 {
		return math.MaxInt64
	}
	return int64(math.Round(max(0, v)))
}

// word, marshalWord and unmarshalWord give the small enumerations of a plan file
// one spelling.
func word(words []string, n int) string {
	if n < 0 || n >= len(words) {
		return "unknown value"
	}
	return words[n]
}

func marshalWord(words []string, n int) ([]byte, error) {
	if n < 0 || n >= len(words) {
		return nil, fmt.Errorf("the value %d has no word; the words are %q", n, words)
	}
	return []byte(words[n]), nil
}

func unmarshalWord(words []string, text []byte) (int, error) {
	for i, w := range words {
		if w == string(text) {
			return i, nil
		}
	}
	return 0, fmt.Errorf("%s is none of %q", quote(string(text)), words)
}
