package ui

import "strings"

// Column is one column of a table. Width is fixed, so that numbers that change
// move nothing else; a column with Grow takes what is left over.
type Column struct {
	Title string
	Width int  // in cells, at least 1
	Right bool // aligned right, as numbers are
	Grow  bool
	Drop  int // columns with a higher number go first when it gets narrow; 0 stays
}

// Cell is one text in a table, already clean, and how to paint it.
type Cell struct {
	Text  string
	Paint Paint
	// Painted is used instead of Text when a cell has several paints (a
	// meter); it must be exactly as wide as its column.
	Painted func(w int) string
}

// Row is one line of a table; Key tells rows apart when their order changes.
type Row struct {
	Key   string
	Cells []Cell
	Faded bool // everything in it is old or beside the point
}

// Table draws rows under a line of titles.
type Table struct {
	Columns []Column
	Sorted  int // the column it is sorted by, -1: none
	Reverse bool
}

const (
	tableEdge = 2 // the cursor's place at the left
	tableGap  = 2 // between columns
)

// Fit is the widths of the columns in w cells; 0 for a column that was dropped.
func (tb Table) Fit(w int) []int {
	widths := make([]int, len(tb.Columns))
	dropAbove := 0
	for _, c := range tb.Columns {
		dropAbove = max(dropAbove, c.Drop)
	}
	for {
		used, grow := tableEdge, -1
		for i, c := range tb.Columns {
			widths[i] = 0
			if c.Drop > dropAbove {
				continue
			}
			widths[i] = max(1, c.Width)
			used += widths[i] + tableGap
			if c.Grow {
				grow = i
			}
		}
		used -= tableGap
		if used <= w || dropAbove == 0 {
			if grow >= 0 && used < w {
				widths[grow] += w - used
			}
			return widths
		}
		dropAbove--
	}
}

// Title is the line of column titles.
func (tb Table) Title(t *Theme, w int) string {
	widths := tb.Fit(w)
	var b strings.Builder
	b.WriteString(spaces(tableEdge))
	first := true
	for i, c := range tb.Columns {
		if widths[i] == 0 {
			continue
		}
		if !first {
			b.WriteString(spaces(tableGap))
		}
		first = false
		title := c.Title
		if i == tb.Sorted {
			mark := t.Glyph.Sorted
			if tb.Reverse {
				mark = t.Glyph.Reverse
			}
			if c.Right {
				title = mark + title
			} else {
				title += mark
			}
		}
		if c.Right {
			title = t.Right(title, widths[i])
		} else {
			title = t.Left(title, widths[i])
		}
		p := t.Dim
		if i == tb.Sorted {
			p = t.Strong
		}
		p.Write(&b, title)
	}
	return t.Cut(b.String(), w)
}

// Lines draws the rows from the one numbered top on, at most h of them, with
// the cursor at the row numbered cursor (-1: none).
func (tb Table) Lines(t *Theme, rows []Row, top, cursor, w, h int) []string {
	widths := tb.Fit(w)
	lines := make([]string, 0, h)
	for i := max(0, top); i < len(rows) && len(lines) < h; i++ {
		lines = append(lines, tb.line(t, rows[i], i == cursor, widths, w))
	}
	return lines
}

func (tb Table) line(t *Theme, r Row, current bool, widths []int, w int) string {
	var b strings.Builder
	if current {
		t.Accent.Write(&b, t.Glyph.Cursor)
		b.WriteByte(' ')
	} else {
		b.WriteString(spaces(tableEdge))
	}
	first := true
	for i := range tb.Columns {
		if widths[i] == 0 || i >= len(r.Cells) {
			continue
		}
		if !first {
			b.WriteString(spaces(tableGap))
		}
		c := r.Cells[i]
		if c.Painted != nil {
			b.WriteString(c.Painted(widths[i]))
		} else {
			p := c.Paint
			switch {
			case r.Faded:
				p = t.Dim
			case current && first:
				p = t.Accent
			}
			text := t.Cut(c.Text, widths[i])
			pad := spaces(widths[i] - Width(text))
			if tb.Columns[i].Right {
				b.WriteString(pad)
				p.Write(&b, text)
			} else {
				p.Write(&b, text)
				b.WriteString(pad)
			}
		}
		first = false
	}
	return t.Cut(b.String(), w)
}

// Cursor is a place in a list that scrolls. It remembers the row by its key,
// so that it stays on the same thing when the order changes; until somebody
// moves it, it stays at the top.
type Cursor struct {
	Key string
	At  int
	top int
}

// Follow finds the remembered row again among rows that may have changed.
func (c *Cursor) Follow(rows []Row) {
	if len(rows) == 0 {
		c.At, c.top = 0, 0
		return
	}
	for i := range rows {
		if rows[i].Key == c.Key {
			c.At = i
			return
		}
	}
	c.At = min(max(c.At, 0), len(rows)-1)
	if c.Key != "" {
		c.Key = rows[c.At].Key
	}
}

// Move goes n rows down, or up when n is negative, and stops at the ends.
func (c *Cursor) Move(n int, rows []Row) {
	if len(rows) == 0 {
		return
	}
	c.At = min(max(c.At+n, 0), len(rows)-1)
	c.Key = rows[c.At].Key
}

// Top is the first row to show, so that the cursor is within h rows.
func (c *Cursor) Top(n, h int) int {
	if c.At < c.top {
		c.top = c.At
	}
	if c.At >= c.top+h {
		c.top = c.At - h + 1
	}
	c.top = min(max(0, c.top), max(0, n-h))
	return c.top
}
