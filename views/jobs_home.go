package views

import (
	"fmt"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/ui"
)

// homeLines are the screen while nothing runs: what can be started, and what is
// open.
func (j *Jobs) homeLines(sc *Scene) []string {
	t := sc.Theme
	j.left.seen = true
	text := j.standing(sc)
	if j.starting {
		text = "Checking the nodes before the first slot moves: " + ui.Clean(j.at.Title)
	}
	lines := []string{""}
	for _, l := range ui.Wrap(text, max(20, sc.W-4)) {
		lines = append(lines, "   "+t.Strong.Text(l))
	}
	if j.failed != nil {
		lines = append(lines, wrapped(t, t.Bad.Text(t.Glyph.Fail), "Nothing was moved: "+j.failed.Error(), sc.W)...)
	}
	lines = append(lines, "")
	lines = append(lines, j.leftLines(sc)...)
	lines = append(lines, j.raisedLines(sc)...)
	lines = append(lines, t.Heading("can be started", "", sc.W))
	starters := []struct{ key, name, text string }{
		{"m", "move slots", "so many, from one, several or all primaries to one"},
		{"2 v m", "exactly these", "slots marked on the map to one primary"},
		{"b", "rebalance", "by slots, keys, memory or traffic, with weights"},
		{"D", "drain", "all slots of a primary to the others, so that it can go"},
	}
	if j.off != "" {
		return append(lines, "   "+t.Dim.Text("nothing: "+j.off))
	}
	for _, s := range starters {
		lines = append(lines, "   "+t.Accent.Text(t.Left(s.key, 6))+t.Left(s.name, 15)+t.Dim.Text(s.text))
	}
	if j.members != nil {
		lines = append(lines, j.members.homeLines(t, sc.W)...)
	}
	lines = append(lines, "", "   "+t.Dim.Text("Each shows its plan first. Nothing is sent before it is confirmed."))
	return append(lines, j.balanceLines(sc, sc.H-len(lines)-1)...)
}

func (j *Jobs) standing(sc *Scene) string {
	open := 0
	if sc.Snap != nil {
		open = len(sc.Snap.Moves)
	}
	switch {
	case open == 1:
		return "Nothing runs here, but a slot is open: a move that somebody else runs, or one that was interrupted."
	case open > 1:
		return fmt.Sprintf("Nothing runs here, but %d slots are open: a move that somebody else runs, or one that was interrupted.", open)
	case len(j.left.groups) > 0 && j.left.groups[0].First().Unowned:
		return "Nothing runs here, but a slot has no owner: the move that gave it away was interrupted."
	}
	return "Nothing runs, and no slot is open."
}

// leftLines are the open slots and the ways out.
func (j *Jobs) leftLines(sc *Scene) []string {
	t := sc.Theme
	l := &j.left
	if sc.Snap == nil || j.starting {
		return nil
	}
	heading := "open slots"
	if len(sc.Snap.Moves) == 0 {
		switch {
		case len(l.groups) > 0 && l.groups[0].First().Unowned:
			heading = "slots without owner"
		case len(l.groups) > 0 && l.groups[0].First().Holder != "":
			heading = "stray keys"
		default:
			return j.foreignLines(sc)
		}
	}
	lines := []string{t.Heading(heading, "", sc.W)}
	switch {
	case l.err != nil && len(l.groups) == 0:
		return append(append(lines, wrapped(t, t.Bad.Text(t.Glyph.Fail), "they could not be looked at: "+l.err.Error(), sc.W)...), "")
	case len(l.groups) == 0:
		return append(lines, "   "+t.Dim.Text("counting their keys on both sides"), "")
	}
	const most = 4
	top := l.cursor.Top(len(l.groups), most)
	for i := top; i < min(top+most, len(l.groups)); i++ {
		lines = append(lines, leftoverRow(sc, &l.groups[i], i == l.cursor.At))
	}
	if hidden := len(l.groups) - most; hidden > 0 {
		lines = append(lines, "   "+t.Dim.Text(fmt.Sprintf("%d more", hidden)))
	}
	if g, ok := l.current(); ok {
		lines = append(lines, wayLines(t, g, sc.W)...)
	}
	return append(append(lines, ""), j.foreignLines(sc)...)
}

