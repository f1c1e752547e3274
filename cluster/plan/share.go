package plan

import (
	"cmp"
	"math"
	"slices"
)

// shares divides total slots by weight. Every share is rounded down or up so
// that they add up, and rounded up first where that saves a move: for those who
// have more than the lower number already. have and weights are alike long, and
// some weight is above 0.
func shares(weights []float64, have []int, total int) []int {
	sum := 0.0
	for _, w := range weights {
		sum += w
	}
	out := make([]int, len(weights))
	part := make([]float64, len(weights))
	var order []int
	left := total
	for i, w := range weights {
		exact := float64(total) * w / sum
		if near := math.Round(exact); math.Abs(exact-near) < 1e-6 {
			exact = near // a whole share, but for the rounding of floats
		}
		out[i] = int(exact)
		part[i] = exact - float64(out[i])
		left -= out[i]
		if w > 0 {
			order = append(order, i)
		}
	}
	saves := func(i int) int {
		if part[i] > 0 && have[i] > out[i] {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(saves(a), saves(b)), cmp.Compare(part[b], part[a]))
	})
	for i := range left {
		out[order[i%len(order)]]++
	}
	return out
}

// flow is how many slots go from one to another.
type flow struct{ from, to, n int }

// pair matches those who have too much (surplus above 0) with those who have too
// little, in few pairs: equal ones first, then the largest with the largest. The
// surpluses add up to 0.
func pair(surplus []int) []flow {
	var givers, takers []int
	for i, s := range surplus {
		if s > 0 {
			givers = append(givers, i)
		} else if s < 0 {
			takers = append(takers, i)
		}
	}
	left := slices.Clone(surplus)
	var out []flow
	byNeed := map[int][]int{}
	for _, t := range takers {
		byNeed[-left[t]] = append(byNeed[-left[t]], t)
	}
	for _, g := range givers {
		if same := byNeed[left[g]]; len(same) > 0 {
			t := same[0]
			byNeed[left[g]] = same[1:]
			out = append(out, flow{g, t, left[g]})
			left[g], left[t] = 0, 0
		}
	}
	largest := func(a, b int) int { return cmp.Compare(magnitude(left[b]), magnitude(left[a])) }
	slices.SortStableFunc(givers, largest)
	slices.SortStableFunc(takers, largest)
	t := 0
	for _, g := range givers {
		for left[g] > 0 && t < len(takers) {
			n := min(left[g], -left[takers[t]])
			if n > 0 {
				out = append(out, flow{g, takers[t], n})
				left[g], left[takers[t]] = left[g]-n, left[takers[t]]+n
			}
			if left[takers[t]] == 0 {
				t++
			}
		}
	}
	return out
}

func magnitude(n int) int { return max(n, -n) }

// pour spreads n slots over receivers, filling the emptiest first, and tells how
// many each gets.
func pour(have []int, n int) []int {
	order := make([]int, len(have))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(have[a], have[b]) })
	below, filled := 0, 0 // how many are raised to the level, and what they hold together
	for below < len(order) && (below == 0 || have[order[below]]*below-filled < n) {
		filled += have[order[below]]
		below++
	}
	level, over := (filled+n)/below, (filled+n)%below
	out := make([]int, len(have))
	for i, at := range order[:below] {
		out[at] = level - have[at]
		if i < over {
			out[at]++
		}
	}
	return out
}
