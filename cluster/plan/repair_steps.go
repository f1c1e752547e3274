package plan

import (
	"fmt"
	"slices"
	"strconv"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// steps puts the repair in order: who claims too much gives it up, slots are
// covered, all nodes agree, keys go home, open slots are settled, and all nodes
// are asked once more.
func (r *repair) steps() (out []MemberStep) {
	among := r.p.answering("")
	drops := MemberStep{Act: ActCover, Among: among, Title: "let claimants give up what another shall own; their keys stay where they are"}
	for _, id := range r.inOrder(r.drops) {
		n := r.p.memberNode(r.p.nodes[id])
		drops.Commands = append(drops.Commands, n.send(append([]string{"CLUSTER", "DELSLOTSRANGE"}, slotWords(r.drops[id].Ranges())...)...))
		drops.Gives = append(drops.Gives, Move{From: id, Ranges: r.drops[id].Ranges()})
	}
	cover := MemberStep{Act: ActCover, Among: among, Title: "give the slots to their owners"}
	for i := range r.p.primaries {
		id := r.p.primaries[i].id
		n := r.p.memberNode(r.p.nodes[id])
		if set := r.cover[id]; set != nil {
			if others := r.takenFrom(id, *set); !others.Empty() {
				c := n.send(append([]string{"CLUSTER", "DELSLOTSRANGE"}, slotWords(others.Ranges())...)...)
				c.Note = "it takes another for their owner, and would refuse them"
				cover.Commands = append(cover.Commands, c)
				r.raise[id] = true
			}
			cover.Commands = append(cover.Commands, n.send(append([]string{"CLUSTER", "ADDSLOTSRANGE"}, slotWords(set.Ranges())...)...))
			cover.Gives = append(cover.Gives, Move{To: id, Ranges: set.Ranges()})
			for i := range r.relays {
				if m := &r.relays[i]; m.From == id {
					cover.Commands = append(cover.Commands, r.opens(m, id, "MIGRATING", m.To)...)
				}
			}
		}
		if r.raise[id] {
			c := n.send("CLUSTER", "BUMPEPOCH")
			c.Note = "so that all others believe it"
			cover.Commands = append(cover.Commands, c)
		}
	}
	marks := MemberStep{Act: ActSend, Title: "take old marks of moves away: while a node imports a slot it takes nobody's word for its owner", Commands: r.unmark()}
	for _, s := range []MemberStep{drops, marks, cover} {
		if len(s.Commands) > 0 {
			out = append(out, s)
		}
	}
	if len(r.meets) > 0 {
		out = append(out, MemberStep{Act: ActMeet, Among: r.met(among), Commands: r.meets, Title: "let nodes meet that have no link"})
	}
	if len(out) > 0 {
		out = append(out, r.settled(among, "wait until all nodes show the same owners and epochs"))
	}
	var late []MemberStep // to owners that are owners only once all that is open is settled
	for i := range r.homes {
		if step := r.homeStep(&r.homes[i]); r.relaying(&r.homes[i]) {
			late = append(late, step)
		} else {
			out = append(out, step)
		}
	}
	for i := range r.clears {
		out = append(out, r.clearStep(&r.clears[i]))
	}
	if len(r.relays) > 0 {
		imports := MemberStep{Act: ActSend, Title: "let the owners to be import the slots, now that they have heard whose they are, so that they can take their keys"}
		for i := range r.relays {
			imports.Commands = append(imports.Commands, r.opens(&r.relays[i], r.relays[i].To, "IMPORTING", r.relays[i].From)...)
		}
		out = append(out, imports)
	}
	if len(r.open) > 0 {
		shown := r.opened
		for i := range r.relays {
			shown = append(shown, r.relayed(&r.relays[i])...)
		}
		r.opened = shown
		out = append(out, MemberStep{Act: ActOpenSlots, Open: r.open, Replace: r.wish.Replace || len(r.relays) > 0, Commands: r.opened,
			Title: fmt.Sprintf("settle %s, each after a fresh count of its keys on both sides", count(len(r.open), "open slot"))})
	}
	out = append(out, r.backSteps(among)...)
	if len(late) > 0 {
		out = append(append(out, r.settled(among, "wait until all nodes show the last owners")), late...)
	}
	if len(r.homes)+len(r.clears)+len(r.open) > 0 {
		out = append(out, r.settled(among, "ask every node once more"))
	}
	return out
}

// backSteps move slots back to the owner to be from the one that it gave its
// values to.
func (r *repair) backSteps(among []MemberNode) []MemberStep {
	if len(r.backs) == 0 {
		return nil
	}
	marks := MemberStep{Act: ActSend, Title: "open the slots that go back to the owners to be, which by now have nothing of them"}
	moves := MemberStep{Act: ActOpenSlots, Replace: true}
	for i := range r.backs {
		m := &r.backs[i]
		marks.Commands = append(marks.Commands, r.opens(m, m.To, "IMPORTING", m.From)...)
		marks.Commands = append(marks.Commands, r.opens(m, m.From, "MIGRATING", m.To)...)
		moves.Commands = append(moves.Commands, r.relayed(m)...)
		set := m.Set()
		for slot := range set.All() {
			moves.Open = append(moves.Open, SlotWay{slot, Finish})
		}
	}
	moves.Title = fmt.Sprintf("move %s back, after a fresh count of their keys on both sides", count(len(moves.Open), "slot"))
	return []MemberStep{r.settled(among, "wait until all nodes show who has the slots for the while"), marks, moves}
}

// settled is a wait for agreement; for the state, too, when nothing stays
// uncovered.
func (r *repair) settled(among []MemberNode, title string) MemberStep {
	s := MemberStep{Act: ActSettle, Among: among, Title: title, StateOK: true}
	r.terms.each(func(k *tenure, slots keyslot.Set) {
		if len(k.claimed) != 1 && !slots.Minus(r.took).Empty() {
			s.StateOK = false
		}
		s.Loose = s.Loose || len(k.claimed) > 1 && !slots.Minus(r.took).Empty()
	})
	if s.StateOK {
		s.Title += ", and call the cluster ok"
	}
	return s
}

// relaying reports whether keys go to a node that gets their slots from another
// one first.
func (r *repair) relaying(m *Move) bool {
	return slices.ContainsFunc(r.relays, func(x Move) bool { y := x.Set().Intersect(m.Set()); return !y.Empty() })
}

// homeStep brings keys to the owner of their slots, in the manner of an open
// slot that is rolled back: the holder imports the slot so that it shows and
// sends its keys, and is closed when it holds none.
func (r *repair) homeStep(m *Move) MemberStep {
	y, z := r.partyOf(m.From), r.partyOf(m.To)
	slot := m.Ranges[0].First
	cmds := []Command{y.setSlot(slot, "so that it shows and sends its keys", "IMPORTING", string(m.To))}
	cmds = append(append(cmds, emptyCommands(slot, y, z)...), stable(y, slot))
	return r.eachSlot(m, ActHome, cmds, fmt.Sprintf("bring %s to %s; a value that differs from the owner's is saved first", r.keysOn(m), r.p.name(m.To)))
}

// clearStep removes keys from a node that does not own their slots.
func (r *repair) clearStep(m *Move) MemberStep {
	return r.eachSlot(m, ActRemove, removeCommands(m.Ranges[0].First, r.partyOf(m.From), m.To),
		fmt.Sprintf("remove %s, which belong to %s; what that does not have alike is saved first", r.keysOn(m), r.p.name(m.To)))
}

func (r *repair) partyOf(id cluster.NodeID) party {
	n := r.p.memberNode(r.p.nodes[id])
	return party{id: n.ID, addr: n.Addr, host: n.Host, port: strconv.Itoa(portInside(r.seen.Inside, id, n.Port))}
}

// keysOn are the keys of a move, where they lie.
func (r *repair) keysOn(m *Move) string {
	set, keys := m.Set(), "the keys"
	if m.Keys.How != NotKnown {
		keys = m.Keys.String() + " keys"
	}
	return fmt.Sprintf("%s of %s (%s) on %s", keys, count(set.Len(), "slot"), someSlots(set), r.p.name(m.From))
}

// eachSlot is a step that does to each slot what is shown for the first.
func (r *repair) eachSlot(m *Move, act MemberAct, first []Command, title string) MemberStep {
	rest := m.Set()
	rest.Remove(m.Ranges[0].First)
	if n := rest.Len(); n > 0 {
		first[len(first)-1].Note = fmt.Sprintf("then the same for %s (%s)", count(n, "more slot"), someSlots(rest))
	}
	return MemberStep{Act: act, Gives: []Move{*m}, Commands: first, Title: title}
}

// unmark closes slots that get an owner on all primaries that show them as open.
// What they hold of them was counted.
func (r *repair) unmark() (out []Command) {
	for i := range r.p.primaries {
		self, view := r.p.says(r.p.primaries[i].id)
		if view == nil {
			continue
		}
		n := r.p.memberNode(r.p.primaries[i].node)
		for _, open := range self.Open {
			if r.took.Has(open.Slot) {
				out = append(out, n.send("CLUSTER", "SETSLOT", strconv.Itoa(int(open.Slot)), "STABLE"))
			}
		}
	}
	return out
}

// opens are the commands that open slots on one side.
func (r *repair) opens(m *Move, at cluster.NodeID, how string, peer cluster.NodeID) (out []Command) {
	n := r.p.memberNode(r.p.nodes[at])
	set := m.Set()
	for slot := range set.All() {
		out = append(out, n.send("CLUSTER", "SETSLOT", strconv.Itoa(int(slot)), how, string(peer)))
	}
	return out
}

// relayed is what moving the first of such slots sends.
func (r *repair) relayed(m *Move) []Command {
	out := finishCommands(m.Ranges[0].First, r.partyOf(m.From), r.partyOf(m.To))
	if n := m.Set().Len() - 1; n > 0 {
		out[len(out)-1].Note += fmt.Sprintf("; then the same for %s (%s)", count(n, "more slot"), restOf(*m))
	}
	return out
}

// takenFrom are those of the slots that a node takes for another's.
func (r *repair) takenFrom(id cluster.NodeID, slots keyslot.Set) (out keyslot.Set) {
	_, view := r.p.says(id)
	if view == nil {
		return out
	}
	for i := range view.Members {
		if m := &view.Members[i]; m.ID != id {
			out = out.Union(keyslot.SetOf(m.Slots...).Intersect(slots))
		}
	}
	return out
}

// met are the nodes that take part in meetings.
func (r *repair) met(among []MemberNode) (out []MemberNode) {
	for _, n := range among {
		if slices.ContainsFunc(r.meets, func(c Command) bool {
			return c.Node == n.ID || c.Args[2] == n.Host && c.Args[3] == strconv.Itoa(n.Port)
		}) {
			out = append(out, n)
		}
	}
	return out
}

func (r *repair) inOrder(sets map[cluster.NodeID]*keyslot.Set) (out []cluster.NodeID) {
	for i := range r.p.primaries {
		if id := r.p.primaries[i].id; sets[id] != nil {
			out = append(out, id)
		}
	}
	return out
}

// beforeAndAfter is how many slots are served, and by whom.
func (r *repair) beforeAndAfter() (out []string) {
	before, after := map[cluster.NodeID]int{}, map[cluster.NodeID]int{}
	served, will := 0, 0
	r.terms.each(func(k *tenure, slots keyslot.Set) {
		if len(k.claimed) == 1 {
			before[k.claimed[0]] += slots.Len()
			after[k.claimed[0]] += slots.Len()
			served, will = served+slots.Len(), will+slots.Len()
		}
		for _, id := range k.claimed {
			won := len(k.claimed) > 1 && r.drops[id] == nil
			if won {
				n := slots.Intersect(r.took).Len()
				after[id] += n
				will += n
			}
		}
	})
	for id, set := range r.cover {
		after[id] += set.Len()
		will += set.Len()
	}
	for _, m := range slices.Concat(r.relays, r.backs) {
		n := m.Set().Len()
		after[m.From] -= n
		after[m.To] += n
	}
	out = append(out, fmt.Sprintf("slots with one certain owner  %5d -> %5d", served, will))
	for i := range r.p.primaries {
		if id := r.p.primaries[i].id; before[id] != after[id] {
			out = append(out, fmt.Sprintf("%s  slots %5d -> %5d", r.p.name(id), before[id], after[id]))
		}
	}
	return out
}

// Stale holds a step that covers slots against a fresh picture: the error says
// who claims now what nobody, or somebody else, claimed when it was planned.
func (s *MemberStep) Stale(fresh *cluster.Snapshot) error {
	p, err := look(fresh)
	if err != nil {
		return err
	}
	t := p.tenures()
	for i := range s.Gives {
		m := &s.Gives[i]
		set := m.Set()
		for slot := range set.All() {
			claimed := t.kinds[t.of[slot]].claimed
			switch {
			case m.From != "" && !slices.Contains(claimed, m.From):
				return fmt.Errorf("%s does not claim slot %d any more: the cluster has changed, and nothing more was sent; look again", p.name(m.From), slot)
			case m.From == "":
				for _, id := range claimed {
					if id != m.To {
						return fmt.Errorf("%s claims slot %d now: the cluster has changed, and nothing more was sent; look again", p.name(id), slot)
					}
				}
			}
		}
	}
	return nil
}
