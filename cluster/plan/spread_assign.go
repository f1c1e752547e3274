package plan

// berth is a shard in the search for the best spread: the zones where it could
// have its primary, as numbers. The first one is where it has it now.
type berth []int

// assign gives every shard one of its zones, so that the sum of the squares of
// the primaries per zone is as small as it can be, which also makes the largest
// of these numbers as small as it can be; and of all such ways one that changes
// the fewest shards. The same input gives the same answer.
//
// It is a flow of least cost with convex costs, found by inserting shard after
// shard along the cheapest way through those already placed.
func assign(berths []berth, zones int) []int {
	a := &assignment{berths: berths, at: make([]int, len(berths)), load: make([]int, zones)}
	for i := range a.at {
		a.at[i] = -1
	}
	for i := range berths {
		a.insert(i)
	}
	return a.at
}

type assignment struct {
	berths []berth
	at     []int // the zone of each shard, -1: none yet
	load   []int
}

// price is what one more primary in a zone costs, in units that no number of
// changes outweighs.
func (a *assignment) price(zone int) int { return (len(a.berths) + 1) * (2*a.load[zone] + 1) }

// change is what it costs to have a shard there: 1 for a failover.
func (a *assignment) change(shard, zone int) int {
	if a.berths[shard][0] == zone {
		return 0
	}
	return 1
}

// insert places one more shard, moving others on as far as that pays.
func (a *assignment) insert(shard int) {
	const far = int(^uint(0) >> 1)
	cost, mover, from := make([]int, len(a.load)), make([]int, len(a.load)), make([]int, len(a.load))
	for z := range cost {
		cost[z] = far
	}
	for _, z := range a.berths[shard] {
		if c := a.change(shard, z); c < cost[z] {
			cost[z], mover[z], from[z] = c, shard, -1
		}
	}
	for better := true; better; {
		better = false
		for other, here := range a.at {
			if here < 0 || cost[here] == far {
				continue
			}
			for _, z := range a.berths[other] {
				if c := cost[here] + a.change(other, z) - a.change(other, here); z != here && c < cost[z] {
					cost[z], mover[z], from[z], better = c, other, here, true
				}
			}
		}
	}
	end := -1
	for z := range cost {
		if cost[z] < far && (end < 0 || cost[z]+a.price(z) < cost[end]+a.price(end)) {
			end = z
		}
	}
	a.load[end]++
	for z := end; z >= 0; z = from[z] {
		a.at[mover[z]] = z
	}
}
