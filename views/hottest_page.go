package views

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"slotdeck/cluster/keyspace"
	"slotdeck/cluster/plan"
	"slotdeck/keyslot"
	"slotdeck/ui"
)

// hottestPage watches all primaries for a moment and lists what is used most:
// slots, keys, and the tags that bind hot keys to one slot.
type hottestPage struct {
	desk   KeyDesk
	only   bool // readOnly
	nr     int
	busy   bool
	parts  []HotPart
	rows   []hotRow
	cursor int
	height int
}

// hotRow is a slot, a key or a tag; a heading has none of them.
type hotRow struct {
	head  string
	dim   string // a sentence below a heading
	slot  keyslot.Slot
	key   string
	tag   string
	words []string // the numbers, as they are shown
}

const hotPatience = 30 * time.Second

func newHottestPage(desk KeyDesk, readOnly bool) *hottestPage {
	return &hottestPage{desk: desk, only: readOnly}
}

// hotArrived is what was found.
type hotArrived struct {
	nr    int
	parts []HotPart
}

// Name is the page's word.
func (p *hottestPage) Name() string { return "hottest" }

// Typing is never true: there is no field.
func (p *hottestPage) Typing() bool { return false }

// Paste does nothing: there is no field.
func (p *hottestPage) Paste(string, *Scene) tea.Cmd { return nil }

// Show has nothing to renew.
func (p *hottestPage) Show(*Scene) {}

// Leave has nothing to close.
func (p *hottestPage) Leave(*Scene) bool { return false }

// Selected is the key, the tag or the slot under the cursor.
func (p *hottestPage) Selected(*Scene) Selection {
	if p.cursor >= len(p.rows) {
		return Selection{}
	}
	r := p.rows[p.cursor]
	return Selection{Text: cmp.Or(r.key, r.tag, slotText(r.slot))}
}

func (p *hottestPage) watch(count bool) tea.Cmd {
	p.nr++
	p.busy = true
	nr, desk := p.nr, p.desk
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), hotPatience)
		defer cancel()
		return hotArrived{nr, desk.Hot(ctx, keyspace.Window, count)}
	}
}

// Receive takes what was found.
func (p *hottestPage) Receive(msg tea.Msg, sc *Scene) tea.Cmd {
	m, ok := msg.(hotArrived)
	if !ok || m.nr != p.nr {
		return nil
	}
	p.busy, p.parts = false, m.parts
	p.rows = hotRows(sc, m.parts)
	p.cursor = 0
	p.move(1)
	p.move(-1)
	return nil
}

// hotRows lists slots, keys and tags of all primaries, the hottest first. Keys
// that were found in different ways are not held against each other.
func hotRows(sc *Scene, parts []HotPart) []hotRow {
	t := sc.Theme
	var slots []keyspace.SlotLoad
	var all []keyspace.HotKey
	keys := map[keyspace.Way][]keyspace.HotKey{}
	whys := map[string][]string{} // letters of the shards
	for _, part := range parts {
		slots = append(slots, part.Slots...)
		if part.Why != "" {
			whys[part.Why] = append(whys[part.Why], letterOf(sc.Snap, part.Node))
		}
		if part.Err == nil {
			keys[part.Way] = append(keys[part.Way], part.Keys...)
			all = append(all, part.Keys...)
		}
	}
	head := hotRow{head: "slots", dim: "by CLUSTER SLOT-STATS, in " + t.Span(keyspace.Window)}
	for _, why := range slices.Sorted(maps.Keys(whys)) {
		if len(whys) == 1 && len(slots) == 0 {
			head.dim = why
		} else {
			head.dim += "; " + strings.Join(whys[why], ", ") + ": " + why
		}
	}
	out := []hotRow{head}
	for _, s := range keyspace.HotSlots(slots, 10) {
		out = append(out, hotRow{slot: s.Slot, words: []string{t.Span(time.Duration(s.CPU)*time.Microsecond) + " CPU", t.Bytes(s.In) + " in", t.Bytes(s.Out) + " out", t.Count(s.Keys) + " keys"}})
	}
	for _, way := range slices.Sorted(maps.Keys(keys)) {
		out = append(out, hotKeys(t, way, keys[way])...)
	}
	if tags := keyspace.SharedTags(all); len(tags) > 0 {
		out = append(out, hotRow{head: "shared tags", dim: "what binds several hot keys to one slot"})
		for _, tag := range tags {
			out = append(out, hotRow{tag: "{" + tag.Tag + "}", slot: tag.Slot, words: []string{plural(tag.Keys, "hot key")}})
		}
	}
	return out
}

