package ui

import (
	"fmt"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"slotdeck/keyslot"
)

// gridLooks are the terminals that a map must be readable on.
var gridLooks = map[string]Look{
	"256 colours":       {Depth: Colours256},
	"256 colours light": {Depth: Colours256, Light: true},
	"16 colours":        {Depth: Colours16},
	"no colour":         {},
	"plain letters":     {Depth: Colours256, ASCII: true},
	"nothing at all":    {ASCII: true},
}

// gridSizes are rectangles from a corner of a screen to a wall of it.
var gridSizes = [][2]int{
	{20, 5}, {40, 10}, {64, 8}, {71, 16}, {80, 20}, {120, 36}, {135, 32}, {160, 41}, {200, 56}, {263, 64}, {300, 100}, {500, 200},
}

func layouts(half bool) map[string]SlotLayout {
	out := map[string]SlotLayout{}
	for _, s := range gridSizes {
		out[fmt.Sprintf("%dx%d", s[0], s[1])] = FitSlots(s[0], s[1], half)
	}
	return out
}

// thirds is three shards with a third of the slots each.
func thirds() SlotGrid {
	g := SlotGrid{
		Owner: new([keyslot.Count]int16), State: new([keyslot.Count]SlotState), Cursor: -1,
		Owners: []SlotOwner{{Hue: 0, Sign: 'A'}, {Hue: 1, Sign: 'B'}, {Hue: 2, Sign: 'C'}},
	}
	for i := range g.Owner {
		g.Owner[i] = int16(i * 3 / keyslot.Count)
	}
	return g
}

func TestEverySlotLiesInExactlyOneCell(t *testing.T) {
	for _, half := range []bool{false, true} {
		for size, l := range layouts(half) {
			var seen [keyslot.Count]int
			for line := range l.Lines {
				for col := range l.Cols {
					for _, lower := range []bool{false, true}[:l.rows()] {
						r := l.Part(line, col, lower)
						for s := r.First; s <= r.Last; s++ {
							seen[s]++
						}
					}
				}
			}
			for s, n := range seen {
				if n != 1 {
					t.Fatalf("%s, halves %v: slot %d lies in %d cells", size, half, s, n)
				}
			}
		}
	}
}

func TestCellAndSlotLeadToEachOther(t *testing.T) {
	all := []SlotLayout{ZoomSlots(80, 16, 0, 9999), ZoomSlots(300, 50, 20, 16383), ZoomSlots(20, 5, 0, 0)}
	for _, half := range []bool{false, true} {
		for _, l := range layouts(half) {
			all = append(all, l)
		}
	}
	for _, l := range all {
		for s := range keyslot.Slot(keyslot.Count) {
			line, col, lower, shown := l.Cell(s)
			if !shown {
				if l.Top == 0 && l.Lines*l.PerLine() >= keyslot.Count {
					t.Fatalf("%+v: slot %d is not shown", l, s)
				}
				continue
			}
			if r := l.Part(line, col, lower); !r.Has(s) || r != l.Around(s) {
				t.Fatalf("%+v: slot %d is in the cell %d,%d that holds %v", l, s, line, col, r)
			}
			if col >= l.Cols || line >= l.Lines || lower && !l.Half {
				t.Fatalf("%+v: slot %d lies outside at %d,%d", l, s, line, col)
			}
		}
	}
}

func TestLayoutFitsAndUsesTheRoom(t *testing.T) {
	for _, s := range gridSizes {
		for _, half := range []bool{false, true} {
			l := FitSlots(s[0], s[1], half)
			if l.Cols == 0 || l.Width() > s[0] || l.Lines > s[1] {
				t.Errorf("%v: %+v does not fit", s, l)
			}
			wider, higher := l.Width()+l.Cols <= s[0], l.Lines*2 <= s[1]
			if (wider || higher) && l.Per > 1 {
				t.Errorf("%v: %+v leaves room unused", s, l)
			}
		}
	}
	for size, want := range map[[2]int]SlotLayout{
		{80, 16}:   {Cols: 64, Lines: 16, Per: 8, Half: true},
		{135, 35}:  {Cols: 128, Lines: 32, Per: 2, Half: true},
		{500, 196}: {Cols: 256, Lines: 64, Per: 1},
	} {
		if got := FitSlots(size[0], size[1], true); got != want {
			t.Errorf("%v: got %+v, want %+v", size, got, want)
		}
	}
	for _, none := range [][2]int{{7, 10}, {0, 0}, {80, 0}, {-3, -3}} {
		if l := FitSlots(none[0], none[1], true); l.Cols != 0 {
			t.Errorf("%v: %+v where there is no room", none, l)
		}
	}
}

