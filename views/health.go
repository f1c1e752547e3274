package views

import (
	"fmt"
	"slices"

	tea "charm.land/bubbletea/v2"

	"slotdeck/cluster"
	"slotdeck/cluster/doctor"
	"slotdeck/ui"
)

// Health answers "what is wrong, and what do I do about it?": all findings, the
// worst first, and of the one under the cursor what it means, what to do next,
// and the plan that repairs it.
type Health struct {
	list   []doctor.Finding // as filtered and grouped
	rows   []ui.Row         // of the list, with nothing but Key
	groups []string         // the heading that each belongs under
	cursor ui.Cursor
	height int
	by     healthGrouping
	muted  map[int]doctor.Mute // of the list, by place
	prompt *lineInput          // for how long a finding is muted, and why; nil: nothing is typed
	said   string              // why what was typed is not taken
	full   bool                // of the finding under the cursor all that is known, whatever room that takes
	matrix bool                // who says what, in place of the list
	scroll int                 // rows of it above the first one shown

	verbs  moveVerbs[*Health]
	repair func(doctor.Rule, doctor.Finding) tea.Cmd // nil: the screen stands alone
}

// healthGrouping is what findings are put together by.
type healthGrouping uint8

const (
	bySeverity healthGrouping = iota
	byShard
	byNode
	healthGroupings
)

// String is the grouping as a word.
func (g healthGrouping) String() string { return [...]string{"severity", "shard", "node"}[g] }

// NewHealth makes the screen.
func NewHealth() *Health { return &Health{} }

// Name is the screen's word.
func (h *Health) Name() string { return "health" }

var healthActions = ui.Actions[*Health]{
	{Keys: []string{"r", "enter"}, Label: "repair", Help: "Open the plan or the page that deals with the finding. Nothing changes before you confirm it there.", Off: noRepair,
		Do: func(h *Health) tea.Cmd { f, rule, _ := h.current(); return h.repair(rule, f) }},
	{Keys: []string{"M"}, Label: "mute", Help: "Do not be told of the finding for a while, with a reason; of a muted one: be told again. Kept on this machine, for this cluster; \"slotdeck check\" and \"status\" keep to it, too.", Off: noMute, Do: (*Health).mute},
	{Keys: []string{"e"}, Label: "evidence", Help: "All that is known of the finding under the cursor, whatever room that takes.", Do: do(func(h *Health) { h.full = !h.full })},
	{Keys: []string{"v"}, Label: "views", Help: "Which node says what: of slots, epochs, flags, primaries and addresses, all that they do not say alike.", Do: do(func(h *Health) { h.matrix, h.scroll = !h.matrix, 0 })},
	{Keys: []string{"t"}, Label: "group", Help: "Group by severity, by shard, or by node.", Do: do(func(h *Health) { h.by = (h.by + 1) % healthGroupings })},
}

// noRepair is why the finding under the cursor opens nothing.
func noRepair(h *Health) string {
	f, rule, ok := h.current()
	switch {
	case !ok:
		return "nothing is selected"
	case rule.Repair == doctor.NoRepair:
		return "slotdeck has no plan for this; what to do stands under next"
	case f.Node == "" && rule.Repair == doctor.FailOver:
		return "it names no node that could be failed over"
	case h.repair == nil:
		return "this screen only shows"
	}
	return ""
}

// current is the finding under the cursor and its rule.
func (h *Health) current() (doctor.Finding, doctor.Rule, bool) {
	if h.cursor.At >= len(h.list) {
		return doctor.Finding{}, doctor.Rule{}, false
	}
	f := h.list[h.cursor.At]
	rule, ok := doctor.RuleOf(f.ID)
	if f.Setting != "" { // which of many the rule is about, only the finding knows
		rule.Setting = f.Setting
	}
	return f, rule, ok
}

