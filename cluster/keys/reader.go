package keys

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"slotdeck/cluster/wire"
	"slotdeck/keyslot"
)

// Unknown stands for a count that the node did not tell.
const Unknown int64 = -1

// Reader reads the slots of nodes. It remembers which of them lack the quicker
// command. It may be used by several goroutines; the zero value is ready.
type Reader struct {
	mu    sync.Mutex
	plain map[string]bool // addresses without CLUSTER SLOT-STATS
}

const (
	chunk      = 512 // commands in one pipeline: an answer in a millisecond or two
	fewSlots   = 16  // up to here single counts are no dearer than statistics
	mostRanges = 64  // with slots more scattered than this single counts are cheaper
)

// Count tells how many keys the node holds in each of the slots; a number for
// each, in their order, Unknown for one that it did not tell. With an error the
// numbers are those that came before it.
//
// Many slots are counted by CLUSTER SLOT-STATS (Redis 8.2, Valkey 8.0 and
// later), a range at a time, else by CLUSTER COUNTKEYSINSLOT. Redis 8.4 and
// later counts no keys in slots that the node does not own.
func (r *Reader) Count(ctx context.Context, n *wire.Node, slots []keyslot.Slot) ([]int64, error) {
	counts := make([]int64, len(slots))
	for i := range counts {
		counts[i] = Unknown
	}
	var set keyslot.Set
	for _, s := range slots {
		set.Add(s)
	}
	ranges := set.Ranges()
	if len(slots) > fewSlots && len(ranges) <= mostRanges && !r.isPlain(n.Addr()) {
		told, err := statistics(ctx, n, ranges)
		if err == nil {
			for i, s := range slots {
				if c, ok := told[s]; ok {
					counts[i] = c
				}
			}
			return counts, r.single(ctx, n, slots, counts)
		}
		if !lacking(err) {
			return counts, err
		}
		r.setPlain(n.Addr())
	}
	return counts, r.single(ctx, n, slots, counts)
}

// single counts the slots that are Unknown still, one command each.
func (r *Reader) single(ctx context.Context, n *wire.Node, slots []keyslot.Slot, counts []int64) error {
	var open []int
	for i, c := range counts {
		if c == Unknown {
			open = append(open, i)
		}
	}
	var first error
	for part := range slices.Chunk(open, chunk) {
		cmds := make([][]any, len(part))
		for k, i := range part {
			cmds[k] = []any{"CLUSTER", "COUNTKEYSINSLOT", int(slots[i])}
		}
		for k, a := range n.Pipeline(ctx, cmds...) {
			if c, ok := a.Value.(int64); ok && a.Err == nil {
				counts[part[k]] = c
			} else if first == nil {
				first = a.Err
			}
		}
		if first != nil {
			return first
		}
	}
	return nil
}

// Sample reads the names of at most that many keys in a slot, any of them, with
// CLUSTER GETKEYSINSLOT.
func (r *Reader) Sample(ctx context.Context, n *wire.Node, slot keyslot.Slot, most int) ([]string, error) {
	v, err := n.Do(ctx, "CLUSTER", "GETKEYSINSLOT", int(slot), most)
	if err != nil {
		return nil, err
	}
	list, ok := v.([]any)
	if !ok {
		return nil, fmt.Errorf("%s does not name keys of slot %d in a way that is understood", n.Addr(), slot)
	}
	names := make([]string, 0, min(len(list), most))
	for _, item := range list {
		if name, ok := item.(string); ok && len(names) < most {
			names = append(names, name)
		}
	}
	return names, nil
}

// statistics are the key counts of CLUSTER SLOT-STATS; slots of other shards
// are left out of it.
func statistics(ctx context.Context, n *wire.Node, ranges []keyslot.Range) (map[keyslot.Slot]int64, error) {
	cmds := make([][]any, len(ranges))
	for i, r := range ranges {
		cmds[i] = []any{"CLUSTER", "SLOT-STATS", "SLOTSRANGE", int(r.First), int(r.Last)}
	}
	told := map[keyslot.Slot]int64{}
	for _, a := range n.Pipeline(ctx, cmds...) {
		if a.Err != nil {
			return nil, a.Err
		}
		rows, _ := a.Value.([]any)
		for _, row := range rows {
			if slot, count, ok := statistic(row); ok {
				told[slot] = count
			}
		}
	}
	return told, nil
}

// statistic reads one row: the slot, and a flat list of names and numbers.
func statistic(row any) (keyslot.Slot, int64, bool) {
	pair, ok := row.([]any)
	if !ok || len(pair) != 2 {
		return 0, 0, false
	}
	slot, ok := pair[0].(int64)
	metrics, isList := pair[1].([]any)
	if !ok || !isList || slot < 0 || slot >= keyslot.Count {
		return 0, 0, false
	}
	for i := 0; i+1 < len(metrics); i += 2 {
		if metrics[i] == any("key-count") {
			count, ok := metrics[i+1].(int64)
			return keyslot.Slot(slot), count, ok && count >= 0
		}
	}
	return 0, 0, false
}

// lacking reports whether a server said that it does not have the command, or
// that the user may not use it.
func lacking(err error) bool {
	var e *wire.Error
	if !errors.As(err, &e) {
		return false
	}
	return e.Kind == wire.NoPermission || e.Kind == wire.Reply && strings.Contains(strings.ToLower(e.Error()), "unknown")
}

func (r *Reader) isPlain(addr string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.plain[addr]
}

func (r *Reader) setPlain(addr string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.plain == nil {
		r.plain = map[string]bool{}
	}
	r.plain[addr] = true
}