func TestZoomKeepsTheSlotInSight(t *testing.T) {
	top := 0
	for s := 0; s < keyslot.Count; s += 37 {
		l := ZoomSlots(80, 16, top, keyslot.Slot(s))
		if _, _, _, shown := l.Cell(keyslot.Slot(s)); !shown || l.Per != 1 {
			t.Fatalf("slot %d is out of sight in %+v", s, l)
		}
		if again := ZoomSlots(80, 16, l.Top, keyslot.Slot(s)); again != l {
			t.Fatalf("slot %d: the lines move though the slot does not: %+v, then %+v", s, l, again)
		}
		top = l.Top
	}
}

func TestMovesGoByPartAndStopAtTheEnds(t *testing.T) {
	l := FitSlots(71, 16, true)
	for _, c := range []struct {
		from        keyslot.Slot
		right, down int
		want        keyslot.Slot
	}{
		{0, 1, 0, 8}, {3, 1, 0, 8}, {8, -1, 0, 0}, {0, -1, 0, 0}, {5, -1, 0, 5}, {0, 0, -1, 0}, {0, 0, 1, 512},
		{520, 0, -1, 8}, {16383, 0, 1, 16383}, {16383, 1, 0, 16383}, {16000, 0, 99, 16000}, {100, 0, 99, 15968}, {511, 1, 0, 512},
	} {
		if got := l.Move(c.from, c.right, c.down); got != c.want {
			t.Errorf("from %d by %d,%d: got %d, want %d", c.from, c.right, c.down, got, c.want)
		}
	}
	if got := (SlotLayout{}).Move(5, 1, 1); got != 5 {
		t.Errorf("a map without room moved to %d", got)
	}
}

func TestLinesAreExactlyAsWideAsTheLayoutSays(t *testing.T) {
	g := thirds()
	g.Cursor = 6000
	var marked keyslot.Set
	marked.AddRange(keyslot.Range{First: 300, Last: 1290})
	g.Marked = &marked
	for i, s := range []SlotState{SlotFailing, SlotUnassigned, SlotMigrating, SlotImporting, SlotDisputed, SlotSuspect} {
		g.State[1000+i*700] = s
	}
	heat := new([keyslot.Count]int8)
	for i := range heat {
		heat[i] = int8(i%9) - 1
	}
	for name, look := range gridLooks {
		p := NewSlotPainter(NewTheme(look))
		for _, s := range gridSizes {
			for _, l := range []SlotLayout{FitSlots(s[0], s[1], p.Halves()), ZoomSlots(s[0], s[1], 3, 6000)} {
				for _, h := range []*[keyslot.Count]int8{nil, heat} {
					g.Heat = h
					lines := p.Lines(g, l)
					if len(lines) != l.Lines {
						t.Fatalf("%s %v: %d lines, want %d", name, s, len(lines), l.Lines)
					}
					for i, line := range lines {
						if w := ansi.StringWidth(line); w != l.Width() {
							t.Fatalf("%s %v: line %d is %d cells wide, want %d: %q", name, s, i, w, l.Width(), line)
						}
						want := fmt.Sprintf("%6d ", (i+l.Top)*l.PerLine())
						if text := ansi.Strip(line); !strings.HasPrefix(text, want) {
							t.Fatalf("%s %v: line %d is headed %q, want %q", name, s, i, text[:7], want)
						}
					}
				}
			}
		}
	}
}

// signsOfTrouble must show in a map for each state.
func signsOfTrouble(p *SlotPainter, s SlotState) string { return p.state[s] + p.bad[s] }

