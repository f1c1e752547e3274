package views

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"

	"slotdeck/cluster"
	"slotdeck/cluster/keyspace"
	"slotdeck/ui"
)

// browsePage walks over the keys of all primaries, a step at a time, as far as
// the operator looks.
type browsePage struct {
	desk   KeyDesk
	field  keyField
	typing bool
	said   string
	value  *valuePage // the key that is open; nil: none
	only   bool       // readOnly

	nr      int // of the query in front
	query   browseQuery
	nodes   []cluster.NodeID // the primaries to walk over
	node    int              // the one at hand
	cursor  string
	list    browseList
	loading bool
	all     bool // go on to the end
	stopped bool // the operator said so
	err     error

	row, top, height int

	purge *purge     // keys are being deleted, or were; nil: none
	left  *PurgeNote // a deletion that was broken off; nil: none is known

	slower time.Duration // between the steps of a deletion, for tests that make them themselves; 0: by purgeRate
}

func newBrowsePage(desk KeyDesk, readOnly bool) *browsePage {
	return &browsePage{desk: desk, typing: true, only: readOnly}
}

type (
	// browseArrived is one step further.
	browseArrived struct {
		nr   int
		ask  BrowseAsk
		part BrowsePart
		err  error
	}
	// browseRefilled is a batch that was read once more.
	browseRefilled struct {
		nr, batch int
		part      BrowsePart
		err       error
	}
)

// Name is the page's word.
func (p *browsePage) Name() string { return "browse" }

// Typing reports whether a field has the keyboard.
func (p *browsePage) Typing() bool {
	if p.value != nil {
		return p.value.Typing()
	}
	return p.typing
}

// Paste puts one line into the field.
func (p *browsePage) Paste(text string, sc *Scene) tea.Cmd {
	if p.value != nil {
		return p.value.Paste(text, sc)
	}
	lines, _ := pastedKeys(text)
	if len(lines) > 0 {
		p.typing = true
		p.field.insert(lines[0])
	}
	return nil
}

// Show has nothing to renew: what was walked over stays until asked again.
func (p *browsePage) Show(*Scene) {}

// Leave closes the key that is open, stops the walk, leaves the field.
func (p *browsePage) Leave(sc *Scene) bool {
	switch {
	case p.value != nil:
		if !p.value.Leave(sc) {
			p.value = nil
		}
	case p.typing && p.nr > 0:
		p.typing = false
	case p.purging():
		p.purge.stopped = true
	case p.all:
		p.all, p.stopped = false, true
	default:
		return false
	}
	return true
}

// Selected is the key under the cursor, exactly.
func (p *browsePage) Selected(sc *Scene) Selection {
	if p.value != nil {
		return p.value.Selected(sc)
	}
	if e := p.list.at(p.row); e != nil {
		return Selection{Text: e.Key}
	}
	return Selection{}
}

// done reports whether every primary was gone over.
func (p *browsePage) done() bool { return p.node >= len(p.nodes) }

// begin starts a walk for what was typed.
func (p *browsePage) begin(sc *Scene) tea.Cmd {
	q, err := readQuery(p.field.text)
	p.said = ""
	switch {
	case p.desk == nil:
		p.said = noDesk
	case err != nil:
		p.said = err.Error()
	case sc.Snap == nil || sc.Snap.Owner == nil:
		p.said = "the shards are not known yet"
	}
	if p.said != "" {
		return nil
	}
	if p.purging() {
		return say("keys are being deleted; esc stops that")
	}
	p.nr++
	p.purge = nil
	p.query, p.nodes, p.node, p.cursor = q, nil, 0, ""
	p.list, p.loading, p.all, p.stopped, p.err = browseList{}, false, false, false, nil
	p.row, p.top, p.typing = 0, 0, false
	for i := range sc.Snap.Shards {
		sh := &sc.Snap.Shards[i]
		if sh.SlotLen == 0 || q.shard != "" && q.shard != sh.Letter || q.slots != nil && !holdsSome(sh, q) {
			continue
		}
		p.nodes = append(p.nodes, sh.Primary)
	}
	if len(p.nodes) == 0 {
		p.said = "no shard has what is asked for"
		return nil
	}
	return p.more()
}

