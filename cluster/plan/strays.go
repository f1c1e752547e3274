package plan

import (
	"fmt"
	"slices"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// StrayWay is what becomes of keys that a node holds in slots of another.
type StrayWay string

// The ways.
const (
	LeaveStrays  StrayWay = ""       // they stay where they are, unseen
	MergeStrays  StrayWay = "merge"  // they go to the owner; where both have a key, the owner's value stays and the other is saved
	DeleteStrays StrayWay = "delete" // they are removed; one that the owner does not have alike is saved before
)

// StraySlot is keys of a slot on a primary that does not own it, while the slot
// is open nowhere: clients cannot see them. A replica that took over before it
// had heard of a slot that its primary had just got holds such keys, and so does
// a node after a move that was broken off and closed.
type StraySlot struct {
	Slot   keyslot.Slot
	Holder cluster.NodeID
	Keys   int64 // on the holder, in all databases
	Looked int64 // how many of them were looked up on the owner,
	Alone  int64 // and how many of those it does not have
}

// TriageStrays tells what can be done about keys in slots that their holder does
// not own. Nothing is offered unless every node that answers names the same
// owner, and that is another primary which is well and holds the slot.
func TriageStrays(s *cluster.Snapshot, strays []StraySlot, facts Facts) ([]Recovery, error) {
	p, err := look(s)
	if err != nil {
		return nil, err
	}
	var out []Recovery
	for _, x := range strays {
		if x.Slot >= keyslot.Count || x.Keys <= 0 {
			continue
		}
		o := &openSlot{slot: x.Slot, disputed: p.disputeOf(x.Slot)}
		if at := p.owner[x.Slot]; at >= 0 {
			o.owner = &p.primaries[at]
		}
		// The holder takes part as one that imports the slot: it is opened there
		// for as long as its keys are looked at.
		o.targets = []half{{node: x.Holder, importing: true}}
		t := &triage{p: p, o: o, keys: KeyCounts{x.Slot: {x.Holder: x.Keys}}, inside: facts.Inside}
		out = append(out, t.stray(x, facts))
	}
	return out, nil
}

func (t *triage) stray(x StraySlot, facts Facts) Recovery {
	r := Recovery{Slot: x.Slot, Holder: x.Holder, Suggested: Leave}
	leave := Option{Way: Leave, Possible: true, Text: "nothing changes: clients do not see those keys, and they would be in the way should the slot ever go there"}
	why := ""
	switch _, known := t.p.index[x.Holder]; {
	case !known:
		why = fmt.Sprintf("%s is not a primary now; look again", t.p.name(x.Holder))
	case t.o.owner != nil && t.o.owner.id == x.Holder:
		why = fmt.Sprintf("%s owns slot %d by now; look again", t.p.name(x.Holder), x.Slot)
	default:
		why = t.hopeless(facts)
	}
	if why == "" && !t.p.holds(t.o.owner.id, x.Slot) {
		why = fmt.Sprintf("%s does not say itself that it owns slot %d; wait until the nodes agree", t.p.name(t.o.owner.id), x.Slot)
	}
	if t.o.owner != nil && t.o.disputed == nil {
		r.Owner = t.o.owner.id
	}
	if why != "" {
		r.Text = fmt.Sprintf("%s holds %s of slot %d, which it does not own: %s", t.p.name(x.Holder), count(int(x.Keys), "key"), x.Slot, why)
		r.Options = []Option{{Way: Finish, Text: "not possible: " + why}, {Way: RollBack, Text: "not possible: " + why}, leave}
		return r
	}
	owner, holder := t.p.name(r.Owner), t.p.name(x.Holder)
	r.Text = fmt.Sprintf("slot %d belongs to %s and is not open, and %s holds %s of it that clients cannot see: %s", x.Slot, owner, holder, count(int(x.Keys), "key"), x.lookedUp(owner))
	copies := x.Alone == 0 && x.Looked == x.Keys
	if len(t.o.owner.shard.Replicas) == 0 {
		r.Text += fmt.Sprintf("; %s has no replica: if %s took its place in a failover that had not heard of this slot, let it follow again by moving all its slots to %s, once those keys are gone", owner, holder, holder)
	}
	finish := Option{Way: Finish, Possible: true, Commands: t.removeFrom(x.Holder),
		Text: fmt.Sprintf("the slot stays with %s, and the keys that %s holds are removed there, one by one after a look at both nodes: one that %s does not have, or has with another value, is saved to a file first", owner, holder, owner)}
	if !copies {
		finish.Risk = Lossy
	}
	back := Option{Way: RollBack, Text: fmt.Sprintf("not possible: %s announces no address to send keys to", owner)}
	if t.party(r.Owner).host != "" {
		back = Option{Way: RollBack, Possible: true, Risk: Disruptive, Commands: t.clearOut(x.Holder, r.Owner),
			Text: fmt.Sprintf("the slot stays with %s, and gets what it does not have of those keys; one that clients have removed there since would be back; of one that is on both sides the values are compared, and asked about when they differ", owner)}
	}
	if copies {
		r.Suggested = Finish
	}
	r.Options = []Option{finish, back, leave}
	return r
}

// lookedUp tells how many of the keys the owner has.
func (x StraySlot) lookedUp(owner string) string {
	if x.Looked == 0 {
		return "whether " + owner + " has them, too, was not looked up"
	}
	text := fmt.Sprintf("of %d that were looked up %s has %d", x.Looked, owner, x.Looked-x.Alone)
	if x.Alone == 0 {
		return text
	}
	return text + fmt.Sprintf(", and %d are nowhere else", x.Alone)
}

// removeFrom removes a holder's keys of a slot. The slot is opened there
// meanwhile, because a node shows and removes no key of a slot that it neither
// owns nor imports; the owner does not migrate it, so that no client is sent there.
func (t *triage) removeFrom(id cluster.NodeID) []Command {
	return removeCommands(t.o.slot, t.party(id), t.o.owner.id)
}

func removeCommands(slot keyslot.Slot, y party, owner cluster.NodeID) []Command {
	n := fmt.Sprint(slot)
	return []Command{
		y.setSlot(slot, "so that its keys can be seen and removed; the owner does not migrate it, so that no client is sent here", "IMPORTING", string(owner)),
		y.send("repeated until it answers none, in every database; each key is compared with the owner's", "CLUSTER", "GETKEYSINSLOT", n, "<count>"),
		y.send("after ASKING, once saved where the owner's value is another", "DEL", "<key>"),
		y.send("must be 0, in every database", "CLUSTER", "COUNTKEYSINSLOT", n),
		stable(y, slot),
	}
}

// strays deals with keys that lie in a node that does not own their slot. They
// are leftovers that clients do not see; some may have been deleted since, which
// is why it has to be said that they shall come back, or go.
func (r *repair) strays() {
	var open keyslot.Set
	for i := range r.p.snap.Moves {
		open.Add(r.p.snap.Moves[i].Slot)
	}
	for i := range r.p.primaries {
		id := r.p.primaries[i].id
		s, ok := r.seen.Strays[id]
		in := s.In.Minus(open).Minus(r.took)
		if !ok || in.Empty() {
			continue
		}
		keys, name := count(int(s.Keys), "key"), r.p.name(id)
		if r.wish.Strays == LeaveStrays {
			r.leave("%s holds %s in %s (%s) that others own, and clients do not see them: say --strays merge to bring them to the owners (keys that clients deleted since come back; where the owner has a key, its value stays and the other is saved to a file), or --strays delete to remove them (what the owner does not have alike is saved to a file first)",
				name, keys, count(in.Len(), "slot"), someSlots(in))
			continue
		}
		goes := r.byOwner(id, in)
		if r.wish.Strays == MergeStrays {
			r.homes = append(r.homes, goes...)
			r.does = append(r.does, fmt.Sprintf("bring %s that %s holds in slots of others to the owners", keys, name))
			r.risks(Disruptive, fmt.Sprintf("keys that clients deleted while %s held copies come back; where the owner has a key, its value stays and the other is saved to a file first", name))
			continue
		}
		r.clears = append(r.clears, goes...)
		r.does = append(r.does, fmt.Sprintf("remove %s that %s holds in slots of others", keys, name))
		r.risks(Lossy, fmt.Sprintf("%s are removed from %s: of those that their owner does not have, or has with another value, a file has the only copy then", keys, name))
	}
}

// byOwner parts slots of others, in which a node holds keys, by who serves them.
func (r *repair) byOwner(holder cluster.NodeID, in keyslot.Set) (out []Move) {
	var owners []cluster.NodeID
	of := map[cluster.NodeID]keyslot.Set{}
	for slot := range in.All() {
		owner, served := r.terms.server(slot)
		if !served {
			continue
		}
		if !slices.Contains(owners, owner) {
			owners = append(owners, owner)
		}
		set := of[owner]
		set.Add(slot)
		of[owner] = set
	}
	for _, owner := range owners {
		out = append(out, Move{From: holder, To: owner, Ranges: of[owner].Ranges()})
	}
	return out
}
