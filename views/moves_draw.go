package views

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/ui"
)

// body draws a move on its page: what can be changed, what it comes to, what
// it does to every primary, what was checked, what would be sent.
func (f *moveForm) body(t *ui.Theme, w int) []string {
	lines := f.fieldLines(t, w)
	lines = append(lines, "")
	if f.refused != nil {
		return append(lines, refusalLines(t, f.refused, w)...)
	}
	lines = append(lines, f.sums(t, w)...)
	lines = append(lines, f.heavyLines(t, w)...)
	lines = append(lines, "")
	what := func(w int) []string {
		return append(append(f.holdings(t, w), ""), f.moveLines(t, w)...)
	}
	if w >= 140 {
		half := w / 2
		lines = append(lines, t.Beside(what(half-2), f.checkLines(t, w-half), half, 0)...)
	} else {
		lines = append(append(lines, what(w)...), "")
		lines = append(lines, f.checkLines(t, w)...)
	}
	lines = append(lines, "")
	return append(lines, f.commandLines(t, w)...)
}

func (f *moveForm) checkLines(t *ui.Theme, w int) []string {
	lines := []string{t.Heading("checks", "", w)}
	if f.factsErr != nil {
		lines = append(lines, wrapped(t, t.Warn.Text(t.Glyph.Suspect), "not everything could be read: "+f.factsErr.Error(), w)...)
	}
	return append(lines, checkLines(t, f.plan.Checks, w)...)
}

// fieldLines are the parameters, those that say how below those that say what.
func (f *moveForm) fieldLines(t *ui.Theme, w int) []string {
	return fieldLines(t, w, f.fields, f.at, len(f.fields)-5)
}

// fieldLines flow parameters into columns, so that nothing jumps when one of
// them changes. A new line begins at the one numbered own.
func fieldLines(t *ui.Theme, w int, fields []moveField, at, own int) []string {
	columns := max(1, (w-1)/39)
	cell := (w - 1) / columns
	var lines []string
	line, used := " ", 0
	flush := func() {
		if used > 0 {
			lines = append(lines, line)
		}
		line, used = " ", 0
	}
	for i, field := range fields {
		if i == own {
			flush()
		}
		chosen := i == at
		mark, label := "  ", t.Dim.Text(t.Left(field.name(), fieldLabel))
		if chosen {
			mark, label = t.Accent.Text(t.Glyph.Cursor)+" ", t.Accent.Text(t.Left(field.name(), fieldLabel))
		}
		text := mark + label + " " + field.text(t, chosen)
		if _, typed := field.(*textField); chosen && !typed {
			text = mark + label + " " + arrowed(t, field.text(t, true))
		}
		cells := min(columns, max(1, (ui.Width(text)+cell)/cell))
		if used+cells > columns {
			flush()
		}
		line += t.Left(text, cells*cell)
		used += cells
	}
	flush()
	return lines
}

const fieldLabel = 17

// arrowed is a value that the arrow keys change.
func arrowed(t *ui.Theme, text string) string {
	left, right := "‹ ", " ›"
	if t.ASCII {
		left, right = "< ", " >"
	}
	return t.Dim.Text(left) + text + t.Dim.Text(right)
}

// sums is the plan in one or two lines of numbers.
func (f *moveForm) sums(t *ui.Theme, w int) []string {
	p := &f.plan
	block := t.Span(time.Duration(f.block.value) * time.Millisecond)
	hold := "no call blocks longer than " + block
	if f.choice.Driver.Atomic() {
		hold = "servers move in the background, a short pause at the hand-over"
	}
	parts := []string{
		t.Strong.Text(plural(p.Slots, "slot")),
		amountText(p.Keys, t.Count) + " keys",
		amountText(p.Bytes, t.Bytes),
		estimateText(p.Estimate),
		riskPaint(t, p.Risk).Text(p.Risk.String()),
		t.Dim.Text(hold),
	}
	var lines []string
	line := ""
	for _, part := range parts {
		if line != "" && ui.Width(line)+3+ui.Width(part) > w-2 {
			lines = append(lines, line)
			line = ""
		}
		if line == "" {
			line = "   "
		} else {
			line += "   "
		}
		line += part
	}
	return append(lines, line)
}

