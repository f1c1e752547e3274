package plan

import (
	"fmt"
	"slices"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// unheard is the slots that a primary imports without knowing who owns them,
// though everybody else does. While a slot is importing, Redis takes nobody's
// word for its owner: once the source is failed over, the node holds on to the
// old one, or to nobody, and calls the cluster down for good.
func (p *picture) unheard(id cluster.NodeID) (slots keyslot.Set) {
	self, view := p.says(id)
	if view == nil {
		return slots
	}
	for _, open := range self.Open {
		if !open.Importing || open.Slot >= keyslot.Count || p.owner[open.Slot] < 0 {
			continue
		}
		owner := p.primaries[p.owner[open.Slot]].id
		named := ownerIn(view, open.Slot)
		if owner != id && named != owner && p.holds(owner, open.Slot) && p.withdrawn(view, named, open.Slot) {
			slots.Add(open.Slot)
		}
	}
	return slots
}

// says is a node's own line and its view; nil when it was not heard.
func (p *picture) says(id cluster.NodeID) (self cluster.Member, view *cluster.View) {
	n := p.nodes[id]
	if n == nil || n.Health != cluster.Answering || n.View.Value == nil {
		return self, nil
	}
	self, ok := n.View.Value.Member(id)
	if !ok {
		return self, nil
	}
	return self, n.View.Value
}

// ownerIn is whom a view names as the owner of a slot; empty for nobody.
func ownerIn(view *cluster.View, slot keyslot.Slot) cluster.NodeID {
	for i := range view.Members {
		if slices.ContainsFunc(view.Members[i].Slots, func(r keyslot.Range) bool { return r.Has(slot) }) {
			return view.Members[i].ID
		}
	}
	return ""
}

// holds reports whether a node itself says that it owns a slot.
func (p *picture) holds(id cluster.NodeID, slot keyslot.Slot) bool {
	_, view := p.says(id)
	return view != nil && ownerIn(view, slot) == id
}

// withdrawn reports whether the one whom a view still names as the owner of a
// slot does not claim it: it says so, or has failed.
func (p *picture) withdrawn(view *cluster.View, named cluster.NodeID, slot keyslot.Slot) bool {
	if named == "" {
		return true
	}
	if _, own := p.says(named); own != nil {
		return ownerIn(own, slot) != named
	}
	m, _ := view.Member(named)
	return m.Flags.Has(cluster.Fail)
}

// onlyUnheard reports whether a dispute about a slot is none: all who do not
// name the owner import the slot and have not heard of the owner, or follow one
// of those.
func (p *picture) onlyUnheard(d *cluster.Dispute, o *openSlot) bool {
	if o.owner == nil || len(o.unheard) == 0 {
		return false
	}
	for _, c := range d.Says {
		if c.Owner == o.owner.id {
			continue
		}
		for _, by := range c.By {
			if !slices.Contains(o.unheard, by) && !slices.Contains(o.unheard, p.successor(by)) {
				return false
			}
		}
	}
	return true
}

// heals reports whether a node that calls the cluster down lacks nothing but the
// owners of slots that it imports, which it can be told.
func (p *picture) heals(id cluster.NodeID) bool {
	missed := p.unheard(id)
	_, view := p.says(id)
	if missed.Empty() || view == nil {
		return false
	}
	served := missed
	for i := range view.Members {
		if m := &view.Members[i]; !m.Flags.Has(cluster.Fail) {
			served = served.Union(keyslot.SetOf(m.Slots...))
		}
	}
	return served == keyslot.Full()
}

// informs tells those who have not heard who owns the slot.
func (t *triage) informs() (out []Command) {
	for _, id := range t.o.unheard {
		out = append(out, t.party(id).setSlot(t.o.slot, "before anything else, for all slots alike: while it imports a slot it takes nobody's word for its owner", "NODE", string(t.o.owner.id)))
	}
	return out
}

// informed puts that before a way's commands.
func (t *triage) informed(o Option) Option {
	if !o.Possible || len(t.o.unheard) == 0 {
		return o
	}
	o.Commands = append(t.informs(), o.Commands...)
	o.Text += fmt.Sprintf("; %s told first that %s owns the slot, since %s not heard of it",
		some(t.p.names(t.o.unheard))+verb(len(t.o.unheard), " is", " are"), t.p.name(t.o.owner.id), verb(len(t.o.unheard), "it has", "they have"))
	return o
}
