package keyspace

import (
	"cmp"
	"slices"
	"time"

	"slotdeck/keyslot"
)

// SlotLoad is what a server counted for one slot: since it was set up, or the
// difference of two readings. A number that it does not count is Unknown.
type SlotLoad struct {
	Slot    keyslot.Slot
	Keys    int64
	CPU     int64 // microseconds
	In, Out int64 // bytes
	Memory  int64 // bytes; never a difference
}

// Since is what was added since an earlier reading. A counter that went back
// was started anew, and counts as it is.
func (l SlotLoad) Since(e SlotLoad) SlotLoad {
	added := func(now, before int64) int64 {
		if now < 0 || before < 0 || now < before {
			return now
		}
		return now - before
	}
	l.CPU, l.In, l.Out = added(l.CPU, e.CPU), added(l.In, e.In), added(l.Out, e.Out)
	return l
}

// Counted reports whether more than keys was counted.
func (l SlotLoad) Counted() bool { return l.CPU >= 0 || l.In >= 0 || l.Out >= 0 }

// HotSlots are the loads with the most CPU time, then traffic; those without
// any are left out; at most that many.
func HotSlots(loads []SlotLoad, most int) []SlotLoad {
	var out []SlotLoad
	for _, l := range loads {
		if l.CPU > 0 || l.In > 0 || l.Out > 0 {
			out = append(out, l)
		}
	}
	slices.SortFunc(out, func(a, b SlotLoad) int {
		return cmp.Or(cmp.Compare(b.CPU, a.CPU), cmp.Compare(b.In+b.Out, a.In+a.Out), cmp.Compare(a.Slot, b.Slot))
	})
	return out[:min(len(out), most)]
}

// HotKey is a key that is used much, by one of the ways to know.
type HotKey struct {
	Key   string
	Slot  keyslot.Slot
	Type  string
	Score int64 // what it means, Way tells
	Of    int64 // of how many looks, for Touched
}

// Way is how hot keys were found.
type Way uint8

// The ways, the best first.
const (
	ByHotkeys Way = iota // HOTKEYS: CPU microseconds in the time watched
	ByLFU                // OBJECT FREQ: a logarithmic counter that fades
	ByTouched            // OBJECT IDLETIME: in how many looks the key had just been used
)

// String says it in words.
func (w Way) String() string {
	return [...]string{"HOTKEYS, CPU time of each command", "LFU counters (OBJECT FREQ, logarithmic)", "sampling (OBJECT IDLETIME): in how many looks it had just been used"}[w]
}

// SharedTag is a hash tag that several hot keys have.
type SharedTag struct {
	Tag  string
	Slot keyslot.Slot
	Keys int
}

// SharedTags are the tags that at least two of the keys have, the most shared
// first: what binds them to one slot.
func SharedTags(keys []HotKey) []SharedTag {
	var out []SharedTag
	at := map[string]int{}
	for _, k := range keys {
		tag := keyslot.TagOf(k.Key)
		if !tag.Real {
			continue
		}
		name := tag.In(k.Key)
		i, known := at[name]
		if !known {
			i = len(out)
			at[name] = i
			out = append(out, SharedTag{Tag: name, Slot: k.Slot})
		}
		out[i].Keys++
	}
	out = slices.DeleteFunc(out, func(t SharedTag) bool { return t.Keys < 2 })
	slices.SortStableFunc(out, func(a, b SharedTag) int { return cmp.Compare(b.Keys, a.Keys) })
	return out
}

// Window is how long load was watched when nothing else is asked for.
const Window = 2 * time.Second