func holdsSome(sh *cluster.Shard, q browseQuery) bool {
	for _, s := range slotsOf(sh) {
		if q.slots.Has(s) {
			return true
		}
	}
	return false
}

// more loads what the operator will see next, unless that is on its way.
func (p *browsePage) more() tea.Cmd {
	var cmds []tea.Cmd
	height := max(p.height, 50)
	if i := p.list.missing(p.row-height, p.row+2*height); i >= 0 {
		b := &p.list.batches[i]
		b.asked = true
		cmds = append(cmds, p.refill(i, p.ask(b.node, b.cursor, true)))
	}
	if !p.loading && !p.done() && !p.stopped && p.err == nil && (p.all || p.row+2*height >= p.list.total) {
		p.loading = true
		cmds = append(cmds, p.step(p.ask(p.nodes[p.node], p.cursor, p.row+keptRows >= p.list.total)))
	}
	return tea.Batch(cmds...)
}

func (p *browsePage) ask(node cluster.NodeID, cursor string, describe bool) BrowseAsk {
	return BrowseAsk{Node: node, Cursor: cursor, Match: p.query.match, Types: p.query.types, Keep: p.query.keep, Slots: p.query.slots, Describe: describe}
}

func (p *browsePage) step(ask BrowseAsk) tea.Cmd {
	nr, desk := p.nr, p.desk
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), browsePatience)
		defer cancel()
		part, err := desk.Browse(ctx, ask)
		return browseArrived{nr, ask, part, err}
	}
}

func (p *browsePage) refill(batch int, ask BrowseAsk) tea.Cmd {
	nr, desk := p.nr, p.desk
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), browsePatience)
		defer cancel()
		part, err := desk.Browse(ctx, ask)
		return browseRefilled{nr, batch, part, err}
	}
}

// Receive takes steps of the walk in front.
func (p *browsePage) Receive(msg tea.Msg, sc *Scene) tea.Cmd {
	switch msg := msg.(type) {
	case browseArrived:
		if msg.nr != p.nr {
			return nil
		}
		p.loading = false
		if p.err = msg.err; p.err != nil {
			return nil
		}
		p.list.add(msg.ask.Node, msg.ask.Cursor, msg.part.Keys)
		p.list.drop(p.row)
		if p.cursor = msg.part.Next; p.cursor == "" {
			p.node++
		}
		return p.more()
	case browseRefilled:
		if msg.nr != p.nr {
			return nil
		}
		if p.err = msg.err; p.err == nil {
			p.list.refill(msg.batch, msg.part.Keys)
			p.move(0)
		}
		return p.more()
	case purgeBegun:
		if p.purge == nil || msg.nr != p.purge.nr {
			return nil
		}
		if p.purge.note.Save = msg.save; msg.err != nil {
			p.purge.err, p.purge.done = msg.err, true
			return nil
		}
		return p.purgeStep(p.breath(0))
	case purgeStepped:
		return p.purged(msg)
	case purgeLeft:
		if p.left = nil; msg.known {
			p.left = &msg.note
		}
		return nil
	}
	if p.value != nil {
		return p.value.Receive(msg, sc)
	}
	return nil
}

// move moves the cursor.
func (p *browsePage) move(by int) { p.row = max(0, min(p.row+by, p.list.total-1)) }

// browseOn is the page with what it is shown.
type browseOn struct {
	*browsePage
	sc *Scene
}

var browseTyping = ui.Actions[browseOn]{
	{Keys: []string{"enter"}, Label: "look", Help: "Walk over the keys: " + browseHelp + ".", Do: func(p browseOn) tea.Cmd { return p.begin(p.sc) }},
	{Keys: []string{"esc", "down", "tab"}, Label: "list", Help: "On to the list.", Do: func(p browseOn) tea.Cmd { p.typing = false; return nil }},
}

