package views

import (
	"fmt"

	"slotdeck/keyslot"
	"slotdeck/ui"
)

// reportLines are how the last job ended, in full.
func (j *Jobs) reportLines(sc *Scene) []string {
	t, r := sc.Theme, j.report
	mark, paint := t.Glyph.OK, t.Good
	if !r.OK {
		mark, paint = t.Glyph.Fail, t.Bad
	}
	head := t.Apart("   "+t.Strong.Text(ui.Clean(r.Title)), paint.Text(mark+" "+r.Outcome)+" ", sc.W)
	var body []string
	if r.Err != nil {
		body = append(body, wrapped(t, t.Bad.Text(t.Glyph.Fail), r.Err.Error(), sc.W)...)
	}
	for _, s := range r.Sentences {
		body = append(body, wrapped(t, t.Note.Text(t.Glyph.Bullet), s, sc.W)...)
	}
	if len(r.Remains) > 0 {
		body = append(body, "", t.Heading("left to do", "", sc.W))
		for _, s := range r.Remains {
			body = append(body, wrapped(t, t.Warn.Text(t.Glyph.Suspect), s, sc.W)...)
		}
	}
	body = append(body, "", t.Heading("what became of the slots", "", sc.W))
	body = append(body, j.outcomeLines(sc)...)
	if len(r.Worst) > 0 {
		body = append(body, "", t.Heading("longest that a call held a node", "", sc.W), "   "+j.worstText(sc))
	}
	if len(r.Saved) > 0 {
		body = append(body, "", t.Heading("saved before it was overwritten or removed", "", sc.W))
		for _, f := range r.Saved {
			body = append(body, "   "+ui.Clean(f))
		}
	}
	body = append(body, "", t.Heading(fmt.Sprintf("every node was asked: %s", agreement(r)), "", sc.W))
	body = append(body, j.verdictLines(sc)...)
	j.text.measure(len(body), sc.H-2)
	if hidden := j.text.lines - j.text.room - j.text.top; hidden > 0 {
		head = t.Apart("   "+t.Strong.Text(ui.Clean(r.Title)), t.Dim.Text(plural(hidden, "line")+" more, j k   ")+paint.Text(mark+" "+r.Outcome)+" ", sc.W)
	}
	return append([]string{head, ""}, body[j.text.top:]...)
}

func agreement(r *MoveReport) string {
	agree, silent := 0, 0
	for _, n := range r.Nodes {
		switch {
		case n.Err != nil:
			silent++
		case n.Agrees:
			agree++
		}
	}
	text := fmt.Sprintf("%d of %d agree", agree, len(r.Nodes))
	if silent > 0 {
		text += fmt.Sprintf(", %d did not answer", silent)
	}
	return text
}

func (j *Jobs) outcomeLines(sc *Scene) []string {
	t, r := sc.Theme, j.report
	var lines []string
	row := func(name string, set keyslot.Set, paint ui.Paint) {
		if set.Empty() {
			return
		}
		ranges := ui.Wrap(rangesText(set.Ranges()), max(20, sc.W-24))
		for i, l := range ranges {
			switch {
			case i == 0:
				lines = append(lines, "   "+t.Left(name, 11)+paint.Text(t.Right(fmt.Sprint(set.Len()), 5))+"  "+l)
			case i == 3 && len(ranges) > 4:
				lines = append(lines, ui.Spaces(21)+t.Dim.Text("and more"))
			case i < 4:
				lines = append(lines, ui.Spaces(21)+l)
			}
		}
	}
	row("moved", r.Moved, t.Good)
	row("rolled back", r.Back, t.Good)
	row("not moved", r.Left, t.Warn)
	row("left out", r.Skipped, t.Warn)
	row("still open", r.Open, t.Bad)
	sum := fmt.Sprintf("   %d keys", r.Keys)
	if r.Bytes > 0 {
		sum += ", " + t.Bytes(r.Bytes)
	}
	sum += " in " + t.Span(r.Took)
	if s := r.Took.Seconds(); s > 0 {
		sum += fmt.Sprintf(", %s keys/s", t.Count(int64(float64(r.Keys)/s)))
	}
	return append(lines, sum)
}

func (j *Jobs) worstText(sc *Scene) string {
	t, text := sc.Theme, ""
	for _, l := range j.report.Worst {
		text += shadeOf(t, sc.Snap, l.Node).Text(letterOf(sc.Snap, l.Node)) + " " + t.Span(l.Worst) + "   "
	}
	return text
}

func (j *Jobs) verdictLines(sc *Scene) []string {
	t := sc.Theme
	var lines []string
	book := newAddressBook(sc.Snap, false)
	aw := book.width(12, 28)
	for _, n := range j.report.Nodes {
		mark, text := t.Good.Text(t.Glyph.OK), n.Text
		switch {
		case n.Err != nil:
			mark, text = t.Warn.Text(t.Glyph.Silent), n.Err.Error()
		case !n.Agrees:
			mark = t.Bad.Text(t.Glyph.Fail)
		}
		letter := shadeOf(t, sc.Snap, n.Node).Text(t.Left(letterOf(sc.Snap, n.Node), 2))
		addr := n.Addr
		if _, known := sc.Snap.Node(n.Node); known {
			addr = book.name(n.Node)
		}
		for i, l := range ui.Wrap(ui.Clean(text), max(20, sc.W-aw-12)) {
			if i == 0 {
				lines = append(lines, "   "+mark+" "+letter+" "+t.Left(ui.Clean(addr), aw)+"  "+l)
			} else {
				lines = append(lines, ui.Spaces(aw+10)+l)
			}
		}
	}
	return lines
}
