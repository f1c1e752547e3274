package views

import (
	"slotdeck/ui"
)

// Body draws what changed something above what was only read.
func (l *Log) Body(sc *Scene) []string {
	if l.source == nil {
		return onlySays(sc, "no record is kept of what is sent")
	}
	if !l.read {
		l.Show(sc) // before the first snapshot nobody else says that it is time
	}
	upper := max(9, sc.H*11/20)
	lines := ui.Fill(l.changes(sc, sc.W, upper-1), upper)
	return ui.Fill(append(lines, l.reads.lines(sc, l.onReads, sc.W, sc.H-upper)...), sc.H)
}

// changes are the commands, and under them the whole of the chosen one.
func (l *Log) changes(sc *Scene, w, h int) []string {
	t := sc.Theme
	lines := []string{t.Heading("sent to change something", t.Dim.Text(plural(l.all, "command"))+" ", w)}
	if len(l.sent) == 0 {
		why := "nothing was sent that changes anything"
		switch {
		case l.all > 0 && sc.Filter.Active():
			why = "none of the " + plural(l.all, "command") + " matches"
		case l.all > 0:
			why = "none of the " + plural(l.all, "command") + " failed"
		}
		return append(lines, t.Cut("  "+t.Dim.Text(why), w))
	}
	detail := l.detail(t, l.sent[l.cursor.At], w, min(4, max(3, h/4)))
	tb := sentTable(l.sent, w)
	lines = append(lines, tb.Title(t, w))
	l.height = max(1, h-len(lines)-len(detail)-1)
	top := l.cursor.Top(len(l.sent), l.height)
	at := -1
	if !l.onReads {
		at = l.cursor.At - top
	}
	var rows []ui.Row
	for _, c := range l.sent[top:min(len(l.sent), top+l.height)] {
		rows = append(rows, sentRow(sc, c))
	}
	body := ui.Fill(tb.Lines(t, rows, 0, at, w, l.height), l.height)
	return append(append(append(lines, body...), ""), detail...)
}

func sentTable(sent []SentCommand, w int) ui.Table {
	aw := 8
	for i := range sent {
		aw = max(aw, min(28, len(sent[i].Addr)))
	}
	cols := []ui.Column{
		{Title: "time", Width: len(eventToday)},
		{Title: "node", Width: aw},
		{Title: "command", Width: 20, Grow: true},
		{Title: "took", Width: 5, Right: true},
		{Title: "outcome", Width: max(8, min(60, (w-80)*2/3))},
	}
	return ui.Table{Columns: cols, Sorted: -1}
}

func sentRow(sc *Scene, c SentCommand) ui.Row {
	t := sc.Theme
	paint, glyph := t.Good, t.Glyph.OK
	if c.Err != nil {
		paint, glyph = t.Bad, t.Glyph.Fail
	}
	return ui.Row{Cells: []ui.Cell{
		{Text: eventTime(sc, c.At), Paint: t.Dim},
		{Text: ui.Clean(c.Addr)},
		{Text: ui.Clean(c.Command)},
		{Text: t.Span(c.Took)},
		{Painted: func(w int) string {
			text := ui.Clean(outcomeText(c))
			if c.Err != nil && w < 30 {
				text = "failed" // the sentence stands below the table
			}
			return paint.Text(t.Left(glyph+" "+text, w))
		}},
	}}
}

// detail is one command with its outcome, not cut off where h lines suffice;
// always h lines.
func (l *Log) detail(t *ui.Theme, c SentCommand, w, h int) []string {
	var lines []string
	wrap := func(text string, p ui.Paint, most int) {
		parts := ui.Wrap(text, max(10, w-4))
		for i, part := range parts {
			if i == most-1 && len(parts) > most {
				part += " " + t.Glyph.Ellipsis
			}
			if i < most {
				lines = append(lines, t.Cut("  "+p.Text(part), w))
			}
		}
	}
	if c.Err == nil {
		wrap(ui.Clean(c.Command), t.Strong, h)
	} else {
		wrap(ui.Clean(c.Command), t.Strong, max(1, h/2))
		wrap(ui.Clean(outcomeText(c)), t.Bad, h-len(lines))
	}
	return ui.Fill(lines, h)
}