func TestTroubleInAnySingleSlotIsVisible(t *testing.T) {
	states := []SlotState{SlotFailing, SlotUnassigned, SlotMigrating, SlotImporting, SlotDisputed, SlotSuspect}
	for name, look := range gridLooks {
		p := NewSlotPainter(NewTheme(look))
		for _, size := range gridSizes {
			l := FitSlots(size[0], size[1], p.Halves())
			g := thirds()
			if all := strings.Join(p.Lines(g, l), "\n"); strings.Contains(all, p.bad[SlotDisputed]) {
				t.Fatalf("%s %v: a healthy map shows trouble", name, size)
			}
			for slot := 0; slot < keyslot.Count; slot += 541 {
				for _, s := range states {
					g := thirds()
					g.State[slot] = s
					line, col, _, _ := l.Cell(keyslot.Slot(slot))
					one := SlotLayout{Cols: l.Cols, Lines: 1, Per: l.Per, Half: l.Half, Top: line + l.Top}
					drawn := p.Lines(g, one)[0]
					if !strings.Contains(drawn, signsOfTrouble(p, s)) {
						t.Fatalf("%s %v: slot %d in state %d cannot be seen in %q", name, size, slot, s, drawn)
					}
					if at := ansi.Cut(ansi.Strip(drawn), SlotLabel+col, SlotLabel+col+1); at != p.bad[s] {
						t.Fatalf("%s %v: slot %d in state %d: its cell shows %q", name, size, slot, s, at)
					}
				}
			}
		}
	}
}

func TestTroubleBreaksThroughShadowHeatAndMarks(t *testing.T) {
	heat := new([keyslot.Count]int8)
	marked := keyslot.Full()
	for name, look := range gridLooks {
		p := NewSlotPainter(NewTheme(look))
		g := thirds()
		for i := range g.Owners {
			g.Owners[i].Faded = true
		}
		g.Heat, g.Marked, g.State[7777] = heat, &marked, SlotFailing
		if all := strings.Join(p.Lines(g, FitSlots(80, 16, p.Halves())), "\n"); !strings.Contains(all, signsOfTrouble(p, SlotFailing)) {
			t.Errorf("%s: the failing slot is hidden", name)
		}
	}
}

func TestSlotNobodyOwnsIsTroubleEvenWhenNoStateSaysSo(t *testing.T) {
	g := thirds()
	g.State = nil
	g.Owner[5000] = -1
	p := NewSlotPainter(NewTheme(Look{}))
	if all := strings.Join(p.Lines(g, FitSlots(80, 16, false)), ""); !strings.Contains(all, p.bad[SlotUnassigned]) {
		t.Fatal("the slot without an owner is not shown")
	}
}

func TestWorstOfManySlotsIsShown(t *testing.T) {
	g := thirds()
	g.State[8], g.State[9], g.State[10] = SlotMigrating, SlotFailing, SlotDisputed
	p := NewSlotPainter(NewTheme(Look{}))
	all := strings.Join(p.Lines(g, FitSlots(80, 16, false)), "")
	if !strings.Contains(all, p.bad[SlotFailing]) || strings.Contains(all, p.bad[SlotMigrating]) {
		t.Fatalf("the worst is not what is shown: %q", all)
	}
}

func TestWithoutColourACellIsTheLetterOfItsShard(t *testing.T) {
	for _, look := range []Look{{}, {ASCII: true}, {ASCII: true, Depth: Colours16}} {
		p := NewSlotPainter(NewTheme(look))
		g := thirds()
		l := FitSlots(71, 16, p.Halves())
		lines := p.Lines(g, l)
		for i, line := range lines {
			text := ansi.Strip(line)[SlotLabel:]
			for col := range l.Cols {
				r := l.Part(i, col, false)
				want := byte('A' + g.Owner[r.First])
				if g.Owner[r.First] != g.Owner[r.Last] {
					want = MixedSign
				}
				if text[col] != want {
					t.Fatalf("cell of %v shows %q, want %q", r, text[col], want)
				}
			}
		}
	}
}

func TestLetterStandsWhereARangeStarts(t *testing.T) {
	g := thirds()
	p := NewSlotPainter(NewTheme(Look{Depth: Colours16}))
	for _, l := range []SlotLayout{FitSlots(71, 16, true), FitSlots(135, 32, true), FitSlots(500, 200, true)} {
		text := ansi.Strip(strings.Join(p.Lines(g, l), "\n"))
		for _, letter := range []string{"A", "B", "C"} {
			if n := strings.Count(text, letter); n != 1 {
				t.Errorf("%+v: %d letters %s, want 1", l, n, letter)
			}
		}
	}
}

