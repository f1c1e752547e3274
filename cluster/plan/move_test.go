package plan

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"slotdeck/cluster"
)

func TestMoveFromAllTakesInProportionAsTheServersToolDoes(t *testing.T) {
	for seed := range seeds(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		w := randomWorld(r, 8)
		to := id(r.IntN(len(w.sets)), 0)
		n := 1 + r.IntN(4000)
		p, err := Make(MoveCount{To: to, Slots: n}, w.snapshot(), Facts{})
		if err != nil {
			checkRefusal(t, NotEnoughSlots, err, "")
			continue
		}
		var have []int
		total := 0
		for i := range w.sets {
			if k := w.sets[i].Len(); id(i, 0) != to && k > 0 {
				have = append(have, k)
				total += k
			}
		}
		slices.SortFunc(have, func(a, b int) int { return b - a })
		got := 0
		for _, m := range p.Moves {
			got += m.Set().Len()
			from, _ := p.Node(m.From)
			exact := float64(n) * float64(from.Before.Slots) / float64(total)
			if k := float64(m.Set().Len()); k < math.Floor(exact) || k > math.Floor(exact)+1 {
				t.Fatalf("seed %d: %s of %d slots gives %v, its part is %.2f", seed, from.Name(), from.Before.Slots, k, exact)
			}
			if largest := from.Before.Slots == have[0] && (len(have) == 1 || have[1] < have[0]); largest && float64(m.Set().Len()) < math.Ceil(exact) {
				t.Fatalf("seed %d: the largest source does not round up", seed)
			}
		}
		if got != n {
			t.Fatalf("seed %d: %d slots move, not %d", seed, got, n)
		}
	}
}

func TestMoveTakesTheSlotsNextToTheTargets(t *testing.T) {
	for _, c := range []struct{ from, to, want string }{
		{"0-5460", "5461-16383", "5361-5460"},                             // from the side that lies against it
		{"5461-16383", "0-5460", "5461-5560"},                             //
		{"0-5460,6000", "5461-5999,6001-16383", "5362-5460,6000"},         // the island first, then the shore
		{"0-999,5000-5049,5100-5149", "5050-5099", "5000-5049,5100-5149"}, // whole fragments that close gaps
		{"0-999,2000-2099", "8000-16383", "2000-2099"},                    // the fragment that fits exactly
		{"100-999", "8000-16383", "100-199"},                              // the low end, as the server's tool takes it
	} {
		got := pick(set(c.from), 100, set(c.to))
		if got != set(c.want) {
			t.Errorf("100 slots of %s for %s: %v, want %s", c.from, c.to, got, c.want)
		}
	}
}

func TestMoveCanBeRunTwiceWithoutFragmentingTheCluster(t *testing.T) {
	w := three()
	for range 40 {
		p := mustMake(t, MoveCount{To: id(3, 0), Slots: 100}, w.snapshot(), Facts{})
		for _, m := range p.Moves {
			for i := range w.sets {
				switch id(i, 0) {
				case m.From:
					w.sets[i] = w.sets[i].Minus(m.Set())
				case m.To:
					w.sets[i] = w.sets[i].Union(m.Set())
				}
			}
		}
	}
	for i, most := range []int{2, 2, 2, 3} {
		if n := len(w.sets[i].Ranges()); n > most {
			t.Errorf("%s is in %d pieces after 40 moves: %v", letter(i), n, w.sets[i])
		}
	}
}

func TestMoveExactlyMovesThoseAndLeavesOutWhatIsThere(t *testing.T) {
	s := three().snapshot()
	p := mustMake(t, MoveExactly{Slots: set("5000-6000,11000-11010"), To: id(2, 0)}, s, Facts{})
	if len(p.Moves) != 2 || p.Moves[0].Set() != set("5000-5460") || p.Moves[1].Set() != set("5461-6000") {
		t.Errorf("moves %v", p.Moves)
	}
	if !warns(p, "11 slots of those asked for (11000-11010) are on C 10.0.2.1:7000 already") {
		t.Errorf("nothing says that some slots are there already: %v", p.Checks)
	}
}

func TestDrainFillsTheEmptiestFirst(t *testing.T) {
	s := worldOf("0-999", "1000-9999", "10000-12999", "13000-16383", "").snapshot()
	p := mustMake(t, Drain{Node: id(0, 0)}, s, Facts{})
	// C has 3000 and D 3384: 692 and 308 bring both to 3692; B has 9000 already, E was not named.
	for i, want := range map[int]int{0: 0, 2: 3692, 3: 3692} {
		if n, ok := p.Node(id(i, 0)); !ok || n.After.Slots != want {
			t.Errorf("%s ends with %d slots, want %d", letter(i), n.After.Slots, want)
		}
	}
	for _, left := range []int{1, 4} {
		if _, ok := p.Node(id(left, 0)); ok {
			t.Errorf("%s gets slots", letter(left))
		}
	}
	p = mustMake(t, Drain{Node: id(0, 0), To: []cluster.NodeID{id(4, 0), id(4, 0)}}, s, Facts{})
	if n, _ := p.Node(id(4, 0)); len(p.Moves) != 1 || n.After.Slots != 1000 {
		t.Errorf("a named empty primary does not take all: %v", p.Moves)
	}
}

func TestDrainedPrimaryBecomesReplicaOfTheReceiverThatHasFewest(t *testing.T) {
	w := worldOf("0-999", "1000-8999", "9000-16383").but(func(s *cluster.Snapshot) {
		s.Shards[1].Replicas = nil // B has none, C has one
	})
	p := mustMake(t, Drain{Node: id(0, 0)}, w.snapshot(), Facts{})
	if len(p.Turning) != 1 {
		t.Fatalf("turning: %v", p.Turning)
	}
	if len(p.Moves) == 2 && p.Turning[0].Under != id(1, 0) {
		t.Errorf("A follows %s", p.Turning[0].Under.Short())
	}
	if got := p.Turning[0]; got.Node != id(0, 0) || len(got.Replicas) != 1 || p.Risk != Disruptive || !warns(p, "loses its last slot and becomes a replica of") {
		t.Errorf("turning %v, risk %v", got, p.Risk)
	}
	last := p.Moves[len(p.Moves)-1]
	if last.To != p.Turning[0].Under {
		t.Errorf("the last move goes to %s, not to the one it will follow", last.To.Short())
	}
}

func TestDrainedPrimaryStaysPrimaryWhereReplicaMigrationIsOff(t *testing.T) {
	w := three().but(func(s *cluster.Snapshot) {
		node(s, id(0, 0)).Config.Value = map[string]string{"cluster-allow-replica-migration": "no"}
	})
	p := mustMake(t, Drain{Node: id(0, 0)}, w.snapshot(), Facts{})
	if len(p.Turning) != 0 || p.Risk != Safe {
		t.Errorf("turning %v, risk %v", p.Turning, p.Risk)
	}
}

func TestPourIsAsEvenAsCanBe(t *testing.T) {
	for seed := range seeds(500) {
		r := rand.New(rand.NewPCG(seed, 3))
		have := make([]int, 1+r.IntN(20))
		for i := range have {
			have[i] = r.IntN(50)
		}
		n := r.IntN(400)
		want := slices.Clone(have)
		for range n { // one by one to the emptiest
			least := 0
			for i := range want {
				if want[i] < want[least] {
					least = i
				}
			}
			want[least]++
		}
		got := slices.Clone(have)
		for i, k := range pour(have, n) {
			if k < 0 {
				t.Fatalf("seed %d: pour takes away", seed)
			}
			got[i] += k
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Fatalf("seed %d: %v, want %v", seed, got, want)
		}
	}
}
