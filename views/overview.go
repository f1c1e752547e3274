package views

import (
	"slices"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"slotdeck/cluster"
	"slotdeck/cluster/doctor"
	"slotdeck/ui"
)

// Overview answers "is it serving?": the verdict, the shards worst first, what
// is wrong, what happened last.
type Overview struct {
	rows   []ui.Row
	shards []cluster.NodeID // the primary of each row
	cursor ui.Cursor
	height int // rows on the screen when last drawn

	verbs     moveVerbs[*Overview]
	failovers *failoverDesk
	members   *memberDesk
	conduct   *conductDesk
}

// NewOverview makes the screen.
func NewOverview() *Overview { return &Overview{} }

// Name is the screen's word.
func (o *Overview) Name() string { return "overview" }

// Hints are the moves that can begin from the shard under the cursor.
func (o *Overview) Hints(sc *Scene) []ui.Hint {
	return append(o.creates(sc).Hints(o), o.verbs.actions.Hints(o)...)
}

// Key begins a move, or moves the cursor over the shards.
func (o *Overview) Key(k tea.KeyPressMsg, sc *Scene) (tea.Cmd, bool) {
	if cmd, known, off := o.creates(sc).Run(k.String(), o); known {
		if off != "" {
			return warn(off), true
		}
		return cmd, true
	}
	if cmd, known := o.verbs.run(k.String(), o, sc); known {
		return cmd, true
	}
	return nil, moveCursor(&o.cursor, o.rows, o.height, k.String())
}

// moveCursor does the keys that move in every list.
func moveCursor(c *ui.Cursor, rows []ui.Row, page int, key string) bool {
	by, known := stepOf(key, page, len(rows))
	if known {
		c.Move(by, rows)
	}
	return known
}

// Selected is the primary of the shard under the cursor.
func (o *Overview) Selected(sc *Scene) Selection {
	if o.cursor.At < len(o.shards) {
		if n, ok := sc.Snap.Node(o.shards[o.cursor.At]); ok {
			return Selection{Text: addressOf(n), Node: n.ID}
		}
	}
	return Selection{}
}

// Show works the rows out of a new snapshot.
func (o *Overview) Show(sc *Scene) {
	o.failovers.show(sc.Snap)
	o.conduct.show(sc.Snap)
	if sc.Snap == nil {
		return
	}
	o.rows, o.shards = shardRows(sc)
	o.cursor.Follow(o.rows)
}

func shardTable(sc *Scene) ui.Table {
	aw := newAddressBook(sc.Snap, sc.W < 100).width(12, 28)
	cols := []ui.Column{
		{Title: "shard", Width: 5},
		{Title: "primary", Width: aw},
		{Title: "slots", Width: 5, Right: true, Drop: 1},
		{Title: "keys", Width: 5, Right: true, Drop: 3},
		{Title: "memory", Width: 6, Right: true, Drop: 5},
		{Title: "", Width: 11, Drop: 8},
		{Title: "ops/s", Width: 5, Right: true, Drop: 4},
		{Title: "replica", Width: aw, Drop: 6},
		{Title: "", Width: 3, Drop: 7},
		{Title: "behind", Width: 6, Right: true, Drop: 2},
		{Title: "state", Width: 15, Grow: true},
	}
	return ui.Table{Columns: cols, Sorted: -1}
}

// shardRows are the shards, worst first. Shards of the same gravity keep their
// letters' order, so that rows move only when a state word changes.
func shardRows(sc *Scene) ([]ui.Row, []cluster.NodeID) {
	s := sc.Snap
	type line struct {
		sh *cluster.Shard
		st state
	}
	var lines []line
	book := newAddressBook(s, sc.W < 100)
	for i := range s.Shards {
		sh := &s.Shards[i]
		st := shardState(sc, sh)
		if sc.Issues && st.gravity < worrying {
			continue
		}
		if !sc.Filter.Keeps(sh.Letter + " " + book.name(sh.Primary) + " " + st.word) {
			continue
		}
		lines = append(lines, line{sh, st})
	}
	slices.SortStableFunc(lines, func(a, b line) int { return int(b.st.gravity) - int(a.st.gravity) })
	rows := make([]ui.Row, 0, len(lines))
	ids := make([]cluster.NodeID, 0, len(lines))
	for _, l := range lines {
		rows = append(rows, shardRow(sc, book, l.sh, l.st))
		ids = append(ids, l.sh.Primary)
	}
	return rows, ids
}

