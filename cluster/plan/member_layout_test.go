package plan

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"slotdeck/keyslot"
)

func TestLayoutPutsReplicasOnOtherHosts(t *testing.T) {
	for _, c := range []struct {
		hosts     string
		replicas  int
		primaries []int
		alike     int
	}{
		{"a b c a b c", 1, []int{0, 1, 2}, 0},
		{"a a b b c c", 1, []int{0, 2, 4}, 0},
		{"a a a b b b", 1, []int{0, 3, 1}, 0},
		{"a a a a a a", 1, []int{0, 1, 2}, 3},
		{"a a a a b c", 1, []int{0, 4, 5}, 1}, // four of six: one replica has nowhere else to go
		{"a b c", 0, []int{0, 1, 2}, 0},
		{"a a a b b b c c c", 2, []int{0, 3, 6}, 0},
		{"a a a a a a b b c", 2, []int{6, 8, 7}, 0}, // primaries make room for the large host's replicas
		{"a b c a b c a", 1, []int{0, 1, 2}, 0},     // one more than needed
	} {
		hosts := strings.Fields(c.hosts)
		l := layOut(onHosts(hosts), c.replicas)
		if !slices.Equal(l.primaries, c.primaries) || len(l.alike) != c.alike {
			t.Errorf("%s with %d: primaries %v, %d replicas beside their primary; want %v, %d", c.hosts, c.replicas, l.primaries, len(l.alike), c.primaries, c.alike)
		}
	}
}

func TestLayoutPutsReplicasIntoOtherZonesThenOnOtherHosts(t *testing.T) {
	for _, c := range []struct {
		places        string // zone/host
		replicas      int
		alike, beside int
	}{
		{"a/1 a/1 b/2 b/2 c/3 c/3", 1, 0, 0},
		{"a/1 a/2 a/3 b/4 b/5 b/6", 1, 0, 0},
		{"a/1 a/1 a/1 a/2 a/2 a/2", 1, 3, 0}, // one zone: hosts still count
		{"a/1 a/1 a/2 a/2 b/3 b/3", 1, 1, 0},
		{"a/1 a/1 a/1 a/1 b/2 c/3", 1, 1, 1}, // nowhere else to go at all
		{"a/1 b/1 c/1 a/1 b/1 c/1", 1, 0, 0}, // one host in several zones is believed
	} {
		var places []place
		for _, at := range strings.Fields(c.places) {
			zone, host, _ := strings.Cut(at, "/")
			places = append(places, place{zone, host})
		}
		l := layOut(places, c.replicas)
		if len(l.alike) != c.alike || len(l.beside) != c.beside {
			t.Errorf("%s with %d: %d replicas in their primary's zone, %d on its host; want %d, %d (%v, %v)",
				c.places, c.replicas, len(l.alike), len(l.beside), c.alike, c.beside, l.primaries, l.under)
		}
	}
}

func TestPrimariesOfAZoneAreOnAllOfItsHosts(t *testing.T) {
	places := []place{{"a", "1"}, {"a", "1"}, {"a", "2"}, {"a", "2"}, {"b", "3"}, {"b", "3"}, {"b", "4"}, {"b", "4"}}
	l := layOut(places, 1)
	hosts := map[place]int{}
	for _, p := range l.primaries {
		hosts[places[p]]++
	}
	if len(hosts) != 4 || len(l.alike) != 0 {
		t.Errorf("primaries on %v, %d replicas in their primary's zone", hosts, len(l.alike))
	}
}

// checkLayout makes sure that a layout is one at all.
func checkLayout(t *testing.T, hosts []string, replicas int, l memberLayout) {
	t.Helper()
	counts := map[int]int{}
	for r, p := range l.under {
		if !slices.Contains(l.primaries, p) || slices.Contains(l.primaries, r) {
			t.Fatalf("%v with %d: %d follows %d, primaries are %v", hosts, replicas, r, p, l.primaries)
		}
		counts[p]++
	}
	if len(l.primaries) != len(hosts)/(replicas+1) || len(l.under)+len(l.primaries) != len(hosts) {
		t.Fatalf("%v with %d: %d primaries, %d replicas", hosts, replicas, len(l.primaries), len(l.under))
	}
	for _, p := range l.primaries {
		if counts[p] < replicas || counts[p] > replicas+(len(hosts)%(replicas+1)+len(l.primaries)-1)/len(l.primaries) {
			t.Fatalf("%v with %d: %d has %d replicas", hosts, replicas, p, counts[p])
		}
	}
}

// leastAlike tries every choice of primaries and gives the fewest replicas that
// have to share their primary's host: those of a host for whom the primaries
// elsewhere have no place.
func leastAlike(hosts []string, primaries int) int {
	n, best := len(hosts), len(hosts)
	for mask := range 1 << n {
		chosen, on, size := 0, map[string]int{}, map[string]int{}
		for i := range n {
			size[hosts[i]]++
			if mask>>i&1 == 1 {
				chosen++
				on[hosts[i]]++
			}
		}
		if chosen != primaries {
			continue
		}
		each, most, worst := (n-primaries)/primaries, (n-1)/primaries, 0 // most: rounded up
		for h := range size {
			worst = max(worst, size[h]-on[h]-min(n-primaries-on[h]*each, (primaries-on[h])*most))
		}
		best = min(best, worst)
	}
	return best
}

func TestLayoutSharesHostsAsLittleAsCanBe(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	for range 400 {
		replicas := 1 + r.IntN(3)
		hosts := make([]string, 3*(replicas+1)+r.IntN(13-3*(replicas+1)+1))
		spread := 1 + r.IntN(5)
		for i := range hosts {
			hosts[i] = fmt.Sprint(min(r.IntN(spread), r.IntN(spread)))
		}
		l := layOut(onHosts(hosts), replicas)
		checkLayout(t, hosts, replicas, l)
		if want := leastAlike(hosts, len(l.primaries)); len(l.alike) != want {
			t.Errorf("%v with %d: %d replicas beside their primary, and %d would do (%v, %v)", hosts, replicas, len(l.alike), want, l.primaries, l.under)
		}
		if again := layOut(onHosts(hosts), replicas); fmt.Sprint(again) != fmt.Sprint(l) {
			t.Fatalf("%v with %d: two layouts", hosts, replicas)
		}
	}
}

func TestLayoutOfAThousandServers(t *testing.T) {
	hosts := make([]string, 1000)
	for i := range hosts {
		hosts[i] = fmt.Sprint(i / 10)
	}
	l := layOut(onHosts(hosts), 2)
	checkLayout(t, hosts, 2, l)
	if len(l.alike) != 0 {
		t.Errorf("%d replicas beside their primary", len(l.alike))
	}
	siblings := map[string]int{}
	for r, p := range l.under {
		siblings[fmt.Sprint(p, " ", hosts[r])]++
	}
	for at, n := range siblings {
		if n > 1 {
			t.Errorf("%s: %d replicas of one primary on one host", at, n)
		}
	}
}

func TestSharesAreEvenAndCoverAllSlots(t *testing.T) {
	for n := 1; n <= 1000; n++ {
		var all keyslot.Set
		for i := range n {
			r := memberShare(i, n)
			if d := r.Len() - keyslot.Count/n; d < 0 || d > 1 {
				t.Fatalf("%d of %d has %d slots", i, n, r.Len())
			}
			if !all.Intersect(keyslot.SetOf(r)).Empty() {
				t.Fatalf("%d of %d overlaps", i, n)
			}
			all.AddRange(r)
		}
		if all.Len() != keyslot.Count {
			t.Fatalf("%d primaries share %d slots", n, all.Len())
		}
	}
}
