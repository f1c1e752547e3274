package views

import (
	"strconv"
	"strings"
	"time"

	"slotdeck/ui"
)

// stageRow is one moment of a failover as a line: what, when, how long after
// the one before, who.
type stageRow struct {
	glyph string
	paint ui.Paint
	name  string
	at    time.Duration // since the first moment; -1: not reached
	note  string
}

// stageLines draws moments below each other; where there is room, as dots on a
// line of time, too.
func stageLines(t *ui.Theme, rows []stageRow, w int) []string {
	name, span := 0, time.Duration(0)
	for _, r := range rows {
		name, span = max(name, ui.Width(r.name)), max(span, r.at)
	}
	scale, tight := 0, w < 64 // in a narrow pane the moments alone
	if w >= 110 {
		scale = w / 4
	}
	lines := make([]string, 0, len(rows))
	last := time.Duration(-1)
	for _, r := range rows {
		line := " " + r.paint.Text(r.glyph) + " " + t.Left(r.name, name) + "  "
		if r.at < 0 {
			line = " " + r.paint.Text(r.glyph) + " " + t.Dim.Text(t.Left(r.name, name)) + "  " + ui.Spaces(19)
		} else {
			after := ""
			if last >= 0 {
				after = "+" + secondsText(r.at-last)
			}
			line += t.Right(secondsText(r.at), 9)
			if !tight {
				line += t.Dim.Text(t.Right(after, 10))
			}
			last = r.at
		}
		if scale > 0 {
			line += "   " + dotOn(t, r, span, scale)
		}
		if !tight {
			line += "   " + t.Dim.Text(ui.Clean(r.note))
		}
		lines = append(lines, t.Cut(line, w))
	}
	return lines
}

// dotOn places a moment on a line of time of w cells.
func dotOn(t *ui.Theme, r stageRow, span time.Duration, w int) string {
	if r.at < 0 {
		return ui.Spaces(w)
	}
	at := 0
	if span > 0 {
		at = int(float64(r.at) / float64(span) * float64(w-1))
	}
	return t.Dim.Text(strings.Repeat(t.Glyph.Track, at)) + r.paint.Text(t.Glyph.OK) + ui.Spaces(w-1-at)
}

// secondsText is a length of time with milliseconds, fit for a column.
func secondsText(d time.Duration) string {
	if d >= 100*time.Second {
		return d.Round(time.Second).String()
	}
	return trimSeconds(d)
}

func trimSeconds(d time.Duration) string {
	ms := d.Milliseconds()
	whole, rest := ms/1000, ms%1000
	digits := []byte{byte('0' + rest/100), byte('0' + rest/10%10), byte('0' + rest%10)}
	return strconv.FormatInt(whole, 10) + "." + string(digits) + " s"
}