func shardRow(sc *Scene, book addressBook, sh *cluster.Shard, st state) ui.Row {
	t := sc.Theme
	hue := t.Shard(sh.Hue).Text
	cells := make([]ui.Cell, 0, 11)
	cells = append(cells,
		ui.Cell{Painted: func(w int) string { return st.paint(t).Text(st.glyph) + " " + hue.Text(t.Left(sh.Letter, w-2)) }},
		ui.Cell{Text: book.name(sh.Primary)},
		ui.Cell{Text: strconv.Itoa(sh.SlotLen)})
	none := ui.Cell{Text: t.Glyph.None, Paint: t.Dim}
	keys, mem, meter, ops := none, none, ui.Cell{}, none
	if p, ok := sc.Snap.Node(sh.Primary); ok && p.Info.Known() {
		fade := ui.Paint{}
		if sc.Stale(p.Info.At) {
			fade = t.Dim
		}
		keys = ui.Cell{Text: t.Count(p.Stats.Keys), Paint: fade}
		mem = ui.Cell{Text: t.Bytes(p.Stats.UsedMemory), Paint: fade}
		if !sc.Stale(p.Info.At) {
			ops = ui.Cell{Text: t.Count(p.Stats.OpsPerSec)}
		}
		if share := memoryShare(p); share >= 0 {
			meter = ui.Cell{Painted: func(w int) string {
				return t.Line(share, w-5, memoryPaint(t, share)) + t.Right(t.Percent(share), 5)
			}}
		} else {
			meter = ui.Cell{Text: "no limit", Paint: t.Dim}
		}
	}
	rep, more, lag := replicaCells(sc, book, sh)
	cells = append(cells, keys, mem, meter, ops, rep, more, lag, ui.Cell{Text: st.text(), Paint: st.paint(t)})
	return ui.Row{Key: sh.Letter, Cells: cells}
}

func memoryPaint(t *ui.Theme, share float64) ui.Paint {
	switch {
	case share >= 0.9:
		return t.Bad
	case share >= 0.8:
		return t.Warn
	default:
		return t.Note
	}
}

// replicaCells show the replica that would be chosen: the one that answers and
// is the least behind.
func replicaCells(sc *Scene, book addressBook, sh *cluster.Shard) (name, more, lag ui.Cell) {
	t := sc.Theme
	none := ui.Cell{Text: t.Glyph.None, Paint: t.Dim}
	var best *cluster.Node
	bestLag := int64(-1)
	for _, id := range sh.Replicas {
		r, ok := sc.Snap.Node(id)
		if !ok {
			continue
		}
		b := behind(sc.Snap, r)
		better := best == nil ||
			r.Health == cluster.Answering && best.Health != cluster.Answering ||
			r.Health == best.Health && b >= 0 && (bestLag < 0 || b < bestLag)
		if better {
			best, bestLag = r, b
		}
	}
	if best == nil {
		return none, ui.Cell{}, none
	}
	rs := nodeState(sc, best)
	name = ui.Cell{Text: book.of(best)}
	if rs.gravity >= worrying {
		name.Paint = rs.paint(t)
	}
	if n := len(sh.Replicas) - 1; n > 0 {
		more = ui.Cell{Text: "+" + strconv.Itoa(n), Paint: t.Dim}
	}
	lag = none
	if bestLag >= 0 {
		lag = ui.Cell{Text: t.Bytes(bestLag)}
	}
	return name, more, lag
}

// Body draws verdict, shards, and under them findings and events.
func (o *Overview) Body(sc *Scene) []string {
	t := sc.Theme
	lines := verdictLines(sc)
	if sc.Snap == nil {
		return lines
	}
	lines = append(lines, "")
	if seeds := seedLines(sc); len(sc.Snap.Nodes) == 0 {
		return append(lines, seeds...)
	}
	tb := shardTable(sc)
	lines = append(lines, tb.Title(t, sc.W))
	failed := o.failovers.lines(sc)
	under := min(8, max(4, sc.H/3)) + len(failed)
	o.height = max(1, min(len(o.rows), sc.H-len(lines)-under-1))
	if len(o.rows) == 0 {
		lines = append(lines, "  "+t.Dim.Text(emptyShards(sc)))
	}
	top := o.cursor.Top(len(o.rows), o.height)
	lines = append(lines, tb.Lines(t, o.rows, top, o.cursor.At, sc.W, o.height)...)
	if hidden := len(o.rows) - o.height; hidden > 0 {
		lines = append(lines, t.Dim.Text("  "+strconv.Itoa(hidden)+" more"))
	}
	lines = append(lines, "")
	lines = append(lines, failed...)
	rest := sc.H - len(lines)
	if sc.W >= 110 {
		half := sc.W/2 - 1
		return append(lines, t.Beside(findingLines(sc, half, rest), eventLines(sc, sc.W-half-2, rest), half, 2)...)
	}
	// What is wrong goes before what happened: of that the newest three lines do.
	events := eventLines(sc, sc.W, rest)
	f := findingLines(sc, sc.W, max(2, rest-min(4, len(events))))
	return append(append(lines, f...), eventLines(sc, sc.W, rest-len(f))...)
}

