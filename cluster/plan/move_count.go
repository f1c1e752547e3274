package plan

import (
	"cmp"
	"fmt"
	"slices"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

func (r MoveCount) draft(p *picture, _ *loads) (draft, error) {
	to, err := p.primaryOf(r.To, "the target")
	if err != nil {
		return draft{}, err
	}
	if r.Slots < 1 || r.Slots > keyslot.Count {
		return draft{}, &Refusal{Reason: BadRequest, Text: fmt.Sprintf("%d slots cannot be moved; give a number from 1 to %d", r.Slots, keyslot.Count)}
	}
	from, err := p.sources(r.From, to)
	if err != nil {
		return draft{}, err
	}
	have := 0
	for _, i := range from {
		have += p.primaries[i].slots
	}
	if have < r.Slots {
		return draft{}, &Refusal{Reason: NotEnoughSlots, Nodes: r.From,
			Text: fmt.Sprintf("the sources have %s, fewer than the %d asked for; ask for at most %d", count(have, "slot"), r.Slots, have)}
	}
	d := draft{title: fmt.Sprintf("move %s from %s to %s", count(r.Slots, "slot"), p.sourceNames(r.From, from), p.name(to.id))}
	receiver := to.own
	for k, n := range p.proportions(from, r.Slots, have) {
		slots := pick(p.primaries[from[k]].own, n, receiver)
		receiver = receiver.Union(slots)
		d.give(from[k], p.index[to.id], slots)
	}
	return d, nil
}

// sources are the named primaries, or all but the target, most slots first.
func (p *picture) sources(ids []cluster.NodeID, to *primary) ([]int, error) {
	var out []int
	for _, id := range ids {
		q, err := p.primaryOf(id, "the source")
		if err != nil {
			return nil, err
		}
		if q.id == to.id {
			return nil, &Refusal{Reason: SelfMove, Nodes: []cluster.NodeID{id},
				Text: fmt.Sprintf("%s is both source and target; name another source or another target", p.name(id))}
		}
		if i := p.index[id]; !slices.Contains(out, i) {
			out = append(out, i)
		}
	}
	if len(ids) == 0 {
		for i := range p.primaries {
			if q := &p.primaries[i]; q.id != to.id && q.slots > 0 {
				out = append(out, i)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b int) int {
		return cmp.Or(cmp.Compare(p.primaries[b].slots, p.primaries[a].slots), cmp.Compare(a, b))
	})
	return out, nil
}

func (p *picture) sourceNames(ids []cluster.NodeID, from []int) string {
	if len(ids) == 0 {
		return "all others"
	}
	var names []string
	for _, i := range from {
		names = append(names, p.name(p.primaries[i].id))
	}
	return some(names)
}

// proportions is how many slots each source gives: its part of n by the slots it
// has, the first rounded up and the others down; what is then missing comes from
// those who lost most by rounding.
func (p *picture) proportions(from []int, n, have int) []int {
	out := make([]int, len(from))
	lost := make([]int, len(from)) // in parts of have
	left := n
	for k, i := range from {
		exact := n * p.primaries[i].slots
		out[k], lost[k] = exact/have, exact%have
		if k == 0 && lost[k] > 0 {
			out[k], lost[k] = out[k]+1, 0
		}
		left -= out[k]
	}
	order := make([]int, len(from))
	for k := range order {
		order[k] = k
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(lost[b], lost[a]) })
	for _, k := range order[:left] {
		out[k]++
	}
	return out
}
