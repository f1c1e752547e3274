package plan

import (
	"cmp"
	"fmt"
	"slices"

	"slotdeck/cluster"
)

func (r Drain) draft(p *picture, _ *loads) (draft, error) {
	from, err := p.primaryOf(r.Node, "the node to drain")
	if err != nil {
		return draft{}, err
	}
	if from.slots == 0 {
		return draft{}, &Refusal{Reason: NothingToMove, Nodes: []cluster.NodeID{r.Node},
			Text: fmt.Sprintf("%s has no slots; it is drained already", p.name(r.Node))}
	}
	to, err := p.receivers(r, from)
	if err != nil {
		return draft{}, err
	}
	have := make([]int, len(to))
	order := make([]int, len(to))
	for k, i := range to {
		have[k], order[k] = p.primaries[i].slots, k
	}
	d := draft{title: fmt.Sprintf("drain %s: move its %s to %s", p.name(r.Node), count(from.slots, "slot"), p.receiverNames(r, to))}
	parts := pour(have, from.slots)
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(parts[b], parts[a]) })
	own := from.own
	for _, k := range order {
		slots := pick(own, parts[k], p.primaries[to[k]].own)
		own = own.Minus(slots)
		d.give(p.index[r.Node], to[k], slots)
	}
	return d, nil
}

// receivers are the named primaries, or all others that have slots: a primary
// without any may be about to leave the cluster, so that it has to be named.
func (p *picture) receivers(r Drain, from *primary) ([]int, error) {
	var out []int
	for _, id := range r.To {
		q, err := p.primaryOf(id, "the receiver")
		if err != nil {
			return nil, err
		}
		if q.id == from.id {
			return nil, &Refusal{Reason: SelfMove, Nodes: []cluster.NodeID{id},
				Text: fmt.Sprintf("%s cannot be drained into itself; name other receivers", p.name(id))}
		}
		if i := p.index[id]; !slices.Contains(out, i) {
			out = append(out, i)
		}
	}
	if len(r.To) == 0 {
		for i := range p.primaries {
			if q := &p.primaries[i]; q.id != from.id && q.slots > 0 {
				out = append(out, i)
			}
		}
	}
	if len(out) == 0 {
		return nil, &Refusal{Reason: NoReceiver, Nodes: []cluster.NodeID{from.id},
			Text: fmt.Sprintf("no other primary has slots; name the primary that shall take those of %s", p.name(from.id))}
	}
	return out, nil
}

func (p *picture) receiverNames(r Drain, to []int) string {
	if len(r.To) == 0 {
		return verb(len(to), "the other primary", fmt.Sprintf("%d other primaries", len(to)))
	}
	var names []string
	for _, i := range to {
		names = append(names, p.name(p.primaries[i].id))
	}
	return some(names)
}
