package ui

import (
	"strconv"
	"time"
)

// Count prints a number in at most five cells: 987, 9.1k, 413k, 1.24M. A
// negative number, which means not known, is the sign for none.
func (t *Theme) Count(n int64) string {
	if n < 0 {
		return t.Glyph.None
	}
	return scaled(float64(n), 1000, [...]string{"", "k", "M", "G", "T", "P"})
}

// Bytes prints a size in at most five cells: 812, 9.1K, 413M, 3.1G.
func (t *Theme) Bytes(n int64) string {
	if n < 0 {
		return t.Glyph.None
	}
	return scaled(float64(n), 1024, [...]string{"B", "K", "M", "G", "T", "P"})
}

func scaled(v, base float64, units [6]string) string {
	i := 0
	for v >= base-0.5 && i < len(units)-1 {
		v /= base
		i++
	}
	switch {
	case i == 0:
		return strconv.FormatInt(int64(v), 10) + units[0]
	case v < 9.95:
		return strconv.FormatFloat(v, 'f', 1, 64) + units[i]
	default:
		return strconv.FormatFloat(v, 'f', 0, 64) + units[i]
	}
}

// Span prints a length of time in at most five cells: 340µs, 4ms, 3.2s, 12m, 5h, 9d.
func (t *Theme) Span(d time.Duration) string {
	switch {
	case d < 0:
		return t.Glyph.None
	case d < time.Millisecond:
		us := "µs"
		if t.ASCII {
			us = "us"
		}
		return strconv.FormatInt(d.Microseconds(), 10) + us
	case d < 10*time.Millisecond:
		return strconv.FormatFloat(float64(d)/1e6, 'f', 1, 64) + "ms"
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + "ms"
	case d < 10*time.Second:
		return strconv.FormatFloat(float64(d)/1e9, 'f', 1, 64) + "s"
	case d < 2*time.Minute:
		return strconv.FormatInt(int64(d/time.Second), 10) + "s"
	case d < 2*time.Hour:
		return strconv.FormatInt(int64(d/time.Minute), 10) + "m"
	case d < 48*time.Hour:
		return strconv.FormatInt(int64(d/time.Hour), 10) + "h"
	default:
		return strconv.FormatInt(int64(d/(24*time.Hour)), 10) + "d"
	}
}

// Percent prints a share of 0 to 1 as 0 % to 100 %; less than zero means not known.
func (t *Theme) Percent(share float64) string {
	if share < 0 {
		return t.Glyph.None
	}
	return strconv.Itoa(int(share*100+0.5)) + "%"
}
