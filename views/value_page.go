package views

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	tea "charm.land/bubbletea/v2"

	"slotdeck/cluster/keyspace"
	"slotdeck/keyslot"
	"slotdeck/ui"
)

// valueForm is how the text of a string is shown.
type valueForm uint8

const (
	asText valueForm = iota
	asJSON
	asHex
	asEscaped
	valueForms
)

// valuePage shows what a key holds, a page at a time, and changes it as
// proposals that are confirmed.
type valuePage struct {
	desk     KeyDesk
	readOnly bool
	key      string

	nr     int
	asked  keyspace.ValueAsk
	value  keyspace.Value
	known  bool // a page has arrived
	busy   bool
	err    error
	before []string // where the pages before this one begin
	turned []string // the same for the page that is on its way
	turns  bool     // such a page is on its way

	form   valueForm
	row    int
	top    int
	height int
	lines  int // of a text

	prompt *valuePrompt // something is being typed; nil: nothing
	kept   *valuePrompt // what was typed for a plan, until that is carried out
	said   string
}

func newValuePage(desk KeyDesk, readOnly bool, key string) *valuePage {
	return &valuePage{desk: desk, readOnly: readOnly, key: key}
}

// readAt asks for a page from wherever the last one came.
func (p *valuePage) readAt(from string) tea.Cmd {
	return p.read(keyspace.ValueAsk{From: from, Replica: p.asked.Replica})
}

// valueArrived is a page of a value.
type valueArrived struct {
	nr    int
	key   string
	value keyspace.Value
	err   error
}

// read asks for a page.
func (p *valuePage) read(ask keyspace.ValueAsk) tea.Cmd {
	p.nr++
	p.asked, p.busy, p.turns = ask, true, false
	nr, desk, key := p.nr, p.desk, p.key
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), valuePatience)
		defer cancel()
		v, err := desk.Value(ctx, key, ask)
		return valueArrived{nr, key, v, err}
	}
}

// Receive takes pages and the outcome of changes.
func (p *valuePage) Receive(msg tea.Msg, _ *Scene) tea.Cmd {
	switch msg := msg.(type) {
	case valueArrived:
		if msg.nr != p.nr || msg.key != p.key {
			return nil
		}
		changed := p.known && msg.err == nil && p.value.Type != "" && msg.value.Type != p.value.Type
		p.busy, p.err, p.known = false, msg.err, true
		if msg.err != nil {
			return nil // what was read before stays, and is said to be that
		}
		p.row = rowLike(p.value, p.row, msg.value)
		p.value = msg.value
		if p.turns {
			p.before, p.turns, p.row, p.top = p.turned, false, 0, 0
		}
		if changed {
			p.before, p.row, p.top = nil, 0, 0
			if p.asked.From != "" {
				return tea.Batch(say("the key has become a "+ui.Clean(p.value.Type)), p.read(keyspace.ValueAsk{}))
			}
		}
	case valueLeft:
		if msg.key == p.key && p.prompt == nil {
			p.prompt, p.kept = p.kept, nil
		}
	case valueChanged:
		if msg.key != p.key {
			return nil
		}
		if msg.err != nil {
			p.said = msg.err.Error()
			p.prompt = cmp.Or(p.prompt, p.kept) // to be tried again
		} else if msg.becomes != "" {
			p.key = msg.becomes
		}
		p.kept = nil
		text := say(msg.text)
		if msg.err != nil {
			text = warn(msg.err.Error())
		}
		return tea.Batch(text, p.read(keyspace.ValueAsk{From: p.value.From}))
	}
	return nil
}

// rowLike is the place of the row at a cursor when the rows are read anew: servers
// tell fields and members in another order after a change.
func rowLike(was keyspace.Value, row int, now keyspace.Value) int {
	if row < len(was.Rows) {
		name := was.Rows[row].Name
		if i := slices.IndexFunc(now.Rows, func(r keyspace.Row) bool { return r.Name == name }); i >= 0 {
			return i
		}
	}
	return max(0, min(row, len(now.Rows)-1))
}

