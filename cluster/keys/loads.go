package keys

import (
	"context"
	"time"

	"slotdeck/cluster/keyspace"
	"slotdeck/cluster/wire"
	"slotdeck/keyslot"
)

// loadsPatience is how long the answer may take: some megabytes of it, over what
// may be a slow way.
const loadsPatience = 10 * time.Second

// Loads reads what a node counted for each of the slots that its shard serves
// (CLUSTER SLOT-STATS, Redis 8.2, Valkey 8.0 and later). Lacks is true when the
// server has no such command. CPU, traffic and memory are Unknown unless
// cluster-slot-stats-enabled was set.
func Loads(ctx context.Context, n *wire.Node) (loads []keyspace.SlotLoad, lacks bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, loadsPatience)
	defer cancel()
	v, err := n.Do(ctx, "CLUSTER", "SLOT-STATS", "SLOTSRANGE", 0, keyslot.Count-1)
	if err != nil {
		return nil, lacking(err), err
	}
	return loadsIn(v), false, nil
}

// loadsIn reads an answer to CLUSTER SLOT-STATS.
func loadsIn(reply any) (loads []keyspace.SlotLoad) {
	rows, _ := reply.([]any)
	for _, row := range rows {
		pair, ok := row.([]any)
		if !ok || len(pair) != 2 {
			continue
		}
		slot, ok := pair[0].(int64)
		metrics, isList := pair[1].([]any)
		if !ok || !isList || slot < 0 || slot >= keyslot.Count {
			continue
		}
		l := keyspace.SlotLoad{Slot: keyslot.Slot(slot), Keys: keyspace.Unknown, CPU: keyspace.Unknown, In: keyspace.Unknown, Out: keyspace.Unknown, Memory: keyspace.Unknown}
		for i := 0; i+1 < len(metrics); i += 2 {
			name, _ := metrics[i].(string)
			number, ok := metrics[i+1].(int64)
			if !ok || number < 0 {
				continue
			}
			switch name {
			case "key-count":
				l.Keys = number
			case "cpu-usec":
				l.CPU = number
			case "network-bytes-in":
				l.In = number
			case "network-bytes-out":
				l.Out = number
			case "memory-bytes":
				l.Memory = number
			}
		}
		loads = append(loads, l)
	}
	return loads
}

// sampledKeys is of how many keys of a slot the memory is asked.
const sampledKeys = 2

// SampledMemory estimates the memory of slots, in bytes: what a few keys of each
// weigh (MEMORY USAGE), times how many there are. Unknown for a slot that was
// not told.
func SampledMemory(ctx context.Context, n *wire.Node, slots []keyslot.Slot) ([]int64, error) {
	out := make([]int64, len(slots))
	for i := range out {
		out[i] = Unknown
	}
	for begin := 0; begin < len(slots); begin += chunk / 2 {
		part := slots[begin:min(len(slots), begin+chunk/2)]
		if err := sampledPart(ctx, n, part, out[begin:]); err != nil {
			return out, err
		}
	}
	return out, nil
}

// sampledPart estimates some slots in two round trips.
func sampledPart(ctx context.Context, n *wire.Node, slots []keyslot.Slot, out []int64) error {
	var cmds [][]any
	for _, s := range slots {
		cmds = append(cmds, []any{"CLUSTER", "COUNTKEYSINSLOT", int(s)}, []any{"CLUSTER", "GETKEYSINSLOT", int(s), sampledKeys})
	}
	var asks [][]any
	counts, names := make([]int64, len(slots)), make([]int64, len(slots))
	answers := n.Pipeline(ctx, cmds...)
	for i := range slots {
		count, list := answers[2*i], answers[2*i+1]
		if count.Err != nil {
			return count.Err
		}
		counts[i], _ = count.Value.(int64)
		keys, _ := list.Value.([]any)
		for _, name := range texts(keys) {
			asks = append(asks, []any{"MEMORY", "USAGE", name})
			names[i]++
		}
	}
	answers = n.Pipeline(ctx, asks...)
	for i := range slots {
		var sum, told int64
		for range names[i] {
			if bytes, ok := answers[0].Value.(int64); ok && answers[0].Err == nil {
				sum += bytes
				told++
			} else if err := notGone(answers[0].Err); err != nil {
				return err
			}
			answers = answers[1:]
		}
		switch {
		case counts[i] == 0:
			out[i] = 0
		case told > 0:
			out[i] = sum / told * counts[i]
		}
	}
	return nil
}