// hotKeys are the keys that were found in one way.
func hotKeys(t *ui.Theme, way keyspace.Way, keys []keyspace.HotKey) []hotRow {
	const most = 30
	slices.SortFunc(keys, func(a, b keyspace.HotKey) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Key, b.Key))
	})
	out := []hotRow{{head: "keys", dim: "by " + way.String()}}
	if len(keys) == 0 {
		out[0].dim = "none was seen in use, by " + way.String()
	}
	for _, k := range keys[:min(len(keys), most)] {
		score := fmt.Sprint(k.Score)
		switch {
		case k.Of > 0:
			score = fmt.Sprintf("%d of %d", k.Score, k.Of)
		case way == keyspace.ByHotkeys:
			score = t.Span(time.Duration(k.Score) * time.Microsecond)
		}
		out = append(out, hotRow{key: k.Key, slot: k.Slot, words: []string{score, k.Type}})
	}
	return out
}

// hottestOn is the page with what it is shown.
type hottestOn struct{ *hottestPage }

var hottestActions = ui.Actions[hottestOn]{
	{Keys: []string{"enter"}, Label: "watch", Help: "Watch all primaries for two seconds: slot statistics, LFU counters or idle times. Never MONITOR.", Off: hottestBusy, Do: func(p hottestOn) tea.Cmd { return p.watch(false) }},
	{Keys: []string{"w"}, Label: "HOTKEYS", Help: "Let the servers count every command for two seconds (Redis 8.6 and newer): a plan is shown first.", Off: hottestNoCount, Do: func(p hottestOn) tea.Cmd { return p.propose() }},
	{Keys: []string{"o"}, Label: "open", Help: "The keys of the slot, those with the tag, or what is in the key.", Off: hottestNone, Do: func(p hottestOn) tea.Cmd { return p.openRow() }},
}

func hottestBusy(p hottestOn) string {
	switch {
	case p.desk == nil:
		return noDesk
	case p.busy:
		return "the primaries are being watched"
	}
	return ""
}

func hottestNoCount(p hottestOn) string {
	if p.only {
		return readOnly
	}
	return hottestBusy(p)
}

// propose puts HOTKEYS before the operator: it changes what the servers do.
func (p *hottestPage) propose() tea.Cmd {
	return Propose(&Proposal{
		Title: "COUNT EVERY COMMAND",
		Body: func(t *ui.Theme, w int) []string {
			lines := []string{"  Every primary that can (Redis 8.6 and newer) is sent, one after the other:", "",
				"    " + t.Strong.Text("HOTKEYS START METRICS 1 CPU COUNT 20"),
				"    " + t.Dim.Text("two seconds"),
				"    " + t.Strong.Text("HOTKEYS STOP"), "    " + t.Strong.Text("HOTKEYS GET"), "    " + t.Strong.Text("HOTKEYS RESET"), ""}
			for _, l := range ui.Wrap("Others are watched as by enter. One that somebody else has told to count already refuses, and is left as it is.", w-4) {
				lines = append(lines, "  "+l)
			}
			return lines
		},
		Risk: plan.Safe, Why: "no key is touched; the servers spend a little more on each command meanwhile",
		Run: func() tea.Cmd { return p.watch(true) },
	})
}

func hottestNone(p hottestOn) string {
	if p.cursor >= len(p.rows) || p.rows[p.cursor].head != "" {
		return "nothing is selected"
	}
	return ""
}

func (p *hottestPage) openRow() tea.Cmd {
	switch r := p.rows[p.cursor]; {
	case r.key != "":
		return wantKeys("", r.key)
	case r.tag != "":
		return wantKeys(keyspace.Escaped("*"+globOf(r.tag)+"*")+" slot="+slotText(r.slot), "")
	default:
		return wantKeys("slot="+slotText(r.slot), "")
	}
}

// Hints are the actions as they stand now.
func (p *hottestPage) Hints(*Scene) []ui.Hint { return hottestActions.Hints(hottestOn{p}) }

