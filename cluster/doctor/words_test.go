package doctor

import (
	"testing"
	"time"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

func TestWordsAreWhatAPersonWouldSay(t *testing.T) {
	for got, want := range map[string]string{
		span(-1):                           "an unknown time",
		span(3240 * time.Millisecond):      "3.2 s",
		span(119 * time.Second):            "119 s",
		span(119 * time.Minute):            "119 min",
		span(47 * time.Hour):               "47 h",
		span(50 * time.Hour):               "2 d",
		bytes(1023):                        "1023 B",
		bytes(5 << 40):                     "5.0 TiB",
		percent(0):                         "0 %",
		percent(1):                         "<1 %",
		percent(keyslot.Count - 1):         ">99 %",
		percent(keyslot.Count):             "100 %",
		list(nil):                          "none",
		list([]string{"a", "b", "c"}):      "a, b and c",
		list([]string{"a", "b", "c", "d"}): "a, b and 2 more",
		ranges([]keyslot.Range{{First: 1, Last: 2}, {First: 5, Last: 9}}):                      "1-2 5-9",
		ranges([]keyslot.Range{{First: 1, Last: 1}, {First: 5, Last: 5}, {First: 7, Last: 7}}): "3 slots",
		Status(99).String():   "?",
		OK.String():           "OK",
		Severity(99).String(): "?",
		Note.String():         "note",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestNamesAreAddressesFitToRead(t *testing.T) {
	for want, n := range map[string]cluster.Node{
		"[fd00::7]:7001": {Member: cluster.Member{Endpoint: cluster.Endpoint{IP: "fd00::7", Port: 7001}}},
		"10.0.0.1:7001":  {Dialled: "10.0.0.1:7001"},
		"node 12345678":  {ID: "1234567890"},
		"1?[2J:1":        {Member: cluster.Member{Endpoint: cluster.Endpoint{IP: "1\x1b[2J", Port: 1}}},
	} {
		if got := name(&n); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if got := nameOf(&cluster.Snapshot{}, ""); got != "nobody" {
		t.Errorf("got %q", got)
	}
	if got := nameOf(&cluster.Snapshot{}, "abcdefghij"); got != "node abcdefgh" {
		t.Errorf("got %q", got)
	}
}
