package plan

import (
	"fmt"
	"slices"
	"strings"

	"slotdeck/cluster"
)

// replicasOnly is a mark that only replicas show: a SETSLOT that its primary
// never carried out, or a replica that once was a primary. The next SETSLOT on
// the primary reaches them; they take none themselves.
func (t *triage) replicasOnly() (text string, finish, back Option) {
	var at []cluster.NodeID
	var names []string
	for _, h := range t.o.replicas {
		names = append(names, t.p.name(h.node))
		if id := t.p.successor(h.node); id != "" && !slices.Contains(at, id) {
			at = append(at, id)
		}
	}
	text = fmt.Sprintf("slot %d is open on %s only, %s; %s serves it as ever", t.o.slot, some(names), verb(len(names), "a replica", "replicas"), t.p.name(t.o.owner.id))
	finish = Option{Way: Finish, Text: "not possible: no primary takes part, so that there is nothing to finish"}
	back = Option{Way: RollBack, Text: "not possible: the primary that such a replica follows is not known"}
	if len(at) > 0 {
		back = Option{Way: RollBack, Possible: true,
			Text: fmt.Sprintf("%s told once more that the slot is closed, which clears the mark on %s; no key moves", verb(len(at), t.p.name(at[0])+" is", "their primaries are"), verb(len(names), "its replica", "the replicas"))}
		for _, id := range at {
			back.Commands = append(back.Commands, stable(t.party(id), t.o.slot))
		}
	}
	return text, finish, back
}

// leftovers is a move that is over, or never began, of which only marks are
// left.
func (t *triage) leftovers() (text string, finish, back Option) {
	o, owner := t.o, t.party(t.o.owner.id)
	name := t.p.name(owner.id)
	text = fmt.Sprintf("slot %d belongs to %s, and nobody moves it any more; only a mark was left", o.slot, name)
	finish = Option{Way: Finish, Possible: true, Text: fmt.Sprintf("the mark is taken away; the slot stays with %s", name)}
	for _, h := range o.sources {
		if h.node == owner.id {
			continue
		}
		n, known := t.keys.of(o.slot, h.node)
		if known && n == 0 {
			finish.Commands = append(finish.Commands, stable(t.party(h.node), o.slot))
			continue
		}
		finish.Text += fmt.Sprintf("; what %s still holds (%s) goes to %s first, and a key that is on both is asked about", t.p.name(h.node), t.held(h.node), name)
		finish.Commands = append(finish.Commands, t.clearOut(h.node, owner.id)...)
	}
	_, migrating := flagged(o.sources, owner.id)
	_, importing := flagged(o.targets, owner.id)
	if migrating || importing {
		finish.Commands = append(finish.Commands, stable(owner, o.slot))
	}
	back = Option{Way: RollBack, Text: fmt.Sprintf("not possible: the slot is with %s already; plan a move to bring it elsewhere", name)}
	return text, finish, back
}

// underway is a move with keys on either side, or with one half forgotten.
func (t *triage) underway(to cluster.NodeID) (text string, finish, back Option) {
	return t.standing(to), t.finish(to), t.rollBack()
}

func (t *triage) standing(to cluster.NodeID) string {
	o, owner := t.o, t.o.owner.id
	sides := []string{fmt.Sprintf("%s owns it and holds %s", t.p.name(owner), t.held(owner))}
	for _, id := range o.holders() {
		sides = append(sides, fmt.Sprintf("%s holds %s", t.p.name(id), t.held(id)))
	}
	text := fmt.Sprintf("slot %d is open: %s", o.slot, strings.Join(sides, ", "))
	_, migrating := flagged(o.sources, owner)
	_, importing := flagged(o.targets, to)
	switch {
	case to == "":
		return text + fmt.Sprintf("; %d primaries import it, and %s does not say to whom it goes", len(o.targets), t.p.name(owner))
	case len(o.holders()) > 1:
		return text + fmt.Sprintf("; %s names %s as the target, but others take part, too", verb(b2i(migrating), t.p.name(owner), "nobody"), t.p.name(to))
	case !migrating && t.away():
		return text + fmt.Sprintf("; %s does not show its half of the move, perhaps after a failover: it does not send clients on, and a key elsewhere that they removed there since comes back with either way", t.p.name(owner))
	case !migrating:
		return text + fmt.Sprintf("; %s does not show its half of the move, perhaps after a failover", t.p.name(owner))
	case !importing:
		return text + fmt.Sprintf("; %s does not show its half of the move, perhaps after a failover", t.p.name(to))
	}
	return text
}