func TestCursorAndMarksShow(t *testing.T) {
	for name, look := range gridLooks {
		p := NewSlotPainter(NewTheme(look))
		for _, l := range []SlotLayout{FitSlots(80, 16, p.Halves()), ZoomSlots(80, 16, 80, 5200)} {
			plain := p.Lines(thirds(), l)
			for slot := 5200; slot < 5300; slot += 9 {
				g := thirds()
				g.Cursor = slot
				line, _, _, _ := l.Cell(keyslot.Slot(slot))
				for i, drawn := range p.Lines(g, l) {
					if (drawn != plain[i]) != (i == line) {
						t.Fatalf("%s: cursor at %d: line %d differs %v", name, slot, i, drawn != plain[i])
					}
				}
				g.Cursor = -1
				marked := keyslot.SetOf(keyslot.Range{First: keyslot.Slot(slot), Last: keyslot.Slot(slot)})
				g.Marked = &marked
				if p.Lines(g, l)[line] == plain[line] {
					t.Fatalf("%s: the mark on %d does not show", name, slot)
				}
			}
		}
	}
}

func TestHeatShadesAreInOrderAndZeroIsNotSomething(t *testing.T) {
	const top = 1_000_000
	last := HeatLevel(0, top)
	if last != 0 || HeatLevel(-1, top) != HeatUnknown || HeatLevel(1, top) != 1 || HeatLevel(top, top) != HeatSteps-1 || HeatLevel(0, 0) != 0 {
		t.Fatal("the ends of the scale are wrong")
	}
	for v := int64(0); v <= top; v += 997 {
		level := HeatLevel(v, top)
		if level < last || level-last > 1 {
			t.Fatalf("%d is level %d after %d", v, level, last)
		}
		last = level
	}
	if HeatLevel(top*2, top) != HeatSteps-1 {
		t.Fatal("more than the most goes over the scale")
	}
}

func TestUnknownHeatDiffersFromNone(t *testing.T) {
	for name, look := range gridLooks {
		p := NewSlotPainter(NewTheme(look))
		l := FitSlots(80, 16, p.Halves())
		g := thirds()
		var none, unknown [keyslot.Count]int8
		for i := range unknown {
			unknown[i] = HeatUnknown
		}
		g.Heat = &none
		a := p.Lines(g, l)[3]
		g.Heat = &unknown
		if b := p.Lines(g, l)[3]; a == b {
			t.Errorf("%s: what was not measured looks like zero", name)
		}
	}
}

func TestMapSendsFewSequences(t *testing.T) {
	p := NewSlotPainter(NewTheme(Look{Depth: Colours256}))
	all := strings.Join(p.Lines(thirds(), FitSlots(71, 16, true)), "\n")
	if n := strings.Count(all, "\x1b["); n > 16*4+12 {
		t.Errorf("%d sequences for 16 lines of three shards", n)
	}
}

func TestSignsOfShards(t *testing.T) {
	for letter, want := range map[string]byte{"A": 'A', "Z": 'Z', "AA": 'a', "AZ": 'z', "BC": 'c', "": '?'} {
		if got := SlotSign(letter); got != want {
			t.Errorf("%q: got %q, want %q", letter, got, want)
		}
	}
}

// BenchmarkSlotGrid200x60 is the redraw of a whole map after a change.
func BenchmarkSlotGrid200x60(b *testing.B) {
	for name, look := range gridLooks {
		b.Run(strings.ReplaceAll(name, " ", "_"), func(b *testing.B) {
			p := NewSlotPainter(NewTheme(look))
			g := thirds()
			for i := range 400 {
				g.State[5000+i*7] = SlotMigrating
				g.Owner[9000+i*3] = 0
			}
			l := FitSlots(200, 56, p.Halves())
			b.ReportAllocs()
			for b.Loop() {
				g.Cursor++
				p.Lines(g, l)
			}
		})
	}
}
