package views

import (
	tea "charm.land/bubbletea/v2"

	"slotdeck/cluster/plan"
	"slotdeck/ui"
)

// memberActions are the keys on the page of a change, besides those of every
// plan.
func memberActions(f *memberForm) ui.Actions[*Proposal] {
	return append(f.actions(),
		ui.Action[*Proposal]{Keys: []string{"D"}, Label: "drain first", Off: f.notDrained, Do: func(*Proposal) tea.Cmd { return f.drain() }, Hidden: f.kind != plan.MemberRemove},
		ui.Action[*Proposal]{Keys: []string{"r"}, Label: "anew", Do: func(*Proposal) tea.Cmd { return f.anew() }, Hidden: true})
}

func (f *memberForm) notDrained(*Proposal) string {
	switch {
	case f.ready():
		return "it owns no slots: it can be removed as it is"
	case f.toDrain().Empty():
		return "slots that it would have to give away are not what is in the way"
	}
	return ""
}

// drain opens the plan that frees the node; once that is done, the removal
// comes back.
func (f *memberForm) drain() tea.Cmd {
	f.desk.drained = drainFirst{f.node, f.toDrain()}
	about := f.node
	return func() tea.Msg { return moveWanted{kind: moveDrain, about: about} }
}