var browseActions = ui.Actions[browseOn]{
	{Keys: []string{"enter"}, Label: "open", Help: "What is in the key?", Off: browseNone, Do: func(p browseOn) tea.Cmd { return p.open() }},
	{Keys: []string{"a"}, Label: "look for", Help: "Look for other keys: " + browseHelp + ".", Do: func(p browseOn) tea.Cmd { p.typing = true; return nil }},
	{Keys: []string{"c"}, Label: "count all", Help: "Go on to the end, to count what there is; esc stops it.", Off: browseEnded, Do: func(p browseOn) tea.Cmd { p.all, p.stopped, p.err = true, false, nil; return p.more() }},
	{Keys: []string{"U"}, Label: "delete all", Help: "Delete all keys that were found, after they were counted: a plan is shown first.", Off: purgeOff, Do: func(p browseOn) tea.Cmd { return p.proposePurge() }, Hidden: true},
	{Keys: []string{"u"}, Label: "go on deleting", Help: "Go on with a deletion that was stopped or broken off: a plan is shown first.", Off: goOnOff, Do: func(p browseOn) tea.Cmd { return p.proposeGoOn(p.sc) }, Hidden: true},
	{Keys: []string{"r"}, Label: "again", Help: "Walk over the keys once more.", Do: func(p browseOn) tea.Cmd { return p.begin(p.sc) }},
}

func browseNone(p browseOn) string {
	if p.list.at(p.row) == nil {
		return "no key is selected"
	}
	return ""
}

func browseEnded(p browseOn) string {
	switch {
	case p.nr == 0:
		return "nothing was looked for yet"
	case p.done():
		return "all keys were gone over"
	}
	return ""
}

func (p *browsePage) open() tea.Cmd { return p.openKey(p.list.at(p.row).Key) }

func (p *browsePage) openKey(key string) tea.Cmd {
	if p.desk == nil {
		return say(noDesk)
	}
	p.value = newValuePage(p.desk, p.only, key)
	return p.value.read(keyspace.ValueAsk{})
}

// want lists the keys of a query, or opens one key.
func (p *browsePage) want(m keysWanted, sc *Scene) tea.Cmd {
	p.value = nil
	if m.key != "" {
		p.typing = false
		return p.openKey(m.key)
	}
	p.field.set(m.query)
	return p.begin(sc)
}

func (p *browsePage) actions() ui.Actions[browseOn] {
	if p.typing {
		return browseTyping
	}
	return browseActions
}

// Hints are the actions as they stand now.
func (p *browsePage) Hints(sc *Scene) []ui.Hint {
	if p.value != nil {
		return p.value.Hints(sc)
	}
	return p.actions().Hints(browseOn{p, sc})
}

// Key handles the actions, then typing and moving.
func (p *browsePage) Key(k tea.KeyPressMsg, sc *Scene) (tea.Cmd, bool) {
	if p.value != nil {
		return p.value.Key(k, sc)
	}
	key := k.String()
	if cmd, known, off := p.actions().Run(key, browseOn{p, sc}); known {
		if off != "" {
			return say(off), true
		}
		return cmd, true
	}
	if p.typing {
		p.field.press(k)
		return nil, true
	}
	page := max(2, p.height)
	steps := map[string]int{"j": 1, "down": 1, "k": -1, "up": -1, "g": -p.list.total, "home": -p.list.total, "G": p.list.total, "end": p.list.total,
		"ctrl+d": page / 2, "ctrl+u": -page / 2, "pgdown": page - 1, "pgup": 1 - page}
	by, ok := steps[key]
	if !ok {
		return nil, false
	}
	if key == "up" && p.row == 0 {
		p.typing = true
		return nil, true
	}
	p.move(by)
	p.list.drop(p.row)
	return p.more(), true
}