func emptyShards(sc *Scene) string {
	switch {
	case sc.Issues || sc.Filter.Active():
		return "no shard matches"
	default:
		return "no shard yet: nobody owns a slot"
	}
}

// verdictLines is the verdict as a sentence: two lines while all is well, so
// that nothing below moves, and as many as it needs (four at the most) when not.
func verdictLines(sc *Scene) []string {
	t := sc.Theme
	const most = 4
	p, glyph := statusPaint(t, sc.Verdict.Status)
	text := ui.Wrap(ui.Clean(sc.Verdict.Sentence), max(20, sc.W-4))
	if len(text) > most {
		text = append(text[:most-1], t.Cut(strings.Join(text[most-1:], " "), sc.W-4))
	}
	lines := make([]string, max(2, len(text)))
	for i, l := range text {
		lines[i] = "   " + t.Strong.Text(l)
	}
	lines[0] = " " + p.Text(glyph) + " " + t.Strong.Text(text[0])
	return lines
}

// seedLines tell how each address of the command line fares, while there is no
// cluster to show.
func seedLines(sc *Scene) []string {
	t := sc.Theme
	var lines []string
	for _, seed := range sc.Snap.Seeds {
		why := "asked, no answer yet"
		if seed.Err != nil {
			why = seed.Err.Error()
		}
		for i, l := range ui.Wrap(ui.Clean(why), max(20, sc.W-8)) {
			if i == 0 {
				lines = append(lines, "   "+t.Bad.Text(t.Glyph.Silent)+" "+t.Strong.Text(ui.Clean(seed.Addr)))
			}
			lines = append(lines, "     "+t.Cut(l, sc.W-5))
		}
	}
	return lines
}

func findingLines(sc *Scene, w, h int) []string {
	t := sc.Theme
	if h <= 0 {
		return nil
	}
	lines := []string{t.Heading("findings", "", w)}
	for _, f := range sc.Findings {
		if sc.Issues && f.Severity == doctor.Note {
			continue
		}
		p, glyph := severityPaint(t, f.Severity)
		for i, l := range ui.Wrap(ui.Clean(f.Text), max(10, w-4)) {
			if i == 0 {
				lines = append(lines, " "+p.Text(glyph)+" "+l)
			} else {
				lines = append(lines, "   "+l)
			}
		}
	}
	if len(lines) == 1 {
		lines = append(lines, " "+t.Good.Text(t.Glyph.OK)+" "+t.Dim.Text("nothing found"))
	}
	if len(lines) > h {
		more := len(lines) - h + 1
		lines = append(lines[:h-1], t.Dim.Text("   "+plural(more, "line")+" more: 7 shows all"))
	}
	return lines
}

func severityPaint(t *ui.Theme, s doctor.Severity) (ui.Paint, string) {
	switch s {
	case doctor.Urgent:
		return t.Bad, t.Glyph.Fail
	case doctor.Look:
		return t.Warn, t.Glyph.Suspect
	default:
		return t.Note, t.Glyph.Idle
	}
}

// eventLines are the newest events, newest first.
func eventLines(sc *Scene, w, h int) []string {
	t := sc.Theme
	if h <= 0 {
		return nil
	}
	lines := []string{t.Heading("events", "", w)}
	ev := sc.Snap.Events
	for i := len(ev) - 1; i >= 0 && len(lines) < h; i-- {
		if sc.Issues && ev[i].Gravity < cluster.Notable {
			continue
		}
		lines = append(lines, eventEntry(sc, ev[i], w)...)
	}
	return lines[:min(len(lines), h)]
}

// eventEntry is one event: when, about whom, what; over several lines when it
// is long.
func eventEntry(sc *Scene, e cluster.Event, w int) []string {
	t := sc.Theme
	p := t.Plain
	switch e.Gravity {
	case cluster.Bad:
		p = t.Bad
	case cluster.Notable:
		p = t.Warn
	case cluster.Good:
		p = t.Good
	}
	where := e.Shard
	if e.Addr != "" {
		where = strings.TrimSpace(where + " " + shortAddr(e.Addr))
	}
	const indent = 22
	var lines []string
	for i, l := range ui.Wrap(ui.Clean(e.Text), max(10, w-indent)) {
		head := ui.Spaces(indent)
		if i == 0 {
			head = " " + t.Dim.Text(e.At.Format("15:04:05")) + "  " + t.Left(ui.Clean(where), 9) + "  "
		}
		lines = append(lines, t.Cut(head+p.Text(l), w))
	}
	return lines
}

// shortAddr is the port of an address: within an event line the host says little.
func shortAddr(addr string) string {
	if i := strings.LastIndexByte(addr, ':'); i >= 0 {
		return addr[i+1:]
	}
	return addr
}
