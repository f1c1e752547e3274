package keys

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"slotdeck/cluster/keyspace"
	"slotdeck/cluster/wire"
	"slotdeck/keyslot"
)

// Hot says how to look for what is used much on one primary.
type Hot struct {
	Window time.Duration // how long to watch; 0: keyspace.Window
	Most   int           // how many slots and keys to tell
	Slots  keyslot.Set   // that the primary serves
	Watch  bool          // start HOTKEYS (Redis 8.6): it changes what the server does for the window
	Walk   Walk          // how gently to go over the keys for their LFU counters
}

// HotNode is what was found on one primary.
type HotNode struct {
	Addr     string
	Slots    []keyspace.SlotLoad // during the window, the hottest first
	SlotsWhy string              // why none are told
	Keys     []keyspace.HotKey   // the hottest first
	Way      keyspace.Way        // how the keys were found
	Err      error
}

const (
	looks       = 8  // how often idle times are looked at in a window
	slotsLooked = 16 // in how many slots
	keysLooked  = 64 // at how many keys of each
)

// Find watches one primary and tells its hottest slots and keys.
func (h Hot) Find(ctx context.Context, n *wire.Node) HotNode {
	out := HotNode{Addr: n.Addr()}
	if h.Window <= 0 {
		h.Window = keyspace.Window
	}
	before, lacks, err := Loads(ctx, n)
	if err != nil && !lacks {
		out.Err = err
		return out
	}
	counted := len(before) > 0 && before[0].Counted()
	switch {
	case lacks:
		out.SlotsWhy = "this server counts nothing by slot (Redis 8.2, Valkey 8.0 and newer do)"
	case !counted:
		out.SlotsWhy = "load by slot is not counted; CONFIG SET cluster-slot-stats-enabled yes starts it, or, where a running server refuses that (Redis 8.6), \"cpu net\""
	}
	var watched bool
	if h.Watch {
		if watched, out.Err = startHotkeys(ctx, n, h.Most); out.Err != nil {
			return out
		}
	}
	if !pause(ctx, h.Window) {
		out.Err = ctx.Err()
		if !watched {
			return out
		}
	}
	if counted && out.Err == nil {
		after, _, err := Loads(ctx, n)
		if err != nil {
			out.Err = err
		}
		out.Slots = keyspace.HotSlots(since(after, before), h.Most)
		if len(out.Slots) == 0 {
			out.SlotsWhy = "no slot was used meanwhile"
		}
	}
	if watched {
		var err error
		out.Way = keyspace.ByHotkeys
		out.Keys, err = takeHotkeys(context.WithoutCancel(ctx), n)
		out.Err = cmp.Or(out.Err, err)
		return out
	}
	if out.Err == nil {
		h.keys(ctx, n, &out)
	}
	return out
}

func since(after, before []keyspace.SlotLoad) []keyspace.SlotLoad {
	known := map[keyslot.Slot]keyspace.SlotLoad{}
	for _, l := range before {
		known[l.Slot] = l
	}
	out := make([]keyspace.SlotLoad, 0, len(after))
	for _, l := range after {
		if b, ok := known[l.Slot]; ok { // one that has just come was counted elsewhere
			out = append(out, l.Since(b))
		}
	}
	return out
}

// keys finds hot keys by LFU counters where there are some, else by idle times.
func (h Hot) keys(ctx context.Context, n *wire.Node, out *HotNode) {
	v, err := n.Do(ctx, "INFO", "memory")
	if err != nil {
		out.Err = err
		return
	}
	text, _ := v.(string)
	if _, policy, _ := strings.Cut(text, "maxmemory_policy:"); strings.Contains(policy[:min(len(policy), 20)], "lfu") {
		out.Way = keyspace.ByLFU
		h.byCounters(ctx, n, out)
		return
	}
	out.Way = keyspace.ByTouched
	h.byIdleTimes(ctx, n, out)
}

