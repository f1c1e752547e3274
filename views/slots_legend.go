package views

import (
	"fmt"
	"strings"

	"slotdeck/cluster/doctor"
	"slotdeck/keyslot"
	"slotdeck/ui"
)

// sidePane is what stands beside the map: the legend, and where there is room
// the inspector and the list of troubles.
func (s *Slots) sidePane(sc *Scene, m *slotMap, r slotRoom) []string {
	if r.side < legendLeast {
		return nil
	}
	if !r.beside {
		return s.legend(sc, m, r.side, r.map_.Lines)
	}
	t := sc.Theme
	h := sc.H - 1
	troubles := 0
	if r.below < 5 {
		troubles = 7 // no room for them below
	}
	out := []string{t.Heading(" shards", t.Dim.Text(s.legendUnit()+legendGap(sc, r.side)), r.side)}
	out = append(out, s.legend(sc, m, r.side, h-2-slotPaneRows-troubles)...)
	out = append(out, "")
	out = append(out, s.inspector(sc, m, r.side)...)
	if troubles > 0 {
		out = append(out, "")
		out = append(out, troubleList(sc, s.paint, m, r.side, h-len(out))...)
	}
	return out
}

func (s *Slots) legendUnit() string {
	if what, heats := s.layer.measureOf(); heats {
		return what.unit()
	}
	return "slots"
}

// legendGap moves the unit over its column of numbers.
func legendGap(sc *Scene, w int) string {
	return ui.Spaces(legendAddress(sc, w) + 1)
}

// legendAddress is how wide the column of addresses is, its gap included; 0
// when there is no room for it.
func legendAddress(sc *Scene, w int) int {
	aw := newAddressBook(sc.Snap, w < sidePane).width(8, 32)
	if w < legendLeast+2+aw {
		return 0
	}
	return aw + 2
}

// legend is one row per shard: what is wrong with it, its letter, a bar, its
// slots, its primary's address. When there are too many, the rows around the
// shard under the cursor are shown, and the last one says what is left out.
func (s *Slots) legend(sc *Scene, m *slotMap, w, h int) []string {
	shards := sc.Snap.Shards
	if h <= 0 {
		return nil
	}
	first, n := 0, len(shards)
	if n > h {
		n = h - 1
		if at := int(sc.Snap.Owner[s.slot]); at >= 0 {
			first = min(max(0, at-n/2), len(shards)-n)
		}
	}
	sizes, most := s.legendSizes(sc)
	out := make([]string, 0, h)
	for i := first; i < first+n; i++ {
		out = append(out, s.legendRow(sc, m, i, sizes[i], most, w))
	}
	if n < len(shards) {
		return append(out, hiddenShards(sc, m, first, n))
	}
	if s.layer == ownerLayer && !s.paint.Halves() && len(out) < h {
		out = append(out, sc.Theme.Dim.Text("  "+string(ui.MixedSign)+" mixed"))
	}
	return out
}

// legendSizes is the number in each row: slots, or the keys that were counted
// in the layer of keys, or what another layer measures (-1: none were).
func (s *Slots) legendSizes(sc *Scene) (sizes []int64, most int64) {
	sizes = make([]int64, len(sc.Snap.Shards))
	for i := range sizes {
		sizes[i] = int64(sc.Snap.Shards[i].SlotLen)
		if s.layer.heats() {
			sizes[i] = -1
		}
	}
	if s.layer.heats() {
		for slot, owner := range sc.Snap.Owner {
			if owner >= 0 && int(owner) < len(sizes) {
				add(&sizes[owner], s.ask.counts[slot])
			}
		}
	}
	for _, n := range sizes {
		most = max(most, n)
	}
	return sizes, most
}

func (s *Slots) legendRow(sc *Scene, m *slotMap, i int, size, most int64, w int) string {
	t := sc.Theme
	sh := &sc.Snap.Shards[i]
	shade := t.Shard(sh.Hue)
	var b strings.Builder
	b.WriteByte(' ')
	b.WriteString(s.legendMark(sc, m, i))
	letter := t.Left(sh.Letter, 2)
	faded := m.aside(sc, i)
	if faded {
		t.Dim.Write(&b, letter)
	} else {
		shade.Text.Write(&b, letter)
	}
	number := fmt.Sprintf("%5d", size)
	if s.layer.heats() {
		number = t.Right(s.ask.what.amount(t, size), 5)
	}
	address := legendAddress(sc, w)
	if bar := w - legendLeast - address - 3; bar >= 4 && most > 0 {
		b.WriteByte(' ')
		p := shade.Text
		if faded {
			p = t.Dim
		}
		share := float64(size) / float64(most)
		if t.Depth == ui.NoColour {
			b.WriteString(t.Left(strings.Repeat("=", int(share*float64(min(bar, 40)))), min(bar, 40))) // full blocks would glare
		} else {
			b.WriteString(t.Meter(share, min(bar, 40), p))
		}
		b.WriteString(ui.Spaces(max(0, bar-40)))
		b.WriteString(" ")
	}
	if faded {
		number = t.Dim.Text(number)
	}
	b.WriteString(number)
	if address > 0 {
		name := newAddressBook(sc.Snap, w < sidePane).name(sh.Primary)
		if sh.Primary == "" {
			name = "no primary"
		}
		if faded {
			name = t.Dim.Text(t.Cut(name, address-2))
		}
		b.WriteString("  ")
		b.WriteString(t.Left(name, address-2))
	}
	return b.String()
}

// legendMark is a cell that says whether the shard is in trouble, or else the
// sign of the worst that was found of it.
func (s *Slots) legendMark(sc *Scene, m *slotMap, shard int) string {
	if m.ailing[shard] != nil {
		return s.paint.StateKey(ailment(m.ailing[shard].Cause))
	}
	if m.badge[shard] == doctor.Note {
		return " "
	}
	p, glyph := severityPaint(sc.Theme, m.badge[shard])
	return p.Text(glyph)
}

// hiddenShards is the last row of a legend that is too long.
func hiddenShards(sc *Scene, m *slotMap, first, n int) string {
	hidden, ill := 0, 0
	for i := range sc.Snap.Shards {
		if i >= first && i < first+n {
			continue
		}
		hidden++
		if m.ailing[i] != nil {
			ill++
		}
	}
	out := sc.Theme.Dim.Text(fmt.Sprintf("  +%d", hidden))
	if ill > 0 {
		out += " " + sc.Theme.Bad.Text(fmt.Sprintf("%s%d", sc.Theme.Glyph.Failing, ill))
	}
	return out
}

// troubleList is what is open or wrong, by slot, under a heading.
func troubleList(sc *Scene, paint *ui.SlotPainter, m *slotMap, w, h int) []string {
	if h < 2 {
		return nil
	}
	t := sc.Theme
	out := []string{t.Heading(" open or in trouble", "", w)}
	if len(m.runs) == 0 {
		return append(out, "  "+t.Dim.Text(fmt.Sprintf("nothing: all %d slots are served and agreed upon", keyslot.Count)))
	}
	for i, r := range m.runs {
		if len(out) == h-1 && i < len(m.runs)-1 {
			return append(out, "  "+t.Dim.Text(fmt.Sprintf("and %d more ranges; n goes from one to the next", len(m.runs)-i)))
		}
		word := "slots"
		if r.Len() == 1 {
			word = "slot"
		}
		out = append(out, t.Cut(fmt.Sprintf("  %s %-11s %5d %-5s  %s", paint.StateKey(r.state), r.Range, r.Len(), word, r.text), w))
	}
	return out
}