// heavyLines are what becomes of slots with a key that would hold its node too
// long; the checks name the keys.
func (f *moveForm) heavyLines(t *ui.Theme, w int) []string {
	weights := f.facts.Weights
	if weights == nil || f.choice.Driver.Atomic() {
		return nil
	}
	slots := weights.Slots()
	if slots = slots.Intersect(f.plan.Set()); slots.Empty() {
		return nil
	}
	what := plural(slots.Len(), "slot") + " with keys that hold their node longer (" + shortSet(slots) + "): "
	switch BigKeyPolicy(f.bigKeys.at) {
	case LeaveBigKeys:
		what += "left where they are"
	case MoveBigKeys:
		what += "moved all the same"
	case RaiseTimeout:
		what += "moved, with a longer node timeout on all nodes, set back after that"
	default:
		what += "you are asked when their turn comes"
	}
	return wrapped(t, t.Warn.Text(t.Glyph.Suspect), what, w)
}

func estimateText(e plan.Estimate) string {
	if e.Known() && e.High < time.Second {
		return "under a second"
	}
	return e.String()
}

// amountText is an amount with what it is worth: ~ for what was not counted by
// a server.
func amountText(a plan.Amount, show func(int64) string) string {
	switch a.How {
	case plan.NotKnown:
		return "? (not known)"
	case plan.Reported:
		return show(a.N)
	}
	return "~" + show(a.N)
}

// holdings are bars of every primary that takes part, before and after.
func (f *moveForm) holdings(t *ui.Theme, w int) []string {
	most, aw := 1, 8
	book := newAddressBook(f.snap, w < 100)
	for _, n := range f.plan.Nodes {
		most = max(most, n.Before.Slots, n.After.Slots)
		aw = max(aw, ui.Width(book.name(n.ID)))
	}
	aw = min(aw, 28)
	// letter, address, two numbers of slots and their arrow, the keys
	bar := min(28, (w-4-3-aw-2-5-2-7-14-4)/2)
	head := t.Dim.Text("   " + t.Left("", aw+4) + t.Left("slots before", max(bar, 1)+8) + "   " + t.Left("after", max(bar, 1)+8) + "  keys")
	lines := []string{t.Heading("before and after", "", w), head}
	for _, n := range f.plan.Nodes {
		hue := shadeOf(t, f.snap, n.ID)
		var b strings.Builder
		b.WriteString("   " + hue.Text(t.Left(n.Letter, 2)) + t.Left(book.name(n.ID), aw) + "  ")
		b.WriteString(t.Right(fmt.Sprint(n.Before.Slots), 5) + " ")
		b.WriteString(t.Line(share(n.Before.Slots, most), bar, hue))
		b.WriteString("  " + t.Dim.Text(t.Glyph.Arrow) + " ")
		b.WriteString(t.Strong.Text(t.Right(fmt.Sprint(n.After.Slots), 5)) + " ")
		b.WriteString(t.Line(share(n.After.Slots, most), bar, hue))
		keys := t.Right(amountText(n.Before.Keys, t.Count), 6) + " " + t.Dim.Text(t.Glyph.Arrow) + " " + amountText(n.After.Keys, t.Count)
		b.WriteString("  " + keys)
		lines = append(lines, t.Cut(b.String(), w))
	}
	return lines
}

func share(n, most int) float64 { return float64(n) / float64(max(1, most)) }

// shadeOf is the paint of the shard that a primary leads.
func shadeOf(t *ui.Theme, s *cluster.Snapshot, id cluster.NodeID) ui.Paint {
	if n, ok := s.Node(id); ok && n.Shard >= 0 && n.Shard < len(s.Shards) {
		return t.Shard(s.Shards[n.Shard].Hue).Text
	}
	return ui.Paint{}
}

// pairName is "A → C" in the shards' colours.
func pairName(t *ui.Theme, s *cluster.Snapshot, from, to cluster.NodeID) string {
	return shadeOf(t, s, from).Text(letterOf(s, from)) + " " + t.Dim.Text(t.Glyph.Arrow) + " " + shadeOf(t, s, to).Text(letterOf(s, to))
}

