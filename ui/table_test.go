package ui

import (
	"strconv"
	"strings"
	"testing"
)

func sampleTable() Table {
	return Table{Sorted: 1, Columns: []Column{
		{Title: "name", Width: 6},
		{Title: "keys", Width: 5, Right: true},
		{Title: "memory", Width: 8, Right: true, Drop: 2},
		{Title: "version", Width: 10, Drop: 1},
		{Title: "state", Width: 6, Grow: true},
	}}
}

func TestTableNeverExceedsItsWidth(t *testing.T) {
	th := NewTheme(Look{Depth: Colours256})
	rows := []Row{{Key: "a", Cells: []Cell{{Text: "a"}, {Text: "12345678"}, {Text: "1"}, {Text: "8.0"}, {Text: strings.Repeat("long ", 20), Paint: th.Bad}}}}
	for w := 1; w < 120; w++ {
		tb := sampleTable()
		lines := append(tb.Lines(th, rows, 0, 0, w, 5), tb.Title(th, w))
		for _, l := range lines {
			if Width(l) > w {
				t.Fatalf("at %d the line %q is %d wide", w, l, Width(l))
			}
		}
	}
}

func TestTableDropsTheLeastNeededFirst(t *testing.T) {
	tb := sampleTable()
	for w, want := range map[int][]int{
		60: {6, 5, 8, 10, 21},
		40: {6, 5, 0, 10, 11},
		26: {6, 5, 0, 0, 9},
	} {
		got := tb.Fit(w)
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("at %d: %v, want %v", w, got, want)
				break
			}
		}
	}
}

func TestCursorFollowsItsRowWhenTheOrderChanges(t *testing.T) {
	rows := make([]Row, 20)
	for i := range rows {
		rows[i].Key = strconv.Itoa(i)
	}
	var c Cursor
	c.Follow(rows)
	c.Move(7, rows)
	rows[7], rows[2] = rows[2], rows[7]
	c.Follow(rows)
	if c.Key != "7" || c.At != 2 {
		t.Errorf("the cursor is on %q at %d, want 7 at 2", c.Key, c.At)
	}
	if top := c.Top(len(rows), 5); c.At < top || c.At >= top+5 {
		t.Errorf("the cursor at %d is not among the rows shown from %d", c.At, top)
	}
	c.Follow(rows[10:])
	if c.At >= 10 || c.Key != rows[10+c.At].Key {
		t.Errorf("after its row went the cursor is on %q at %d", c.Key, c.At)
	}
	c.Follow(nil)
	c.Move(1, nil)
}

func TestCursorStaysOnTopUntilItIsMoved(t *testing.T) {
	rows := []Row{{Key: "b"}, {Key: "a"}}
	var c Cursor
	c.Follow(rows)
	rows[0], rows[1] = rows[1], rows[0] // the first answers came in another order
	c.Follow(rows)
	if c.At != 0 {
		t.Errorf("nobody moved it, and it is at %d", c.At)
	}
	c.Move(1, rows)
	rows[0], rows[1] = rows[1], rows[0]
	c.Follow(rows)
	if c.At != 0 || c.Key != "b" {
		t.Errorf("moved to b, it is on %q at %d", c.Key, c.At)
	}
}

func TestFooterKeepsHelpAndLeavesOutWhole(t *testing.T) {
	th := NewTheme(Look{})
	hints := []Hint{{Key: "1", Label: "overview"}, {Key: "2", Label: "slots"}, {Key: "h", Label: "hidden", Hidden: true}, {Key: "?", Label: "help"}}
	for w := 8; w < 60; w++ {
		got := th.Footer(hints, w)
		if Width(got) > w || !strings.Contains(stripped(got), "? help") || strings.Contains(got, "hidden") {
			t.Errorf("at %d: %q", w, got)
		}
	}
}

func TestOverlayKeepsWhatIsAroundIt(t *testing.T) {
	th := NewTheme(Look{Depth: Colours256})
	under := []string{th.Good.Text("aaaaaaaaaa"), "bbbbbbbbbb", "cc"}
	got := Overlay(under, []string{"XX", "YY"}, 4, 1, 10)
	for i, want := range []string{"aaaaaaaaaa", "bbbbXXbbbb", "cc  YY"} {
		if s := strings.TrimRight(stripped(got[i]), " "); s != want {
			t.Errorf("line %d is %q, want %q", i, s, want)
		}
	}
}

func TestMeterShowsThatSomethingIsNotNothing(t *testing.T) {
	th := NewTheme(Look{})
	for share, want := range map[float64]string{0: "────", 0.001: "▏───", 0.5: "██──", 1: "████", 7: "████", -1: "────"} {
		if got := th.Meter(share, 4, Paint{}); got != want {
			t.Errorf("Meter(%v) = %q, want %q", share, got, want)
		}
	}
}

func TestLineFillsItsWidthAndShowsThatSomethingIsNotNothing(t *testing.T) {
	th := NewTheme(Look{})
	for share, want := range map[float64]string{0: "────", 0.001: "╸───", 0.5: "━━──", 0.63: "━━╸─", 1: "━━━━", 7: "━━━━", -1: "────"} {
		if got := th.Line(share, 4, Paint{}); got != want {
			t.Errorf("Line(%v) = %q, want %q", share, got, want)
		}
	}
}