// finish brings all keys to the target and gives it the slot. Both halves are
// set again where one is missing or names a node that was failed over.
func (t *triage) finish(to cluster.NodeID) Option {
	o, owner := t.o, t.o.owner.id
	if to == "" {
		return Option{Way: Finish, Text: "not possible: it is not clear who shall get the slot; roll back, then plan a move"}
	}
	if t.party(to).host == "" {
		return Option{Way: Finish, Text: fmt.Sprintf("not possible: %s announces no address to send keys to", t.p.name(to))}
	}
	out := Option{Way: Finish, Possible: true, Commands: t.importingFrom(to),
		Text: fmt.Sprintf("%s gets the slot, after the rest of its keys (%s on %s) moved there; no key is lost, and one that is on both sides is asked about", t.p.name(to), t.held(owner), t.p.name(owner))}
	if h, ok := flagged(o.sources, owner); !ok || h.peer != to || !h.exact {
		out.Commands = append(out.Commands, t.party(owner).setSlot(o.slot, "", "MIGRATING", string(to)))
	}
	for _, id := range o.holders() {
		if id != to {
			out.Text += fmt.Sprintf("; what %s holds (%s) goes there, too", t.p.name(id), t.held(id))
			out.Commands = append(out.Commands, t.clearOut(id, to)...)
		}
	}
	out.Commands = append(out.Commands, finishCommands(o.slot, t.party(owner), t.party(to))...)
	if id := t.sleeper(); id != "" {
		out.Risk = Lossy
		out.Text += fmt.Sprintf(". But %s, which does not answer, was importing it: when it comes back with that mark, and hears that %s gave the slot away, Valkey takes this and other slots from %s, with what was written since. "+
			"Bring it back first, so that it becomes a replica, or let all nodes forget it; then finish", t.p.name(id), t.p.name(owner), t.p.name(to))
	}
	return out
}

// sleeper is the target that the owner names, when it was failed over and does
// not answer now, and is a Valkey: it may come back with the slot still marked as
// importing. While the owner keeps the slot, nothing comes of that.
func (t *triage) sleeper() cluster.NodeID {
	h, ok := flagged(t.o.sources, t.o.owner.id)
	if !ok || h.exact {
		return ""
	}
	id := t.p.namedBy(t.o.owner.id, t.o.slot, false)
	n := t.p.nodes[id]
	if n == nil || n.Health == cluster.Answering || t.o.owner.node.Stats.Flavor == "redis" {
		return ""
	}
	return id
}

// rollBack brings all keys home. The owner has to be closed first: while it
// migrates the slot it answers ASK to every key that it does not have, also to
// those that come back.
func (t *triage) rollBack() Option {
	o, owner := t.o, t.o.owner.id
	if t.party(owner).host == "" {
		return Option{Way: RollBack, Text: fmt.Sprintf("not possible: %s announces no address to send keys to", t.p.name(owner))}
	}
	out := Option{Way: RollBack, Possible: true, Text: fmt.Sprintf("the slot stays with %s", t.p.name(owner))}
	if _, migrating := flagged(o.sources, owner); migrating {
		out.Commands = append(out.Commands, stable(t.party(owner), o.slot))
	}
	var away []string
	for _, id := range o.holders() {
		if n, known := t.keys.of(o.slot, id); !known || n > 0 {
			away = append(away, fmt.Sprintf("%s (%s)", t.p.name(id), t.held(id)))
		}
		out.Commands = append(out.Commands, t.clearOut(id, owner)...)
	}
	if len(away) == 0 {
		out.Text += "; no key has to move"
		return out
	}
	out.Risk = Disruptive
	out.Text += fmt.Sprintf(", and what is on %s comes back; until it is back clients do not find those keys: one written meanwhile exists twice and is asked about, one removed meanwhile comes back. "+
		"To spare clients that, finish, then move the slot back", strings.Join(away, " and on "))
	return out
}
