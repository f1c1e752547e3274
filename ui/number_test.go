package ui

import (
	"testing"
	"time"
)

func TestNumbersKeepWithinFiveCells(t *testing.T) {
	th := NewTheme(Look{})
	for v := int64(-1); v > -2 && v < 1<<60; v = v*3 + 7 {
		for _, s := range []string{th.Count(v), th.Bytes(v), th.Span(time.Duration(v))} {
			if Width(s) > 5 && time.Duration(v) < 100*365*24*time.Hour {
				t.Errorf("%d is printed as %q", v, s)
			}
		}
		if v < 0 {
			v = 0
		}
	}
}

func TestNumbersRead(t *testing.T) {
	th := NewTheme(Look{})
	for got, want := range map[string]string{
		th.Count(987):                    "987",
		th.Count(9_100):                  "9.1k",
		th.Count(413_000):                "413k",
		th.Count(999_999):                "1.0M",
		th.Count(1_240_000):              "1.2M",
		th.Bytes(812):                    "812B",
		th.Bytes(3 << 30):                "3.0G",
		th.Span(340 * time.Microsecond):  "340µs",
		th.Span(4200 * time.Microsecond): "4.2ms",
		th.Span(3200 * time.Millisecond): "3.2s",
		th.Span(90 * time.Second):        "90s",
		th.Span(50 * time.Hour):          "2d",
		th.Percent(0.785):                "79%",
		th.Count(-1):                     "–",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
