package views

import (
	"strconv"

	"slotdeck/cluster"
	"slotdeck/cluster/doctor"
	"slotdeck/ui"
)

// healthPane is the most lines that the finding under the cursor takes; it is
// always as many, so that the list holds still.
const healthPane = 12

// Body draws the list, and under it what is known of the finding under the
// cursor.
func (h *Health) Body(sc *Scene) []string {
	t := sc.Theme
	if sc.Snap == nil {
		return ui.Fill([]string{t.Cut("  "+t.Dim.Text("no node has answered yet"), sc.W)}, sc.H)
	}
	if h.matrix {
		return ui.Fill(h.matrixBody(sc), sc.H)
	}
	pane := 0
	if len(h.list) > 0 && sc.H >= 8 {
		pane = min(healthPane, sc.H/2+2)
		if h.full {
			pane = sc.H - 3 // the heading of its group, and the finding itself
		}
	}
	h.height = max(0, sc.H-pane-1)
	list, above := h.listed(sc)
	if len(h.list) == 0 {
		list = h.nothing(sc)
	}
	lines := ui.Fill(append([]string{t.Heading("health", above+t.Dim.Text("by "+h.by.String())+" ", sc.W)}, list...), sc.H-pane)
	if pane > 0 {
		lines = append(lines, t.Rule(sc.W, ""))
		lines = append(lines, ui.Fill(h.explained(sc, pane-1), pane-1)...)
	}
	for i := range lines {
		lines[i] = t.Cut(lines[i], sc.W)
	}
	return ui.Fill(lines, sc.H)
}

// nothing tells why the list is empty, and how much was looked at.
func (h *Health) nothing(sc *Scene) []string {
	t := sc.Theme
	if all := len(sc.Findings) + len(sc.Muted); all > 0 {
		return []string{"  " + t.Dim.Text("no finding matches; there are "+strconv.Itoa(all))}
	}
	answer := 0
	for i := range sc.Snap.Nodes {
		if n := &sc.Snap.Nodes[i]; n.Health == cluster.Answering && n.Info.Known() {
			answer++
		}
	}
	return []string{" " + t.Good.Text(t.Glyph.OK) + " nothing found", "",
		"  " + t.Dim.Text(plural(len(doctor.Rules()), "rule")+" looked at "+plural(answer, "node")+" of "+strconv.Itoa(len(sc.Snap.Nodes)))}
}

// listed are the findings under their headings, those around the cursor, and what
// is hidden above them: a worse finding that has just come in must not be missed
// by who looks further down.
func (h *Health) listed(sc *Scene) (lines []string, above string) {
	t := sc.Theme
	count := map[string]int{}
	for _, g := range h.groups {
		count[g]++
	}
	var places []int // the line of each finding
	for i := range h.list {
		if i == 0 || h.groups[i] != h.groups[i-1] {
			lines = append(lines, " "+t.Strong.Text(h.groups[i])+"  "+t.Dim.Text(strconv.Itoa(count[h.groups[i]])))
		}
		places = append(places, len(lines))
		lines = append(lines, h.line(sc, i))
	}
	if len(lines) <= h.height {
		return lines, ""
	}
	room := max(1, h.height-1) // the last line tells of those below
	top := max(0, min(places[h.cursor.At]-room/2, len(lines)-room))
	var over, under []int
	for i, at := range places {
		switch {
		case at < top:
			over = append(over, i)
		case at >= top+room:
			under = append(under, i)
		}
	}
	if above = h.hidden(t, over, t.Glyph.Up, "above"); above != "" {
		above += "  "
	}
	below := h.hidden(t, under, t.Glyph.Down, "below")
	if below != "" {
		below = "  " + below
	}
	return append(lines[top:top+room:top+room], below), above
}

// hidden counts findings of the list that there is no room for, and the worst of
// them; empty when there are none.
func (h *Health) hidden(t *ui.Theme, which []int, sign, where string) string {
	if len(which) == 0 {
		return ""
	}
	worst, many := doctor.Note, 0
	for _, i := range which {
		if _, muted := h.muted[i]; muted {
			continue
		}
		switch f := h.list[i]; {
		case f.Severity > worst:
			worst, many = f.Severity, 1
		case f.Severity == worst:
			many++
		}
	}
	text := t.Dim.Text(sign + " " + plural(len(which), "finding") + " " + where)
	if worst == doctor.Note {
		return text
	}
	p, glyph := severityPaint(t, worst)
	return text + " " + p.Text(glyph+" "+strconv.Itoa(many)+" "+worst.String())
}

func (h *Health) line(sc *Scene, i int) string {
	t := sc.Theme
	f, current := h.list[i], i == h.cursor.At
	p, glyph := severityPaint(t, f.Severity)
	if _, muted := h.muted[i]; muted {
		p = t.Dim
	}
	mark := "  "
	text := ui.Clean(f.Text)
	if current {
		mark, text = t.Accent.Text(t.Glyph.Cursor)+" ", t.Strong.Text(text)
	}
	id := ""
	if sc.W >= 70 {
		id = t.Dim.Text(t.Left(f.ID, 18)) + " "
	}
	return mark + p.Text(glyph) + " " + id + text
}

// explained is all that is known of the finding under the cursor, in h lines.
func (h *Health) explained(sc *Scene, height int) []string {
	t := sc.Theme
	f, rule, ok := h.current()
	if !ok {
		return nil
	}
	p, glyph := severityPaint(t, f.Severity)
	about := healthNode(sc, f.Node)
	if f.Shard != "" {
		about = "shard " + f.Shard + "  " + about
	}
	head := t.Apart(" "+p.Text(glyph+" "+f.ID+", "+f.Severity.String()), t.Dim.Text(about+" "), sc.W)
	rest := labelled(t, "means", []string{rule.Means}, ui.Paint{}, healthWidth(sc))
	rest = append(rest, labelled(t, "next", []string{rule.Next}, ui.Paint{}, healthWidth(sc))...)
	rest = append(rest, h.remedy(sc, rule)...)
	rest = append(rest, h.muteLine(sc)...)
	if h.full {
		rest = append(rest, "", " "+t.Dim.Text(t.Left("more", labelWidth))+rule.Link())
	}
	found := labelled(t, "found", []string{ui.Clean(f.Text)}, ui.Paint{}, healthWidth(sc))
	found = append(found, labelled(t, "evidence", f.Evidence, ui.Paint{}, healthWidth(sc))...)
	if room := max(1, height-1-len(rest)); len(found) > room {
		found = found[:room]
		found[room-1] = t.Cut(found[room-1], sc.W-2) + t.Glyph.Ellipsis
	}
	return append(append([]string{head}, found...), rest...)
}

// remedy is the line about the key that repairs.
func (h *Health) remedy(sc *Scene, rule doctor.Rule) []string {
	t := sc.Theme
	if off := noRepair(h); off != "" {
		return labelled(t, "repair", []string{off}, ui.Paint{}, healthWidth(sc))
	}
	text := rule.Repair.String()
	if rule.Setting != "" {
		text += " (" + rule.Setting + ")"
	}
	return []string{" " + t.Dim.Text(t.Left("repair", labelWidth)) + t.Accent.Text("r") + " opens " + text}
}

// healthWidth is how wide sentences are at the most: longer lines are hard to
// read.
func healthWidth(sc *Scene) int { return min(sc.W, 120) }
