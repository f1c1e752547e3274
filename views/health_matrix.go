package views

import (
	"strconv"

	tea "charm.land/bubbletea/v2"

	"slotdeck/cluster"
	"slotdeck/ui"
)

// turnMatrix moves over the rows of who says what.
func (h *Health) turnMatrix(key string, sc *Scene) (tea.Cmd, bool) {
	rows := len(sc.Snap.Matrix().Rows)
	page := max(1, sc.H-4)
	steps := map[string]int{"j": 1, "down": 1, "k": -1, "up": -1, "g": -rows, "home": -rows, "G": rows, "end": rows,
		"ctrl+d": page / 2, "ctrl+u": -page / 2, "pgdown": page, "pgup": -page}
	by, known := steps[key]
	if known {
		h.scroll = max(0, min(h.scroll+by, rows-page))
	}
	return nil, known
}

// matrixBody draws who says what: a row for each thing that nodes differ in, a
// column for each node that was heard.
func (h *Health) matrixBody(sc *Scene) []string {
	t := sc.Theme
	m := sc.Snap.Matrix()
	lines := []string{t.Heading("who says what", t.Dim.Text("v: findings")+" ", sc.W)}
	if len(m.Rows) == 0 {
		text := plural(len(m.Nodes), "node") + " of " + strconv.Itoa(len(sc.Snap.Nodes)) + " were heard, and say the same of slots, epochs, flags, primaries and addresses"
		lines = append(lines, " "+t.Good.Text(t.Glyph.OK)+" "+text)
		if c := sc.Snap.Converged; !c.Began.IsZero() {
			lines = append(lines, "  "+t.Dim.Text("they last differed at "+c.Began.Local().Format("15:04:05")+", and agreed "+t.Span(c.Took)+" later"))
		}
		return lines
	}
	if !sc.Snap.Unsettled.IsZero() {
		lines = append(lines, "  "+t.Warn.Text("they have differed about owners or epochs for "+sc.Age(sc.Snap.Unsettled)))
	}
	const topic, about, least = 8, 21, 10
	book := newAddressBook(sc.Snap, true)
	columns := m.Nodes
	dissents := m.Dissenters()
	room := sc.W - 2 - topic - about - 2
	if fit := max(1, room/(least+1)); len(columns) > fit { // those who dissent are what one looks for
		columns = append([]cluster.NodeID{}, dissents...)
		columns = columns[:min(len(columns), fit)]
		lines = append(lines, "  "+t.Dim.Text(strconv.Itoa(len(columns))+" of "+plural(len(m.Nodes), "node")+": those that say what most do not"))
	}
	width := min(22, room/max(1, len(columns)+1)-1)
	width = max(least, width)
	head := "  " + t.Left("about", topic) + t.Left("", about) + " " + t.Left("most say", width)
	for _, id := range columns {
		head += " " + t.Left(book.name(id), width)
	}
	lines = append(lines, t.Cut(t.Dim.Text(head), sc.W))
	for i := min(h.scroll, len(m.Rows)-1); i < len(m.Rows) && len(lines) < sc.H; i++ {
		lines = append(lines, t.Cut(matrixLine(sc, book, m, m.Rows[i], columns, width), sc.W))
	}
	return lines
}

func matrixLine(sc *Scene, book addressBook, m cluster.Matrix, r cluster.MatrixRow, columns []cluster.NodeID, width int) string {
	t := sc.Theme
	name := r.Slots.String()
	if r.About != cluster.AboutOwner {
		name = book.name(r.Node)
	}
	line := "  " + t.Left(r.About.String(), 8) + t.Left(name, 21) + " " + t.Left(matrixSays(sc, book, r, r.Most), width)
	for _, id := range columns {
		for at, of := range m.Nodes {
			if of != id {
				continue
			}
			text := t.Left(matrixSays(sc, book, r, r.Says[at]), width)
			if r.Dissent[at] {
				line += " " + t.Warn.Text(text)
			} else {
				line += " " + t.Dim.Text(t.Left("the same", width))
			}
		}
	}
	return line
}

// matrixSays is what a node says, with nodes by their addresses.
func matrixSays(sc *Scene, book addressBook, r cluster.MatrixRow, text string) string {
	switch {
	case text == "" && r.About != cluster.AboutOwner:
		return sc.Theme.Glyph.None
	case r.About == cluster.AboutOwner || r.About == cluster.AboutPrimary:
		return book.name(cluster.NodeID(text))
	}
	return ui.Clean(text)
}
