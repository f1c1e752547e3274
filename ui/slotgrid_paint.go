package ui

import (
	"image/color"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"
)

// ink is a colour of the map, as a number: a pair of inks is a ready sequence.
type ink uint8

const (
	inkNone  ink = iota // the terminal's own background
	inkFaded            // a shard beside the point
	inkLight            // the cursor
	inkMark             // stripes over what is marked
	inkShard            // the first hue; the others follow, then the heat
)

// SlotPainter draws slot maps in one theme. All escape sequences are worked out
// when it is made: a map has thousands of cells.
type SlotPainter struct {
	t     *Theme
	inks  int
	pairs []string // what sets upper ink u and lower ink l, at u*inks+l
	text  []string // what sets a shard's letter apart, by hue
	fill  []string
	bad   [slotStates]string // glyphs of trouble
	state [slotStates]string // and what sets their paint
	here  string             // the cursor's paint
	mark  string             // a marked letter's
	dim   string
	heat  [HeatSteps]string // glyphs where shades are none
}

const sgrReset = "\x1b[m"

// NewSlotPainter prepares a theme for drawing maps.
func NewSlotPainter(t *Theme) *SlotPainter {
	p := &SlotPainter{t: t, here: sgrReset + t.Cursor.open, mark: sgrReset + t.Mark.open, dim: sgrReset + t.Dim.open}
	if t.Depth == NoColour {
		p.mark = sgrReset + "\x1b[1;4m"
	}
	g := t.Glyph
	p.bad = [slotStates]string{
		SlotFailing: g.Failing, SlotUnassigned: g.Unassigned, SlotDisputed: "?",
		SlotSuspect: g.Suspect, SlotMigrating: g.Out, SlotImporting: g.In, SlotFound: "!",
	}
	for s := SlotFound; s < slotStates; s++ {
		fill := t.WarnFill
		if s >= SlotUnassigned {
			fill = t.BadFill
		}
		p.state[s] = sgrReset + fill.open
	}
	for i := range p.heat {
		p.heat[i] = heatGlyph(i)
	}
	for _, s := range t.shards {
		p.text = append(p.text, sgrReset+s.Text.open)
	}
	p.mix()
	return p
}

// heatGlyph is a shade without colour. Bars would do, but trouble is drawn
// reversed, and among full bars it would drown.
func heatGlyph(step int) string {
	return ".:-=+*%#"[step : step+1]
}

// mix makes the sequences for all pairs of inks.
func (p *SlotPainter) mix() {
	t := p.t
	if t.Depth == NoColour {
		return
	}
	pick := func(dark, light, basic, basicLight string) color.Color {
		switch {
		case t.Depth == Colours16 && t.Light:
			return lipgloss.Color(basicLight)
		case t.Depth == Colours16:
			return lipgloss.Color(basic)
		case t.Light:
			return lipgloss.Color(light)
		}
		return lipgloss.Color(dark)
	}
	inks := []color.Color{nil, pick("236", "254", "8", "7"), pick("231", "16", "15", "0"), pick("16", "231", "0", "15")}
	for _, s := range t.shards {
		inks = append(inks, s.Color)
	}
	for _, h := range heats {
		inks = append(inks, pick(h.dark, h.light, h.basic, h.basicLight))
	}
	for _, s := range t.shards {
		p.fill = append(p.fill, pairOf(inks[inkMark], s.Color)+"\x1b[1m")
	}
	p.inks = len(inks)
	for _, up := range inks {
		for _, low := range inks {
			p.pairs = append(p.pairs, pairOf(up, low))
		}
	}
}

// pairOf sets the upper colour as the one of the text, the lower one as the
// one behind it.
func pairOf(up, low color.Color) string {
	s := ansi.NewStyle().Reset()
	if up != nil {
		s = s.ForegroundColor(up)
	}
	if low != nil {
		s = s.BackgroundColor(low)
	}
	return s.String()
}

// heats go from next to nothing to the most, in lightness above all. With 16
// colours there are fewer, so neighbours share.
var heats = [HeatSteps]struct{ dark, light, basic, basicLight string }{
	{"236", "254", "8", "7"},
	{"24", "195", "4", "14"},
	{"31", "153", "4", "14"},
	{"37", "110", "12", "6"},
	{"43", "74", "6", "12"},
	{"115", "31", "14", "12"},
	{"194", "24", "14", "4"},
	{"230", "17", "15", "0"},
}

// pair is the sequence for an upper and a lower ink.
func (p *SlotPainter) pair(up, low ink) string { return p.pairs[int(up)*p.inks+int(low)] }

// letters reports whether a cell is a letter instead of a colour.
func (p *SlotPainter) letters() bool { return p.t.Depth == NoColour || p.t.Glyph.Half == "" }

// Halves reports whether this theme draws two parts in a cell.
func (p *SlotPainter) Halves() bool { return !p.letters() }

// Theme is the theme that this painter was made for.
func (p *SlotPainter) Theme() *Theme { return p.t }

// HeatKey is the shades from the least to the most, one cell each, for a legend.
func (p *SlotPainter) HeatKey() string {
	out := ""
	for i, g := range p.heat {
		if p.letters() {
			out += g
			continue
		}
		shade := inkShard + ink(len(p.t.shards)+i)
		out += p.pair(shade, shade) + p.t.Glyph.Half
	}
	return out + sgrReset
}

// StateKey is how a state looks in the map, for a legend; blank when served.
func (p *SlotPainter) StateKey(s SlotState) string {
	if s == SlotServed || s >= slotStates {
		return " "
	}
	return p.state[s] + p.bad[s] + sgrReset
}
