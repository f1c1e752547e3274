package doctor

import (
	"fmt"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
)

// balanceChecks are the rules of this file, in their order.
func balanceChecks() []check {
	const next = "Then slotdeck rebalance proposes what to move; biggest keys and hottest slots tell what cannot be shared out."
	return []check{
		{unevenSlots, []Rule{
			{ID: "slots-uneven", Least: Note, Most: Note, Repair: EvenOut,
				Means: "A shard owns far more slots than the others. That may be meant, when its host is larger.",
				Next:  "When it is not meant, slotdeck rebalance proposes which to move."},
			{ID: "primary-empty", Least: Note, Most: Note, Repair: EvenOut,
				Means: "A primary owns no slots: it holds nothing and does not vote.",
				Next:  "Give it slots, let it follow a primary, or take it out of the cluster."},
		}},
		{unevenKeys, []Rule{
			{ID: "keys-uneven", Least: Note, Most: Note, Repair: EvenOut, By: plan.Keys, Means: "A shard holds far more keys than the others.", Next: "Slots with many keys are mostly a hash tag that too many keys share. " + next},
		}},
		{unevenMemory, []Rule{
			{ID: "memory-uneven", Least: Look, Most: Look, Repair: EvenOut, By: plan.Memory, Means: "A shard uses far more memory than the others: it is full long before the cluster is.", Next: "Look at the biggest keys first. " + next},
		}},
		{unevenTraffic, []Rule{
			{ID: "traffic-uneven", Least: Note, Most: Note, Repair: EvenOut, By: plan.Traffic, Means: "A shard serves far more commands than the others: it is busy long before the cluster is.", Next: "Look at the hottest slots and keys. " + next},
		}},
	}
}

// uneven finds the shard that has most of something, when it is so much above the
// mean; what is below least is left alone.
func (e *examination) uneven(id string, severity Severity, above string, least float64, of func(*cluster.Shard, *cluster.Node) float64, text func(v float64) string) []Finding {
	var sum, most float64
	var top *cluster.Node
	shards := 0
	for sh, p := range e.leaders {
		v := of(sh, p)
		if v < 0 {
			return nil
		}
		shards++
		if sum += v; v > most {
			most, top = v, p
		}
	}
	if shards < 2 || shards != len(e.verdict.Voters.IDs) || most < least {
		return nil
	}
	mean := sum / float64(shards)
	if excess := 100 * (most/mean - 1); excess < e.std.limit(above) || excess <= 0 {
		return nil
	}
	return []Finding{e.about(top, id, severity, fmt.Sprintf("has %s, the mean of the shards is %s", text(most), text(mean)))}
}

func unevenSlots(e *examination) []Finding {
	out := e.uneven("slots-uneven", Note, "uneven-slots", 0, func(sh *cluster.Shard, _ *cluster.Node) float64 { return float64(sh.SlotLen) },
		func(v float64) string { return slotCount(int(v)) })
	for i := range e.s.Nodes {
		n := &e.s.Nodes[i]
		if n.Health == cluster.Answering && n.Member.Flags.Has(cluster.Primary) && len(n.Member.Slots) == 0 && len(e.s.Nodes) > 1 && len(e.verdict.Voters.IDs) > 0 {
			out = append(out, e.about(n, "primary-empty", Note, "is a primary without slots"))
		}
	}
	return out
}

func unevenKeys(e *examination) []Finding {
	return e.uneven("keys-uneven", Note, "uneven-keys", e.std.limit("least-keys"), func(_ *cluster.Shard, p *cluster.Node) float64 { return float64(p.Stats.Keys) },
		func(v float64) string { return plural(int(v), "key", "keys") })
}

func unevenMemory(e *examination) []Finding {
	return e.uneven("memory-uneven", Look, "uneven-memory", mib*e.std.limit("least-memory"), func(_ *cluster.Shard, p *cluster.Node) float64 { return float64(p.Stats.UsedMemory) },
		func(v float64) string { return bytes(int64(v)) })
}

func unevenTraffic(e *examination) []Finding {
	return e.uneven("traffic-uneven", Note, "uneven-traffic", e.std.limit("least-traffic"), func(_ *cluster.Shard, p *cluster.Node) float64 { return float64(p.Stats.OpsPerSec) },
		func(v float64) string { return fmt.Sprintf("%.0f commands a second", v) })
}
