package plan

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// replay carries a plan out on a table of owners and reports the first step that
// breaks a rule.
func replay(p Plan, s *cluster.Snapshot) (owner map[cluster.NodeID]keyslot.Set, err error) {
	owner = map[cluster.NodeID]keyslot.Set{}
	for i, shard := range s.Shards {
		var own keyslot.Set
		for slot, o := range s.Owner {
			if int(o) == i {
				own.Add(keyslot.Slot(slot))
			}
		}
		owner[shard.Primary] = own
	}
	var moved keyslot.Set
	for _, m := range p.Moves {
		set := m.Set()
		switch from, known := owner[m.From]; {
		case set.Empty():
			return nil, fmt.Errorf("an empty move from %s", m.From)
		case m.From == m.To:
			return nil, fmt.Errorf("%s moves to itself", m.From)
		case !known || !set.Minus(from).Empty():
			return nil, fmt.Errorf("%s does not own %v", m.From, set.Minus(from))
		case !moved.Intersect(set).Empty():
			return nil, fmt.Errorf("%v moves twice", moved.Intersect(set))
		}
		if _, known := owner[m.To]; !known {
			return nil, fmt.Errorf("%s is no primary", m.To)
		}
		moved = moved.Union(set)
		owner[m.From] = owner[m.From].Minus(set)
		owner[m.To] = owner[m.To].Union(set)
	}
	total := 0
	for _, own := range owner {
		total += own.Len()
	}
	if total != keyslot.Count {
		return nil, fmt.Errorf("%d slots are owned afterwards", total)
	}
	for _, n := range p.Nodes {
		if n.After.Slots != owner[n.ID].Len() {
			return nil, fmt.Errorf("%s has %d slots, the plan says %d", n.ID, owner[n.ID].Len(), n.After.Slots)
		}
	}
	if moved.Len() != p.Slots {
		return nil, fmt.Errorf("%d slots moved, the plan says %d", moved.Len(), p.Slots)
	}
	return owner, nil
}

// requestKinds are what randomRequest can ask for.
var requestKinds = []string{"MoveCount", "MoveExactly", "Drain", "Rebalance"}

func randomRequest(r *rand.Rand, w *world, kind string) Request {
	any := func() cluster.NodeID { return id(r.IntN(len(w.sets)), 0) }
	some := func() (ids []cluster.NodeID) {
		for range r.IntN(4) {
			ids = append(ids, any())
		}
		return ids
	}
	switch kind {
	case "MoveCount":
		return MoveCount{From: some(), To: any(), Slots: 1 + r.IntN(keyslot.Count)/(1+r.IntN(100))}
	case "MoveExactly":
		var s keyslot.Set
		for range 1 + r.IntN(20) {
			first := r.IntN(keyslot.Count)
			s.AddRange(keyslot.Range{First: keyslot.Slot(first), Last: keyslot.Slot(min(keyslot.Count-1, first+r.IntN(300)))})
		}
		return MoveExactly{Slots: s, To: any()}
	case "Drain":
		return Drain{Node: any(), To: some()}
	}
	q := Rebalance{UseEmpty: r.IntN(2) == 0, Threshold: []float64{0, AnyImbalance, 0.5, 10}[r.IntN(4)], By: Objective(r.IntN(4)), Weights: map[cluster.NodeID]float64{}}
	for range r.IntN(3) {
		q.Weights[any()] = []float64{0, 0.5, 1, 2, 3.7}[r.IntN(5)]
	}
	return q
}

func randomFacts(r *rand.Rand) Facts {
	heavy := keyslot.Slot(r.IntN(keyslot.Count))
	keys := reported(func(s keyslot.Slot) int64 {
		if s == heavy {
			return int64(r.IntN(100000))
		}
		return int64(r.IntN(200))
	})
	for range r.IntN(5000) {
		keys[r.IntN(keyslot.Count)] = Amount{}
	}
	return Facts{JobsAsked: true, Load: Load{Keys: keys, Bytes: even(900), Traffic: reported(func(keyslot.Slot) int64 { return int64(r.ExpFloat64() * 50) })}}
}

