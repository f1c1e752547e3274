package plan

import (
	"fmt"
	"slices"
	"strings"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// Triage tells, for every open slot of a picture, how it stands and what can be
// done about it. keys counts what the nodes hold; of the facts only Jobs counts.
// No option gives a slot away while its owner holds keys of it, and none is
// offered while it is not certain who the owner is. The error is a *Refusal when
// the picture shows no cluster.
func Triage(s *cluster.Snapshot, keys KeyCounts, facts Facts) ([]Recovery, error) {
	p, err := look(s)
	if err != nil {
		return nil, err
	}
	var out []Recovery
	for _, o := range p.openSlotsOf() {
		t := &triage{p: p, o: o, keys: keys, inside: facts.Inside}
		out = append(out, t.recovery(facts))
	}
	return out, nil
}

// triage works one open slot out.
type triage struct {
	p    *picture
	o    *openSlot
	keys KeyCounts

	inside map[cluster.NodeID]Inside
}

func (t *triage) recovery(facts Facts) Recovery {
	r := Recovery{Slot: t.o.slot, Suggested: Leave}
	leave := Option{Way: Leave, Possible: true, Text: t.leaving()}
	if why := t.hopeless(facts); why != "" {
		r.Text = why
		r.Options = []Option{{Way: Finish, Text: "not possible: " + why}, {Way: RollBack, Text: "not possible: " + why}, leave}
		if t.o.owner != nil && t.o.disputed == nil {
			r.Owner = t.o.owner.id
		}
		return r
	}
	r.Owner = t.o.owner.id
	var finish, back Option
	switch {
	case len(t.o.sources)+len(t.o.targets) == 0:
		r.Text, finish, back = t.replicasOnly()
		r.Suggested = RollBack
	case t.settled():
		r.Text, finish, back = t.leftovers()
		r.Suggested = Finish
	default:
		r.To = t.o.target()
		r.Text, finish, back = t.underway(r.To)
		if r.Suggested = Finish; !finish.Possible || t.untouched() || t.sleeper() != "" {
			r.Suggested = RollBack
		}
	}
	if !finish.Possible && !back.Possible {
		r.Suggested = Leave
	}
	r.Options = []Option{t.informed(finish), t.informed(back), leave}
	return r
}

// hopeless is why nothing can be done now; empty when something can.
func (t *triage) hopeless(facts Facts) string {
	o := t.o
	switch {
	case o.disputed != nil:
		var says []string
		for _, c := range o.disputed.Says {
			if c.Owner != "" {
				says = append(says, fmt.Sprintf("%s (epoch %d, %s)", t.p.name(c.Owner), c.Epoch, t.held(c.Owner)))
			}
		}
		return fmt.Sprintf("the nodes do not agree who owns slot %d: %s; the highest epoch will win, and the others will delete their keys of it: "+
			"wait until they agree, and do not assign the slot by hand; when they never do, see what slotdeck fix --dry-run says of them", o.slot, strings.Join(says, " or "))
	case o.owner == nil:
		return fmt.Sprintf("slot %d is open but has no owner: cover it first, with the node that holds its keys (slotdeck fix shows which, and does it), then look again", o.slot)
	}
	for _, j := range facts.Jobs {
		if t.takesPart(j.From) || t.takesPart(j.To) {
			return fmt.Sprintf("an atomic migration from %s to %s is running, and no slot can be closed there meanwhile; wait for it, or cancel it", t.p.name(j.From), t.p.name(j.To))
		}
	}
	for _, id := range append(o.holders(), o.owner.id) {
		var f findings
		t.p.standing(&t.p.primaries[t.p.index[id]], &f)
		if f.refusal != nil && !(f.refusal.Reason == StateFail && t.p.heals(id)) {
			return f.refusal.Text + fmt.Sprintf(needed, o.slot)
		}
		if !plainID(id) {
			return fmt.Sprintf("the node %s has an id that no server gives; find out what answers there", t.p.name(id))
		}
	}
	if h, ok := flagged(o.sources, o.owner.id); ok && h.peer == "" && len(o.targets) == 0 {
		return fmt.Sprintf("%s migrates slot %d to a node that is not known any more, which may hold keys of it; find that node, or close the slot by hand (SETSLOT %d STABLE) and take those keys for lost",
			t.p.name(o.owner.id), o.slot, o.slot)
	}
	return ""
}

// needed ends what is wrong with a node that a slot cannot be settled without.
const needed = "; slot %d cannot be settled without it"

func (t *triage) takesPart(id cluster.NodeID) bool {
	if id == t.o.owner.id {
		return true
	}
	for _, h := range t.o.holders() {
		if h == id {
			return true
		}
	}
	return false
}

// settled reports whether only marks are left: the owner does not migrate the
// slot, or only to itself, and nobody else imports it.
func (t *triage) settled() bool {
	if h, ok := flagged(t.o.sources, t.o.owner.id); ok && h.peer != t.o.owner.id {
		return false
	}
	for _, h := range t.o.targets {
		if h.node != t.o.owner.id {
			return false
		}
	}
	return true
}

// untouched reports whether no key has moved, as far as was counted, and one side
// does not show the move: it had only begun, or a failover forgot it.
func (t *triage) untouched() bool {
	_, migrating := flagged(t.o.sources, t.o.owner.id)
	to := t.o.target()
	_, importing := flagged(t.o.targets, to)
	return !t.away() && (!migrating || !importing)
}

// away reports whether others than the owner may hold keys.
func (t *triage) away() bool {
	return slices.ContainsFunc(t.o.holders(), func(id cluster.NodeID) bool {
		n, known := t.keys.of(t.o.slot, id)
		return !known || n > 0
	})
}

// held is "73 keys", or "keys not counted".
func (t *triage) held(id cluster.NodeID) string {
	n, known := t.keys.of(t.o.slot, id)
	if !known {
		return "keys not counted"
	}
	return count(int(n), "key")
}

func (t *triage) leaving() string {
	if t.o.owner == nil {
		return "nothing changes; the slot stays without owner"
	}
	text := "nothing changes; other moves are refused while the slot is open, and clients may meet ASK and TRYAGAIN"
	if _, migrating := flagged(t.o.sources, t.o.owner.id); migrating {
		return text
	}
	for _, id := range t.o.holders() {
		if n, known := t.keys.of(t.o.slot, id); !known || n > 0 {
			return fmt.Sprintf("nothing changes; %s does not send clients on, so that they cannot see the keys that %s holds (%s)", t.p.name(t.o.owner.id), t.p.name(id), t.held(id))
		}
	}
	return text
}

func (t *triage) party(id cluster.NodeID) party {
	n := t.p.nodes[id]
	host := n.Member.Endpoint.IP
	if host == "" {
		host = n.Member.Endpoint.Hostname
	}
	return party{id: id, addr: address(n), host: clean(host), port: fmt.Sprint(portInside(t.inside, id, n.Member.Endpoint.Port))}
}

// importingFrom makes sure that a node imports the slot from the owner: without
// that it would neither take nor send keys of a slot it does not own, and Redis
// 8.4 would not even count them.
func (t *triage) importingFrom(id cluster.NodeID) []Command {
	if h, ok := flagged(t.o.targets, id); ok && h.exact && h.peer == t.o.owner.id {
		return nil
	}
	return []Command{t.party(id).setSlot(t.o.slot, "opened again, so that its keys can be seen and moved", "IMPORTING", string(t.o.owner.id))}
}

// clearOut moves a holder's keys elsewhere and closes the slot there.
func (t *triage) clearOut(id, into cluster.NodeID) []Command {
	from := t.party(id)
	out := t.importingFrom(id)
	if n, known := t.keys.of(t.o.slot, id); known && n == 0 {
		out = append(out, from.send("must still be 0, in every database; else its keys are moved first", "CLUSTER", "COUNTKEYSINSLOT", fmt.Sprint(t.o.slot)))
	} else {
		out = append(out, emptyCommands(t.o.slot, from, t.party(into))...)
	}
	return append(out, stable(from, t.o.slot))
}

func stable(y party, slot keyslot.Slot) Command { return y.setSlot(slot, "", "STABLE") }