// Typing reports whether something is being typed.
func (p *valuePage) Typing() bool { return p.prompt != nil }

// Paste puts text into what is being typed, exactly.
func (p *valuePage) Paste(text string, _ *Scene) tea.Cmd {
	if p.prompt != nil && !p.prompt.field.insert(text) {
		return warn(fmt.Sprintf("the field holds %d bytes at most", maxKeyLen))
	}
	return nil
}

// Leave ends typing; false when the page itself is to be left.
func (p *valuePage) Leave(*Scene) bool {
	was := p.prompt != nil
	p.prompt = nil
	return was
}

// Selected is the element under the cursor, or the value, exactly; else the key.
func (p *valuePage) Selected(*Scene) Selection {
	switch {
	case p.row < len(p.value.Rows):
		if r := p.value.Rows[p.row]; r.Text != "" && p.value.Type != "zset" {
			return Selection{Text: r.Text}
		}
		return Selection{Text: p.value.Rows[p.row].Name}
	case p.value.Text != "":
		return Selection{Text: p.value.Text}
	}
	return Selection{Text: p.key}
}

// valueOn is the page with what it is shown.
type valueOn struct {
	*valuePage
	sc *Scene
}

var valueActions = ui.Actions[valueOn]{
	{Keys: []string{"n"}, Label: "next page", Help: "The next part of the value.", Off: valueNoNext, Do: func(p valueOn) tea.Cmd { return p.turn(1) }},
	{Keys: []string{"p"}, Label: "page before", Help: "The part before.", Off: valueNoBefore, Do: func(p valueOn) tea.Cmd { return p.turn(-1) }},
	{Keys: []string{"v"}, Label: "form", Help: "Show text as it is, as JSON laid out, as bytes in hexadecimal, or escaped as in redis-cli.", Do: func(p valueOn) tea.Cmd { p.form = (p.form + 1) % valueForms; p.top = 0; return nil }},
	{Keys: []string{"r"}, Label: "again", Help: "Read the page once more.", Do: func(p valueOn) tea.Cmd { return p.readAt(p.value.From) }},
	{Keys: []string{"F"}, Label: "replica", Help: "Read from a replica, which may be behind, or from the primary again.", Do: func(p valueOn) tea.Cmd {
		return p.read(keyspace.ValueAsk{From: p.value.From, Replica: !p.asked.Replica})
	}, Hidden: true},
	{Keys: []string{"W"}, Label: "fetch", Help: "Fetch what is withheld because it is large.", Off: valueNotWithheld, Do: func(p valueOn) tea.Cmd {
		return p.read(keyspace.ValueAsk{From: p.value.From, Whole: true, Replica: p.asked.Replica})
	}, Hidden: true},
	{Keys: []string{"e"}, Label: "edit", Help: "Change the element under the cursor, or the string.", Off: valueNoEdit, Do: func(p valueOn) tea.Cmd { return p.edit(p.sc) }},
	{Keys: []string{"a"}, Label: "add", Help: "Add a field, an item, a member or an entry.", Off: valueNoAdd, Do: func(p valueOn) tea.Cmd { return p.add() }},
	{Keys: []string{"d", "delete"}, Label: "remove", Help: "Remove the element under the cursor.", Off: valueNoRow, Do: func(p valueOn) tea.Cmd { return p.removeRow() }},
	{Keys: []string{"t"}, Label: "expire", Help: "Give the key a time to live.", Off: valueNoChange, Do: func(p valueOn) tea.Cmd { return p.askTTL() }},
	{Keys: []string{"P"}, Label: "persist", Help: "Take the time to live away.", Off: valueNoTTL, Do: func(p valueOn) tea.Cmd {
		return p.change("PERSIST", "the key lives for ever", []string{"PERSIST", p.key})
	}},
	{Keys: []string{"f"}, Label: "field ttl", Help: "Give the field under the cursor a time to live, or take it away.", Off: valueNoField, Do: func(p valueOn) tea.Cmd { return p.askFieldTTL() }, Hidden: true},
	{Keys: []string{"R"}, Label: "rename", Help: "Give the key another name, in the same slot.", Off: valueNoChange, Do: func(p valueOn) tea.Cmd { return p.askName() }},
	{Keys: []string{"U"}, Label: "delete key", Help: "Delete the key (UNLINK).", Off: valueNoChange, Do: func(p valueOn) tea.Cmd { return p.unlink() }},
	{Keys: []string{"esc"}, Label: "back", Help: "Back to the list.", Do: func(p valueOn) tea.Cmd { return nil }, Hidden: true},
}

