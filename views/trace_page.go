package views

import (
	"context"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"slotdeck/cluster"
	"slotdeck/cluster/keyspace"
	"slotdeck/cluster/plan"
	"slotdeck/ui"
)

// tracePage follows a command from node to node: each hop appears as it happens.
type tracePage struct {
	desk     KeyDesk
	readOnly bool
	field    keyField
	typing   bool
	start    cluster.NodeID // the node to begin with; empty: the first that answers

	nr    int // of the trace in front; answers to others are dropped
	trace keyspace.Trace
	keys  [][]string
	told  bool
	busy  bool
	said  string // what is wrong with what was typed
}

func newTracePage(desk KeyDesk, readOnly bool) *tracePage {
	return &tracePage{desk: desk, readOnly: readOnly, typing: true}
}

type (
	// traceKeysArrived tells the keys of the commands, before anything is sent.
	traceKeysArrived struct {
		nr    int
		start string
		words [][]string
		keys  [][]string
		told  bool
	}
	// traceAgreed is the operator's consent to a command that may change something.
	traceAgreed struct{ nr int }
	// hopArrived is a trace with one hop more.
	hopArrived struct {
		nr    int
		trace keyspace.Trace
	}
)

// Name is the page's word.
func (p *tracePage) Name() string { return "trace" }

// Typing reports whether the field has the keyboard.
func (p *tracePage) Typing() bool { return p.typing }

// Paste puts one line into the field.
func (p *tracePage) Paste(text string, _ *Scene) tea.Cmd {
	lines, _ := pastedKeys(text)
	if len(lines) > 0 {
		p.typing = true
		p.field.insert(lines[0])
	}
	return nil
}

// Show forgets a start node that has gone.
func (p *tracePage) Show(sc *Scene) {
	if sc.Snap == nil {
		return
	}
	if _, ok := sc.Snap.Node(p.start); !ok {
		p.start = ""
	}
}

// Leave gives the keyboard back.
func (p *tracePage) Leave(*Scene) bool {
	was := p.typing && p.trace.Commands != nil
	p.typing = p.typing && !was
	return was
}

// Selected is the command, and where it ended.
func (p *tracePage) Selected(*Scene) Selection { return Selection{Text: p.field.text} }

// from is the node that is asked first.
func (p *tracePage) from(sc *Scene) (*cluster.Node, bool) {
	if sc.Snap == nil {
		return nil, false
	}
	if n, ok := sc.Snap.Node(p.start); ok {
		return n, true
	}
	for i := range sc.Snap.Nodes {
		if n := &sc.Snap.Nodes[i]; n.Health == cluster.Answering && n.Dialled != "" {
			return n, true
		}
	}
	return nil, false
}

// turnStart chooses another node to begin with.
func (p *tracePage) turnStart(sc *Scene, step int) tea.Cmd {
	now, ok := p.from(sc)
	if !ok {
		return say("no node answers")
	}
	nodes := sc.Snap.Nodes
	for i := range nodes {
		if nodes[i].ID == now.ID {
			for k := 1; k <= len(nodes); k++ {
				n := &nodes[((i+step*k)%len(nodes)+len(nodes))%len(nodes)]
				if n.Dialled != "" {
					p.start = n.ID
					return nil
				}
			}
		}
	}
	return nil
}

// begin reads what was typed and asks which of its words are keys.
func (p *tracePage) begin(sc *Scene) tea.Cmd {
	p.said = ""
	words, err := keyspace.Words(p.field.text)
	commands := splitCommands(words)
	start, ok := p.from(sc)
	switch {
	case p.desk == nil:
		p.said = noDesk
	case err != nil:
		p.said = err.Error()
	case len(commands) == 0:
		p.said = "type a command, such as GET user:7"
	case len(commands) > 1 && !keyspace.IsTransaction(commands):
		p.said = "several commands are traced as MULTI ; … ; EXEC"
	case !ok:
		p.said = "no node answers"
	case keyspace.KeepsConnection(commands):
		p.said = strings.ToUpper(commands[0][0]) + " needs a connection that is kept; it cannot be traced"
	}
	if p.said != "" {
		return nil
	}
	p.nr++
	p.busy, p.trace, p.keys = true, keyspace.Begin(start.Dialled, commands...), nil
	nr, desk, addr := p.nr, p.desk, start.Dialled
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), hopPatience)
		defer cancel()
		out := traceKeysArrived{nr: nr, start: addr, words: commands, keys: make([][]string, len(commands)), told: true}
		for i, c := range commands {
			var told bool
			out.keys[i], told = desk.KeysOf(ctx, addr, c)
			out.told = out.told && told
		}
		return out
	}
}

func splitCommands(words []string) [][]string {
	var out [][]string
	var part []string
	for _, w := range append(words[:len(words):len(words)], ";") {
		if w != ";" {
			part = append(part, w)
			continue
		}
		if len(part) > 0 {
			out = append(out, part)
		}
		part = nil
	}
	return out
}

