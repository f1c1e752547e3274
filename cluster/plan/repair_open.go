package plan

import (
	"fmt"
	"strings"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// openSlots settles open slots, after all else: while a slot has no owner its
// keys cannot be moved, and a cluster that is down refuses them.
func (r *repair) openSlots() {
	found, err := Triage(r.p.snap, r.seen.Keys, Facts{JobsAsked: true, Inside: r.seen.Inside})
	if err != nil {
		return
	}
	n := map[Way]*keyslot.Set{Finish: {}, RollBack: {}}
	for i := range r.relays {
		set := r.relays[i].Set()
		for slot := range set.All() {
			r.open = append(r.open, SlotWay{slot, Finish})
		}
	}
	missing := map[string]*keyslot.Set{} // slots that wait for the same, told together
	var reasons []string
	for i := range found {
		o := &found[i]
		if r.took.Has(o.Slot) {
			continue // its marks are taken away, and its keys go where the owner is
		}
		if _, served := r.terms.server(o.Slot); !served {
			continue // what is said of its owner is said of it, too
		}
		way := r.wayOf(o, found)
		option := o.Option(way)
		if way == Leave || !option.Possible {
			why, waits := strings.CutSuffix(o.Text, fmt.Sprintf(needed, o.Slot))
			switch {
			case !waits:
				r.leave("%s", o.Text)
			case missing[why] == nil:
				reasons, missing[why] = append(reasons, why), &keyslot.Set{}
				fallthrough
			default:
				missing[why].Add(o.Slot)
			}
			continue
		}
		r.open = append(r.open, SlotWay{o.Slot, way})
		r.opened = append(r.opened, option.Commands...)
		n[way].Add(o.Slot)
		if option.Risk > Safe {
			r.risks(option.Risk, fmt.Sprintf("slot %d: %s", o.Slot, option.Text))
		}
	}
	for _, why := range reasons {
		slots := *missing[why]
		if slots.Len() == 1 {
			r.leave("%s; slot %s cannot be settled without it", why, someSlots(slots))
		} else {
			r.leave("%s; %s (%s) cannot be settled without it", why, count(slots.Len(), "open slot"), someSlots(slots))
		}
	}
	for _, way := range []Way{Finish, RollBack} {
		if set := *n[way]; !set.Empty() {
			r.does = append(r.does, fmt.Sprintf("%s %s (%s)", way, count(set.Len(), "open slot"), someSlots(set)))
		}
	}
}

// wayOf is the suggested way, but for slots that their owner does not migrate:
// those go home when the owner holds most of them, all that go between the same
// two nodes alike.
func (r *repair) wayOf(o *Recovery, all []Recovery) Way {
	if !r.oneSided(o) {
		return o.Suggested
	}
	var at, there int64
	for i := range all {
		if x := &all[i]; x.Owner == o.Owner && x.To == o.To && r.oneSided(x) {
			here, _ := r.seen.Keys.of(x.Slot, x.Owner)
			away, _ := r.seen.Keys.of(x.Slot, x.To)
			at, there = at+here, there+away
		}
	}
	if at >= there {
		return RollBack
	}
	return o.Suggested
}

// oneSided reports whether only the target shows that a slot moves.
func (r *repair) oneSided(o *Recovery) bool {
	if o.Suggested != Finish || o.To == "" || !o.Option(RollBack).Possible {
		return false
	}
	self, view := r.p.says(o.Owner)
	if view == nil {
		return false
	}
	for _, open := range self.Open {
		if open.Slot == o.Slot && !open.Importing {
			return false
		}
	}
	return true
}

// OpenOn reports whether a node's own line shows a slot as open.
func OpenOn(n *cluster.Node, slot keyslot.Slot) bool {
	if n.View.Value == nil {
		return false
	}
	self, ok := n.View.Value.Member(n.ID)
	if !ok {
		return false
	}
	for _, o := range self.Open {
		if o.Slot == slot {
			return true
		}
	}
	return false
}
