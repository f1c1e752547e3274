package plan

import (
	"fmt"
	"slices"
)

// settled says why there is nothing to do.
func (p *SpreadPlan) settled() string {
	most := 0
	for _, z := range p.Zones {
		most = max(most, z.Before.Primaries)
	}
	text := fmt.Sprintf("nothing to gain: no failover makes the spread over %ss more even (%s at the most)", p.By, count(most, "primary"))
	if most > 1 {
		text = fmt.Sprintf("nothing to gain: no failover makes the spread over %ss more even (%d primaries at the most)", p.By, most)
	}
	if len(p.Cannot) > 0 {
		text += "; " + p.Cannot[0]
	}
	return text
}

// cannot says what remains uneven or at risk, and why no failover mends it.
func (f *spreadFace) cannot() []string {
	out := f.crowded()
	for i := range f.shards {
		sh := &f.shards[i]
		if len(sh.all) > 1 && !slices.ContainsFunc(sh.all, func(z int) bool { return z != sh.all[0] }) && len(f.zones) > 1 {
			out = append(out, fmt.Sprintf("shard %s is lost with %s: all its %d nodes are there; put a replica of it elsewhere, which no failover does",
				clean(sh.shard.Letter), clean(f.zones[sh.all[0]]), len(sh.all)))
		}
	}
	word := f.request.Zones.Word()
	switch {
	case len(f.zones) == 1:
		out = append(out, fmt.Sprintf("all nodes are on one %s, %s", word, clean(f.zones[0])))
	case len(f.zones) == 2 && len(f.shards) > 1:
		out = append(out, fmt.Sprintf("with two %ss the loss of the one with more primaries, or of either when they have the same, takes the majority with it; only a third one changes that", word))
	}
	return out
}

// crowded tells of zones that keep more primaries than an even spread would
// give them.
func (f *spreadFace) crowded() (out []string) {
	load := f.loads(f.chosen)
	if len(f.zones) == 0 {
		return nil
	}
	even := (len(f.shards) + len(f.zones) - 1) / len(f.zones)
	for z, n := range load {
		if n <= even {
			continue
		}
		reach, stuck := f.stuck(z)
		text := fmt.Sprintf("%s keeps %d primaries, where an even spread has %d: no fit replica of %s is outside of %s",
			clean(f.zones[z]), n, even, shardsText(stuck), someAnd(reach))
		if better(f.loads(f.hoped), load) {
			text += "; replicas that are not fit now could help"
		} else {
			text += "; replicas have to be placed elsewhere"
		}
		out = append(out, text)
	}
	return out
}

// stuck are the zones that primaries of a zone could be passed on to, and the
// shards that have their primaries there: all of these are as full.
func (f *spreadFace) stuck(zone int) (zones, shards []string) {
	in := map[int]bool{zone: true}
	for grown := true; grown; {
		grown = false
		for i := range f.shards {
			if !in[f.chosen[i]] {
				continue
			}
			for _, z := range f.shards[i].zones {
				if !in[z] {
					in[z], grown = true, true
				}
			}
		}
	}
	for z, name := range f.zones {
		if in[z] {
			zones = append(zones, clean(name))
		}
	}
	for i := range f.shards {
		if in[f.chosen[i]] {
			shards = append(shards, clean(f.shards[i].shard.Letter))
		}
	}
	return zones, shards
}

func (f *spreadFace) loads(chosen []int) []int {
	load := make([]int, len(f.zones))
	for _, z := range chosen {
		load[z]++
	}
	return load
}

// better reports whether one spread is more even than another.
func better(a, b []int) bool {
	squares := func(load []int) (sum int) {
		for _, n := range load {
			sum += n * n
		}
		return sum
	}
	return squares(a) < squares(b)
}

// Lines is the plan as plain text.
func (p SpreadPlan) Lines() []string {
	out := []string{p.Title, fmt.Sprintf("  risk: %s: %s", p.Risk, p.Why)}
	if len(p.Steps) > 0 {
		out = append(out, "failovers, one after the other")
	}
	for i, s := range p.Steps {
		out = append(out, fmt.Sprintf("  %d. %s", i+1, s.Text()))
	}
	wide := len(p.By)
	for _, z := range p.Zones {
		wide = max(wide, len(clean(z.Zone)))
	}
	then := ""
	if len(p.Steps) > 0 {
		then = ", then"
	}
	out = append(out, fmt.Sprintf("primaries of each %s, and what its loss would do%s", p.By, then))
	for _, z := range p.Zones {
		n := fmt.Sprint(z.Before.Primaries)
		if len(p.Steps) > 0 {
			n = fmt.Sprintf("%d -> %d", z.Before.Primaries, z.After.Primaries)
		}
		out = append(out, fmt.Sprintf("  %-*s  %-8s  %s", wide, clean(z.Zone), n, z.After.Text()))
	}
	if len(p.Cannot) > 0 {
		out = append(out, "what failovers cannot do")
		for _, text := range p.Cannot {
			out = append(out, "  "+text)
		}
	}
	return append(out, CheckLines(p.Checks)...)
}

// Commands are what is sent, each when the one before is verified.
func (p SpreadPlan) Commands() []string {
	var out []string
	for _, s := range p.Steps {
		out = append(out, fmt.Sprintf("%s  %s", s.Addr, Graceful.command()))
	}
	return out
}
