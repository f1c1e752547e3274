package views

import (
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"slotdeck/cluster/keyspace"
	"slotdeck/keyslot"
	"slotdeck/ui"
)

// biggestPage adds up the keys of all primaries: the biggest of each type, the
// fullest slots, the prefixes, when keys expire.
type biggestPage struct {
	desk   KeyDesk
	memory bool

	run   KeySurvey // nil: none was started
	nr    int
	state SurveyState

	lists  []bigList
	list   int // the one in front
	cursor int
	height int
}

// bigList is one of the lists.
type bigList struct {
	title string
	rows  []bigRow
}

// bigRow is a key, a slot or a prefix with its numbers.
type bigRow struct {
	name   string // painted as it is; a key when key is true
	key    bool
	slot   keyslot.Slot
	kind   string
	slots  int64 // of a bar of the spread
	number int64
	bytes  int64
	share  float64
}

const (
	bigMost = 100                    // how long each list is
	bigBeat = 300 * time.Millisecond // between two looks at a survey
)

func newBiggestPage(desk KeyDesk) *biggestPage { return &biggestPage{desk: desk} }

// surveyLooked is where a survey stands.
type surveyLooked struct {
	nr    int
	state SurveyState
}

// Name is the page's word.
func (p *biggestPage) Name() string { return "biggest" }

// Typing is never true: there is no field.
func (p *biggestPage) Typing() bool { return false }

// Paste does nothing: there is no field.
func (p *biggestPage) Paste(string, *Scene) tea.Cmd { return nil }

// Show has nothing to renew.
func (p *biggestPage) Show(*Scene) {}

// Leave has nothing to close: c stops a survey that runs.
func (p *biggestPage) Leave(*Scene) bool { return false }

// stop ends the survey off the screen's goroutine.
func (p *biggestPage) stop() tea.Cmd {
	run := p.run
	return func() tea.Msg {
		run.Stop()
		return nil
	}
}

// Selected is the key, slot or prefix under the cursor.
func (p *biggestPage) Selected(*Scene) Selection {
	if r := p.current(); r != nil {
		return Selection{Text: r.name}
	}
	return Selection{}
}

func (p *biggestPage) current() *bigRow {
	if p.list < len(p.lists) && p.cursor < len(p.lists[p.list].rows) {
		return &p.lists[p.list].rows[p.cursor]
	}
	return nil
}

func (p *biggestPage) start() tea.Cmd {
	p.nr++
	p.state, p.lists, p.list, p.cursor = SurveyState{}, nil, 0, 0
	p.run = p.desk.Survey(SurveyAsk{Memory: p.memory, Most: bigMost})
	return p.look()
}

// look asks in a moment where the survey stands.
func (p *biggestPage) look() tea.Cmd {
	nr, run := p.nr, p.run
	return tea.Tick(bigBeat, func(time.Time) tea.Msg { return surveyLooked{nr, run.State()} })
}

// Receive takes the survey's state.
func (p *biggestPage) Receive(msg tea.Msg, _ *Scene) tea.Cmd {
	m, ok := msg.(surveyLooked)
	if !ok || m.nr != p.nr {
		return nil
	}
	p.state = m.state
	p.lists = bigLists(m.state.Tally)
	p.list = min(p.list, max(0, len(p.lists)-1))
	if p.state.Done {
		return nil
	}
	return p.look()
}

