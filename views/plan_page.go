package views

import (
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"slotdeck/cluster/plan"
	"slotdeck/ui"
)

// Proposal is a plan put before the operator: what would be done, what it
// costs, what can be lost. Nothing is sent before it is confirmed.
type Proposal struct {
	Title string
	// Body draws the plan, w cells wide; it is asked again whenever the plan
	// or the size changes.
	Body func(t *ui.Theme, w int) []string
	Risk plan.Risk
	Why  string // a sentence on the risk
	// Refused says why the plan cannot be run now; empty when it can.
	Refused string
	// Name has to be typed before a lossy plan runs, and before any plan runs
	// in a protected context.
	Name string
	// Commands is the plan as lines to paste elsewhere; nil when there are none.
	Commands func() string
	// Keys are further actions on the page: other parameters, another variant.
	// They may change the proposal; the page is drawn anew after each.
	Keys ui.Actions[*Proposal]
	// Run carries the plan out. It is called once, after the confirmation.
	Run func() tea.Cmd
	// Left is called when the page is left and nothing was run; may be nil.
	Left func() tea.Cmd

	asked *lineAsked // what is being typed now; nil when nothing is
}

// lineAsked is a line that is typed on the page, such as an address.
type lineAsked struct {
	line lineInput
	done func(text string) tea.Cmd // with enter; it may ask for the next
}

// proposed opens the page for a proposal.
type proposed struct{ p *Proposal }

// Propose puts a plan before the operator.
func Propose(p *Proposal) tea.Cmd {
	return func() tea.Msg { return proposed{p} }
}

// armed ends the pause in which a disruptive plan takes no confirmation.
type armed struct{ page *planPage }

// grace is how long the page swallows keys after y was pressed for a plan that
// clients notice: a stray key must not start it.
const grace = time.Second

// planPage is the page of a proposal. Leaving is always one key away, and
// nothing but the confirmation that fits the risk starts anything.
type planPage struct {
	scroller
	p      *Proposal
	typing bool // the name is being typed
	line   lineInput
	said   string // why the last key did nothing
	wait   bool   // y was pressed, the pause runs
	ready  bool   // the pause is over: y again runs

	protected string // the context whose name has to be typed before anything runs; empty: none
	off       string // why no plan may run here; empty: they may
}

func (pg *planPage) needsName() bool { return pg.p.Risk == plan.Lossy || pg.name() != "" }

// name has to be typed: the plan's own, or the protected context's.
func (pg *planPage) name() string {
	if pg.p.Name != "" {
		return pg.p.Name
	}
	return pg.protected
}

// refused says why the plan cannot run.
func (pg *planPage) refused() string {
	if pg.off != "" {
		return pg.off
	}
	return pg.p.Refused
}

func (pg *planPage) key(a *App, k tea.KeyPressMsg) (tea.Cmd, bool) {
	pg.said = ""
	key := k.String()
	if pg.typing {
		return pg.typed(k)
	}
	if pg.p.asked != nil {
		return pg.answered(k), false
	}
	switch key {
	case "esc", "n", "ctrl+c":
		if pg.p.Left != nil {
			return pg.p.Left(), true
		}
		return nil, true
	case "y":
		return pg.confirm()
	case "c":
		if pg.p.Commands == nil {
			return nil, false
		}
		return tea.Batch(tea.SetClipboard(pg.p.Commands()), say("copied as commands")), false
	default:
		cmd, known, off := pg.p.Keys.Run(key, pg.p)
		if known {
			pg.said, pg.wait, pg.ready = off, false, false
		} else {
			pg.scroll(key)
		}
		return cmd, false
	}
}

// confirm is what y does, by the risk.
func (pg *planPage) confirm() (tea.Cmd, bool) {
	switch {
	case pg.refused() != "":
		pg.said = pg.refused()
		return nil, false
	case pg.needsName():
		pg.typing = true
		pg.line = newLineInput("type " + ui.Clean(pg.name()) + " to run: ")
		return nil, false
	case pg.p.Risk == plan.Safe, pg.ready:
		return pg.p.Run(), true
	case pg.wait:
		return nil, false // a stray key
	}
	pg.wait = true
	return tea.Tick(grace, func(time.Time) tea.Msg { return armed{pg} }), false
}