func (h Hot) byCounters(ctx context.Context, n *wire.Node, out *HotNode) {
	w := h.Walk
	w.Ask = keyspace.OfType | keyspace.OfFreq
	tally := keyspace.NewTally(h.Most)
	out.Err = w.Run(ctx, n, func(b Batch) bool {
		for i := range b.Entries {
			tally.Add(&b.Entries[i])
		}
		return true
	})
	for _, k := range tally.Busy.List() {
		out.Keys = append(out.Keys, keyspace.HotKey{Key: k.Entry.Key, Slot: k.Entry.Slot, Type: k.Entry.Type, Score: k.Weight})
	}
}

// byIdleTimes looks several times at some keys of the hottest slots, or of any
// when the hottest are not known. The look itself does not count as use.
func (h Hot) byIdleTimes(ctx context.Context, n *wire.Node, out *HotNode) {
	var list []keyspace.Entry
	var reader Reader
	for _, slot := range h.someSlots(out.Slots) {
		names, err := reader.Sample(ctx, n, slot, keysLooked)
		if err != nil {
			out.Err = err
			return
		}
		for _, name := range names {
			list = append(list, named(name))
		}
	}
	touched := make([]int64, len(list))
	for look := range looks {
		if look > 0 && !pause(ctx, h.Window/looks) {
			out.Err = ctx.Err()
			return
		}
		asked := keyspace.OfIdle
		if look == 0 {
			asked |= keyspace.OfType
		}
		if err := Describe(ctx, n, list, asked); err != nil {
			out.Err = err
			return
		}
		for i := range list {
			if list[i].Idle == 0 {
				touched[i]++
			}
		}
	}
	for i, e := range list {
		if touched[i] > 0 && !e.Gone {
			out.Keys = append(out.Keys, keyspace.HotKey{Key: e.Key, Slot: e.Slot, Type: e.Type, Score: touched[i], Of: looks})
		}
	}
	slices.SortStableFunc(out.Keys, func(a, b keyspace.HotKey) int { return cmp.Compare(b.Score, a.Score) })
	out.Keys = out.Keys[:min(len(out.Keys), h.Most)]
}

func (h Hot) someSlots(hot []keyspace.SlotLoad) []keyslot.Slot {
	var out []keyslot.Slot
	for _, l := range hot {
		if len(out) < slotsLooked {
			out = append(out, l.Slot)
		}
	}
	if len(out) > 0 {
		return out
	}
	for s := range h.Slots.All() {
		out = append(out, s)
	}
	rand.Shuffle(len(out), func(i, k int) { out[i], out[k] = out[k], out[i] })
	return out[:min(len(out), slotsLooked)]
}

// startHotkeys begins to watch; false when the server cannot.
func startHotkeys(ctx context.Context, n *wire.Node, most int) (bool, error) {
	_, err := n.Do(ctx, "HOTKEYS", "START", "METRICS", 1, "CPU", "COUNT", min(64, max(1, most)))
	if lacking(err) {
		return false, nil
	}
	return err == nil, err
}

// takeHotkeys ends the watching, and reads what was seen.
func takeHotkeys(ctx context.Context, n *wire.Node) ([]keyspace.HotKey, error) {
	answers := n.Pipeline(ctx, []any{"HOTKEYS", "STOP"}, []any{"HOTKEYS", "GET"}, []any{"HOTKEYS", "RESET"})
	for _, a := range answers {
		if a.Err != nil {
			return nil, a.Err
		}
	}
	list := listBehind(answers[1].Value, "by-cpu-time-us")
	if list == nil {
		return nil, fmt.Errorf("%s does not answer HOTKEYS GET in a way that is understood", n.Addr())
	}
	var out []keyspace.HotKey
	for i := 0; i+1 < len(list); i += 2 {
		key, isText := list[i].(string)
		us, isNumber := list[i+1].(int64)
		if isText && isNumber {
			out = append(out, keyspace.HotKey{Key: key, Slot: keyslot.Of(key), Score: us})
		}
	}
	return out, nil
}

// listBehind finds the list that follows a name, in lists within lists.
func listBehind(v any, name string) []any {
	list, _ := v.([]any)
	for i, item := range list {
		if item == any(name) && i+1 < len(list) {
			found, _ := list[i+1].([]any)
			return found
		}
		if inner, is := item.([]any); is {
			if found := listBehind(inner, name); found != nil {
				return found
			}
		}
	}
	return nil
}