// bigLists makes the lists of a tally.
func bigLists(t *keyspace.Tally) []bigList {
	if t == nil {
		return nil
	}
	var out []bigList
	if t.Bytes > 0 {
		out = append(out, bigList{"memory", bigKeys(t.Heavy.List(), t.Bytes)})
	}
	for _, name := range t.TypeNames() {
		out = append(out, bigList{name, bigKeys(t.Types[name].Large.List(), t.Types[name].Elements)})
	}
	share := func(keys, bytes int64) float64 {
		if t.Bytes > 0 {
			return shareOf(bytes, t.Bytes)
		}
		return shareOf(keys, t.Keys)
	}
	slots := bigList{title: "slots"}
	for _, s := range t.LargestSlots(bigMost) {
		slots.rows = append(slots.rows, bigRow{name: slotText(s), slot: s, number: t.Slots.Keys[s], bytes: t.Slots.Bytes[s], share: share(t.Slots.Keys[s], t.Slots.Bytes[s])})
	}
	for i := len(slots.rows) - 1; i >= 0; i-- { // of all, even the fullest of 16,384 has next to nothing
		slots.rows[i].share /= slots.rows[0].share
	}
	spread := bigList{title: "spread"}
	for _, b := range t.Spread() {
		spread.rows = append(spread.rows, bigRow{name: b.Name, slots: b.Slots, number: b.Keys, bytes: b.Bytes, share: share(b.Keys, b.Bytes)})
	}
	prefixes := bigList{title: "prefixes"}
	for i, name := range t.PrefixNames() {
		if i == bigMost {
			break
		}
		g := t.Prefix[name]
		prefixes.rows = append(prefixes.rows, bigRow{name: name, number: g.Keys, bytes: g.Bytes, share: share(g.Keys, g.Bytes)})
	}
	ttls := bigList{title: "ttl"}
	for i, name := range keyspace.TTLNames() {
		ttls.rows = append(ttls.rows, bigRow{name: name, number: t.TTL.Keys[i], share: shareOf(t.TTL.Keys[i], t.TTL.Total())})
	}
	return append(out, slots, spread, prefixes, ttls)
}

func shareOf(n, of int64) float64 { return float64(n) / float64(max(1, of)) }

func bigKeys(list []keyspace.Weighed, of int64) []bigRow {
	var out []bigRow
	for _, w := range list {
		out = append(out, bigRow{name: w.Entry.Key, key: true, slot: w.Entry.Slot, kind: w.Entry.Type, number: w.Entry.Elements, bytes: w.Entry.Bytes, share: shareOf(w.Weight, of)})
	}
	return out
}

// biggestOn is the page with what it is shown.
type biggestOn struct{ *biggestPage }

var biggestActions = ui.Actions[biggestOn]{
	{Keys: []string{"enter", "s"}, Label: "start", Help: "Go over the keys of all primaries at once: SCAN, TYPE, the size of each, when it expires.", Off: biggestBusy, Do: func(p biggestOn) tea.Cmd { return p.start() }},
	{Keys: []string{"M"}, Label: "memory", Help: "Ask the memory of every key, too (MEMORY USAGE): it costs the servers more.", Off: biggestBusy, Do: func(p biggestOn) tea.Cmd {
		p.memory = !p.memory
		return say(map[bool]string{true: "the next survey asks the memory of every key", false: "the next survey does not ask for memory"}[p.memory])
	}},
	{Keys: []string{"tab", "l", "right"}, Label: "next list", Help: "Memory, the types, the fullest slots, how evenly slots are filled, prefixes, times to live.", Do: func(p biggestOn) tea.Cmd { return p.turn(1) }},
	{Keys: []string{"shift+tab", "h", "left"}, Label: "list before", Help: "The list before this one.", Do: func(p biggestOn) tea.Cmd { return p.turn(-1) }, Hidden: true},
	{Keys: []string{"o"}, Label: "open", Help: "What is in the key, or which keys has the slot or the prefix?", Off: biggestNone, Do: func(p biggestOn) tea.Cmd { return p.openRow() }},
	{Keys: []string{"c"}, Label: "stop", Help: "End the survey; what was found stays.", Off: biggestIdle, Do: func(p biggestOn) tea.Cmd { return p.stop() }},
}

func biggestBusy(p biggestOn) string {
	switch {
	case p.desk == nil:
		return noDesk
	case p.run != nil && !p.state.Done:
		return "a survey is at work"
	}
	return ""
}

func biggestNone(p biggestOn) string {
	if r := p.current(); r == nil || p.lists[p.list].title == "ttl" || p.lists[p.list].title == "spread" {
		return "nothing is selected that could be opened"
	}
	return ""
}

// openRow leads to the key, or to the keys of the slot or prefix.
func (p *biggestPage) openRow() tea.Cmd {
	r := p.current()
	switch {
	case r.key:
		return wantKeys("", r.name)
	case p.lists[p.list].title == "slots":
		return wantKeys("slot="+r.name, "")
	}
	return wantKeys(keyspace.Escaped(globOf(r.name)+"*"), "")
}

