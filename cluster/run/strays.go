package run

import (
	"context"
	"fmt"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// straysOn counts the keys that a node holds in slots it does not own. With
// hidden they are made visible first, which Redis 8.4 and newer needs: each slot
// is imported for the moment of the count, all in one go, so that nothing of it
// stays whatever happens to this process. That is left out where the node's own
// counts leave no room for such keys.
func (j *Job) straysOn(ctx context.Context, id, owner cluster.NodeID, set keyslot.Set, hidden bool) (held keyslot.Set, keys int64, err error) {
	var slots []keyslot.Slot
	for s := range set.All() {
		slots = append(slots, s)
	}
	if !hidden {
		counts, err := j.countKeys(ctx, id, slots)
		if err != nil {
			return held, 0, err
		}
		for i, s := range slots {
			for _, n := range counts[i] {
				if n > 0 {
					held.Add(s)
					keys += n
				}
			}
		}
		return held, keys, nil
	}
	if j.showsAll(ctx, id) {
		return held, 0, nil
	}
	const part = 256
	for len(slots) > 0 {
		some := slots[:min(part, len(slots))]
		slots = slots[len(some):]
		var cmds [][]any
		for _, s := range some {
			cmds = append(cmds, setSlot(s, "IMPORTING", string(owner)), []any{"CLUSTER", "COUNTKEYSINSLOT", int(s)}, setSlot(s, "STABLE"))
		}
		answers, err := j.crew.all(ctx, id, callTimeout, cmds...)
		if err != nil {
			return held, keys, fmt.Errorf("stray keys on %s cannot be looked for: %w", j.crew.name(id), err)
		}
		for i, s := range some {
			if n, ok := answers[3*i+1].Value.(int64); ok && n > 0 {
				held.Add(s)
				keys += n
			}
		}
	}
	return held, keys, nil
}

// showsAll reports whether a node certainly holds no key of a slot that is not its
// own: those of its own are as many as there are at that moment. DBSIZE counts
// what Redis 8.4 and newer hide, CLUSTER SLOT-STATS tells of the node's own slots
// only. It is false when the node does not tell.
func (j *Job) showsAll(ctx context.Context, id cluster.NodeID) bool {
	answers, err := j.crew.call(ctx, id, callTimeout, []any{"MULTI"}, []any{"DBSIZE"},
		[]any{"CLUSTER", "SLOT-STATS", "SLOTSRANGE", 0, keyslot.Count - 1}, []any{"EXEC"})
	if err != nil || j.databases > 1 {
		return false
	}
	both, _ := answers[3].Value.([]any)
	if len(both) != 2 {
		return false
	}
	all, ok := both[0].(int64)
	rows, also := both[1].([]any)
	if !ok || !also {
		return false
	}
	for _, row := range rows {
		r, _ := row.([]any)
		if len(r) != 2 {
			return false
		}
		all -= number(fieldsOf(r[1]), "key-count")
	}
	return all == 0
}
