package ui

import (
	"strconv"
	"strings"

	"slotdeck/keyslot"
)

// part is what is known of the slots in one part before it is drawn.
type part struct {
	ink   ink
	sign  byte // the shard's letter, MixedSign, or a blank
	owner int16
	worst SlotState
	heat  int8
	start bool // a run of the shard's slots begins here: the letter is shown
	mark  bool
	here  bool
}

// Lines draws the map: exactly layout.Lines lines of layout.Width cells each.
func (p *SlotPainter) Lines(g SlotGrid, l SlotLayout) []string {
	if l.Cols == 0 || l.Lines == 0 {
		return nil
	}
	lines := make([]string, l.Lines)
	rows := l.rows()
	parts := make([]part, l.Cols*rows)
	var b strings.Builder
	for i := range lines {
		first := (i + l.Top) * l.PerLine()
		p.survey(&g, first, l.Per, parts)
		b.Reset()
		b.Grow(l.Cols*4 + 64)
		p.label(&b, first)
		last := sgrReset
		for c := range l.Cols {
			sgr, glyph := "", ""
			if l.Half {
				sgr, glyph = p.halves(&parts[c], &parts[c+l.Cols])
			} else {
				sgr, glyph = p.whole(&parts[c])
			}
			if sgr != last {
				b.WriteString(sgr)
				last = sgr
			}
			b.WriteString(glyph)
		}
		if last != sgrReset {
			b.WriteString(sgrReset)
		}
		lines[i] = b.String()
	}
	return lines
}

// label is the first slot of a line. The line of the cursor has no mark of its
// own: the cursor cell is mark enough, and two labels less go over the wire on
// every step.
func (p *SlotPainter) label(b *strings.Builder, first int) {
	text := strconv.Itoa(first)
	text = spaces(SlotLabel-1-len(text)) + text
	p.t.Dim.Write(b, text)
	b.WriteByte(' ')
}

// survey looks at the slots of one line, from first on, per to a part.
func (p *SlotPainter) survey(g *SlotGrid, first, per int, parts []part) {
	for i := range parts {
		from := first + i*per
		parts[i] = p.part(g, from, from+per)
	}
}

// part sums up the slots from from to before to. The shard with the most of
// them gives its colour; when they differ the sign says so.
func (p *SlotPainter) part(g *SlotGrid, from, to int) part {
	out := part{owner: g.Owner[from], heat: HeatUnknown, here: from <= g.Cursor && g.Cursor < to}
	mixed, most, run := false, 0, 0
	for slot := from; slot < to; slot++ {
		owner := g.Owner[slot]
		if slot > from && owner == g.Owner[slot-1] {
			run++
		} else {
			run = 1
		}
		if run > most { // the longest run stands for the most: a part is short
			most, out.owner = run, owner
		}
		mixed = mixed || owner != g.Owner[from]
		state := g.state(slot)
		if owner < 0 && state < SlotUnassigned {
			state = SlotUnassigned
		}
		out.worst = max(out.worst, state)
		if g.Heat != nil {
			out.heat = max(out.heat, g.Heat[slot])
		}
		if g.Marked != nil && g.Marked.Has(keyslot.Slot(slot)) {
			out.mark = true
		}
	}
	p.dye(g, &out, mixed)
	out.start = !mixed && g.Heat == nil && out.ink >= inkShard && begins(g, from, to)
	return out
}

// dye chooses colour and sign of a part.
func (p *SlotPainter) dye(g *SlotGrid, out *part, mixed bool) {
	out.sign = ' '
	switch {
	case g.Heat != nil:
		if out.heat >= 0 {
			out.ink = inkShard + ink(len(p.t.shards)+int(out.heat))
		}
	case out.owner < 0 || int(out.owner) >= len(g.Owners):
	case g.Owners[out.owner].Faded:
		out.ink = inkFaded
	default:
		o := g.Owners[out.owner]
		out.ink = inkShard + ink(o.Hue%len(p.t.shards))
		out.sign = o.Sign
		if mixed {
			out.sign = MixedSign
		}
	}
}

