package run

import (
	"math"
	"slices"
	"testing"
	"time"

	"slotdeck/keyslot"
)

// served is how long calls hold a server that takes so long for each call, and
// for each unit, until the pace has settled.
func served(p *pace, call, unit, budget time.Duration) (sizes []float64, held []time.Duration) {
	for range 60 {
		units, _ := p.size()
		took := call + time.Duration(units*float64(unit))
		p.learn(units, took, budget)
		sizes, held = append(sizes, units), append(held, took)
	}
	return sizes, held
}

func TestCallsGrowToWhatIsFastAndStayBelowTheBudget(t *testing.T) {
	for _, c := range []struct {
		name               string
		call, unit, budget time.Duration
		least, most        time.Duration // of what a call holds in the end
	}{
		{"a quick server", 100 * time.Microsecond, 7 * time.Microsecond, 10 * time.Millisecond, handy / 2, 2 * handy},
		{"a slow server", 200 * time.Microsecond, 200 * time.Microsecond, 10 * time.Millisecond, 3 * time.Millisecond, 10 * time.Millisecond},
		{"a tight budget", 50 * time.Microsecond, 100 * time.Microsecond, 2 * time.Millisecond, 500 * time.Microsecond, 2 * time.Millisecond},
	} {
		sizes, held := served(newPace(0), c.call, c.unit, c.budget)
		if last := held[len(held)-1]; last < c.least || last > c.most {
			t.Errorf("%s: calls of %.0f units hold it for %v in the end", c.name, sizes[len(sizes)-1], last)
		}
		if worst := slices.Max(held[8:]); worst > c.budget {
			t.Errorf("%s: a call held it for %v, the budget is %v", c.name, worst, c.budget)
		}
	}
}

func TestCallsThatTakeLongWhateverIsInThemAreNotTiny(t *testing.T) {
	sizes, _ := served(newPace(0), 4*time.Millisecond, 5*time.Microsecond, 10*time.Millisecond)
	if last := sizes[len(sizes)-1]; last < firstUnits {
		t.Errorf("calls of %.0f units, each of which takes 4 ms", last)
	}
}

func TestConsoleFarAwayBringsMoreWithEachCall(t *testing.T) {
	near, far := newPace(0), newPace(0)
	far.nearby(40 * time.Millisecond)
	n, _ := served(near, 0, 7*time.Microsecond, 10*time.Millisecond)
	f, held := served(far, 0, 7*time.Microsecond, 10*time.Millisecond)
	if f[59] < 3*n[59] {
		t.Errorf("%.0f units from afar, %.0f from nearby", f[59], n[59])
	}
	if held[59] > 10*time.Millisecond {
		t.Errorf("a call from afar holds the server for %v", held[59])
	}
}

func TestCallOverTheBudgetShrinksTheNext(t *testing.T) {
	p := newPace(0)
	served(p, 100*time.Microsecond, 7*time.Microsecond, 10*time.Millisecond)
	before, _ := p.size()
	if !p.learn(before, 50*time.Millisecond, 10*time.Millisecond) {
		t.Error("nobody is told that 50 ms are over a budget of 10 ms")
	}
	if after, _ := p.size(); after > before/2 {
		t.Errorf("%.0f units after a call of %.0f that took five times the budget", after, before)
	}
}

func TestStrainGivesBreaksAndKeepsCallsWhole(t *testing.T) {
	p := newPace(0)
	before, _ := p.size()
	p.slow()
	p.slow()
	after, _ := p.size()
	if after != before || p.breather(time.Millisecond) < 3*time.Millisecond {
		t.Errorf("%.0f units instead of %.0f, and breaks of %v after a call of 1 ms", after, before, p.breather(time.Millisecond))
	}
	for range 8 {
		p.recover()
	}
	if b := p.breather(time.Millisecond); b != 0 {
		t.Errorf("still breaks of %v", b)
	}
}

func TestCallsDoNotDivideASlotThatFits(t *testing.T) {
	p := newPace(0)
	p.units, p.slack = 50, 1.5
	m := &mover{p: &pair{j: &Job{nodeTimeout: 15 * time.Second}, pace: p}}
	for slot, n := range []int{60, 10, 30, 400} {
		m.ready = append(m.ready, haul{load: &load{slot: keyslot.Slot(slot)}, keys: make([]string, n)})
	}
	var calls [][]int
	for len(m.ready) > 0 {
		out, units := m.pack(0)
		var keys []int
		for i := range out {
			keys = append(keys, len(out[i].keys))
		}
		if len(keys) == 0 || units > 75 {
			t.Fatalf("a call of %v keys, %.0f units", keys, units)
		}
		calls = append(calls, keys)
	}
	if want := [][]int{{60}, {10, 30}, {50}}; !slices.EqualFunc(calls[:3], want, slices.Equal[[]int]) || len(calls) != 10 {
		t.Errorf("%v", calls)
	}
}

func TestLargeKeyGoesAlone(t *testing.T) {
	p := newPace(0)
	m := &mover{p: &pair{j: &Job{nodeTimeout: 15 * time.Second}, pace: p}}
	m.ready = []haul{{load: &load{}, keys: []string{"a", "huge", "b"}, sizes: []int64{100, 100 << 20, 100}}}
	var calls []int
	for len(m.ready) > 0 {
		out, _ := m.pack(0)
		calls = append(calls, keysIn(out))
	}
	if !slices.Equal(calls, []int{1, 1, 1}) {
		t.Errorf("calls of %v keys", calls)
	}
}

func TestKeysThatWereNotWeighedAreTakenForAverage(t *testing.T) {
	h := haul{sizes: []int64{100, 0, 300, 0}}
	h.guess()
	if !slices.Equal(h.sizes, []int64{100, 200, 300, 200}) {
		t.Errorf("%v", h.sizes)
	}
	none := haul{sizes: []int64{0, 0}}
	none.guess()
	if !slices.Equal(none.sizes, []int64{0, 0}) || unitsOf(0) != 1 || math.IsNaN(unitsOf(0)) {
		t.Errorf("%v", none.sizes)
	}
}
