package views

import (
	"fmt"
	"slices"
	"strings"

	"slotdeck/cluster"
	"slotdeck/cluster/keyspace"
	"slotdeck/keyslot"
	"slotdeck/ui"
)

// Body draws the field, the keys with their slots, the hops and the verdict.
func (p *tracePage) Body(sc *Scene) []string {
	t := sc.Theme
	label := t.Head.Text("COMMAND")
	if p.typing {
		label = t.Accent.Text("COMMAND")
	}
	line := " " + label + "   "
	if p.field.text == "" {
		line += t.Dim.Text("GET user:7   or   MULTI ; INCR {u}:a ; INCR {u}:b ; EXEC")
	} else {
		line += p.field.draw(t, keyslot.Tag{}, p.typing, sc.W-12)
	}
	start := t.Glyph.None
	if n, ok := p.from(sc); ok {
		start = letterOf(sc.Snap, n.ID) + " " + addressOf(n)
	}
	lines := []string{line, " " + t.Head.Text("BEGIN AT") + "  " + start, ""}
	if p.said != "" {
		lines = append(lines, "  "+t.Bad.Text(ui.Clean(p.said)))
	}
	lines = append(lines, p.keyLines(sc)...)
	lines = append(lines, p.hopLines(sc)...)
	for i := range lines {
		lines[i] = t.Cut(lines[i], sc.W)
	}
	return ui.Fill(lines, sc.H)
}

// keyLines are the keys that the command has, and what a cluster makes of them.
func (p *tracePage) keyLines(sc *Scene) []string {
	t := sc.Theme
	var lines []string
	const most = 6
	keys := slices.Concat(p.keys...)
	count, w := len(keys), 8
	for _, key := range keys[:min(count, most)] {
		w = max(w, min(ui.Width(ui.Clean(shown(key, 40))), 36, sc.W/3))
	}
	for _, key := range keys[:min(count, most)] {
		lines = append(lines, "  "+keyCell(t, key, w)+"  "+homeOf(sc, keyslot.Of(key)).line(sc, sc.W-w-4))
	}
	switch {
	case count > most:
		lines = append(lines, t.Dim.Text(fmt.Sprintf("  and %d more", count-most)))
	case count == 0 && p.keys != nil:
		lines = append(lines, t.Dim.Text("  no key: it concerns the node that is asked"))
	}
	if p.keys != nil {
		by := "keys as the node tells (COMMAND GETKEYS)"
		if !p.told {
			by = "keys by slotdeck's own table"
		}
		lines = append(lines, "  "+t.Dim.Text(by))
		for _, n := range keyspace.Note(p.trace.Commands, p.keys) {
			for _, l := range ui.Wrap(ui.Clean(n), sc.W-4) {
				lines = append(lines, "  "+t.Note.Text(l))
			}
		}
		lines = append(lines, "")
	}
	return lines
}