// Key handles the actions, then moving.
func (p *hottestPage) Key(k tea.KeyPressMsg, _ *Scene) (tea.Cmd, bool) {
	if cmd, known, off := hottestActions.Run(k.String(), hottestOn{p}); known {
		if off != "" {
			return say(off), true
		}
		return cmd, true
	}
	page := max(2, p.height)
	steps := map[string]int{"j": 1, "down": 1, "k": -1, "up": -1, "g": -100, "home": -100, "G": 100, "end": 100, "ctrl+d": page / 2, "ctrl+u": -page / 2, "pgdown": page - 1, "pgup": 1 - page}
	by, ok := steps[k.String()]
	if ok {
		p.move(by)
	}
	return nil, ok
}

// move moves the cursor, past headings.
func (p *hottestPage) move(by int) {
	if len(p.rows) == 0 {
		return
	}
	to := max(0, min(p.cursor+by, len(p.rows)-1))
	step := 1
	if by < 0 && to > 0 {
		step = -1
	}
	for to > 0 && to < len(p.rows)-1 && p.rows[to].head != "" {
		to += step
	}
	if p.rows[to].head == "" {
		p.cursor = to
	} else if p.rows[p.cursor].head != "" && to+1 < len(p.rows) {
		p.cursor = to + 1
	}
}

// Body draws the lists under each other.
func (p *hottestPage) Body(sc *Scene) []string {
	t := sc.Theme
	said := ""
	switch {
	case p.busy:
		said = "watching for " + strings.TrimSpace(t.Span(keyspace.Window))
	case p.parts == nil:
		text := "enter watches all primaries for two seconds and lists the slots with the most CPU time and traffic, the keys that are used most, and the tags that bind several of them to one slot. How each was found stands beside it."
		return ui.Fill(append([]string{""}, painted(t.Dim, text, sc.W)...), sc.H)
	}
	lines := []string{t.Cut("  "+said, sc.W)}
	for _, part := range p.parts {
		if part.Err != nil {
			lines = append(lines, t.Cut("  "+t.Bad.Text(letterOf(sc.Snap, part.Node)+": "+ui.Clean(part.Err.Error())), sc.W))
		}
	}
	p.height = max(1, sc.H-len(lines))
	var rows []string
	at := 0
	for i, r := range p.rows {
		if i == p.cursor {
			at = len(rows)
		}
		if r.head != "" && i > 0 {
			rows = append(rows, "")
		}
		rows = append(rows, p.lines(sc, r, i == p.cursor)...)
	}
	top := max(0, min(at-p.height+1, len(rows)-p.height))
	return ui.Fill(append(lines, rows[min(top, len(rows)):]...), sc.H)[:sc.H]
}

// lines are a row, or a heading with what is said of it.
func (p *hottestPage) lines(sc *Scene, r hotRow, current bool) []string {
	t := sc.Theme
	if r.head == "" {
		return []string{p.line(sc, r, current)}
	}
	head := " " + strings.ToUpper(r.head) + "  "
	var out []string
	for i, l := range ui.Wrap(r.dim, max(20, sc.W-len(head)-2)) {
		before := t.Head.Text(head)
		if i > 0 {
			before = strings.Repeat(" ", len(head))
		}
		out = append(out, t.Cut(before+t.Dim.Text(l), sc.W))
	}
	return out
}

func (p *hottestPage) line(sc *Scene, r hotRow, current bool) string {
	t := sc.Theme
	mark := "  "
	if current {
		mark = t.Accent.Text(t.Glyph.Cursor) + " "
	}
	letter := t.Glyph.None
	if h := homeOf(sc, r.slot); h.shard != nil {
		letter = t.Shard(h.shard.Hue).Text.Text(h.shard.Letter)
	}
	name := ""
	switch {
	case r.key != "":
		name = keyCell(t, r.key, max(16, sc.W-50)) + "  "
	case r.tag != "":
		name = t.Left(ui.Clean(r.tag), max(16, sc.W-50)) + "  "
	}
	var words []string
	for _, w := range r.words {
		words = append(words, t.Right(ui.Clean(w), 10))
	}
	return t.Cut(mark+name+t.Right(slotText(r.slot), 5)+"  "+letter+"  "+strings.Join(words, "  "), sc.W)
}
