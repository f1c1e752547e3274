package views

import (
	"fmt"

	"slotdeck/cluster"
	"slotdeck/keyslot"
	"slotdeck/ui"
)

// keyHome is where a slot lives, as the cluster stands.
type keyHome struct {
	slot    keyslot.Slot
	shard   *cluster.Shard // nil when nobody owns the slot, or nobody knows
	primary *cluster.Node
	state   state
	warning string // in a sentence, when a command on the slot may not just work
}

// homeOf looks a slot up. It works without a cluster: then nothing but the
// slot is known.
func homeOf(sc *Scene, slot keyslot.Slot) keyHome {
	g := sc.Theme.Glyph
	h := keyHome{slot: slot, state: state{noted, g.None, "not known"}}
	if sc.Snap == nil || sc.Snap.Owner == nil {
		return h
	}
	sh, ok := sc.Snap.ShardOf(slot)
	if !ok {
		h.state = state{broken, g.Fail, "unassigned"}
		h.warning = "nobody owns this slot: commands on the key fail with CLUSTERDOWN"
		return h
	}
	h.shard = sh
	h.state = state{broken, g.Fail, "no primary"}
	if p, ok := sc.Snap.Node(sh.Primary); ok {
		h.primary, h.state = p, nodeState(sc, p)
	}
	if h.state.gravity == broken {
		h.warning = "the primary of this slot is not well: " + h.state.word
		return h
	}
	h.unsettled(sc)
	return h
}

// unsettled looks whether the slot is disputed or on its way to another node.
func (h *keyHome) unsettled(sc *Scene) {
	g := sc.Theme.Glyph
	for i := range sc.Snap.Disputes {
		if sc.Snap.Disputes[i].Range.Has(h.slot) {
			h.state = state{worrying, g.Suspect, "disputed"}
			h.warning = "the nodes do not agree who owns this slot: clients may go in circles"
			return
		}
	}
	for i := range sc.Snap.Moves {
		if m := &sc.Snap.Moves[i]; m.Slot == h.slot {
			h.state, h.warning = openState(sc, m)
			return
		}
	}
}

// openState tells of an open slot; one that only the receiving side shows is
// still served as ever, but nobody will finish that move by itself.
func openState(sc *Scene, m *cluster.Move) (state, string) {
	g := sc.Theme.Glyph
	book := newAddressBook(sc.Snap, true)
	if m.From == "" {
		return state{noted, g.In, "half open"}, "half open: only " + book.name(m.To) + " shows a move of this slot"
	}
	to := m.To
	if to == "" {
		to = m.Gives
	}
	return state{noted, g.Out, "moving"}, "the slot is moving to " + book.name(to) + ": expect ASK and TRYAGAIN"
}

// replicas is how many of the shard's replicas are well: "1 of 2".
func (h keyHome) replicas(sc *Scene) (text string, p ui.Paint) {
	t := sc.Theme
	if h.shard == nil {
		return t.Glyph.None, t.Dim
	}
	well := 0
	for _, id := range h.shard.Replicas {
		if r, ok := sc.Snap.Node(id); ok && nodeState(sc, r).gravity < worrying {
			well++
		}
	}
	switch n := len(h.shard.Replicas); {
	case n == 0:
		return "none", t.Note
	case well == n:
		return fmt.Sprintf("%d of %d", well, n), t.Plain
	default:
		return fmt.Sprintf("%d of %d", well, n), t.Warn
	}
}

// line is the answer for one key: the slot, then who serves it. Replicas are left
// out where there is no room for them.
func (h keyHome) line(sc *Scene, w int) string {
	t := sc.Theme
	slot := "slot " + t.Strong.Text(t.Left(fmt.Sprint(h.slot), 5))
	switch {
	case h.shard == nil && h.state.gravity == broken:
		return slot + "  " + h.state.paint(t).Text(h.state.text())
	case h.shard == nil:
		return slot + "  " + t.Dim.Text("owner not known: no node has told yet who owns what")
	}
	line := slot + "  " + t.Shard(h.shard.Hue).Text.Text(h.shard.Letter)
	if h.primary != nil {
		line += "  " + addressOf(h.primary)
	}
	line += "  " + h.state.paint(t).Text(h.state.text())
	text, p := h.replicas(sc)
	more := "  " + t.Dim.Text("replicas") + " " + p.Text(text)
	if ui.Width(line+more) > w {
		return line
	}
	line += more
	more = ""
	for _, id := range h.shard.Replicas {
		if r, ok := sc.Snap.Node(id); ok {
			more += "  " + t.Dim.Text(addressOf(r))
		}
	}
	if ui.Width(line+more) > w {
		return line
	}
	return line + more
}
