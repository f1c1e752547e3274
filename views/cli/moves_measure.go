package cli

import (
	"context"
	"sync"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/keys"
	"slotdeck/cluster/keyspace"
	"slotdeck/cluster/plan"
	"slotdeck/cluster/spawn"
	"slotdeck/cluster/wire"
	"slotdeck/keyslot"
)

// measured are the loads that servers report for each slot beyond keys: bytes of
// memory (Redis 8.2 and newer, where it was switched on at the start), and bytes
// in and out a second (with cluster-slot-stats-enabled), as they are now: what
// the servers count is since the slot came to its owner, of which yesterday's
// load is a part. What no server reports is nil.
func (m *mover) measured(ctx context.Context, s *cluster.Snapshot) (memory, traffic *plan.Measure) {
	var mu sync.Mutex
	var wg spawn.Group
	for i := range s.Shards {
		sh := &s.Shards[i]
		n, ok := m.watch.Node(sh.Primary)
		if !ok || len(sh.Slots) == 0 || len(sh.Slots) > mostStatRanges {
			continue
		}
		wg.Go(func() {
			now, _, err := keys.Loads(ctx, n)
			if err != nil {
				return
			}
			rates := m.traffic(ctx, sh.Primary, n, now)
			mu.Lock()
			defer mu.Unlock()
			for _, l := range now {
				report(&memory, l, l.Memory)
			}
			for _, l := range rates {
				report(&traffic, l, l.In)
			}
		})
	}
	wg.Wait()
	return memory, traffic
}

// mostStatRanges bounds what is asked of one node: with slots more scattered
// than this, asking costs the node more than the answer is worth.
const mostStatRanges = 64

// traffic is what went in and out of a node's slots a second, as In, over the
// window or since this was last asked; none where nobody counts it, or wants to
// know.
func (m *mover) traffic(ctx context.Context, id cluster.NodeID, n *wire.Node, now []keyspace.SlotLoad) []keyspace.SlotLoad {
	if m.window == 0 || len(now) == 0 || now[0].In < 0 || now[0].Out < 0 {
		return nil
	}
	before, read, err := m.loads.apart(ctx, id, n, now, m.window)
	if err != nil {
		return nil
	}
	return rated(before, read, func(l keyspace.SlotLoad) int64 { return max(0, l.In) + max(0, l.Out) })
}

// report notes a number that a server told of a slot.
func report(into **plan.Measure, l keyspace.SlotLoad, n int64) {
	if n < 0 {
		return
	}
	if *into == nil {
		*into = new(plan.Measure)
	}
	(*into)[l.Slot] = plan.Amount{N: n, How: plan.Reported}
}

// rated is what was added between two readings, a second, of each slot that is
// in both.
func rated(before, read loadsRead, amount func(keyspace.SlotLoad) int64) []keyspace.SlotLoad {
	known := make(map[keyslot.Slot]keyspace.SlotLoad, len(before.loads))
	for _, l := range before.loads {
		known[l.Slot] = l
	}
	window := max(read.at.Sub(before.at), time.Millisecond).Seconds()
	var out []keyspace.SlotLoad
	for _, l := range read.loads {
		if b, ok := known[l.Slot]; ok {
			out = append(out, keyspace.SlotLoad{Slot: l.Slot, In: int64(float64(amount(l.Since(b))) / window)})
		}
	}
	return out
}