// Receive takes the answers of the trace in front.
func (p *tracePage) Receive(msg tea.Msg, sc *Scene) tea.Cmd {
	switch msg := msg.(type) {
	case traceKeysArrived:
		if msg.nr != p.nr {
			return nil
		}
		p.keys, p.told = msg.keys, msg.told
		p.typing = false
		if !slices.ContainsFunc(msg.words, p.desk.Changes) {
			return p.hop()
		}
		if p.readOnly {
			p.busy, p.said = false, "this command may change something, and this console only looks (--readonly)"
			return nil
		}
		return p.propose(sc)
	case traceAgreed:
		if msg.nr == p.nr {
			return p.hop()
		}
	case hopArrived:
		if msg.nr != p.nr {
			return nil
		}
		p.trace = msg.trace
		if _, _, more := p.trace.Next(); more {
			return p.hop()
		}
		p.busy = false
	}
	return nil
}

// hop asks the next node.
func (p *tracePage) hop() tea.Cmd {
	nr, desk, trace := p.nr, p.desk, p.trace
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), hopPatience)
		defer cancel()
		return hopArrived{nr, desk.Step(ctx, trace)}
	}
}

// propose puts a command that may change something before the operator.
func (p *tracePage) propose(sc *Scene) tea.Cmd {
	p.busy = false
	nr, text := p.nr, ui.Clean(p.field.text)
	start, _, _ := p.trace.Next()
	notes := keyspace.Note(p.trace.Commands, p.keys)
	risk, name := plan.Disruptive, ""
	if slices.ContainsFunc(p.trace.Commands, p.desk.Loses) {
		risk, name = plan.Lossy, start
	}
	return Propose(&Proposal{
		Title: "TRACE", Name: name,
		Body: func(t *ui.Theme, w int) []string {
			lines := []string{"  The command is really carried out, by the node that serves its keys:", "", "    " + t.Strong.Text(t.Cut(text, w-6)), "", "  first asked: " + start}
			for _, n := range notes {
				for _, l := range ui.Wrap(ui.Clean(n), w-4) {
					lines = append(lines, "  "+t.Note.Text(l))
				}
			}
			return lines
		},
		Risk: risk, Why: "it may change what the keys hold, or more",
		Commands: func() string { return text },
		Run: func() tea.Cmd {
			p.busy = true
			return func() tea.Msg { return traceAgreed{nr} }
		},
	})
}

var traceActions = ui.Actions[traceOn]{
	{Keys: []string{"enter", "a"}, Label: "type", Help: "Type another command.", Do: func(p traceOn) tea.Cmd { p.typing = true; return nil }},
	{Keys: []string{"r"}, Label: "again", Help: "Send the command once more: while a slot moves, the way changes.", Off: traceNone, Do: func(p traceOn) tea.Cmd { return p.begin(p.sc) }},
	{Keys: []string{"n"}, Label: "start node", Help: "Begin at another node; N goes back.", Do: func(p traceOn) tea.Cmd { return p.turnStart(p.sc, 1) }},
	{Keys: []string{"N"}, Label: "start node", Help: "The node before.", Do: func(p traceOn) tea.Cmd { return p.turnStart(p.sc, -1) }, Hidden: true},
}

var traceTyping = ui.Actions[traceOn]{
	{Keys: []string{"enter"}, Label: "send", Help: "Send the command to the start node and follow it.", Do: func(p traceOn) tea.Cmd { return p.begin(p.sc) }},
	{Keys: []string{"tab"}, Label: "start node", Help: "Begin at another node.", Do: func(p traceOn) tea.Cmd { return p.turnStart(p.sc, 1) }},
	{Keys: []string{"shift+tab"}, Label: "start node", Help: "The node before.", Do: func(p traceOn) tea.Cmd { return p.turnStart(p.sc, -1) }, Hidden: true},
	{Keys: []string{"esc"}, Label: "leave the field", Help: "Leave the field: then letters and digits are commands again.", Do: func(p traceOn) tea.Cmd { p.typing = false; return nil }},
}

// traceOn is the page with what it is shown.
type traceOn struct {
	*tracePage
	sc *Scene
}

func traceNone(p traceOn) string {
	if p.trace.Commands == nil {
		return "no command was sent yet"
	}
	return ""
}

func (p *tracePage) actions() ui.Actions[traceOn] {
	if p.typing {
		return traceTyping
	}
	return traceActions
}

// Hints are the actions as they stand now.
func (p *tracePage) Hints(sc *Scene) []ui.Hint { return p.actions().Hints(traceOn{p, sc}) }

// Key handles the actions, then typing.
func (p *tracePage) Key(k tea.KeyPressMsg, sc *Scene) (tea.Cmd, bool) {
	if cmd, known, off := p.actions().Run(k.String(), traceOn{p, sc}); known {
		if off != "" {
			return say(off), true
		}
		return cmd, true
	}
	if p.typing {
		p.field.press(k)
		return nil, true
	}
	return nil, false
}
