package cli

import (
	"math"
	"strconv"
	"strings"
)

// byteSize is a flag for an amount of memory, written as in a server's
// configuration: 1gb and 1gib are 2^30 bytes, 1g is 10^9, 1 is a byte.
type byteSize int64

// byteUnits are what may stand behind the number, and its worth.
var byteUnits = map[string]float64{
	"": 1, "b": 1, "k": 1e3, "kb": 1 << 10, "kib": 1 << 10, "m": 1e6, "mb": 1 << 20, "mib": 1 << 20,
	"g": 1e9, "gb": 1 << 30, "gib": 1 << 30, "t": 1e12, "tb": 1 << 40, "tib": 1 << 40,
}

// String is part of pflag.Value.
func (s *byteSize) String() string {
	if *s == 0 {
		return ""
	}
	return strconv.FormatInt(int64(*s), 10)
}

// Type is part of pflag.Value.
func (s *byteSize) Type() string { return "size" }

// Set is part of pflag.Value.
func (s *byteSize) Set(text string) error {
	digits := strings.TrimRight(strings.ToLower(text), "bgikmt")
	worth, known := byteUnits[strings.ToLower(text)[len(digits):]]
	n, err := strconv.ParseFloat(digits, 64)
	if !known || err != nil || !(n > 0) || n*worth >= math.MaxInt64/200 {
		return usage("%q is not a size; write 512mb or 20gb", text)
	}
	*s = byteSize(math.Ceil(n * worth))
	return nil
}
