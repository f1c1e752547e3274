package views

import (
	tea "charm.land/bubbletea/v2"

	"slotdeck/cluster"
	"slotdeck/keyslot"
	"slotdeck/ui"
)

// moveVerbs are the keys that begin a move from what is selected on a screen.
// The zero value has none: a console that only looks.
type moveVerbs[T any] struct {
	actions ui.Actions[T]
	sc      *Scene // while a key is handled
}

// offerMoves makes the keys of a screen. off is why none of them works now.
func offerMoves[T any](v *moveVerbs[T], off string, wanted func(T, *Scene, moveKind) moveWanted) {
	why := func(T) string { return off }
	do := func(kind moveKind) func(T) tea.Cmd {
		return func(t T) tea.Cmd {
			msg := wanted(t, v.sc, kind)
			return func() tea.Msg { return msg }
		}
	}
	v.actions = ui.Actions[T]{
		{Keys: []string{"m"}, Label: "move", Help: "Plan to move slots: those marked on the map, else some of the primary that is selected.", Off: why, Do: do(moveCount)},
		{Keys: []string{"b"}, Label: "rebalance", Help: "Plan a rebalance of all primaries.", Off: why, Do: do(moveRebalance), Hidden: true},
		{Keys: []string{"D"}, Label: "drain", Help: "Plan to take all slots from the primary that is selected.", Off: why, Do: do(moveDrain), Hidden: true},
	}
}

// run does what a key stands for.
func (v *moveVerbs[T]) run(key string, t T, sc *Scene) (tea.Cmd, bool) {
	v.sc = sc
	defer func() { v.sc = nil }()
	cmd, known, off := v.actions.Run(key, t)
	if off != "" {
		return warn(off), true
	}
	return cmd, known
}

// aboutNode is a move from the node that a screen has selected.
func aboutNode[T Chooser](t T, sc *Scene, kind moveKind) moveWanted {
	return moveWanted{kind: kind, about: t.Selected(sc).Node}
}

// aboutSlots is a move of the slots marked on the map, or from the owner of the
// one under the cursor.
func aboutSlots(s *Slots, sc *Scene, kind moveKind) moveWanted {
	msg := moveWanted{kind: kind, about: ownerOf(sc.Snap, s.slot), slots: s.marks()}
	if kind == moveCount && !msg.slots.Empty() {
		msg.kind = moveExactly
	}
	return msg
}

func ownerOf(s *cluster.Snapshot, slot keyslot.Slot) cluster.NodeID {
	if sh, ok := s.ShardOf(slot); ok {
		return sh.Primary
	}
	return ""
}
