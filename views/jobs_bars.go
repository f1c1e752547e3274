package views

import (
	"strings"

	"slotdeck/ui"
)

// lineBar draws a share of 0 to 1 as a thick line on a thin one: bars that stand
// close together would run into each other as blocks. A negative share (not
// known) is the thin line alone.
func lineBar(t *ui.Theme, share float64, w int, p ui.Paint) string {
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
