package views

import (
	"fmt"
	"strings"

	"slotdeck/cluster/keyspace"
	"slotdeck/keyslot"
	"slotdeck/ui"
)

// summary is how many keys were found, and how far the walk is.
func (p *browsePage) summary(sc *Scene) string {
	t := sc.Theme
	count := plural(p.list.total, "key")
	switch {
	case p.purge != nil:
		return p.purge.says(t)
	case p.nr == 0:
		return ""
	case p.err != nil:
		return t.Bad.Text(ui.Clean(p.err.Error()))
	case p.done():
		return count + ", all" + p.place(t)
	case p.all:
		return count + ", counting on " + letterOf(sc.Snap, p.nodes[p.node])
	case p.stopped:
		return t.Note.Text(count + " so far, stopped")
	}
	return count + " so far" + p.place(t)
}

// place is where in the list the cursor is.
func (p *browsePage) place(t *ui.Theme) string {
	if p.typing || p.list.total == 0 {
		return ""
	}
	return t.Dim.Text(fmt.Sprintf("   at %d", p.row+1))
}

// Body draws the field and the list, or the key that is open.
func (p *browsePage) Body(sc *Scene) []string {
	if p.value != nil {
		return p.value.Body(sc)
	}
	t := sc.Theme
	label := t.Head.Text("LOOK FOR")
	if p.typing {
		label = t.Accent.Text("LOOK FOR")
	}
	line := " " + label + "   "
	if p.field.text == "" {
		line += t.Dim.Text(browseHelp)
	} else {
		line += p.field.draw(t, keyslot.Tag{}, p.typing, sc.W-14)
	}
	said := p.summary(sc)
	if p.left != nil && (p.nr == 0 || p.purge != nil) {
		said = p.leftSays(t)
	}
	if p.said != "" {
		said = t.Bad.Text(ui.Clean(p.said))
	}
	lines := []string{t.Cut(line, sc.W), t.Cut("  "+said, sc.W), ""}
	tb := browseTable()
	lines = append(lines, tb.Title(t, sc.W))
	p.height = max(1, sc.H-len(lines))
	p.top = max(min(p.top, p.row), p.row-p.height+1, 0)
	rows := make([]ui.Row, 0, p.height)
	for i := p.top; i < min(p.list.total, p.top+p.height); i++ {
		rows = append(rows, browseRow(sc, p.list.at(i)))
	}
	at := p.row - p.top
	if p.typing || len(rows) == 0 {
		at = -1
	}
	return ui.Fill(append(lines, tb.Lines(t, rows, 0, at, sc.W, p.height)...), sc.H)
}

func browseTable() ui.Table {
	return ui.Table{Sorted: -1, Columns: []ui.Column{
		{Title: "key", Width: 24, Grow: true}, {Title: "slot", Width: 5, Right: true}, {Title: "shard", Width: 5, Drop: 3}, {Title: "type", Width: 8},
		{Title: "ttl", Width: 7, Right: true}, {Title: "memory", Width: 6, Right: true}, {Title: "size", Width: 6, Right: true}, {Title: "encoding", Width: 12, Drop: 1},
	}}
}

func browseRow(sc *Scene, e *keyspace.Entry) ui.Row {
	t := sc.Theme
	if e == nil {
		return ui.Row{Faded: true, Cells: []ui.Cell{{Text: t.Glyph.Ellipsis}, {}, {}, {}, {}, {}, {}, {}}}
	}
	h := homeOf(sc, e.Slot)
	shard := ui.Cell{Text: t.Glyph.None, Paint: t.Dim}
	if h.shard != nil {
		shard = ui.Cell{Text: h.shard.Letter, Paint: t.Shard(h.shard.Hue).Text}
	}
	kind := ui.Clean(e.Type)
	if e.Gone {
		kind = "gone"
	}
	return ui.Row{Key: e.Key, Faded: e.Gone, Cells: []ui.Cell{
		{Painted: func(w int) string { return keyCell(t, e.Key, w) }},
		{Text: slotText(e.Slot)}, shard, {Text: kind}, {Text: ttlText(t, e)}, {Text: t.Bytes(e.Bytes)}, {Text: t.Count(e.Elements)}, {Text: ui.Clean(e.Encoding), Paint: t.Dim},
	}}
}

// ttlText is a time to live in a word.
func ttlText(t *ui.Theme, e *keyspace.Entry) string {
	switch e.TTL {
	case keyspace.NoTTL:
		return "never"
	case keyspace.NotTold:
		return t.Glyph.None
	}
	return strings.TrimSpace(t.Span(e.TTL))
}