func (p *tracePage) hopLines(sc *Scene) []string {
	t := sc.Theme
	if len(p.trace.Hops) == 0 && !p.busy {
		return nil
	}
	lines := []string{t.Heading(" hops", "", sc.W)}
	w := 0
	for _, h := range p.trace.Hops {
		w = max(w, min(ui.Width(hopNode(sc, h)), sc.W/2))
	}
	for i, h := range p.trace.Hops {
		head := fmt.Sprintf("  %2d  %s  %s  ", i+1, t.Left(hopNode(sc, h), w), t.Right(t.Span(h.Took), 5))
		edge := ui.Width(head)
		if h.Asking {
			head += t.Note.Text("ASKING") + "  "
		}
		text, paint := hopSays(t, h)
		for k, l := range ui.Wrap(text, max(20, sc.W-ui.Width(head)-1)) {
			if k > 0 {
				head = ui.Spaces(edge)
			}
			lines = append(lines, head+paint.Text(l))
		}
	}
	if p.busy {
		if next, _, _ := p.trace.Next(); next != "" {
			lines = append(lines, "      "+t.Dim.Text("asking "+ui.Clean(next)))
		}
		return lines
	}
	lines = append(lines, "")
	for _, l := range ui.Wrap(ui.Clean(p.trace.Verdict()), sc.W-4) {
		lines = append(lines, "  "+t.Strong.Text(l))
	}
	if last, ok := p.trace.Last(); ok && last.Outcome != keyspace.Answered {
		return lines // the hop says what it said; of a transaction that was refused, what was queued means nothing
	}
	lines = append(lines, "", t.Heading(" answer", t.Span(p.trace.Elapsed())+" in all", sc.W))
	for i, v := range p.trace.Replies {
		if i < len(p.trace.Replies)-1 && p.trace.Errs[len(p.trace.Errs)-1] == nil {
			continue // what EXEC answers tells all
		}
		if p.trace.Errs[i] != nil {
			continue
		}
		if text, is := v.(string); is {
			lines = append(lines, quotedLines(text[:min(len(text), 400)], sc.W-5)...)
			continue
		}
		lines = append(lines, answerLines(t, v, "  ", 0)...)
	}
	return lines
}

// quotedLines is a text between quotes, over as many lines as it takes.
func quotedLines(text string, w int) []string {
	lines := escapedLines(text, w)
	if len(lines) == 0 {
		lines = []string{""}
	}
	for i := range lines {
		lines[i] = "   " + lines[i]
	}
	lines[0] = `  "` + lines[0][3:]
	lines[len(lines)-1] += `"`
	return lines
}

// hopNode is who was asked.
func hopNode(sc *Scene, h keyspace.Hop) string {
	return letterAt(sc.Snap, h.Addr) + " " + ui.Clean(h.Addr)
}

// letterAt is the letter of the shard that the node at an address belongs to.
func letterAt(s *cluster.Snapshot, addr string) string {
	if s != nil {
		for i := range s.Nodes {
			if s.Nodes[i].Dialled == addr {
				return letterOf(s, s.Nodes[i].ID)
			}
		}
	}
	return " "
}

// hopSays is what a node said, and its colour.
func hopSays(t *ui.Theme, h keyspace.Hop) (string, ui.Paint) {
	text := h.Outcome.String()
	if h.Err != nil {
		text = ui.Clean(h.Err.Error())
		if at := strings.Index(text, ": it answered "); at >= 0 {
			text = text[at+len(": it answered "):]
		}
	}
	switch h.Outcome {
	case keyspace.Answered:
		return text, t.Good
	case keyspace.Moved, keyspace.Ask:
		return text, t.Note
	case keyspace.TryAgain, keyspace.CrossSlot:
		return text, t.Warn
	}
	return text, t.Bad
}

// answerLines is an answer, shortened: the page is about the way.
func answerLines(t *ui.Theme, v any, indent string, depth int) []string {
	const most = 12
	switch v := v.(type) {
	case nil:
		return []string{indent + t.Dim.Text("(nil)")}
	case int64:
		return []string{fmt.Sprintf("%s(integer) %d", indent, v)}
	case string:
		return []string{indent + keyspace.Quoted(v[:min(len(v), 400)])}
	case []any:
		if len(v) == 0 || depth > 3 {
			return []string{fmt.Sprintf("%s(list of %d)", indent, len(v))}
		}
		var out []string
		for i, item := range v {
			if i == most {
				return append(out, fmt.Sprintf("%s%s %d more", indent, t.Glyph.Ellipsis, len(v)-i))
			}
			inner := answerLines(t, item, "", depth+1)
			for k, l := range inner {
				head := fmt.Sprintf("%2d) ", i+1)
				if k > 0 {
					head = "    "
				}
				out = append(out, indent+head+l)
			}
		}
		return out
	}
	return []string{indent + ui.Clean(fmt.Sprint(v))}
}