// foreignLines are what servers move by themselves, and what a plan from this
// machine has yet to move.
func (j *Jobs) foreignLines(sc *Scene) []string {
	t, l := sc.Theme, &j.left
	var lines []string
	if len(l.Running) > 0 {
		lines = append(lines, t.Heading("the servers are moving", "", sc.W))
		for _, r := range l.Running {
			lines = append(lines, "   "+t.Left(pairName(t, sc.Snap, r.From, r.To), 8)+plural(r.Slots.Len(), "slot")+": "+shortSet(r.Slots)+"  "+t.Warn.Text(ui.Clean(r.State))+t.Dim.Text("  "+ui.Clean(r.Name)))
		}
		lines = append(lines, "   "+t.Dim.Text("begun elsewhere; C cancels the first"), "")
	}
	if len(l.Rest) > 0 {
		left := 0
		for _, r := range l.Rest {
			left += r.Slots.Len()
		}
		text := fmt.Sprintf("A plan from this machine was not carried out to its end: %s; %s not moved yet. c plans the rest", l.Plan, plural(left, "slot"))
		if given := l.given(); given > 0 {
			text += fmt.Sprintf(", U the way back of %s", plural(given, "slot"))
		}
		text += "."
		lines = append(append(lines, t.Heading("interrupted", "", sc.W)), wrapped(t, t.Note.Text(t.Glyph.Bullet), text, sc.W)...)
		lines = append(lines, "")
	}
	return lines
}

func leftoverRow(sc *Scene, g *OpenGroup, chosen bool) string {
	t := sc.Theme
	mark := "   "
	if chosen {
		mark = " " + t.Accent.Text(t.Glyph.Cursor) + " "
	}
	set := g.Slots()
	text := "slot " + set.String()
	if set.Len() > 1 {
		text = fmt.Sprintf("%d slots: %s", set.Len(), shortSet(set))
	}
	who := shadeOf(t, sc.Snap, g.First().Owner).Text(letterOf(sc.Snap, g.First().Owner))
	switch first := g.First(); {
	case first.Unowned && first.To != "":
		who = shadeOf(t, sc.Snap, first.To).Text(letterOf(sc.Snap, first.To))
	case first.To != "":
		who = pairName(t, sc.Snap, g.First().Owner, g.First().To)
	}
	return mark + t.Left(who, 8) + t.Strong.Text(text) + "  " + t.Dim.Text(ui.Clean(g.Text(func(id cluster.NodeID) string { return letterOf(sc.Snap, id) })))
}

// wayLines are the ways out of the group under the cursor, with what each leads
// to; the suggested one stands out.
func wayLines(t *ui.Theme, g *OpenGroup, w int) []string {
	var lines []string
	for _, way := range []struct {
		way plan.Way
		key string
	}{{plan.Finish, "f"}, {plan.RollBack, "u"}, {plan.Leave, "–"}} {
		o := g.First().Option(way.way)
		key, paint := t.Accent.Text(way.key), ui.Paint{}
		if way.way == plan.Leave {
			key = " "
		}
		if !o.Possible {
			key, paint = t.Dim.Text(way.key), t.Dim
		}
		name := t.Left(way.way.String(), 10)
		if way.way == g.First().Suggested {
			name = t.Strong.Text(name)
		}
		for i, line := range ui.Wrap(ui.Clean(o.Text), max(20, w-20)) {
			if i > 0 {
				lines = append(lines, ui.Spaces(18)+paint.Text(line))
				continue
			}
			lines = append(lines, "      "+key+" "+name+paint.Text(line))
		}
	}
	return lines
}

// balanceLines are how evenly the primaries are loaded: what a person looks at
// before starting any of these.
func (j *Jobs) balanceLines(sc *Scene, room int) []string {
	t := sc.Theme
	if sc.Snap == nil || len(sc.Snap.Shards) == 0 || room < 4 {
		return nil
	}
	lines := []string{"", t.Heading("who has what", "", sc.W)}
	most, keys := 1, int64(1)
	for i := range sc.Snap.Shards {
		most = max(most, sc.Snap.Shards[i].SlotLen)
		keys = max(keys, primaryStats(sc.Snap, i).Keys)
	}
	book := newAddressBook(sc.Snap, sc.W < 100)
	aw := book.width(8, 28)
	bar := max(4, min(30, (sc.W-aw-34)/2))
	for i := range sc.Snap.Shards {
		if len(lines) == room && i < len(sc.Snap.Shards)-1 {
			return append(lines, "   "+t.Dim.Text(fmt.Sprintf("%d more primaries", len(sc.Snap.Shards)-i)))
		}
		sh := &sc.Snap.Shards[i]
		hue, n := t.Shard(sh.Hue).Text, primaryStats(sc.Snap, i).Keys
		lines = append(lines, fmt.Sprintf("   %s%s  %5d slots %s  %s keys %s", hue.Text(t.Left(sh.Letter, 3)), t.Left(book.name(sh.Primary), aw),
			sh.SlotLen, t.Line(share(sh.SlotLen, most), bar, hue), t.Right(t.Count(n), 5), t.Line(float64(max(0, n))/float64(keys), bar, hue)))
	}
	return lines
}

func primaryStats(s *cluster.Snapshot, shard int) cluster.Stats {
	n, ok := s.Node(s.Shards[shard].Primary)
	if !ok || !n.Info.Known() {
		return cluster.Stats{Keys: -1}
	}
	return n.Stats
}
