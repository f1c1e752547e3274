package cli

import (
	"context"
	"sync"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
)

// measured are the loads that servers report for each slot beyond keys: bytes of
// memory (Redis 8.2 and newer, where it was switched on at the start), and bytes
// in and out (with cluster-slot-stats-enabled) since the slot came to its owner.
// What no server reports is nil.
func (m *mover) measured(ctx context.Context, s *cluster.Snapshot) (memory, traffic *plan.Measure) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	for i := range s.Shards {
		sh := &s.Shards[i]
		n, ok := m.watch.Node(sh.Primary)
		if !ok || len(sh.Slots) == 0 || len(sh.Slots) > mostStatRanges {
			continue
		}
		wg.Go(func() {
			cmds := make([][]any, len(sh.Slots))
			for k, r := range sh.Slots {
				cmds[k] = []any{"CLUSTER", "SLOT-STATS", "SLOTSRANGE", int(r.First), int(r.Last)}
			}
			answers := n.Pipeline(ctx, cmds...)
			mu.Lock()
			defer mu.Unlock()
			for _, a := range answers {
				rows, _ := a.Value.([]any)
				for _, row := range rows {
					takeStats(row, &memory, &traffic)
				}
			}
		})
	}
	wg.Wait()
	return memory, traffic
}

// mostStatRanges bounds what is asked of one node: with slots more scattered
// than this, asking costs the node more than the answer is worth.
const mostStatRanges = 64

func takeStats(row any, memory, traffic **plan.Measure) {
	pair, ok := row.([]any)
	if !ok || len(pair) != 2 {
		return
	}
	slot, ok := pair[0].(int64)
	if !ok || slot < 0 || slot >= allSlots {
		return
	}
	list, _ := pair[1].([]any)
	numbers := map[string]int64{}
	for i := 0; i+1 < len(list); i += 2 {
		name, _ := list[i].(string)
		if n, ok := list[i+1].(int64); ok && n >= 0 {
			numbers[name] = n
		}
	}
	set := func(into **plan.Measure, n int64) {
		if *into == nil {
			*into = new(plan.Measure)
		}
		(*into)[slot] = plan.Amount{N: n, How: plan.Reported}
	}
	if n, known := numbers["memory-bytes"]; known {
		set(memory, n)
	}
	in, known := numbers["network-bytes-in"]
	if out, both := numbers["network-bytes-out"]; known && both {
		set(traffic, in+out)
	}
}
