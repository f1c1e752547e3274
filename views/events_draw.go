package views

import (
	"fmt"
	"strconv"
	"time"

	"slotdeck/cluster"
	"slotdeck/ui"
)

// Body draws the list, and all that is known of one event beside or below it.
func (e *Events) Body(sc *Scene) []string {
	t := sc.Theme
	if f := e.block(); e.open && f != nil && sc.Snap != nil {
		return e.opened(sc, f)
	}
	switch {
	case sc.Snap == nil:
		return onlySays(sc, sc.Verdict.Sentence)
	case len(e.list) == 0 && e.newer == 0:
		return onlySays(sc, e.emptiness(sc))
	case sc.W >= 140:
		right := sc.W * 32 / 100
		left := sc.W - right - 3
		return ui.Fill(t.Beside(e.table(sc, left, sc.H), e.detail(sc, right, sc.H), left, 3), sc.H)
	}
	under := min(9, max(6, sc.H*3/10))
	lines := ui.Fill(e.table(sc, sc.W, sc.H-under), sc.H-under)
	return ui.Fill(append(append(lines, ""), e.detail(sc, sc.W, under-1)...), sc.H)
}

// onlySays is a body that has nothing to show, and says why.
func onlySays(sc *Scene, why string) []string {
	return ui.Fill([]string{"", sc.Theme.Cut("  "+sc.Theme.Dim.Text(ui.Clean(why)), sc.W)}, sc.H)
}

func (e *Events) emptiness(sc *Scene) string {
	switch {
	case e.all == 0:
		return "nothing has changed since slotdeck started to watch"
	case sc.Filter.Active():
		return "none of the " + plural(e.all, "event") + " matches"
	}
	return "none of the " + plural(e.all, "event") + " is a problem"
}

func (e *Events) table(sc *Scene, w, h int) []string {
	t := sc.Theme
	book := newAddressBook(sc.Snap, w < 100)
	tb := ui.Table{Sorted: -1, Columns: []ui.Column{
		{Title: "time", Width: len(eventToday)},
		{Title: "shard", Width: 7},
		{Title: "node", Width: book.width(8, 21)},
		{Title: "what", Width: 20, Grow: true},
	}}
	lines := []string{t.Apart(tb.Title(t, w-14), e.status(t), w)}
	e.height = max(1, h-1)
	top := e.cursor.Top(len(e.list), e.height)
	var rows []ui.Row
	for _, x := range e.list[top:min(len(e.list), top+e.height)] {
		rows = append(rows, eventRow(sc, book, x))
	}
	return append(lines, tb.Lines(t, rows, 0, e.cursor.At-top, w, e.height)...)
}

// status tells how many there are, or how many are waiting above.
func (e *Events) status(t *ui.Theme) string {
	switch {
	case e.newer > 0:
		return t.WarnFill.Text(fmt.Sprintf(" %s %d newer ", t.Glyph.Up, e.newer)) + " "
	case e.held != 0:
		return t.Dim.Text("held still") + " "
	}
	return t.Dim.Text(plural(len(e.list), "event")) + " "
}

func eventRow(sc *Scene, book addressBook, x cluster.Event) ui.Row {
	t := sc.Theme
	paint, glyph := eventPaint(t, x.Gravity)
	text := paint
	if x.Gravity == cluster.Quiet {
		text = t.Plain
	}
	node := ui.Clean(x.Addr)
	if n, ok := sc.Snap.Node(x.Node); ok && addressOf(n) == node {
		node = book.of(n)
	}
	return ui.Row{Key: strconv.FormatUint(x.Seq, 10), Cells: []ui.Cell{
		{Text: eventTime(sc, x.At), Paint: t.Dim},
		{Painted: func(w int) string {
			return paint.Text(glyph) + " " + eventHue(sc, x.Shard).Text(t.Left(ui.Clean(x.Shard), w-2))
		}},
		{Text: node},
		{Text: ui.Clean(x.Text), Paint: text},
	}}
}

// eventHue is the hue of the shard with a letter; plain when it is gone.
func eventHue(sc *Scene, letter string) ui.Paint {
	for i := range sc.Snap.Shards {
		if sc.Snap.Shards[i].Letter == letter {
			return sc.Theme.Shard(sc.Snap.Shards[i].Hue).Text
		}
	}
	return sc.Theme.Plain
}