// globOf writes a text such that a pattern means just it.
func globOf(text string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`, "]", `\]`).Replace(text)
}

func biggestIdle(p biggestOn) string {
	if p.run == nil || p.state.Done {
		return "no survey is at work"
	}
	return ""
}

func (p *biggestPage) turn(step int) tea.Cmd {
	if n := len(p.lists); n > 0 {
		p.list, p.cursor = (p.list+step+n)%n, 0
	}
	return nil
}

// Hints are the actions as they stand now.
func (p *biggestPage) Hints(*Scene) []ui.Hint { return biggestActions.Hints(biggestOn{p}) }

// Key handles the actions, then moving.
func (p *biggestPage) Key(k tea.KeyPressMsg, _ *Scene) (tea.Cmd, bool) {
	key := k.String()
	if cmd, known, off := biggestActions.Run(key, biggestOn{p}); known {
		if off != "" {
			return say(off), true
		}
		return cmd, true
	}
	if p.list >= len(p.lists) {
		return nil, false
	}
	page := max(2, p.height)
	steps := map[string]int{"j": 1, "down": 1, "k": -1, "up": -1, "g": -bigMost, "home": -bigMost, "G": bigMost, "end": bigMost,
		"ctrl+d": page / 2, "ctrl+u": -page / 2, "pgdown": page - 1, "pgup": 1 - page}
	by, ok := steps[key]
	if ok {
		p.cursor = max(0, min(p.cursor+by, len(p.lists[p.list].rows)-1))
	}
	return nil, ok
}

// Body draws the progress, the names of the lists, and the one in front.
func (p *biggestPage) Body(sc *Scene) []string {
	t := sc.Theme
	lines := []string{t.Cut(" "+p.progress(t, sc.W), sc.W), ""}
	if len(p.lists) == 0 {
		text := "enter goes over the keys of all primaries at once, some hundred a round trip, and lists the biggest of each type, the fullest slots, the prefixes, and when keys expire. M asks for their memory, too."
		return ui.Fill(append(lines, painted(t.Dim, text, sc.W)...), sc.H)
	}
	l := p.lists[p.list]
	tb := p.table(l, sc.W)
	lines = append(lines, t.Cut(p.names(t, sc.W), sc.W), "", tb.Title(t, sc.W))
	p.height = max(1, sc.H-len(lines))
	top := max(0, p.cursor-p.height+1)
	var rows []ui.Row
	for _, r := range l.rows[top:min(len(l.rows), top+p.height)] {
		rows = append(rows, p.row(sc, l, r))
	}
	return ui.Fill(append(lines, tb.Lines(t, rows, 0, p.cursor-top, sc.W, p.height)...), sc.H)
}

// names are those of the lists; where there is no room for all, the one in front
// is among those that are seen.
func (p *biggestPage) names(t *ui.Theme, w int) string {
	first, width := p.list, 1 // for the sign that there are more
	for ; first >= 0; first-- {
		if width += 2 + ui.Width(ui.Clean(p.lists[first].title)); width > w {
			break
		}
	}
	var names strings.Builder
	for i, l := range p.lists[first+1:] {
		paint, mark := t.Dim, " "
		if i+first+1 == p.list {
			paint, mark = t.Accent, t.Glyph.Cursor
		}
		names.WriteString(" ")
		paint.Write(&names, mark+ui.Clean(l.title))
	}
	return names.String()
}

func (p *biggestPage) progress(t *ui.Theme, w int) string {
	s := p.state
	switch {
	case p.run == nil:
		return t.Dim.Text("no survey yet")
	case s.Tally == nil:
		return "beginning"
	}
	text := plural(int(s.Met), "key") + " on " + plural(s.Nodes, "primary")
	if s.Tally.Bytes > 0 {
		text += ", " + t.Bytes(s.Tally.Bytes)
	}
	text += ", " + t.Span(s.Took)
	if s.Tally.Gone > 0 {
		text += t.Note.Text(fmt.Sprintf(", %d vanished meanwhile", s.Tally.Gone))
	}
	switch {
	case s.Err != nil:
		return text + "  " + t.Bad.Text("not the whole: "+ui.Clean(s.Err.Error()))
	case s.Done:
		return text + "  " + t.Good.Text("all")
	case s.Total > 0:
		share := min(1, float64(s.Met)/float64(s.Total))
		return text + "  " + t.Meter(share, min(30, w/4), t.Accent) + " " + t.Percent(share)
	}
	return text
}

// titles of the lists that are not about keys.
func (p *biggestPage) table(l bigList, w int) ui.Table {
	bar := ui.Column{Title: "share", Width: max(12, min(48, w-60)), Drop: 2}
	ofFullest := bar
	ofFullest.Title = "of the fullest"
	switch l.title {
	case "slots":
		return ui.Table{Sorted: -1, Columns: []ui.Column{{Title: "slot", Width: 5, Right: true}, {Title: "shard", Width: 5}, {Title: "keys", Width: 9, Right: true}, {Title: "memory", Width: 6, Right: true}, ofFullest}}
	case "spread":
		return ui.Table{Sorted: -1, Columns: []ui.Column{{Title: "of the mean slot", Width: 18}, {Title: "slots", Width: 6, Right: true}, {Title: "keys", Width: 9, Right: true}, {Title: "memory", Width: 6, Right: true}, bar}}
	case "prefixes":
		return ui.Table{Sorted: -1, Columns: []ui.Column{{Title: "prefix", Width: max(16, min(40, w/3))}, {Title: "keys", Width: 9, Right: true}, {Title: "memory", Width: 6, Right: true}, bar}}
	case "ttl":
		return ui.Table{Sorted: -1, Columns: []ui.Column{{Title: "lives", Width: 16}, {Title: "keys", Width: 9, Right: true}, bar}}
	}
	return ui.Table{Sorted: -1, Columns: []ui.Column{{Title: "key", Width: 24, Grow: true}, {Title: "type", Width: 7, Drop: 1}, {Title: "slot", Width: 5, Right: true}, {Title: "shard", Width: 5}, {Title: "size", Width: 9, Right: true}, {Title: "memory", Width: 6, Right: true}, {Title: "of all", Width: 6, Right: true}}}
}

func (p *biggestPage) row(sc *Scene, l bigList, r bigRow) ui.Row {
	t := sc.Theme
	number := ui.Cell{Text: fmt.Sprint(r.number)}
	memory := ui.Cell{Text: t.Glyph.None, Paint: t.Dim}
	if r.bytes > 0 {
		memory = ui.Cell{Text: t.Bytes(r.bytes)}
	}
	bar := ui.Cell{Painted: func(w int) string { return t.Meter(r.share, w, t.Accent) }}
	shard := ui.Cell{Text: t.Glyph.None, Paint: t.Dim}
	if h := homeOf(sc, r.slot); h.shard != nil {
		shard = ui.Cell{Text: h.shard.Letter, Paint: t.Shard(h.shard.Hue).Text}
	}
	switch l.title {
	case "slots":
		return ui.Row{Cells: []ui.Cell{{Text: r.name}, shard, number, memory, bar}}
	case "spread":
		return ui.Row{Cells: []ui.Cell{{Text: r.name}, {Text: fmt.Sprint(r.slots)}, number, memory, bar}}
	case "prefixes":
		name := ui.Cell{Text: ui.Clean(r.name)}
		if r.name == "" {
			name = ui.Cell{Text: "(without)", Paint: t.Dim}
		}
		return ui.Row{Cells: []ui.Cell{name, number, memory, bar}}
	case "ttl":
		return ui.Row{Cells: []ui.Cell{{Text: r.name}, number, bar}}
	}
	return ui.Row{Cells: []ui.Cell{{Painted: func(w int) string { return keyCell(t, r.name, w) }}, {Text: ui.Clean(r.kind)}, {Text: slotText(r.slot)}, shard, number, memory, {Text: partOf(t, r.share)}}}
}

// partOf is a share; one that is not nothing does not look like it.
func partOf(t *ui.Theme, share float64) string {
	if share > 0 && share < 0.005 {
		return "<1%"
	}
	return t.Percent(share)
}
