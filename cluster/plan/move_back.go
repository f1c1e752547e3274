package plan

import (
	"fmt"

	"slotdeck/keyslot"
)

func (r MoveBack) draft(p *picture, _ *loads) (d draft, err error) {
	var all keyslot.Set
	var names []string
	for _, m := range r {
		to, err := p.primaryOf(m.To, "the former owner")
		if err != nil {
			return draft{}, err
		}
		moving := m.Slots.Minus(to.own).Minus(all)
		if moving.Empty() {
			continue
		}
		all = all.Union(moving)
		names = append(names, p.name(to.id))
		for i := range p.primaries {
			d.give(i, p.index[to.id], moving.Intersect(p.primaries[i].own))
		}
	}
	if all.Empty() {
		return draft{}, &Refusal{Reason: NothingToMove, Text: "no slot has to go back"}
	}
	d.title = fmt.Sprintf("move %s (%s) back to %s", count(all.Len(), "slot"), someSlots(all), some(names))
	return d, nil
}