// Hints are the screen's own actions.
func (h *Health) Hints(*Scene) []ui.Hint {
	switch {
	case h.prompt != nil:
		return []ui.Hint{{Key: "enter", Label: "mute"}, {Key: "esc", Label: "leave it"}}
	case h.matrix: // no finding is in sight that the others could be about
		return []ui.Hint{{Key: "v", Label: "findings"}}
	}
	return append(healthActions.Hints(h), h.verbs.actions.Hints(h)...)
}

// Key handles the screen's own keys, then moving.
func (h *Health) Key(k tea.KeyPressMsg, sc *Scene) (tea.Cmd, bool) {
	key := k.String()
	if h.prompt != nil {
		return h.typed(k), true
	}
	if h.matrix {
		if cmd, known := h.turnMatrix(key, sc); known || key != "v" {
			return cmd, known
		}
	}
	h.cursor.Move(0, h.rows) // whoever acts here means the finding that was under the cursor
	if cmd, known, off := healthActions.Run(key, h); known {
		if off != "" {
			return say(off), true
		}
		h.Show(sc)
		return cmd, true
	}
	if cmd, known := h.verbs.run(key, h, sc); known {
		return cmd, true
	}
	return nil, moveCursor(&h.cursor, h.rows, h.height, key)
}

// Selected is the finding under the cursor, and the node it is about.
func (h *Health) Selected(*Scene) Selection {
	f, _, ok := h.current()
	if !ok {
		return Selection{}
	}
	return Selection{Text: f.ID + ": " + ui.Clean(f.Text), Node: f.Node}
}

// Show takes the findings of a new snapshot in.
func (h *Health) Show(sc *Scene) {
	h.list, h.groups, h.rows, h.muted = nil, nil, nil, map[int]doctor.Mute{}
	if sc.Snap == nil {
		return
	}
	var order []string
	members := map[string][]doctor.Finding{}
	for _, f := range sc.Findings {
		if sc.Issues && f.Severity == doctor.Note || !sc.Filter.Keeps(healthText(sc, f)) {
			continue
		}
		g := h.group(sc, f)
		if !slices.Contains(order, g) {
			order = append(order, g)
		}
		members[g] = append(members[g], f)
	}
	seen := map[string]int{}
	for _, g := range order { // findings come worst first, and so do groups
		for _, f := range members[g] {
			key := f.ID + " " + f.Shard + " " + string(f.Node)
			seen[key]++
			h.list, h.groups = append(h.list, f), append(h.groups, g)
			h.rows = append(h.rows, ui.Row{Key: fmt.Sprint(key, " ", seen[key])})
		}
	}
	for _, m := range sc.Muted {
		if sc.Issues || !sc.Filter.Keeps(healthText(sc, m.Finding)) {
			continue
		}
		h.muted[len(h.list)] = m.Mute
		h.list, h.groups = append(h.list, m.Finding), append(h.groups, "muted")
		h.rows = append(h.rows, ui.Row{Key: fmt.Sprint("muted ", m.ID, " ", m.Shard, " ", m.Node)})
	}
	h.cursor.Follow(h.rows)
}

// group is the heading that a finding stands under.
func (h *Health) group(sc *Scene, f doctor.Finding) string {
	switch {
	case h.by == byShard && f.Shard != "":
		return "shard " + f.Shard
	case h.by == byNode && f.Node != "":
		return healthNode(sc, f.Node)
	case h.by == bySeverity:
		return f.Severity.String()
	}
	return "the whole cluster"
}

// healthText is what the filter looks at.
func healthText(sc *Scene, f doctor.Finding) string {
	return f.ID + " " + f.Severity.String() + " shard " + f.Shard + " " + healthNode(sc, f.Node) + " " + f.Text
}

// healthNode is a node's address; empty when there is none to name.
func healthNode(sc *Scene, id cluster.NodeID) string {
	if id == "" {
		return ""
	}
	if n, ok := sc.Snap.Node(id); ok {
		return addressOf(n)
	}
	return ui.Clean(id.Short())
}
