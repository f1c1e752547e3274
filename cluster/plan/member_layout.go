package plan

import (
	"cmp"
	"slices"

	"slotdeck/keyslot"
)

// memberLayout says which servers become primaries and whom the others follow.
// Servers are numbers: places in the list of hosts.
type memberLayout struct {
	primaries []int       // in the order in which slots are given
	under     map[int]int // replica -> primary
	alike     []int       // replicas in the same zone as their primary, rising
	beside    []int       // those of them on its very host
}

// layOut places replicas for every primary. places tells where each server
// stands. There are as many primaries as there can be with so many replicas each;
// servers left over become further replicas. The rules, the stronger first, for
// zones that without a map are hosts:
//
//  1. no replica is in its primary's zone, or as few as can be, and where one
//     has to be, it is on another host as far as swapping can bring that about;
//  2. zones get equal numbers of primaries, in the order given, as far as rule
//     1 lets them, and within a zone hosts do;
//  3. replicas of one primary are in different zones, as far as swapping two
//     of them can bring that about.
//
// The same list gives the same layout.
func layOut(places []place, replicas int) memberLayout {
	l := memberLayout{under: map[int]int{}}
	index, servers := byZone(places)
	primaries := len(places) / (replicas + 1)
	shares := primaryShares(servers, primaries, len(places)-primaries)
	rest := make([][]int, len(servers))
	for h, s := range servers {
		rest[h] = s[shares[h]:]
	}
	for round := 0; len(l.primaries) < primaries; round++ {
		for h, s := range servers {
			if round < shares[h] {
				l.primaries = append(l.primaries, s[round])
			}
		}
	}
	zone := func(server int) int { return index[places[server].zone] }
	seats := l.deal(rest, zone)
	l.swap(seats, zone, places)
	for _, s := range seats {
		l.under[s.replica] = s.primary
	}
	for server := range places {
		p, ok := l.under[server]
		if !ok {
			continue
		}
		switch places[server].near(places[p]) {
		case 1:
			l.alike = append(l.alike, server)
		case 2:
			l.alike, l.beside = append(l.alike, server), append(l.beside, server)
		}
	}
	return l
}

// byZone groups servers by zone, in the order given; within a zone the hosts take
// turns, so that its primaries come from all of them.
func byZone(places []place) (index map[string]int, servers [][]int) {
	index = map[string]int{}
	seen := map[place]int{}
	turn := make([]int, len(places)) // which server of its host it is
	for i, p := range places {
		at, ok := index[p.zone]
		if !ok {
			at = len(servers)
			index[p.zone] = at
			servers = append(servers, nil)
		}
		servers[at] = append(servers[at], i)
		turn[i] = seen[p]
		seen[p]++
	}
	for _, of := range servers {
		if len(of) > 0 && seen[places[of[0]]] < len(of) { // more than one host
			slices.SortStableFunc(of, func(a, b int) int { return cmp.Compare(turn[a], turn[b]) })
		}
	}
	return index, servers
}

// primaryShares is how many primaries each zone gets: in turns, then so many
// moved off a large zone as leave its replicas better room elsewhere.
func primaryShares(servers [][]int, primaries, replicas int) []int {
	shares := make([]int, len(servers))
	for left := primaries; left > 0; {
		for h := range servers {
			if left > 0 && shares[h] < len(servers[h]) {
				shares[h]++
				left--
			}
		}
	}
	each, most := replicas/primaries, (replicas+primaries-1)/primaries
	// homeless is how many replicas of a zone with p primaries have no place
	// with primaries elsewhere: its own primaries take their part, and no
	// primary takes more than its own.
	homeless := func(h, p int) int {
		return max(0, len(servers[h])-p-min(replicas-p*each, (primaries-p)*most))
	}
	for h := range servers {
		for shares[h] > 0 && homeless(h, shares[h]-1) < homeless(h, shares[h]) {
			to := -1
			for o := range servers {
				if o != h && shares[o] < len(servers[o]) && homeless(o, shares[o]+1) == 0 && (to < 0 || shares[o] < shares[to]) {
					to = o
				}
			}
			if to < 0 {
				break
			}
			shares[h]--
			shares[to]++
		}
	}
	return shares
}

