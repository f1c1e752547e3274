package plan

import (
	"fmt"
	"math"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// scale is a rebalance by load at work. Every slot is in own of the one primary
// that had it at first, and leaves it at most once.
type scale struct {
	g     *gauge
	own   []keyslot.Set // what each has left to give
	whole []keyslot.Set // what each has, with what it was given
	load  []float64
	due   []float64
	slack float64 // the part of its due load by which each may stay off
}

func (r Rebalance) byLoad(p *picture, d *draft, in []int, weights []float64, threshold float64, g *gauge) error {
	s, err := r.weighUp(p, in, weights, threshold, g)
	if err != nil {
		return err
	}
	beyond := false
	for k := range in {
		beyond = beyond || s.beyond(k, threshold) || weights[k] == 0 && !s.own[k].Empty()
	}
	if !beyond {
		return balanced(threshold, r.By.String())
	}
	s.level(in, d)
	for k, w := range weights {
		if w == 0 {
			s.evacuate(k, in, d)
		}
	}
	if len(d.transfers) == 0 {
		return &Refusal{Reason: NothingToMove, Text: fmt.Sprintf("moving whole slots cannot make the %s more even%s", r.By, s.stone(p, in))}
	}
	moved, off := 0, 0
	for i := range d.transfers {
		moved += d.transfers[i].slots.Len()
	}
	for k := range in {
		off += b2i(s.beyond(k, threshold))
	}
	d.title += fmt.Sprintf(": move %s among %d primaries", count(moved, "slot"), len(in))
	if off > 0 && threshold > 0 {
		d.notes = append(d.notes, fmt.Sprintf("%s then still be more than %s %% off their share of the %s%s",
			verb(off, "1 primary will", fmt.Sprintf("%d primaries will", off)), number(threshold), r.By, s.stone(p, in)))
	}
	return nil
}

func (r Rebalance) weighUp(p *picture, in []int, weights []float64, threshold float64, g *gauge) (*scale, error) {
	n := len(in)
	s := &scale{g: g, own: make([]keyslot.Set, n), whole: make([]keyslot.Set, n), load: make([]float64, n),
		due: make([]float64, n), slack: threshold / 100 / 4}
	total, sum := 0.0, 0.0
	for k, i := range in {
		q := &p.primaries[i]
		s.own[k], s.whole[k] = q.own, q.own
		for slot := range q.own.All() {
			if g.how[slot] == NotKnown {
				return nil, &Refusal{Reason: NotMeasured, Nodes: []cluster.NodeID{q.id},
					Text: fmt.Sprintf("nobody knows the %s of slot %d on %s; let it be measured first, or rebalance by slots", r.By, slot, p.name(q.id))}
			}
			s.load[k] += g.per[slot]
		}
		total += s.load[k]
		sum += weights[k]
	}
	if total <= 0 {
		return nil, &Refusal{Reason: NothingToMove, Text: fmt.Sprintf("no slot carries any %s; rebalance by slots instead", r.By)}
	}
	for k := range in {
		s.due[k] = total * weights[k] / sum
	}
	return s, nil
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// beyond is whether a primary is off by more than the threshold, in percent of
// what it carries or is due, whichever is more.
func (s *scale) beyond(k int, threshold float64) bool {
	off := math.Abs(s.load[k] - s.due[k])
	return off > max(s.load[k], s.due[k])*(threshold+1e-9)/100
}

// move hands slots over.
func (s *scale) move(from, to int, slots keyslot.Set, in []int, d *draft) {
	for slot := range slots.All() {
		s.load[from] -= s.g.per[slot]
		s.load[to] += s.g.per[slot]
	}
	s.own[from] = s.own[from].Minus(slots)
	s.whole[from] = s.whole[from].Minus(slots)
	s.whole[to] = s.whole[to].Union(slots)
	d.give(in[from], in[to], slots)
}

// level moves load from the fullest to the emptiest until all are close to their
// share, or nothing that could move would help. Who is above its share at first
// only gives, the others only take.
func (s *scale) level(in []int, d *draft) {
	gives, spent := make([]bool, len(in)), make([]bool, len(in))
	for k := range in {
		gives[k] = s.load[k] > s.due[k]
	}
	for {
		from, to := -1, -1
		over, under := 0.0, 0.0
		for k := range in {
			off := s.load[k] - s.due[k]
			part := math.Abs(off) / s.due[k] // +Inf for weight 0: emptied first
			switch {
			case spent[k]:
			case gives[k] && off > 0 && part > over:
				from, over = k, part
			case !gives[k] && off < 0 && part > under:
				to, under = k, part
			}
		}
		if from < 0 || to < 0 || over <= s.slack && under <= s.slack {
			return
		}
		surplus, lack := s.load[from]-s.due[from], s.due[to]-s.load[to]
		slots := s.choose(from, s.whole[to], min(surplus, lack), s.slack*s.due[to])
		if slots.Empty() { // nothing small enough for whichever of the two set the limit
			spent[from] = spent[from] || surplus <= lack
			spent[to] = spent[to] || lack <= surplus
			continue
		}
		s.move(from, to, slots, in, d)
	}
}

// choose takes few slots that carry want together, or nearly so. Heavy slots go
// first, but of those within a factor of two the ones that keep runs long: so
// that it takes at most about twice as many slots as the fewest possible, and
// exactly the fewest where slots weigh the same. Nothing is taken of which half
// would not be needed.
func (s *scale) choose(from int, receiver keyslot.Set, want, slack float64) keyslot.Set {
	var out keyslot.Set
	for want > slack {
		own := s.own[from].Minus(out)
		top, light, lightest := 0.0, math.Inf(1), keyslot.Slot(0)
		for slot := range own.All() {
			if w := s.g.per[slot]; w > 0 && w <= want {
				top = max(top, w)
			}
			if w := s.g.per[slot]; w > want && w < light {
				light, lightest = w, slot
			}
		}
		switch over := light - want; { // one slot a little too heavy spares many light ones
		case over <= slack || top == 0 && over < want:
			out.Add(lightest)
			return out
		case top == 0:
			return out
		}
		var band keyslot.Set
		for slot := range own.All() {
			if w := s.g.per[slot]; w >= top/2 && w <= want {
				band.Add(slot)
			}
		}
		want = s.fit(band, receiver, want, &out)
		receiver = receiver.Union(out)
	}
	return out
}

// fit takes slots of a band as long as they fit into want, and returns what is
// then wanting: from runs that lie against the receiver's first, on that side.
func (s *scale) fit(band, receiver keyslot.Set, want float64, out *keyslot.Set) float64 {
	for _, run := range nearestFirst(band, receiver) {
		low, high := against(run, receiver)
		for i := range run.Len() {
			slot := run.First + keyslot.Slot(i)
			if high && !low {
				slot = run.Last - keyslot.Slot(i)
			}
			if w := s.g.per[slot]; w <= want {
				out.Add(slot)
				want -= w
			}
		}
	}
	return want
}

// evacuate empties a primary of weight 0 of what level left there: slots too
// heavy for anybody's share go to whoever carries least for its share, slots
// that carry nothing are spread by their number.
func (s *scale) evacuate(k int, in []int, d *draft) {
	var takers []int
	for t := range in {
		if s.due[t] > 0 {
			takers = append(takers, t)
		}
	}
	for slot := range s.own[k].All() {
		if s.g.per[slot] == 0 {
			continue
		}
		least := takers[0]
		for _, t := range takers {
			if s.load[t]/s.due[t] < s.load[least]/s.due[least] {
				least = t
			}
		}
		s.move(k, least, keyslot.SetOf(keyslot.Range{First: slot, Last: slot}), in, d)
	}
	have := make([]int, len(takers))
	for i, t := range takers {
		have[i] = s.whole[t].Len()
	}
	for i, n := range pour(have, s.own[k].Len()) {
		s.move(k, takers[i], pick(s.own[k], n, s.whole[takers[i]]), in, d)
	}
}

// stone names the heaviest slot, when it is what stands in the way.
func (s *scale) stone(p *picture, in []int) string {
	at, slot := -1, keyslot.Slot(0)
	for k := range in {
		for one := range s.whole[k].All() {
			if at < 0 || s.g.per[one] > s.g.per[slot] {
				at, slot = k, one
			}
		}
	}
	if at < 0 || s.load[at] <= s.due[at] {
		return ""
	}
	return fmt.Sprintf("; slot %d on %s alone carries %.0f %% of a primary's share", slot, p.name(p.primaries[in[at]].id), 100*s.g.per[slot]/max(s.due[at], 1))
}
