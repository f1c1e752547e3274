package views

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"slotdeck/cluster"
	"slotdeck/ui"
)

// Nodes answers "how is each node?": a table that can be sorted and grouped,
// and a pane with all that is known of one of them.
type Nodes struct {
	rows   []ui.Row
	ids    []cluster.NodeID // of each row
	cursor ui.Cursor
	height int

	sorted  int // index into nodeColumns; 0: by shard, as the snapshot has them
	reverse bool
	byHost  bool

	open    bool
	focus   bool // keys move the pane
	section int
	pane    scroller
	parts   int // sections of the pane when last drawn

	verbs   moveVerbs[*Nodes]
	members *memberDesk
}

// NewNodes makes the screen.
func NewNodes() *Nodes { return &Nodes{} }

// Name is the screen's word.
func (n *Nodes) Name() string { return "nodes" }

var nodeActions = ui.Actions[*Nodes]{
	{Keys: []string{"enter"}, Label: "details", Now: labelWhen("close", func(n *Nodes) bool { return n.open }), Help: "Open or close all that is known of the node.", Do: do(toggleDetail)},
	{Keys: []string{"[", "shift+tab"}, Label: "section", Help: "The section before this one.", Off: needsPane, Do: do(func(n *Nodes) { n.turn(-1) }), Hidden: true},
	{Keys: []string{"]"}, Label: "section", Help: "The next section: INFO, cluster, its view of the others.", Off: needsPane, Do: do(func(n *Nodes) { n.turn(1) })},
	{Keys: []string{"tab"}, Label: "pane", Help: "Move the keys between the table and the details.", Off: needsPane, Do: do(func(n *Nodes) { n.focus = !n.focus })},
	{Keys: []string{"s"}, Label: "sort", Help: "Sort by the next column.", Do: do(func(n *Nodes) { n.sorted = (n.sorted + 1) % len(nodeColumns) })},
	{Keys: []string{"r"}, Label: "reverse", Help: "Turn the order round.", Do: do(func(n *Nodes) { n.reverse = !n.reverse }), Hidden: true},
	{Keys: []string{"t"}, Label: "group", Help: "Group by shard, or by host or zone.", Do: do(func(n *Nodes) { n.byHost = !n.byHost })},
}

// do makes an action of a change that sends nothing.
func do[T any](change func(T)) func(T) tea.Cmd {
	return func(t T) tea.Cmd {
		change(t)
		return nil
	}
}

// labelWhen is another label for an action while something holds.
func labelWhen[T any](label string, holds func(T) bool) func(T) string {
	return func(t T) string {
		if holds(t) {
			return label
		}
		return ""
	}
}

func toggleDetail(n *Nodes) {
	n.open = !n.open
	n.focus = false
	n.pane.to(0)
}

func needsPane(n *Nodes) string {
	if !n.open {
		return "the details are closed; enter opens them"
	}
	return ""
}

func (n *Nodes) turn(by int) {
	if n.parts > 0 {
		n.section = (n.section + by + n.parts) % n.parts
	}
	n.pane.to(0)
}

// Hints are the screen's own actions.
func (n *Nodes) Hints(*Scene) []ui.Hint {
	return append(nodeActions.Hints(n), n.verbs.actions.Hints(n)...)
}

// Key handles the screen's own keys, then moving.
func (n *Nodes) Key(k tea.KeyPressMsg, sc *Scene) (tea.Cmd, bool) {
	key := k.String()
	n.cursor.Move(0, n.rows) // whoever acts here means the row that was under the cursor
	if cmd, known, off := nodeActions.Run(key, n); known {
		if off != "" {
			return say(off), true
		}
		n.Show(sc)
		return cmd, true
	}
	if cmd, known := n.verbs.run(key, n, sc); known {
		return cmd, true
	}
	if n.open && n.focus {
		return nil, n.pane.scroll(key)
	}
	if moveCursor(&n.cursor, n.rows, n.height, key) {
		n.pane.to(0)
		return nil, true
	}
	return nil, false
}

// Leave closes the pane.
func (n *Nodes) Leave(*Scene) bool {
	was := n.open
	n.open, n.focus = false, false
	return was
}

// Selected is the node under the cursor.
func (n *Nodes) Selected(sc *Scene) Selection {
	if node, ok := n.current(sc); ok {
		return Selection{Text: addressOf(node), Node: node.ID}
	}
	return Selection{}
}

func (n *Nodes) current(sc *Scene) (*cluster.Node, bool) {
	if sc.Snap == nil || n.cursor.At >= len(n.ids) {
		return nil, false
	}
	return sc.Snap.Node(n.ids[n.cursor.At])
}

// Open puts the cursor on the node that a text names (an address, a port, the
// beginning of an id) and opens its details. It tells why when it cannot.
func (n *Nodes) Open(text string, sc *Scene) string {
	if sc.Snap == nil {
		return "no node has answered yet"
	}
	var found []cluster.NodeID
	for i := range sc.Snap.Nodes {
		node := &sc.Snap.Nodes[i]
		addr := addressOf(node)
		switch {
		case addr == text || string(node.ID) == text:
			found = []cluster.NodeID{node.ID}
		case strings.HasPrefix(string(node.ID), text), strings.HasSuffix(addr, ":"+strings.TrimPrefix(text, ":")):
			found = append(found, node.ID)
			continue
		default:
			continue
		}
		break
	}
	switch len(found) {
	case 0:
		return "no node is called \"" + ui.Clean(text) + "\"; an address, a port or the beginning of an id will do"
	case 1:
		n.cursor.Key, n.open, n.pane.top = string(found[0]), true, 0
		n.Show(sc)
		return ""
	default:
		return "\"" + ui.Clean(text) + "\" fits several nodes: type more of it"
	}
}

// Show works the rows out of a new snapshot.
func (n *Nodes) Show(sc *Scene) {
	if sc.Snap == nil {
		return
	}
	n.rows, n.ids = nodeRows(sc, n)
	n.cursor.Follow(n.rows)
}

// Body draws the table, and the pane beside it or instead of it.
func (n *Nodes) Body(sc *Scene) []string {
	t := sc.Theme
	if sc.Snap == nil {
		return []string{"", "  " + t.Dim.Text(sc.Verdict.Sentence)}
	}
	node, ok := n.current(sc)
	switch {
	case !n.open || !ok:
		return n.table(sc, sc.W, sc.H)
	case sc.W >= 120:
		left := paneLeft(sc.W)
		return t.Beside(n.table(sc, left, sc.H), n.detail(sc, node, sc.W-left-2, sc.H), left, 2)
	case sc.H >= 34:
		upper := max(10, sc.H/3)
		return append(ui.Fill(n.table(sc, sc.W, upper-1), upper), n.detail(sc, node, sc.W, sc.H-upper)...)
	default:
		return n.detail(sc, node, sc.W, sc.H)
	}
}

func (n *Nodes) table(sc *Scene, w, h int) []string {
	t := sc.Theme
	tb := nodeTable(sc, n, w)
	n.height = max(1, h-1)
	lines := []string{tb.Title(t, w)}
	if len(n.rows) == 0 {
		why := "no node matches"
		if sc.Issues {
			why = "no node has a problem"
		}
		return append(lines, "  "+t.Dim.Text(why))
	}
	return append(lines, tb.Lines(t, n.rows, n.cursor.Top(len(n.rows), n.height), n.cursor.At, w, n.height)...)
}

// paneLeft is how much of the width the table keeps while the pane is open.
func paneLeft(w int) int { return max(54, w*45/100) }
