package cli

import (
	"context"
	"sync"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/keys"
	"slotdeck/cluster/keyspace"
	"slotdeck/cluster/wire"
	"slotdeck/keyslot"
	"slotdeck/views"
)

// slotLoads remembers the last reading of each node: load is the difference of
// two.
type slotLoads struct {
	mu   sync.Mutex
	last map[cluster.NodeID]loadsRead
}

type loadsRead struct {
	at    time.Time
	loads []keyspace.SlotLoad
}

const (
	firstWindow = 500 * time.Millisecond // between the first two readings of a node
	oldWindow   = 10 * time.Second       // a reading older than this is no beginning
)

// MeasureSlots tells what slots hold or cost.
func (s *slotKeys) MeasureSlots(ctx context.Context, id cluster.NodeID, slots []keyslot.Slot, what views.SlotMeasure) (views.SlotNumbers, error) {
	n, err := s.node(id)
	if err != nil {
		return views.SlotNumbers{}, err
	}
	now, lacks, err := keys.Loads(ctx, n)
	if err != nil && !lacks {
		return views.SlotNumbers{}, err
	}
	switch {
	case what == views.SlotMemory && (len(now) == 0 || now[0].Memory < 0):
		numbers, err := keys.SampledMemory(ctx, n, slots)
		return views.SlotNumbers{Numbers: numbers, Sampled: true}, err
	case lacks:
		return views.SlotNumbers{Why: "this server counts no load by slot (Redis 8.2, Valkey 8.0 and newer do)"}, nil
	case what == views.SlotMemory:
		return views.SlotNumbers{Numbers: inOrder(slots, now, func(l keyspace.SlotLoad) int64 { return l.Memory })}, nil
	case len(now) == 0 || !now[0].Counted():
		return views.SlotNumbers{Why: "the servers do not count the load of each slot: cluster-slot-stats-enabled yes starts that, or, where a running server refuses it (Redis 8.6), \"cpu net\" (C on 3 nodes sets it on all)"}, nil
	}
	return s.rates(ctx, id, n, slots, now, what)
}

// rates are what was added since the last reading, a second.
func (s *slotKeys) rates(ctx context.Context, id cluster.NodeID, n *wire.Node, slots []keyslot.Slot, now []keyspace.SlotLoad, what views.SlotMeasure) (views.SlotNumbers, error) {
	before, read, err := s.loads.apart(ctx, id, n, now, firstWindow)
	if err != nil {
		return views.SlotNumbers{}, err
	}
	rates := rated(before, read, func(l keyspace.SlotLoad) int64 {
		if what == views.SlotTraffic {
			return max(0, l.In) + max(0, l.Out)
		}
		return l.CPU
	})
	return views.SlotNumbers{Numbers: inOrder(slots, rates, func(l keyspace.SlotLoad) int64 { return l.In })}, nil
}

// apart are two readings of a node with some time in between: the last one and
// this, or this and one after the window.
func (l *slotLoads) apart(ctx context.Context, id cluster.NodeID, n *wire.Node, now []keyspace.SlotLoad, window time.Duration) (before, read loadsRead, err error) {
	read = loadsRead{time.Now(), now}
	before, ok := l.swap(id, read)
	if ok && read.at.Sub(before.at) <= oldWindow && read.at.Sub(before.at) >= window/2 {
		return before, read, nil
	}
	before = read
	select {
	case <-time.After(window):
	case <-ctx.Done():
		return before, read, ctx.Err()
	}
	loads, _, err := keys.Loads(ctx, n)
	if err != nil {
		return before, read, err
	}
	read = loadsRead{time.Now(), loads}
	l.swap(id, read)
	return before, read, nil
}

func (l *slotLoads) swap(id cluster.NodeID, read loadsRead) (before loadsRead, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.last == nil {
		l.last = map[cluster.NodeID]loadsRead{}
	}
	before, ok = l.last[id]
	l.last[id] = read
	return before, ok
}

// inOrder are numbers in the order of the slots asked, -1 for one not told.
func inOrder(slots []keyslot.Slot, loads []keyspace.SlotLoad, number func(keyspace.SlotLoad) int64) []int64 {
	at := map[keyslot.Slot]int64{}
	for _, l := range loads {
		at[l.Slot] = number(l)
	}
	out := make([]int64, len(slots))
	for i, s := range slots {
		n, ok := at[s]
		if !ok {
			n = -1
		}
		out[i] = n
	}
	return out
}