func valueNoNext(p valueOn) string {
	if p.value.Next == "" {
		return "this is the last part"
	}
	return ""
}

func valueNoBefore(p valueOn) string {
	if len(p.before) == 0 {
		return "this is the first part"
	}
	return ""
}

func valueNotWithheld(p valueOn) string {
	if p.value.Withheld == "" {
		return "nothing is withheld"
	}
	return ""
}

// turn goes to the next page or the one before. Where it stands is that of the
// page in front until the other has come: pressed twice, it goes there once.
func (p *valuePage) turn(step int) tea.Cmd {
	before, from := append(slices.Clone(p.before), p.value.From), p.value.Next
	if step < 0 {
		last := len(p.before) - 1
		before, from = slices.Clone(p.before[:last]), p.before[last]
	}
	cmd := p.readAt(from)
	p.turned, p.turns = before, true
	return cmd
}

// Hints are the actions as they stand now.
func (p *valuePage) Hints(sc *Scene) []ui.Hint {
	if p.prompt != nil {
		return []ui.Hint{{Press: "enter", Key: "enter", Label: "go on", Help: "On to the plan; nothing is sent before it is confirmed."}, {Press: "esc", Key: "esc", Label: "leave", Help: "Change nothing."}}
	}
	return valueActions.Hints(valueOn{p, sc})
}

// Key handles typing, then the actions, then moving.
func (p *valuePage) Key(k tea.KeyPressMsg, sc *Scene) (tea.Cmd, bool) {
	key := k.String()
	if p.prompt != nil {
		return p.typed(k), true
	}
	if key == "esc" {
		return nil, false
	}
	if cmd, known, off := valueActions.Run(key, valueOn{p, sc}); known {
		if off != "" {
			return say(off), true
		}
		p.said = ""
		return cmd, true
	}
	page := max(2, p.height)
	steps := map[string]int{"j": 1, "down": 1, "k": -1, "up": -1, "g": -1 << 30, "home": -1 << 30, "G": 1 << 30, "end": 1 << 30,
		"ctrl+d": page / 2, "ctrl+u": -page / 2, "pgdown": page - 1, "pgup": 1 - page}
	by, ok := steps[key]
	if !ok {
		return nil, false
	}
	if len(p.value.Rows) > 0 {
		p.row = max(0, min(p.row+by, len(p.value.Rows)-1))
	} else {
		p.top = max(0, min(p.top+by, p.lines-p.height))
	}
	return nil, true
}

// Body draws what is known of the key, and the page of its value.
func (p *valuePage) Body(sc *Scene) []string {
	t := sc.Theme
	lines := []string{t.Cut(" "+t.Head.Text("KEY")+"   "+keyCell(t, p.key, sc.W-9), sc.W), t.Cut("       "+homeOf(sc, keyslot.Of(p.key)).line(sc, sc.W-7), sc.W), t.Cut("       "+p.facts(t), sc.W)}
	if p.prompt != nil {
		lines = append(lines, t.Cut(" "+t.Accent.Text(p.prompt.label)+"  "+p.prompt.field.draw(t, keyslot.Tag{}, true, sc.W-6-ui.Width(p.prompt.label)), sc.W))
	}
	if p.said != "" {
		lines = append(lines, painted(t.Bad, p.said, sc.W)...)
	}
	if p.prompt == nil && p.said == "" {
		lines = append(lines, "")
	}
	if p.known && p.err != nil {
		lines = append(lines, painted(t.Bad, p.err.Error(), sc.W)...)
		if p.value.Type != "" {
			lines = append(lines, "  "+t.Dim.Text("below is what was read before that"))
		}
	}
	h := max(1, sc.H-len(lines))
	switch {
	case !p.known:
		return ui.Fill(append(lines, "  "+t.Dim.Text("reading")), sc.H)
	case p.value.Type == "":
		return ui.Fill(lines, sc.H)
	case p.value.Withheld != "":
		return ui.Fill(append(lines, painted(t.Warn, p.value.Withheld+"; W fetches it", sc.W)...), sc.H)
	case len(p.value.Rows) > 0:
		return ui.Fill(append(lines, p.table(sc, h)...), sc.H)
	}
	return ui.Fill(append(lines, p.text(t, sc.W, h)...), sc.H)
}

