package views

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"slotdeck/ui"
)

// logReads is the load that slotdeck itself makes: a row for each node, a
// column for each command.
type logReads struct {
	commands []string // the most sent first
	total    nodeReads
	nodes    []nodeReads
	most     bool // the most asked first, instead of by address
	rows     []ui.Row
	cursor   ui.Cursor
	height   int
	recent   []loadPoint // oldest first, a few
}

type nodeReads struct {
	addr         string
	sent, failed uint64
	by           map[string]uint64
}

// loadPoint is how much had been sent at a time.
type loadPoint struct {
	at   time.Time
	sent uint64
}

// loadPoints is over how many pictures the rate is taken.
const loadPoints = 10

func (r *logReads) take(counts []ReadCount, sc *Scene) {
	all := nodeReads{by: map[string]uint64{}}
	byNode := map[string]*nodeReads{}
	for _, c := range counts {
		all.add(c)
		if n := byNode[c.Addr]; n != nil {
			n.add(c)
			continue
		}
		n := &nodeReads{addr: c.Addr, by: map[string]uint64{}}
		n.add(c)
		byNode[c.Addr] = n
	}
	r.total, r.commands, r.nodes = all, r.commands[:0], r.nodes[:0]
	for name := range all.by {
		r.commands = append(r.commands, name)
	}
	slices.SortFunc(r.commands, func(a, b string) int {
		return cmp.Or(cmp.Compare(all.by[b], all.by[a]), cmp.Compare(a, b))
	})
	for _, n := range byNode {
		if sc.Issues && n.failed == 0 || !sc.Filter.Keeps(ui.Clean(n.addr)) {
			continue
		}
		r.nodes = append(r.nodes, *n)
	}
	r.order()
	if len(r.recent) == 0 || sc.Now.After(r.recent[len(r.recent)-1].at) {
		r.recent = append(r.recent, loadPoint{sc.Now, all.sent})
		r.recent = r.recent[max(0, len(r.recent)-loadPoints):]
	}
}

func (n *nodeReads) add(c ReadCount) {
	n.sent += c.Sent
	n.failed += c.Failed
	n.by[c.Command] += c.Sent
}

func (r *logReads) order() {
	slices.SortFunc(r.nodes, func(a, b nodeReads) int {
		if r.most {
			return cmp.Or(cmp.Compare(b.sent, a.sent), cmp.Compare(a.addr, b.addr))
		}
		return cmp.Compare(a.addr, b.addr)
	})
	r.rows = r.rows[:0]
	for _, n := range r.nodes {
		r.rows = append(r.rows, ui.Row{Key: n.addr})
	}
	r.cursor.Follow(r.rows)
}

// rate is how many commands a second were sent lately; -1 when too little
// time has passed to tell.
func (r *logReads) rate() float64 {
	if len(r.recent) < 2 {
		return -1
	}
	first, last := r.recent[0], r.recent[len(r.recent)-1]
	return float64(last.sent-first.sent) / last.at.Sub(first.at).Seconds()
}

func (r *logReads) current() string {
	if r.cursor.At < len(r.nodes) {
		return ui.Clean(r.nodes[r.cursor.At].addr)
	}
	return ""
}

// otherNodes stands for nodes that are counted together.
const otherNodes = "other nodes"

// lines are the table under a heading, with the sum of all nodes on top.
func (r *logReads) lines(sc *Scene, focused bool, w, h int) []string {
	t := sc.Theme
	sum := t.Count(int64(r.total.sent)) + " since the start"
	if v := r.rate(); v >= 0 {
		sum += ", " + strconv.FormatFloat(v, 'f', 1, 64) + " a second"
	}
	lines := []string{t.Heading("read only, by node", t.Dim.Text(sum)+" ", w)}
	if r.total.sent == 0 {
		return append(lines, t.Cut("  "+t.Dim.Text("nothing was asked of a node yet"), w))
	}
	tb, shown := r.table(w)
	lines = append(lines, tb.Title(t, w))
	r.height = max(1, h-3)
	top := r.cursor.Top(len(r.nodes), r.height)
	at := -1
	if focused {
		at = r.cursor.At - top
	}
	rows := []ui.Row{r.row(t, r.total, "all nodes", shown)}
	for _, n := range r.nodes[top:min(len(r.nodes), top+r.height)] {
		name := ui.Clean(n.addr)
		if name == "" {
			name = otherNodes
		}
		rows = append(rows, r.row(t, n, name, shown))
	}
	lines = append(lines, tb.Lines(t, rows[:1], 0, -1, w, 1)...)
	return append(lines, tb.Lines(t, rows[1:], 0, at, w, r.height)...)
}

// table has a column for each of the most sent commands that fit; what the
// others come to stands in the last one, so that a row adds up.
func (r *logReads) table(w int) (ui.Table, int) {
	aw := len(otherNodes)
	for _, n := range r.nodes {
		aw = max(aw, min(28, ui.Width(ui.Clean(n.addr))))
	}
	cols := []ui.Column{{Title: "node", Width: aw}, {Title: "all", Width: 5, Right: true}, {Title: "failed", Width: 6, Right: true}}
	const others = 6
	used := 2 + aw + 2 + 5 + 2 + 6
	shown := 0
	for i, name := range r.commands {
		need := 2 + max(5, ui.Width(ui.Clean(name)))
		rest := 0
		if i < len(r.commands)-1 {
			rest = 2 + others
		}
		if used+need+rest > w {
			break
		}
		used += need
		shown++
		cols = append(cols, ui.Column{Title: ui.Clean(name), Width: need - 2, Right: true})
	}
	if shown < len(r.commands) {
		cols = append(cols, ui.Column{Title: "others", Width: others, Right: true})
	}
	return ui.Table{Columns: cols, Sorted: -1}, shown
}

func (r *logReads) row(t *ui.Theme, n nodeReads, name string, shown int) ui.Row {
	count := func(v uint64) ui.Cell {
		if v == 0 {
			return ui.Cell{Text: t.Glyph.None, Paint: t.Dim}
		}
		return ui.Cell{Text: t.Count(int64(v))}
	}
	failed := count(n.failed)
	if n.failed > 0 {
		failed.Paint = t.Warn
	}
	cells := []ui.Cell{{Text: name}, count(n.sent), failed}
	rest := n.sent
	for _, c := range r.commands[:shown] {
		cells = append(cells, count(n.by[c]))
		rest -= n.by[c]
	}
	return ui.Row{Key: n.addr, Cells: append(cells, count(rest))}
}