// seat is a replica's place.
type seat struct{ replica, primary int }

// deal gives each primary its replicas in rounds: from the zone with the most
// left that is neither the primary's nor that of a replica it has already, as
// far as there is one.
func (l *memberLayout) deal(rest [][]int, zone func(int) int) (seats []seat) {
	has := map[int]map[int]bool{} // primary -> zones of its replicas
	left := 0
	for _, r := range rest {
		left += len(r)
	}
	for left > 0 {
		for _, p := range l.primaries {
			if left == 0 {
				break
			}
			best, rank := -1, 0
			for h, r := range rest {
				if len(r) == 0 {
					continue
				}
				k := 3 * len(r)
				if h != zone(p) {
					k += 1 << 30
				}
				if !has[p][h] {
					k += 1 << 20
				}
				if best < 0 || k > rank {
					best, rank = h, k
				}
			}
			if has[p] == nil {
				has[p] = map[int]bool{}
			}
			has[p][best] = true
			seats = append(seats, seat{rest[best][0], p})
			rest[best] = rest[best][1:]
			left--
		}
	}
	return seats
}

// exchange is the search for a better place for replicas.
type exchange struct {
	seats  []seat
	zone   func(int) int
	places []place
	on     map[[2]int]int // (primary, zone) -> replicas
	has    map[int]int    // primary -> replicas
}

// swap exchanges the places of two replicas, or gives a primary's surplus
// replica to another, while that makes the layout better. For rule 1 that is
// enough: while a replica shares its primary's host and it could be otherwise,
// some other can take its place without harm.
func (l *memberLayout) swap(seats []seat, zone func(int) int, places []place) {
	x := &exchange{seats: seats, zone: zone, places: places, on: map[[2]int]int{}, has: map[int]int{}}
	for _, s := range seats {
		x.put(s, 1)
	}
	for better := true; better; {
		better = false
		for i := range seats {
			better = x.cost(seats[i]) > 0 && (x.hand(i, l.primaries) || x.trade(i)) || better
		}
	}
}

func (x *exchange) put(s seat, by int) {
	x.on[[2]int{s.primary, x.zone(s.replica)}] += by
	x.has[s.primary] += by
}

// cost is what is wrong with a seat: its primary's zone weighs more than all
// siblings there could be, and its host twice as much.
func (x *exchange) cost(s seat) int {
	near := x.places[s.primary].near(x.places[s.replica])
	return x.on[[2]int{s.primary, x.zone(s.replica)}] - 1 + near<<20
}

// hand gives a replica to a primary that has fewer.
func (x *exchange) hand(i int, primaries []int) bool {
	old := x.seats[i]
	before := x.cost(old)
	for _, p := range primaries {
		if x.has[p] >= x.has[old.primary] {
			continue
		}
		x.put(old, -1)
		next := seat{old.replica, p}
		x.put(next, 1)
		if x.cost(next) < before {
			x.seats[i] = next
			return true
		}
		x.put(next, -1)
		x.put(old, 1)
	}
	return false
}

// trade exchanges a replica with that of another primary.
func (x *exchange) trade(i int) bool {
	for j := range x.seats {
		a, b := x.seats[i], x.seats[j]
		if a.primary == b.primary || x.places[a.replica] == x.places[b.replica] {
			continue
		}
		before := x.cost(a) + x.cost(b)
		c, d := seat{b.replica, a.primary}, seat{a.replica, b.primary}
		x.replace(a, b, c, d)
		if x.cost(c)+x.cost(d) < before {
			x.seats[i], x.seats[j] = c, d
			return true
		}
		x.replace(c, d, a, b)
	}
	return false
}

func (x *exchange) replace(a, b, c, d seat) {
	x.put(a, -1)
	x.put(b, -1)
	x.put(c, 1)
	x.put(d, 1)
}

// memberShare is the slots of the i-th of n primaries: as even as can be, with
// the bounds that the servers' own tools give.
func memberShare(i, n int) keyslot.Range {
	bound := func(i int) int { return (i*keyslot.Count + n/2) / n }
	return keyslot.Range{First: keyslot.Slot(bound(i)), Last: keyslot.Slot(bound(i+1) - 1)}
}
