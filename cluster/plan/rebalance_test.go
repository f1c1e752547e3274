package plan

import (
	"math"
	"math/rand/v2"
	"testing"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// fewest is the least number of moves that gives everybody a share rounded up or
// down, found by trying every way of rounding.
func fewest(weights []float64, have []int) int {
	sum := 0.0
	for _, w := range weights {
		sum += w
	}
	best := math.MaxInt
	for up := range 1 << len(weights) {
		total, moves := 0, 0
		for i, w := range weights {
			exact := keyslot.Count * w / sum
			goal := int(math.Floor(exact + 1e-9))
			if up>>i&1 == 1 {
				if math.Abs(exact-math.Round(exact)) < 1e-9 {
					total = -1
					break
				}
				goal++
			}
			total += goal
			moves += max(0, have[i]-goal)
		}
		if total == keyslot.Count {
			best = min(best, moves)
		}
	}
	return best
}

func TestRebalanceMovesTheFewestSlotsThatBalance(t *testing.T) {
	tried := 0
	for seed := range seeds(400) {
		r := rand.New(rand.NewPCG(seed, 5))
		w := randomWorld(r, 7)
		q := Rebalance{Threshold: AnyImbalance, UseEmpty: true, Weights: map[cluster.NodeID]float64{}}
		var weights []float64
		var have []int
		for i := range w.sets {
			weight := []float64{1, 1, 1, 2, 0.3, 0}[r.IntN(6)]
			if i == 0 {
				weight = 1
			}
			q.Weights[id(i, 0)] = weight
			weights, have = append(weights, weight), append(have, w.sets[i].Len())
		}
		want := fewest(weights, have)
		p, err := Make(q, w.snapshot(), Facts{})
		if err != nil {
			checkRefusal(t, NothingToMove, err, "")
			if want != 0 {
				t.Fatalf("seed %d: refused, but %d moves would balance", seed, want)
			}
			continue
		}
		tried++
		if p.Slots != want {
			t.Fatalf("seed %d: %d slots move, %d are enough", seed, p.Slots, want)
		}
		if len(p.Moves) >= len(w.sets) {
			t.Fatalf("seed %d: %d pairs for %d primaries", seed, len(p.Moves), len(w.sets))
		}
	}
	if tried < 100 && !raceEnabled {
		t.Errorf("only %d rebalances were tried", tried)
	}
}

func TestRebalanceActsOnlyBeyondTheThreshold(t *testing.T) {
	near := worldOf("0-5400", "5401-10922", "10923-16383").snapshot() // 1.1 % off
	refused(t, NothingToMove, Rebalance{}, near, Facts{})
	refused(t, NothingToMove, Rebalance{Threshold: 1.2}, near, Facts{})
	p := mustMake(t, Rebalance{Threshold: 1}, near, Facts{})
	if p.Slots != 60 {
		t.Errorf("beyond the threshold %d slots move, want 60", p.Slots)
	}
	even := three().snapshot()
	refused(t, NothingToMove, Rebalance{Threshold: AnyImbalance}, even, Facts{})
}

func TestRebalanceLeavesEmptyPrimariesOutUnlessAsked(t *testing.T) {
	s := worldOf("0-8000", "8001-16383", "").snapshot()
	p := mustMake(t, Rebalance{}, s, Facts{})
	if _, in := p.Node(id(2, 0)); in || !warns(p, "left out, because it has no slots: C") {
		t.Errorf("an empty primary: %v", p.Checks)
	}
	p = mustMake(t, Rebalance{UseEmpty: true}, s, Facts{})
	if n, _ := p.Node(id(2, 0)); n.After.Slots < 5461 || warns(p, "left out") {
		t.Errorf("the empty primary gets %d slots", n.After.Slots)
	}
}

func TestRebalanceRespectsWeights(t *testing.T) {
	p := mustMake(t, Rebalance{Weights: map[cluster.NodeID]float64{id(0, 0): 3, id(2, 0): 0}}, three().snapshot(), Facts{})
	for i, want := range []int{12288, 4096, 0} {
		if n, _ := p.Node(id(i, 0)); n.After.Slots != want {
			t.Errorf("%s ends with %d slots, want %d", letter(i), n.After.Slots, want)
		}
	}
}

// spread is what primaries carry after a plan, by a measure.
func spread(t *testing.T, p Plan, s *cluster.Snapshot, m *Measure) (load map[cluster.NodeID]float64) {
	t.Helper()
	owner, err := replay(p, s)
	if err != nil {
		t.Fatal(err)
	}
	load = map[cluster.NodeID]float64{}
	for node, own := range owner {
		for slot := range own.All() {
			load[node] += float64(m[slot].N)
		}
	}
	return load
}

func TestRebalanceByLoadEndsWithinTheThreshold(t *testing.T) {
	for seed := range seeds(60) {
		r := rand.New(rand.NewPCG(seed, 9))
		w := randomWorld(r, 6)
		carry := reported(func(keyslot.Slot) int64 { return int64(r.ExpFloat64() * 60) })
		q := Rebalance{By: Keys, UseEmpty: true, Threshold: []float64{0, 1, 5}[r.IntN(3)], Weights: map[cluster.NodeID]float64{id(0, 0): 1 + r.Float64()}}
		p, err := Make(q, w.snapshot(), Facts{Load: Load{Keys: carry}})
		if err != nil {
			checkRefusal(t, NothingToMove, err, "")
			continue
		}
		threshold, _ := q.threshold()
		load := spread(t, p, w.snapshot(), carry)
		total, sum := 0.0, float64(len(w.sets)-1)+q.Weights[id(0, 0)]
		for _, l := range load {
			total += l
		}
		for i := range w.sets {
			due := total / sum
			if i == 0 {
				due *= q.Weights[id(0, 0)]
			}
			if l := load[id(i, 0)]; math.Abs(l-due) > max(l, due)*threshold/100 {
				t.Errorf("seed %d: %s carries %.0f, its share is %.0f, the threshold %v %%", seed, letter(i), l, due, threshold)
			}
		}
	}
}

func TestRebalanceByLoadMovesNoMoreThanItsShareOfEqualSlots(t *testing.T) {
	s := worldOf("0-9999", "10000-16383").snapshot()
	p := mustMake(t, Rebalance{By: Memory, Threshold: AnyImbalance}, s, Facts{Load: Load{Bytes: even(4096)}})
	if p.Slots != 10000-8192 || len(p.Moves) != 1 || len(p.Moves[0].Ranges) != 1 {
		t.Errorf("%d slots in %v", p.Slots, p.Moves)
	}
}

func TestRebalanceByLoadMovesFewHeavySlotsRatherThanManyLightOnes(t *testing.T) {
	carry := reported(func(s keyslot.Slot) int64 {
		if s < 10 {
			return 10000 // ten heavy slots on A, together as much as all the rest there
		}
		return 10
	})
	s := worldOf("0-8191", "8192-16383").snapshot()
	p := mustMake(t, Rebalance{By: Keys}, s, Facts{Load: Load{Keys: carry}})
	// A is 50,000 above its share: five heavy slots, where 5,000 light ones would do as well.
	if p.Slots != 5 {
		t.Errorf("%d slots move; 5 are enough", p.Slots)
	}
}

func TestRebalanceSaysWhenOneSlotIsTooHeavy(t *testing.T) {
	carry := reported(func(s keyslot.Slot) int64 {
		if s == 77 {
			return 1000000
		}
		return 10
	})
	s := worldOf("0-9999", "10000-16383").snapshot()
	p := mustMake(t, Rebalance{By: Keys}, s, Facts{Load: Load{Keys: carry}})
	if !warns(p, "slot 77 on A 10.0.0.1:7000 alone carries") {
		t.Errorf("checks: %v", p.Checks)
	}
}

func TestRebalanceFillsGapsInTheNumbersAndSaysSo(t *testing.T) {
	carry := even(10)
	for slot := range 3000 {
		carry[slot] = Amount{}
	}
	s := worldOf("0-9999", "10000-16383").snapshot()
	p := mustMake(t, Rebalance{By: Keys}, s, Facts{Load: Load{Keys: carry}})
	a, _ := p.Node(id(0, 0))
	// A reports 100,000 keys itself, 70,000 of them are counted by slot.
	if a.Before.Keys != (Amount{100000, Guessed}) {
		t.Errorf("A holds %v", a.Before.Keys)
	}
	b, _ := p.Node(id(1, 0))
	if b.Before.Keys != (Amount{63840, Reported}) {
		t.Errorf("B holds %v", b.Before.Keys)
	}
}
