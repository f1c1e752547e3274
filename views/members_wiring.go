package views

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"slotdeck/cluster/doctor"
	"slotdeck/cluster/plan"
	"slotdeck/ui"
)

// offerMembers gives the screens their keys for nodes that come and go, unless
// the console only looks.
func (a *App) offerMembers() {
	jobs, nodes, overview := a.jobs(), a.screens[onNodes].(*Nodes), a.screens[onOverview].(*Overview)
	a.members = newMemberDesk(a.cfg, jobs.moving)
	nodes.members, jobs.members, overview.members = a.members, a.members, a.members
	if a.cfg.Members == nil || a.cfg.ReadOnly {
		return
	}
	nodes.verbs.actions = append(nodes.verbs.actions, memberVerbs(&nodes.verbs, a.members)...)
}

// memberVerbs are the keys of the nodes screen.
func memberVerbs(v *moveVerbs[*Nodes], d *memberDesk) ui.Actions[*Nodes] {
	do := func(kind plan.MemberKind) func(*Nodes) tea.Cmd {
		return func(n *Nodes) tea.Cmd {
			msg := memberWanted{kind: kind, about: n.Selected(v.sc).Node}
			return func() tea.Msg { return msg }
		}
	}
	off := func(*Nodes) string { return d.busy() }
	return ui.Actions[*Nodes]{
		{Keys: []string{"a"}, Label: "add", Help: "Plan a new node: a primary, or a replica where it is needed most.", Off: off, Do: do(plan.MemberAdd)},
		{Keys: []string{"R"}, Label: "remove", Help: "Plan how the node leaves, alive or dead; one that owns slots is drained first.", Off: off, Do: do(plan.MemberRemove)},
		{Keys: []string{"p"}, Label: "re-parent", Help: "Plan that the node follows another primary.", Off: off, Do: do(plan.MemberReplicate), Hidden: true},
		{Keys: []string{"e"}, Label: "replace", Help: "Plan a new replica in the place of a node that is gone.", Off: off, Do: do(plan.MemberReplace), Hidden: true},
		{Keys: []string{"Z"}, Label: "reset", Help: "Plan to reset a server: what it would lose is said first.", Off: off, Do: do(plan.MemberReset), Hidden: true},
		{Keys: []string{"C"}, Label: "setting", Help: "Plan one value of a setting for all nodes, such as the node timeout.", Off: off, Do: do(plan.MemberSet), Hidden: true},
	}
}

// createAction is on the overview of a server that is in no cluster yet.
var createAction = ui.Actions[*Overview]{{
	Keys: []string{"c"}, Label: "create a cluster", Help: "Plan a cluster of this empty server and others.",
	Off: func(o *Overview) string { return o.members.busy() },
	Do: func(*Overview) tea.Cmd {
		return func() tea.Msg { return memberWanted{kind: plan.MemberCreate} }
	},
}}

// alone reports whether a picture shows a server that is in no cluster.
func alone(sc *Scene) bool {
	return sc.Snap != nil && len(sc.Snap.Nodes) == 1 && sc.Verdict.Status == doctor.Forming
}

// creates are the overview's keys while there is no cluster.
func (o *Overview) creates(sc *Scene) ui.Actions[*Overview] {
	if o.members == nil || o.members.source == nil || o.members.off != "" || !alone(sc) {
		return nil
	}
	return createAction
}

// wantMember is a command of the palette that opens the page of a change. Where
// it is about a node, its argument names that node; else it is a server or a
// setting.
func wantMember(kind plan.MemberKind) func(*App, string) tea.Cmd {
	return func(a *App, arg string) tea.Cmd {
		if a.members.off != "" {
			return warn(a.members.off)
		}
		msg := memberWanted{kind: kind, text: arg}
		sc := a.scene()
		if c, ok := a.screen().(Chooser); ok && sc.Snap != nil {
			msg.about = c.Selected(sc).Node
		}
		if aboutANode(kind) {
			msg.text = ""
			if name, rest, _ := strings.Cut(arg, " "); name != "" && sc.Snap != nil {
				id, err := plan.FindNode(sc.Snap, name)
				if err != nil {
					return warn(ui.Clean(err.Error()))
				}
				msg.about, msg.text = id, strings.TrimSpace(rest)
			}
		}
		return func() tea.Msg { return msg }
	}
}

func aboutANode(k plan.MemberKind) bool {
	switch k {
	case plan.MemberRemove, plan.MemberForgotten, plan.MemberReplace, plan.MemberReplicate:
		return true
	}
	return false
}

// Receive takes what changes of membership tell, for all screens.
func (n *Nodes) Receive(msg tea.Msg, sc *Scene) tea.Cmd {
	if n.members == nil {
		return nil
	}
	return n.members.receive(msg, sc)
}

// moving is why slots' jobs keep nodes from coming and going.
func (j *Jobs) moving() string {
	if j.job != nil || j.starting {
		return "slots are being moved; one thing at a time (5 shows it)"
	}
	return ""
}

// memberQuit is what quitting asks while nodes come and go.
type memberQuit struct{}

func (memberQuit) key(a *App, k tea.KeyPressMsg) (tea.Cmd, bool) {
	d := a.members
	switch k.String() {
	case "y", "s":
		r := d.running()
		if r == nil {
			return tea.Quit, true
		}
		d.leaving = true
		if r.job != nil {
			r.job.Stop()
		}
		return d.page(r), true
	case "esc", "n", "q":
		return nil, true
	}
	return nil, false
}

func (memberQuit) paste(string) {}

func (memberQuit) draw(a *App, sc *Scene, body []string) ([]string, string) {
	t, r := sc.Theme, a.members.running()
	inner := min(66, a.w-6)
	var lines []string
	if r != nil {
		_, text := r.line(t)
		lines = append(lines, ui.Wrap(text, inner)...)
	}
	lines = append(lines, "")
	lines = append(lines, ui.Wrap("It runs in this program. If you leave, it ends after the command in hand. What is done stays, and the same plan does the rest later.", inner)...)
	lines = append(lines, "", t.Accent.Text("y")+" stop, then leave", t.Accent.Text("esc")+" stay, it goes on")
	box := t.Box("a change is at work", lines, inner)
	return ui.Overlay(body, box, max(0, (a.w-inner-4)/2), max(0, (sc.H-len(box))/2), a.w), " " + t.Accent.Text("y") + " stop and leave  " + t.Accent.Text("esc") + " stay"
}