func eventPaint(t *ui.Theme, g cluster.Gravity) (ui.Paint, string) {
	switch g {
	case cluster.Bad:
		return t.Bad, t.Glyph.Fail
	case cluster.Notable:
		return t.Warn, t.Glyph.Suspect
	case cluster.Good:
		return t.Good, t.Glyph.OK
	}
	return t.Dim, t.Glyph.Idle
}

// How a time is written: to the millisecond, or with the day when it was not
// today. Both are of the same width.
const (
	eventToday   = "15:04:05.000"
	eventEarlier = "Jan _2 15:04"
)

// eventTime is a time where the operator is.
func eventTime(sc *Scene, at time.Time) string {
	now := sc.Now
	at = at.In(now.Location())
	if at.YearDay() == now.YearDay() && at.Year() == now.Year() {
		return at.Format(eventToday)
	}
	return at.Format(eventEarlier)
}

// detail is all that is known of the event under the cursor, in h lines at the
// most: the text gives way to where and when.
func (e *Events) detail(sc *Scene, w, h int) []string {
	t := sc.Theme
	x, ok := e.current()
	if !ok {
		return nil
	}
	if f := e.blocks[x.Seq]; f != nil {
		return ui.Fill(blockLines(sc, f, nil, w), min(h, 9+len(f.Stages)))
	}
	paint, glyph := eventPaint(t, x.Gravity)
	lines := []string{t.Apart(" "+paint.Text(glyph)+" "+t.Strong.Text(eventWord(x.Kind)), t.Dim.Text(sc.Age(x.At)+" ago "), w)}
	where := flow(eventPlace(sc, x), w-4)
	text := ui.Wrap(ui.Clean(x.Text), max(10, w-4))
	if room := max(1, h-1-len(where)); len(text) > room {
		text = append(text[:room-1], t.Cut(text[room-1]+" "+text[room], w-4))
	}
	for _, l := range append(text, where...) {
		lines = append(lines, t.Cut("   "+l, w))
	}
	return ui.Fill(lines, min(h, len(lines)))
}

// eventPlace is when, where and to whom it happened, part by part.
func eventPlace(sc *Scene, x cluster.Event) []string {
	t := sc.Theme
	parts := []string{x.At.In(sc.Now.Location()).Format("2006-01-02 15:04:05.000")}
	if x.Addr != "" {
		parts = append(parts, ui.Clean(x.Addr))
	}
	if x.Shard != "" {
		parts = append(parts, "shard "+eventHue(sc, x.Shard).Text(ui.Clean(x.Shard)))
	}
	if x.Node == "" {
		return parts
	}
	role := "gone from the cluster"
	if n, ok := sc.Snap.Node(x.Node); ok {
		role = roleWord(n) + " now"
	}
	return append(parts, t.Dim.Text(role), t.Dim.Text(ui.Clean(string(x.Node))))
}

// flow puts parts one after the other into lines of at most w cells.
func flow(parts []string, w int) []string {
	var lines []string
	for _, p := range parts {
		if n := len(lines) - 1; n >= 0 && ui.Width(lines[n])+2+ui.Width(p) <= w {
			lines[n] += "  " + p
			continue
		}
		lines = append(lines, p)
	}
	return lines
}

// eventWord names a kind of event.
func eventWord(k cluster.EventKind) string {
	switch k {
	case cluster.NodeAppeared:
		return "a node appeared"
	case cluster.NodeWent:
		return "a node went"
	case cluster.RoleChanged:
		return "role"
	case cluster.PrimaryChanged:
		return "other primary"
	case cluster.HealthChanged:
		return "how it answers"
	case cluster.LinkChanged:
		return "replication link"
	case cluster.FlagChanged:
		return "what others say of it"
	case cluster.EpochChanged:
		return "epoch"
	case cluster.SlotsChanged:
		return "owner of slots"
	case cluster.SlotOpened:
		return "open slots"
	case cluster.StateChanged:
		return "cluster state"
	case cluster.DisputeChanged:
		return "agreement"
	case cluster.AddressChanged:
		return "address"
	case cluster.RestartSeen:
		return "restart"
	case failoverEvent:
		return "failover"
	}
	return "slotdeck"
}