func (f *moveForm) moveLines(t *ui.Theme, w int) []string {
	lines := []string{t.Heading("moves", "", w)}
	for _, m := range f.plan.Moves {
		head := fmt.Sprintf("   %s  %s  %s keys  %s  ", t.Left(pairName(t, f.snap, m.From, m.To), 6),
			t.Right(plural(m.Set().Len(), "slot"), 11), t.Right(amountText(m.Keys, t.Count), 6), t.Right(amountText(m.Bytes, t.Bytes), 6))
		ranges := ui.Wrap(rangesText(m.Ranges), max(20, w-ui.Width(head)-1))
		for i, r := range ranges {
			switch {
			case i == 0:
				lines = append(lines, t.Cut(head+r, w))
			case i == 3 && len(ranges) > 4:
				lines = append(lines, ui.Spaces(ui.Width(head))+t.Dim.Text(fmt.Sprintf("and more: %d ranges in all", len(m.Ranges))))
			case i < 4:
				lines = append(lines, ui.Spaces(ui.Width(head))+r)
			}
		}
	}
	return lines
}

// checkLines are checks, the worst first.
func checkLines(t *ui.Theme, checks []plan.Check, w int) []string {
	sorted := slices.Clone(checks)
	slices.SortStableFunc(sorted, func(a, b plan.Check) int { return int(b.State) - int(a.State) })
	var lines []string
	for _, c := range sorted {
		mark := t.Good.Text(t.Glyph.OK)
		switch c.State {
		case plan.Warned:
			mark = t.Warn.Text(t.Glyph.Suspect)
		case plan.Refused:
			mark = t.Bad.Text(t.Glyph.Fail)
		}
		lines = append(lines, wrapped(t, mark, c.Text, w)...)
	}
	return lines
}

// wrapped is a sentence behind a mark, in as many lines as it needs.
func wrapped(t *ui.Theme, mark, text string, w int) []string {
	var lines []string
	for i, l := range ui.Wrap(ui.Clean(text), max(20, w-6)) {
		if i == 0 {
			lines = append(lines, "   "+mark+" "+l)
		} else {
			lines = append(lines, "     "+l)
		}
	}
	return lines
}

// refusalLines are what was looked at when no plan came of it. The sentence
// itself stands below, with the risk.
func refusalLines(t *ui.Theme, err error, w int) []string {
	var r *plan.Refusal
	if !errors.As(err, &r) || len(r.Checks) == 0 {
		return nil
	}
	return append([]string{t.Heading("checks", "", w)}, checkLines(t, r.Checks, w)...)
}

func (f *moveForm) commandLines(t *ui.Theme, w int) []string {
	lines := []string{t.Heading("will send", "", w)}
	if f.choice.Reason != "" {
		lines = append(lines, wrapped(t, t.Note.Text(t.Glyph.Bullet), f.choice.Reason, w)...)
	}
	return append(lines, planCommands(t, f.plan.Commands(f.choice.Driver), w)...)
}

// planCommands are commands, each node named once.
func planCommands(t *ui.Theme, commands []plan.Command, w int) []string {
	var lines []string
	aw, last := 0, ""
	for _, c := range commands {
		aw = max(aw, min(28, ui.Width(ui.Clean(c.Addr))))
	}
	for _, c := range commands {
		addr := ui.Clean(c.Addr)
		if addr == last {
			addr = ""
		} else {
			last = addr
		}
		text, room := ui.Clean(c.Text()), max(20, w-aw-6)
		if c.Note != "" && ui.Width(text)+3+ui.Width(c.Note) <= room {
			lines = append(lines, "   "+t.Accent.Text(t.Left(addr, aw))+"  "+text+t.Dim.Text("   "+ui.Clean(c.Note)))
			continue
		}
		for i, l := range ui.Wrap(text, room) {
			if i > 0 {
				addr = ""
			}
			lines = append(lines, "   "+t.Accent.Text(t.Left(addr, aw))+"  "+l)
		}
		if c.Note != "" {
			for _, l := range ui.Wrap(ui.Clean(c.Note), room-2) {
				lines = append(lines, "   "+ui.Spaces(aw+4)+t.Dim.Text(l))
			}
		}
	}
	return lines
}
