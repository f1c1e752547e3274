package plan

import (
	"fmt"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// A target that is failed over just after it got slots may have a successor that
// has not heard of the last of them. The source has given them away, the
// successor does not claim them, and nobody owns them, for good.

// Unowned are the slots that no node calls its own.
func Unowned(s *cluster.Snapshot) (out keyslot.Set) {
	p, err := look(s)
	if err != nil {
		return out
	}
	t := p.tenures()
	t.each(func(k *tenure, slots keyslot.Set) {
		if len(k.claimed) == 0 {
			out = out.Union(slots)
		}
	})
	return out
}

// unowned works out what becomes of one slot that nobody owns.
type unowned struct {
	repair
	earlier *Plan // of the move that was interrupted here; nil when none is known
	slot    keyslot.Slot
	terms   *tenure
	open    *openSlot // nil when no node shows it as open
	on      []holder
}

// TriageUnowned tells what an interrupted move left without owner, and to whom it
// can be given: to the only primary that holds keys of the slot, or, when nobody
// holds any, to the one that was to get it or took that one's place. Earlier is
// the plan of the interrupted move, nil when it is not known. Slots of which
// nothing tells that they were moving are left out: a repair deals with those.
func TriageUnowned(s *cluster.Snapshot, e Evidence, earlier *Plan, facts Facts) ([]Recovery, error) {
	p, err := look(s)
	if err != nil {
		return nil, err
	}
	open := map[keyslot.Slot]*openSlot{}
	for _, o := range p.openSlotsOf() {
		open[o.slot] = o
	}
	terms := p.tenures()
	var out []Recovery
	for slot := range Unowned(s).All() {
		u := unowned{repair: repair{p: p, seen: e}, earlier: earlier, slot: slot, terms: &terms.kinds[terms.of[slot]], open: open[slot]}
		if r, moving := u.recovery(facts); moving {
			out = append(out, r)
		}
	}
	return out, nil
}

// recovery is false when nothing tells that the slot was moving.
func (u *unowned) recovery(facts Facts) (Recovery, bool) {
	r := Recovery{Slot: u.slot, Unowned: true, Suggested: Leave}
	to, why := u.heir(facts)
	if to == "" && len(u.on) == 0 && u.open == nil && u.meant() == "" {
		return r, false
	}
	leave := Option{Way: Leave, Possible: true, Text: "nothing changes; the slot stays without owner, and as long as it has none the cluster may refuse all keys"}
	back := Option{Way: RollBack, Text: "not possible: nobody owns the slot, so that nothing can be brought back; finish, then move it where it shall be"}
	r.Text = fmt.Sprintf("nobody owns slot %d: every node that answers says that it does not", u.slot)
	if why != "" {
		r.Text += "; " + why
		r.Options = []Option{{Way: Finish, Text: "not possible: " + why}, back, leave}
		return r, true
	}
	name := u.p.name(to)
	finish := Option{Way: Finish, Possible: true, Commands: u.commands(to)}
	if len(u.on) > 0 {
		r.Text += fmt.Sprintf(", and %s alone holds keys of it (%d)", name, u.on[0].keys)
		finish.Text = fmt.Sprintf("%s gets the slot, whose keys it holds", name)
	} else {
		r.Text += fmt.Sprintf(", and no node holds keys of it; the move that was interrupted gave it to %s", name)
		if was := u.meant(); was != to {
			r.Text += ", which took the place of " + u.p.name(was)
		}
		finish.Text = fmt.Sprintf("%s gets the slot", name)
	}
	r.To, r.Suggested = to, Finish
	r.Options = []Option{finish, back, leave}
	return r, true
}

// heir is who can be given the slot; else why nobody can.
func (u *unowned) heir(facts Facts) (to cluster.NodeID, why string) {
	on, copies, blind := u.holdersOf(u.slot)
	u.on = on
	for i := range u.p.snap.Nodes {
		// What a node says when it comes back counts for less than what those say
		// who took its place or follow somebody else. Any other may own the slot.
		n := &u.p.snap.Nodes[i]
		if n.Health != cluster.Answering && !n.Member.Flags.Has(cluster.Replica) && !n.Member.Flags.Has(cluster.Handshake) && u.standsFor(n.ID) == "" {
			return "", fmt.Sprintf("%s does not answer, and may own it or hold keys of it: bring it back, then look again", u.p.name(n.ID))
		}
	}
	switch {
	case len(blind) > 0:
		return "", fmt.Sprintf("%s %s keys out of sight, which may be of this slot: slotdeck fix asks to look at them, and gives the slot to who holds its keys", some(u.p.names(blind)), verb(len(blind), "keeps", "keep"))
	case len(on) > 1:
		return "", fmt.Sprintf("its keys lie on several nodes (%s): slotdeck fix brings them together once it was told who shall own the slot", u.held(on))
	case len(on) == 1:
		to = on[0].id
	case len(copies) > 0:
		return "", fmt.Sprintf("only replicas hold keys of it (%s): see what slotdeck fix --dry-run says of them", u.held(copies))
	default:
		to = u.standsFor(u.meant())
	}
	if to == "" {
		return "", "nobody holds keys of it, and nothing tells to whom it was given: slotdeck fix gives it to whom you say"
	}
	for _, j := range facts.Jobs {
		if j.From == to || j.To == to {
			return "", fmt.Sprintf("an atomic migration from %s to %s is running, and no slot can be given away there meanwhile; wait for it, or cancel it", u.p.name(j.From), u.p.name(j.To))
		}
	}
	var f findings
	u.p.standing(&u.p.primaries[u.p.index[to]], &f)
	if f.refusal != nil && f.refusal.Reason != StateFail { // it is down because of this slot
		return "", f.refusal.Text
	}
	return to, ""
}

// meant is who was to get the slot: as the plan says, or the source's mark.
func (u *unowned) meant() cluster.NodeID {
	if u.earlier != nil {
		for _, m := range u.earlier.Moves {
			if set := m.Set(); set.Has(u.slot) {
				return m.To
			}
		}
	}
	if u.open != nil && len(u.open.sources) == 1 {
		return u.open.sources[0].peer
	}
	return ""
}

// standsFor is the primary that answers for a node: itself, whom it follows, or
// the one of its replicas that took its place; empty when none does for certain.
func (u *unowned) standsFor(id cluster.NodeID) (to cluster.NodeID) {
	if to = u.p.successor(id); to != "" && u.answers(to) {
		return to
	}
	to = ""
	if n := u.p.nodes[id]; n != nil && n.Shard >= 0 {
		if q := u.p.snap.Shards[n.Shard].Primary; q != id && u.answers(q) {
			return q
		}
	}
	if u.earlier == nil {
		return ""
	}
	was, _ := u.earlier.Node(id)
	for _, replica := range was.Replicas {
		if _, primary := u.p.index[replica]; !primary || !u.answers(replica) {
			continue
		}
		if to != "" {
			return ""
		}
		to = replica
	}
	return to
}

func (u *unowned) answers(id cluster.NodeID) bool {
	n := u.p.nodes[id]
	return n != nil && n.Health == cluster.Answering && n.Member.Flags.Has(cluster.Primary)
}

// commands give the slot away, and clear the marks that the move left.
func (u *unowned) commands(to cluster.NodeID) []Command {
	t := &triage{p: u.p}
	out := []Command{t.party(to).setSlot(u.slot, "once all nodes, asked again, deny it, and no other primary holds a key of it", "NODE", string(to))}
	if u.open == nil {
		return out
	}
	for _, h := range append(u.open.sources, u.open.targets...) {
		if h.node != to {
			out = append(out, stable(t.party(h.node), u.slot))
		}
	}
	return out
}
