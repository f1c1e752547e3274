package views

import (
	"slices"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"slotdeck/cluster"
	"slotdeck/ui"
)

// Events answers "what changed, and when?": newest first. While the cursor is
// on the newest, new ones come in above it; on an older one the list holds
// still and counts what has come since.
type Events struct {
	list   []cluster.Event // as filtered, newest first
	rows   []ui.Row        // of the list, with nothing but Key
	cursor ui.Cursor
	height int

	held  uint64 // the newest event of a list that holds still; 0 while following
	newer int    // how many came since, of those the filter keeps
	all   int    // how many there are without a filter
	from  eventsShown

	failovers *failoverDesk // nil: no failovers are told
	blocks    blocks
	open      bool // the failover under the cursor is opened
	text      scroller
}

// eventsShown is what the list was made from: when it is the same there is
// nothing to do.
type eventsShown struct {
	first, last uint64
	n           int
	held        uint64
	filter      string
	issues      bool
	blocks      string
}

// NewEvents makes the screen.
func NewEvents() *Events { return &Events{} }

// Name is the screen's word.
func (e *Events) Name() string { return "events" }

func eventsActions() ui.Actions[*Events] {
	return append(ui.Actions[*Events]{
		{Keys: []string{"f"}, Label: "follow", Help: "Go to the newest event and follow what comes.", Off: alreadyFollows, Do: do((*Events).follow)},
		{Keys: []string{"n"}, Label: "next problem", Help: "On to the next older event that is bad.", Off: noOlderProblem, Do: do(func(e *Events) { e.toProblem(1) })},
		{Keys: []string{"N"}, Label: "problem before", Help: "Back to the next newer event that is bad.", Do: do(func(e *Events) { e.toProblem(-1) }), Hidden: true},
	}, blockActions()...)
}

func alreadyFollows(e *Events) string {
	if e.held == 0 {
		return "new events are shown as they come"
	}
	return ""
}

func noOlderProblem(e *Events) string {
	if e.problem(1) < 0 {
		return "no older event is bad"
	}
	return ""
}

// follow lets go: the cursor goes to the newest event, and stays on the newest.
func (e *Events) follow() {
	e.held = 0
	e.cursor.Move(-len(e.rows), e.rows)
}

// problem is the next bad event in a direction; -1 when there is none.
func (e *Events) problem(step int) int {
	for i := e.cursor.At + step; i >= 0 && i < len(e.list); i += step {
		if e.list[i].Gravity == cluster.Bad {
			return i
		}
	}
	return -1
}

func (e *Events) toProblem(step int) {
	if i := e.problem(step); i >= 0 {
		e.cursor.Move(i-e.cursor.At, e.rows)
	}
}

// Hints are the screen's own actions.
func (e *Events) Hints(*Scene) []ui.Hint { return eventsActions().Hints(e) }

// Key handles the screen's own keys, then moving. Upwards from the top of a
// list that holds still lies what has come since.
func (e *Events) Key(k tea.KeyPressMsg, sc *Scene) (tea.Cmd, bool) {
	key := k.String()
	cmd, known, off := eventsActions().Run(key, e)
	switch {
	case off != "":
		return say(off), true
	case known:
	case e.open && e.block() != nil && e.text.scroll(key):
		return nil, true
	case e.cursor.At == 0 && (key == "k" || key == "up"), key == "g", key == "home":
		e.follow()
	case !moveCursor(&e.cursor, e.rows, e.height, key):
		return nil, false
	}
	if e.held == 0 && e.cursor.At > 0 {
		e.held = newestSeq(e.list)
	}
	e.Show(sc)
	return cmd, true
}

// Show takes new events in.
func (e *Events) Show(sc *Scene) {
	if sc.Snap == nil {
		return
	}
	ev := sc.Snap.Events
	if e.held != 0 && (e.cursor.At == 0 && e.newer == 0 || len(ev) == 0 || ev[0].Seq > e.held) {
		e.held = 0 // back at the newest, or all that was held is forgotten
	}
	from := eventsShown{n: len(ev), held: e.held, filter: sc.Filter.String(), issues: sc.Issues, blocks: e.marks()}
	if len(ev) > 0 {
		from.first, from.last = ev[0].Seq, ev[len(ev)-1].Seq
	}
	if from == e.from && e.list != nil {
		return
	}
	e.from = from
	e.collect(sc, e.weave(ev))
	if e.held == 0 {
		e.follow()
	}
	e.cursor.Follow(e.rows)
}

func (e *Events) collect(sc *Scene, ev []cluster.Event) {
	e.list, e.rows = make([]cluster.Event, 0, len(ev)), make([]ui.Row, 0, len(ev))
	e.newer, e.all = 0, len(ev)
	var held cluster.Event
	if i := slices.IndexFunc(ev, func(x cluster.Event) bool { return x.Seq == e.held }); i >= 0 {
		held = ev[i]
	}
	for _, x := range slices.Backward(ev) {
		switch {
		case sc.Issues && x.Gravity < cluster.Notable, !sc.Filter.Keeps(eventText(x)):
		case e.held != 0 && e.later(x, held):
			e.newer++
		default:
			e.list = append(e.list, x)
			e.rows = append(e.rows, ui.Row{Key: strconv.FormatUint(x.Seq, 10)})
		}
	}
}

// eventText is what the filter looks at.
func eventText(x cluster.Event) string {
	return ui.Clean(strings.Join([]string{x.Shard, x.Addr, x.Text, string(x.Node), eventWord(x.Kind)}, " "))
}

func (e *Events) current() (cluster.Event, bool) {
	if e.cursor.At < len(e.list) {
		return e.list[e.cursor.At], true
	}
	return cluster.Event{}, false
}

// Selected is the event under the cursor, as a line for a report.
func (e *Events) Selected(sc *Scene) Selection {
	x, ok := e.current()
	if !ok {
		return Selection{}
	}
	words := []string{x.At.In(sc.Now.Location()).Format("2006-01-02 15:04:05.000 -07:00")}
	for _, s := range []string{x.Shard, x.Addr, x.Text} {
		if s != "" {
			words = append(words, ui.Clean(s))
		}
	}
	return Selection{Text: strings.Join(words, "  "), Node: x.Node}
}
