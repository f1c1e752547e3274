package ui

import "strings"

// Meter draws a share of 0 to 1 as a bar of w cells in eighth steps. A negative
// share (not known) is an empty track.
func (t *Theme) Meter(share float64, w int, p Paint) string {
	if w <= 0 {
		return ""
	}
	share = min(max(share, 0), 1)
	eighths := int(share*float64(w*8) + 0.5)
	if share > 0 && eighths == 0 {
		eighths = 1 // something is not nothing
	}
	full, rest := eighths/8, eighths%8
	var b strings.Builder
	bar := strings.Repeat(t.Glyph.Full, full)
	if rest > 0 {
		bar += t.Glyph.Eighths[rest]
		full++
	}
	p.Write(&b, bar)
	t.Dim.Write(&b, strings.Repeat(t.Glyph.Track, w-full))
	return b.String()
}

// Spark draws values, oldest first, as a line of bars one cell each; only the
// newest w are shown. All are scaled to the largest; negative ones are gaps.
func (t *Theme) Spark(values []float64, w int, p Paint) string {
	if len(values) > w {
		values = values[len(values)-w:]
	}
	top := 0.0
	for _, v := range values {
		top = max(top, v)
	}
	var b strings.Builder
	b.WriteString(spaces(w - len(values)))
	var bars strings.Builder
	for _, v := range values {
		switch {
		case v < 0:
			bars.WriteByte(' ')
		case top == 0:
			bars.WriteString(t.Glyph.Spark[0])
		default:
			bars.WriteString(t.Glyph.Spark[min(7, int(v/top*7.999))])
		}
	}
	p.Write(&b, bars.String())
	return b.String()
}

// Line draws a share of 0 to 1 as a thick line on a thin one, in half cells:
// bars that stand close together would run into each other as blocks. A
// negative share (not known) is the thin line alone.
func (t *Theme) Line(share float64, w int, p Paint) string {
	if w <= 0 {
		return ""
	}
	thick, half := "━", "╸"
	if t.ASCII {
		thick, half = "=", "-"
	}
	halves := int(min(max(share, 0), 1)*float64(2*w) + 0.5)
	if share > 0 && halves == 0 {
		halves = 1 // something is not nothing
	}
	bar := strings.Repeat(thick, halves/2)
	if halves%2 == 1 {
		bar += half
	}
	return p.Text(bar) + t.Dim.Text(strings.Repeat(t.Glyph.Track, w-(halves+1)/2))
}