func (pg *planPage) typed(k tea.KeyPressMsg) (tea.Cmd, bool) {
	switch k.String() {
	case "esc", "ctrl+c":
		pg.typing = false
		return nil, false
	case "enter":
		if strings.TrimSpace(pg.line.text()) != pg.name() {
			pg.said = "that is not " + ui.Clean(pg.name()) + ": nothing was done"
			pg.typing = false
			return nil, false
		}
		return pg.p.Run(), true
	}
	pg.line.key(k)
	return nil, false
}

// answered is a key for the line that is asked for.
func (pg *planPage) answered(k tea.KeyPressMsg) tea.Cmd {
	asked := pg.p.asked
	switch k.String() {
	case "esc", "ctrl+c":
		pg.p.asked = nil
		return nil
	case "enter":
		pg.p.asked = nil
		pg.wait, pg.ready = false, false
		return asked.done(strings.TrimSpace(asked.line.text()))
	}
	asked.line.key(k)
	return nil
}

// paste fills the line that is asked for. For the name it is refused on purpose:
// that is typed so that it is read.
func (pg *planPage) paste(text string) {
	switch {
	case pg.typing:
		pg.said = "the name has to be typed, not pasted"
	case pg.p.asked != nil:
		pg.p.asked.line.paste(text)
	}
}

func (pg *planPage) draw(a *App, sc *Scene, _ []string) ([]string, string) {
	t, p := sc.Theme, pg.p
	var body []string
	if why := pg.refused(); why != "" { // first, so that it is never below the edge
		for i, l := range ui.Wrap("cannot be run: "+ui.Clean(why), max(20, sc.W-4)) {
			mark := "  "
			if i == 0 {
				mark = t.Bad.Text(t.Glyph.Fail) + " "
			}
			body = append(body, " "+mark+t.Strong.Text(l))
		}
		body = append(body, "")
	}
	body = append(body, p.Body(t, sc.W)...)
	body = append(append(body, ""), riskLines(t, p, sc.W)...)
	pg.measure(len(body), sc.H-2)
	more := ""
	if hidden := pg.lines - pg.room - pg.top; hidden > 0 {
		more = t.Dim.Text(plural(hidden, "line") + " more, j k ")
	}
	lines := []string{t.Apart(" "+t.Accent.Text("PLAN")+"  "+t.Strong.Text(ui.Clean(p.Title)), more, sc.W), ""}
	if more != "" { // else it stands below the edge
		lines[1] = t.Cut(riskLines(t, p, max(sc.W, 400))[0], sc.W)
	}
	return ui.Fill(append(lines, body[pg.top:]...), sc.H), pg.footer(a, t)
}

func (pg *planPage) footer(a *App, t *ui.Theme) string {
	if pg.typing {
		return t.Apart(pg.line.draw(t, a.w*2/3), t.Dim.Text("enter run  esc back"), a.w)
	}
	if pg.p.asked != nil {
		return t.Apart(pg.p.asked.line.draw(t, a.w-24), t.Dim.Text("enter takes it  esc back"), a.w)
	}
	run := ui.Hint{Key: "y", Label: "run", Off: pg.refused()}
	switch {
	case pg.needsName():
		run.Label = "run (type the name)"
	case pg.ready:
		run.Label = "once more to run"
	case pg.wait:
		run.Label = "wait a second"
	}
	hints := append([]ui.Hint{run}, pg.p.Keys.Hints(pg.p)...)
	if pg.p.Commands != nil {
		hints = append(hints, ui.Hint{Key: "c", Label: "copy as commands"})
	}
	hints = append(hints, ui.Hint{Key: "esc", Label: "leave, nothing is done"})
	line := t.Footer(hints, a.w)
	if pg.said != "" {
		line = t.Apart(" "+t.Bad.Text(pg.said), t.Dim.Text("esc leave"), a.w)
	}
	return line
}

// riskLines are the risk and the sentence on it.
func riskLines(t *ui.Theme, p *Proposal, w int) (lines []string) {
	word := p.Risk.String()
	for i, l := range ui.Wrap(word+": "+ui.Clean(p.Why), max(20, w-11)) {
		if i > 0 {
			lines = append(lines, ui.Spaces(10)+l)
			continue
		}
		lines = append(lines, " "+t.Dim.Text("risk")+"     "+riskPaint(t, p.Risk).Text(word)+t.Dim.Text(": ")+strings.TrimPrefix(l, word+": "))
	}
	return lines
}

func riskPaint(t *ui.Theme, r plan.Risk) ui.Paint {
	switch r {
	case plan.Safe:
		return t.Good
	case plan.Disruptive:
		return t.Warn
	default:
		return t.Bad
	}
}
