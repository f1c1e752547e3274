package plan

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// heaviest bounds weights so that their sum stays exact enough.
const heaviest = 1e6

func (r Rebalance) draft(p *picture, l *loads) (draft, error) {
	threshold, err := r.threshold()
	if err != nil {
		return draft{}, err
	}
	if err := r.checkWeights(p); err != nil {
		return draft{}, err
	}
	d := draft{title: "rebalance by " + r.By.String()}
	in, weights := r.members(p, &d)
	if !slices.ContainsFunc(weights, func(w float64) bool { return w > 0 }) {
		return draft{}, &Refusal{Reason: BadRequest, Text: "all weights are 0: nobody is left to take the slots; give some primary a weight above 0"}
	}
	if r.By == Slots {
		err = r.bySlots(p, &d, in, weights, threshold)
	} else {
		err = r.byLoad(p, &d, in, weights, threshold, l.of(r.By))
	}
	return d, err
}

func (r Rebalance) threshold() (float64, error) {
	switch {
	case r.By > Traffic:
		return 0, &Refusal{Reason: BadRequest, Text: "a rebalance is by slots, keys, memory or traffic"}
	case r.Threshold == 0:
		return DefaultThreshold, nil
	case r.Threshold == AnyImbalance:
		return 0, nil
	case !(r.Threshold > 0 && r.Threshold < 100):
		return 0, &Refusal{Reason: BadRequest, Text: "the threshold " + number(r.Threshold) + " is not a percentage above 0 and below 100"}
	}
	return r.Threshold, nil
}

func number(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }

func (r Rebalance) checkWeights(p *picture) error {
	for _, id := range sortedIDs(r.Weights) {
		if _, err := p.primaryOf(id, "the weighted node"); err != nil {
			return err
		}
		if w := r.Weights[id]; !(w >= 0 && w <= heaviest) {
			return &Refusal{Reason: BadRequest, Nodes: []cluster.NodeID{id},
				Text: fmt.Sprintf("the weight %s of %s is not a number from 0 to %d", number(w), p.name(id), int(heaviest))}
		}
	}
	return nil
}

func sortedIDs(m map[cluster.NodeID]float64) []cluster.NodeID {
	ids := make([]cluster.NodeID, 0, len(m))
	for id := range m {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// members are the primaries that take part, and their weights.
func (r Rebalance) members(p *picture, d *draft) (in []int, weights []float64) {
	var left []string
	for i := range p.primaries {
		q := &p.primaries[i]
		if q.slots == 0 && !r.UseEmpty {
			left = append(left, p.name(q.id))
			continue
		}
		w, given := r.Weights[q.id]
		if !given {
			w = 1
		}
		in, weights = append(in, i), append(weights, w)
	}
	if len(left) > 0 {
		d.notes = append(d.notes, fmt.Sprintf("left out, because %s no slots: %s; ask for empty primaries to be used to include %s",
			verb(len(left), "it has", "they have"), some(left), verb(len(left), "it", "them")))
	}
	return in, weights
}

func (r Rebalance) bySlots(p *picture, d *draft, in []int, weights []float64, threshold float64) error {
	have := make([]int, len(in))
	for k, i := range in {
		have[k] = p.primaries[i].slots
	}
	goal := shares(weights, have, keyslot.Count)
	surplus := make([]int, len(in))
	beyond, moved := false, 0
	for k := range in {
		surplus[k] = have[k] - goal[k]
		moved += max(0, surplus[k])
		beyond = beyond || slotsBeyond(have[k], goal[k], threshold)
	}
	if !beyond || moved == 0 {
		return balanced(threshold, "slots")
	}
	d.title += fmt.Sprintf(": move %s among %d primaries", count(moved, "slot"), len(in))
	left := make([]keyslot.Set, len(in))
	for k, i := range in {
		left[k] = p.primaries[i].own
	}
	for _, f := range pair(surplus) {
		slots := pick(left[f.from], f.n, p.primaries[in[f.to]].own)
		left[f.from] = left[f.from].Minus(slots)
		d.give(in[f.from], in[f.to], slots)
	}
	return nil
}

// slotsBeyond is redis-cli's rule: off by more than the threshold in percent of
// what the primary has, or empty where more than one slot is due.
func slotsBeyond(have, due int, threshold float64) bool {
	if threshold == 0 {
		return have != due
	}
	if have == 0 {
		return due > 1
	}
	return math.Abs(100-100*float64(due)/float64(have)) > threshold
}

func balanced(threshold float64, what string) error {
	if threshold == 0 {
		return &Refusal{Reason: NothingToMove, Text: "the " + what + " are as evenly spread as can be already"}
	}
	return &Refusal{Reason: NothingToMove, Text: fmt.Sprintf("no rebalancing needed: all primaries are within %s %% of their share of the %s", number(threshold), what)}
}