// startRun is how many parts a run must fill for its letter to be shown:
// letters of shorter ones would hide more than they tell.
const startRun = 4

// begins reports whether this part is the place for a shard's letter: the first
// one of a run that goes on for a while, all its slots faring alike. Parts where
// the letter would give way to the sign of some trouble do not count.
func begins(g *SlotGrid, from, to int) bool {
	per, owner, state := to-from, g.Owner[from], g.state(from)
	if state != SlotServed && state != SlotFailing && state != SlotSuspect {
		return false
	}
	for before := from - per; before >= 0 && allOwned(g, before, before+per, owner); before -= per {
		if allAlike(g, before, before+per, state) {
			return false
		}
	}
	end := from + startRun*per
	return end <= keyslot.Count && allOwned(g, from, end, owner) && allAlike(g, from, end, state)
}

func allOwned(g *SlotGrid, from, to int, owner int16) bool {
	for slot := from; slot < to; slot++ {
		if g.Owner[slot] != owner {
			return false
		}
	}
	return true
}

func allAlike(g *SlotGrid, from, to int, state SlotState) bool {
	for slot := from; slot < to; slot++ {
		if g.state(slot) != state {
			return false
		}
	}
	return true
}

// whole draws a cell of one part.
func (p *SlotPainter) whole(a *part) (sgr, glyph string) {
	glyph = p.glyph(a)
	switch {
	case a.here:
		return p.here, glyph
	case a.worst > SlotServed && a.start:
		return p.state[a.worst], string([]byte{a.sign})
	case a.worst > SlotServed:
		return p.state[a.worst], glyph
	case p.letters() && a.mark:
		return p.mark, glyph
	case p.letters() && a.ink >= inkShard && a.heat < 0 && p.t.Depth != NoColour && a.sign != MixedSign:
		return p.text[a.ink-inkShard], glyph
	case p.letters():
		return sgrReset, glyph
	case a.mark:
		return p.pair(inkMark, a.ink), "▌"
	case a.start:
		return p.fill[a.ink-inkShard], glyph
	case a.ink == inkNone:
		return sgrReset, " "
	}
	return p.pair(a.ink, a.ink), p.t.Glyph.Half
}

// glyph is the sign of a part where a sign is wanted.
func (p *SlotPainter) glyph(a *part) string {
	switch {
	case a.worst > SlotServed:
		return p.bad[a.worst]
	case a.heat >= 0:
		return p.heat[a.heat]
	case a.mark && a.sign == ' ':
		return "_"
	}
	return string([]byte{a.sign}) // one byte: the runtime has it ready
}

// halves draws a cell of two parts. Trouble, a letter and the mark take the
// whole cell; the cursor takes its half.
func (p *SlotPainter) halves(up, low *part) (sgr, glyph string) {
	worst := max(up.worst, low.worst)
	switch {
	case worst > SlotServed && (up.here || low.here):
		return p.here, p.bad[worst]
	case up.start && up.worst == worst && worst > SlotServed:
		return p.state[worst], string([]byte{up.sign})
	case low.start && low.worst == worst && worst > SlotServed:
		return p.state[worst], string([]byte{low.sign})
	case worst > SlotServed:
		return p.state[worst], p.bad[worst]
	case up.here:
		return p.pair(inkLight, low.ink), "▀"
	case low.here:
		return p.pair(inkLight, up.ink), "▄"
	case up.mark && low.mark:
		return p.pair(inkMark, up.ink), "▌"
	case up.mark:
		return p.pair(inkMark, up.ink), "▘"
	case low.mark:
		return p.pair(inkMark, low.ink), "▖"
	case up.start:
		return p.fill[up.ink-inkShard], p.glyph(up)
	case low.start:
		return p.fill[low.ink-inkShard], p.glyph(low)
	case up.ink == inkNone && low.ink == inkNone:
		return sgrReset, " "
	case up.ink == inkNone:
		return p.pair(low.ink, inkNone), "▄"
	}
	return p.pair(up.ink, low.ink), p.t.Glyph.Half
}
