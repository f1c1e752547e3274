package plan

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// judge looks at the primaries that would take part. It returns what could lose
// keys, empty when nothing was found.
func (p *picture) judge(plan *Plan, facts Facts, f *findings) (danger string) {
	before := len(f.checks)
	for _, n := range plan.Nodes {
		p.standing(&p.primaries[p.index[n.ID]], f)
	}
	if len(f.checks) == before {
		f.ok(fmt.Sprintf("all %d primaries that take part answer, and see the cluster ok", len(plan.Nodes)))
	}
	p.bystanders(plan, f)
	var receivers []Node
	for _, n := range plan.Nodes {
		if receives(plan, n.ID) {
			receivers = append(receivers, n)
		}
	}
	reachable(receivers, f)
	p.guarded(receivers, f)
	strays(receivers, plan, facts, f)
	facts.Weights.heavy(plan, f)
	danger = p.room(receivers, plan, f)
	for _, n := range receivers {
		if n.Before.Slots == 0 {
			f.ok(fmt.Sprintf("%s has no slots yet: functions that it lacks are copied to it first", n.Name()))
		}
	}
	for _, t := range plan.Turning {
		f.warn(t.Text)
	}
	return danger
}

func receives(plan *Plan, id cluster.NodeID) bool {
	return slices.ContainsFunc(plan.Moves, func(m Move) bool { return m.To == id })
}

// incoming is the slots that a node will get.
func incoming(plan *Plan, id cluster.NodeID) (s keyslot.Set) {
	for _, m := range plan.Moves {
		if m.To == id {
			s = s.Union(m.Set())
		}
	}
	return s
}

// reachable refuses a receiver that announces no address: MIGRATE could not name
// it.
func reachable(receivers []Node, f *findings) {
	for _, n := range receivers {
		if n.Host == "" || n.Port == 0 {
			f.refuse(NodeDown, fmt.Sprintf("%s announces no address, so that no other node can send it keys; let it meet the others again", n.Name()),
				[]cluster.NodeID{n.ID}, keyslot.Set{})
		}
	}
}

// bystanders are primaries with slots that take no part: they need not answer,
// but should.
func (p *picture) bystanders(plan *Plan, f *findings) {
	var bad []string
	for i := range p.primaries {
		q := &p.primaries[i]
		if _, in := plan.Node(q.id); !in && q.slots > 0 && q.node.Health != cluster.Answering {
			bad = append(bad, p.name(q.id))
		}
	}
	if len(bad) > 0 {
		f.warn(fmt.Sprintf("%s no part but %s not answer: %s; the new owners reach %s by gossip only",
			verb(len(bad), "one primary takes", fmt.Sprintf("%d primaries take", len(bad))), verb(len(bad), "does", "do"), some(bad), verb(len(bad), "it", "them")))
	}
}

// guarded tells whether the receivers have replicas that follow them.
func (p *picture) guarded(receivers []Node, f *findings) {
	var alone, lagging []string
	for _, n := range receivers {
		following := 0
		for _, id := range n.Replicas {
			if r := p.nodes[id]; r != nil && r.Health == cluster.Answering && (!r.Info.Known() || r.Stats.LinkUp) {
				following++
			}
		}
		switch {
		case len(n.Replicas) == 0:
			alone = append(alone, n.Name())
		case following == 0:
			lagging = append(lagging, n.Name())
		}
	}
	if len(alone) > 0 {
		f.warn(fmt.Sprintf("%s %s no replica: what arrives there exists once only", some(alone), verb(len(alone), "has", "have")))
	}
	if len(lagging) > 0 {
		f.warn(fmt.Sprintf("no replica follows %s now: what arrives there exists once only", some(lagging)))
	}
	if len(alone)+len(lagging) == 0 {
		f.ok("every receiver has a replica")
	}
}

// strays looks for keys that a receiver must not have yet.
func strays(receivers []Node, plan *Plan, facts Facts, f *findings) {
	var unknown []string
	bad := false
	for _, n := range receivers {
		in, stray := incoming(plan, n.ID), facts.Stray[n.ID]
		if held := in.Intersect(stray.In); !held.Empty() {
			bad = true
			f.refuse(StrayKeys, fmt.Sprintf("%s holds keys in %s (%s) that it does not own, left by an earlier move: Valkey 9 crashes on them, Redis 8.4 and newer drop them, "+
				"older servers bring them back to life; look at them, then remove them or bring them to the owner first", n.Name(), count(held.Len(), "slot"), someSlots(held)),
				[]cluster.NodeID{n.ID}, held)
		} else if !in.Minus(stray.Counted).Empty() {
			unknown = append(unknown, n.Name())
		}
	}
	switch {
	case len(unknown) > 0:
		f.warn(fmt.Sprintf("whether %s %s stray keys in the slots to come is not known; they have to be counted before the move", some(unknown), verb(len(unknown), "holds", "hold")))
	case !bad:
		f.ok("no receiver holds stray keys")
	}
}

// room compares the memory that receivers would need with their limits. All that
// comes close to one is told, else only the fullest.
func (p *picture) room(receivers []Node, plan *Plan, f *findings) (danger string) {
	var unknown, unlimited []string
	fullest, fullestText := 0.0, ""
	for _, n := range receivers {
		node, gets := p.nodes[n.ID], incomingBytes(plan, n.ID)
		limit, used := node.Stats.MaxMemory, node.Stats.UsedMemory
		switch {
		case node.Info.Known() && limit == 0:
			unlimited = append(unlimited, n.Name())
			continue
		case !node.Info.Known() || limit < 0 || used < 0 || gets.How == NotKnown:
			unknown = append(unknown, n.Name())
			continue
		}
		full := 100 * (float64(used) + float64(gets.N)) / float64(limit)
		text := fmt.Sprintf("%s will be %d %% full: %s used and %s to come, of %s", n.Name(), int(math.Min(math.Ceil(full), 1e6)), byteText(used), gets.bytes(), byteText(limit))
		if full > 85 {
			danger = cmp.Or(danger, tight(n, node, full, text, gets, f))
		} else if full > fullest {
			fullest, fullestText = full, text
		}
	}
	if fullestText != "" {
		f.ok(fullestText)
	}
	if len(unlimited) > 0 {
		f.ok(fmt.Sprintf("%s %s no memory limit", some(unlimited), verb(len(unlimited), "has", "have")))
	}
	if len(unknown) > 0 {
		f.warn(fmt.Sprintf("whether %s %s memory enough is not known", some(unknown), verb(len(unknown), "has", "have")))
	}
	return danger
}

// tight is a receiver whose memory hardly suffices, or does not.
func tight(n Node, node *cluster.Node, full float64, text string, gets Amount, f *findings) (danger string) {
	policy, _ := node.Info.Value.Text("maxmemory_policy")
	switch {
	case full > 100 && gets.How > Guessed:
		f.refuse(NoRoom, text+"; raise maxmemory, or move less", []cluster.NodeID{n.ID}, keyslot.Set{})
	case full > 100 && policy != "" && policy != "noeviction":
		f.warn(fmt.Sprintf("%s (a guess); it would evict keys (%s)", text, clean(policy)))
		return fmt.Sprintf("%s may evict keys to make room for those that come", n.Name())
	case full > 100:
		f.warn(text + " (a guess); the move would stop with an error, out of memory")
	default:
		f.warn(text)
	}
	return ""
}

func incomingBytes(plan *Plan, id cluster.NodeID) Amount {
	sum := Amount{How: Reported}
	for _, m := range plan.Moves {
		if m.To == id {
			sum = sum.plus(m.Bytes)
		}
	}
	return sum
}
