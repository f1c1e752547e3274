package views

import (
	"strconv"

	"github.com/charmbracelet/x/ansi"

	"slotdeck/keyslot"
	"slotdeck/ui"
)

// The columns of the list whose widths depend on what is in it.
const (
	keyColumn    = 0
	joinedColumn = 6
)

// keyTable is the list's columns in w cells. Key and proposed name share what
// the others leave.
func keyTable(sc *Scene, v keyVerdict, w int) ui.Table {
	aw := newAddressBook(sc.Snap, w < 100).width(8, 21)
	cols := []ui.Column{
		{Title: "key", Width: 20, Grow: true},
		{Title: "slot", Width: 5, Right: true},
		{Title: "shard", Width: 5},
		{Title: "primary", Width: aw, Drop: 1},
		{Title: "state", Width: 12, Drop: 2},
		{Title: "replicas", Width: 8, Drop: 3},
	}
	tb := ui.Table{Columns: cols, Sorted: -1}
	if v.joined == nil {
		return tb
	}
	cols = append(cols, ui.Column{Title: "with the tag", Width: 20})
	tb.Columns = cols
	share := (tb.Fit(w)[keyColumn] - cols[keyColumn].Width) / 2
	cols[joinedColumn].Width += max(0, share)
	return tb
}

// keyRow is one key's row. It is worked out for the rows on the screen only.
func keyRow(sc *Scene, book addressBook, v keyVerdict, key string, current bool) ui.Row {
	t := sc.Theme
	h := homeOf(sc, keyslot.Of(key))
	none := ui.Cell{Text: t.Glyph.None, Paint: t.Dim}
	shard, primary := none, none
	if h.shard != nil {
		shard = ui.Cell{Text: h.shard.Letter, Paint: t.Shard(h.shard.Hue).Text}
		primary = ui.Cell{Text: book.name(h.shard.Primary)}
	}
	well, wellPaint := h.replicas(sc)
	stateCell := ui.Cell{Text: h.state.text(), Paint: h.state.paint(t)}
	if h.shard == nil && h.state.gravity != broken {
		stateCell = none
	}
	cells := []ui.Cell{
		{Painted: func(w int) string { return keyCell(t, key, w) }},
		{Text: strconv.Itoa(int(h.slot)), Paint: pick(current, t.Accent, t.Plain)},
		shard, primary, stateCell,
		{Text: well, Paint: wellPaint},
		{Painted: func(w int) string { return keyCell(t, v.joined[key], w) }},
	}
	return ui.Row{Key: key, Cells: cells}
}

func pick(yes bool, a, b ui.Paint) ui.Paint {
	if yes {
		return a
	}
	return b
}

// cutStart shortens a plain text to w cells from its beginning.
func cutStart(t *ui.Theme, s string, w int) string {
	over := ui.Width(s) - w
	if over <= 0 {
		return s
	}
	return t.Glyph.Ellipsis + ansi.TruncateLeft(s, over+1, "")
}