func painted(paint ui.Paint, text string, w int) []string {
	var out []string
	for _, l := range ui.Wrap(ui.Clean(text), w-4) {
		out = append(out, "  "+paint.Text(l))
	}
	return out
}

// facts is what is known of the key beside its value.
func (p *valuePage) facts(t *ui.Theme) string {
	if !p.known || p.err != nil {
		return ""
	}
	v := &p.value
	text := t.Strong.Text(ui.Clean(v.Type)) + "  " + ui.Clean(v.Encoding) + "   ttl " + ttlText(t, &v.Entry) + "   memory " + t.Bytes(v.Bytes)
	if v.Elements >= 0 {
		text += fmt.Sprintf("   %d %s", v.Elements, keyspace.SizeUnit(v.Type))
	}
	if len(p.before) > 0 || v.Next != "" {
		text += "   " + t.Note.Text(fmt.Sprintf("part %d", len(p.before)+1))
	}
	if p.asked.Replica {
		text += "   " + t.Note.Text("from a replica")
	}
	if p.busy {
		text += "   " + t.Dim.Text("reading")
	}
	return text
}

// table draws the rows around the cursor.
func (p *valuePage) table(sc *Scene, h int) []string {
	t := sc.Theme
	name, text := rowTitles(p.value.Type)
	cols := []ui.Column{{Title: name, Width: max(8, min(40, sc.W/3))}, {Title: text, Width: 8, Grow: true}}
	ttls := false
	for _, r := range p.value.Rows {
		ttls = ttls || r.TTL >= 0
	}
	if ttls {
		cols = append(cols, ui.Column{Title: "ttl", Width: 5, Right: true})
	}
	if text == "" {
		cols = []ui.Column{{Title: name, Width: 8, Grow: true}}
	}
	tb := ui.Table{Columns: cols, Sorted: -1}
	lines := []string{tb.Title(t, sc.W)}
	p.height = max(1, h-1)
	p.top = max(0, min(p.top, p.row), p.row-p.height+1)
	var rows []ui.Row
	for _, r := range p.value.Rows[p.top:min(len(p.value.Rows), p.top+p.height)] {
		cells := []ui.Cell{{Text: shown(r.Name, sc.W)}}
		if text != "" {
			cells = append(cells, ui.Cell{Text: shown(r.Text, sc.W)})
		}
		if ttls {
			ttl := t.Glyph.None
			if r.TTL >= 0 {
				ttl = t.Span(r.TTL)
			}
			cells = append(cells, ui.Cell{Text: ttl})
		}
		rows = append(rows, ui.Row{Cells: cells})
	}
	return append(lines, tb.Lines(t, rows, 0, p.row-p.top, sc.W, p.height)...)
}

// shown bounds a text before it is cleaned: it may be megabytes.
func shown(s string, w int) string { return ui.Clean(s[:min(len(s), 4*w)]) }

func rowTitles(kind string) (name, text string) {
	switch kind {
	case "hash":
		return "field", "value"
	case "list":
		return "index", "item"
	case "zset":
		return "member", "score"
	case "stream":
		return "entry", "fields"
	}
	return "member", ""
}
