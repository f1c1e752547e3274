package plan

import (
	"fmt"

	"slotdeck/cluster"
)

func (r MoveExactly) draft(p *picture, _ *loads) (draft, error) {
	to, err := p.primaryOf(r.To, "the target")
	if err != nil {
		return draft{}, err
	}
	if r.Slots.Empty() {
		return draft{}, &Refusal{Reason: NothingToMove, Text: "no slot was given; mark some on the map, or name ranges such as 0-99,200"}
	}
	there := r.Slots.Intersect(to.own)
	moving := r.Slots.Minus(there)
	if moving.Empty() {
		return draft{}, &Refusal{Reason: NothingToMove, Nodes: []cluster.NodeID{to.id}, Slots: there,
			Text: fmt.Sprintf("%s already has all of these %s", p.name(to.id), count(there.Len(), "slot"))}
	}
	d := draft{title: fmt.Sprintf("move %s (%s) to %s", count(moving.Len(), "slot"), someSlots(moving), p.name(to.id))}
	if n := there.Len(); n > 0 {
		d.notes = append(d.notes, fmt.Sprintf("%s of those asked for (%s) %s on %s already", count(n, "slot"), someSlots(there), isAre(n), p.name(to.id)))
	}
	for i := range p.primaries {
		d.give(i, p.index[to.id], moving.Intersect(p.primaries[i].own))
	}
	return d, nil
}