func TestEveryPlanKeepsAllSlotsOwnedAndMovesNoneTwice(t *testing.T) {
	each, seed := 120, uint64(0) // plans of each kind, from fixed seeds
	switch {
	case raceEnabled: // as seeds
		each, seed = 10, uint64(rand.Uint32())
	case testing.Short():
		each = 30
	}
	made, tried := map[string]int{}, map[string]int{}
	for ; ; seed++ {
		kind := slices.MinFunc(requestKinds, func(a, b string) int { return made[a] - made[b] })
		if made[kind] == each {
			break
		}
		if tried[kind]++; tried[kind] > 20*each {
			t.Fatalf("of %d requests for %s only %d came to a plan", tried[kind], kind, made[kind])
		}
		r := rand.New(rand.NewPCG(seed, 7))
		w := randomWorld(r, 12)
		s, request, facts := w.snapshot(), randomRequest(r, w, kind), randomFacts(r)
		p, err := Make(request, s, facts)
		if err != nil {
			var refusal *Refusal
			if !errors.As(err, &refusal) || refusal.Reason == 0 {
				t.Fatalf("seed %d: %v is no refusal", seed, err)
			}
			continue
		}
		made[kind]++
		owner, err := replay(p, s)
		if err != nil {
			t.Fatalf("seed %d: %#v: %v", seed, request, err)
		}
		reachesGoal(t, seed, request, w, p, owner)
		if err := p.sound(); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if again := mustMake(t, request, w.snapshot(), facts); again.ID != p.ID {
			t.Fatalf("seed %d: the same request on the same picture gave another plan", seed)
		}
		if err := Recheck(p, s); err != nil {
			t.Fatalf("seed %d: a new plan does not hold: %v", seed, err)
		}
		if tally := Tell(p, s); tally.Left != p.Set() || !tally.Done.Empty() || !tally.Astray.Empty() {
			t.Fatalf("seed %d: a new plan is told as begun", seed)
		}
	}
	t.Logf("asked for: %v", tried)
}

// reachesGoal says whether the replayed plan did what was asked for.
func reachesGoal(t *testing.T, seed uint64, request Request, w *world, p Plan, owner map[cluster.NodeID]keyslot.Set) {
	t.Helper()
	switch q := request.(type) {
	case MoveCount:
		if got := owner[q.To].Len() - w.at(q.To).Len(); got != q.Slots {
			t.Fatalf("seed %d: the target got %d slots, not %d", seed, got, q.Slots)
		}
	case MoveExactly:
		if owner[q.To] != w.at(q.To).Union(q.Slots) {
			t.Fatalf("seed %d: the target did not get exactly the slots asked for", seed)
		}
	case Drain:
		if !owner[q.Node].Empty() {
			t.Fatalf("seed %d: the drained node keeps %v", seed, owner[q.Node])
		}
	case Rebalance:
		for node, weight := range q.Weights {
			if weight == 0 && !owner[node].Empty() {
				t.Fatalf("seed %d: a node of weight 0 keeps %d slots", seed, owner[node].Len())
			}
		}
		if q.By == Slots {
			evenlySpread(t, seed, q, w, owner)
		}
	}
}

func (w *world) at(node cluster.NodeID) keyslot.Set {
	for i := range w.sets {
		if id(i, 0) == node {
			return w.sets[i]
		}
	}
	return keyslot.Set{}
}

// evenlySpread: everybody has the share due to its weight, rounded up or down.
func evenlySpread(t *testing.T, seed uint64, q Rebalance, w *world, owner map[cluster.NodeID]keyslot.Set) {
	t.Helper()
	sum := 0.0
	weight := func(i int) float64 {
		if w.sets[i].Empty() && !q.UseEmpty {
			return 0
		}
		if v, ok := q.Weights[id(i, 0)]; ok {
			return v
		}
		return 1
	}
	for i := range w.sets {
		sum += weight(i)
	}
	for i := range w.sets {
		exact := keyslot.Count * weight(i) / sum
		if got := float64(owner[id(i, 0)].Len()); got < exact-1 || got > exact+1 {
			t.Fatalf("seed %d: %s has %v slots, its share is %.2f", seed, letter(i), got, exact)
		}
	}
}
