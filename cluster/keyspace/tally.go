package keyspace

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"slotdeck/keyslot"
)

// Tally adds up what a walk over keys finds. Its size does not grow with the
// number of keys. The zero value is not ready; see NewTally.
type Tally struct {
	Keys   int64 // all that were met
	Asked  int64 // those whose sizes were asked; fewer than Keys when sampled
	Gone   int64 // vanished, or became another type, before they were asked
	Bytes  int64 // by MEMORY USAGE, of those asked
	Types  map[string]*TypeTally
	Busy   Top   // by use: LFU counters, where they were asked
	Heavy  Top   // by memory, of all types
	Slots  Slots // keys and memory of each slot
	Prefix map[string]*Group
	Other  Group // what had one prefix more than are told apart
	TTL    TTLs
	most   int
}

// TypeTally is what was found of one type.
type TypeTally struct {
	Keys, Bytes, Elements int64
	Large                 Top // by elements
}

// Group is some keys together.
type Group struct{ Keys, Bytes int64 }

// Slots are the keys and the memory of each slot, of those met and asked.
type Slots struct {
	Keys  [keyslot.Count]int64
	Bytes [keyslot.Count]int64
}

// maxPrefixes is how many prefixes are told apart.
const maxPrefixes = 4096

// maxTypes bounds the types told apart; modules bring their own.
const maxTypes = 64

// NewTally makes an empty tally that remembers that many keys in each list of
// the largest.
func NewTally(most int) *Tally {
	t := &Tally{Types: map[string]*TypeTally{}, Prefix: map[string]*Group{}, most: most}
	t.Heavy.most, t.Busy.most = most, most
	return t
}

// Meet counts keys that were met; sizes of some may follow by Add.
func (t *Tally) Meet(key string) {
	t.Keys++
	t.Slots.Keys[keyslot.Of(key)]++
	t.group(key).Keys++
}

// Add counts what was asked about a key that was met.
func (t *Tally) Add(e *Entry) {
	if e.Gone {
		t.Gone++
		return
	}
	t.Asked++
	kind := t.kind(e.Type)
	kind.Keys++
	if e.Elements > 0 {
		kind.Elements += e.Elements
		kind.Large.Offer(e.Elements, e)
	}
	if e.Bytes > 0 {
		t.Bytes += e.Bytes
		kind.Bytes += e.Bytes
		t.Heavy.Offer(e.Bytes, e)
		t.Slots.Bytes[e.Slot] += e.Bytes
		t.group(e.Key).Bytes += e.Bytes
	}
	if e.Freq > 0 {
		t.Busy.Offer(e.Freq, e)
	}
	if e.TTL != NotTold {
		t.TTL.add(e.TTL)
	}
}

func (t *Tally) kind(name string) *TypeTally {
	k := t.Types[name]
	if k == nil {
		if len(t.Types) >= maxTypes {
			name = "other"
		}
		if k = t.Types[name]; k == nil {
			k = &TypeTally{Large: Top{most: t.most}}
			t.Types[name] = k
		}
	}
	return k
}

func (t *Tally) group(key string) *Group {
	prefix := PrefixOf(key)
	g := t.Prefix[prefix]
	if g == nil {
		if len(t.Prefix) >= maxPrefixes {
			return &t.Other
		}
		g = &Group{}
		t.Prefix[strings.Clone(prefix)] = g
	}
	return g
}

// PrefixOf is a key up to and with its first : / . or |, at most 64 bytes; the
// whole key, "" for none, never counts as one.
func PrefixOf(key string) string {
	at := strings.IndexAny(key[:min(len(key), 64)], ":/.|")
	return key[:at+1]
}

// Merge adds what another walk found, over other keys.
func (t *Tally) Merge(o *Tally) {
	t.Keys += o.Keys
	t.Asked += o.Asked
	t.Gone += o.Gone
	t.Bytes += o.Bytes
	for name, k := range o.Types {
		own := t.kind(name)
		own.Keys += k.Keys
		own.Bytes += k.Bytes
		own.Elements += k.Elements
		own.Large.merge(&k.Large)
	}
	t.Heavy.merge(&o.Heavy)
	t.Busy.merge(&o.Busy)
	for s := range o.Slots.Keys {
		t.Slots.Keys[s] += o.Slots.Keys[s]
		t.Slots.Bytes[s] += o.Slots.Bytes[s]
	}
	for prefix, g := range o.Prefix {
		own := t.group(prefix)
		own.Keys += g.Keys
		own.Bytes += g.Bytes
	}
	t.Other.Keys += o.Other.Keys
	t.Other.Bytes += o.Other.Bytes
	for i := range o.TTL.Keys {
		t.TTL.Keys[i] += o.TTL.Keys[i]
	}
}

// TypeNames are the types that were met, those with the most keys first.
func (t *Tally) TypeNames() []string {
	return slices.SortedFunc(maps.Keys(t.Types), func(a, b string) int {
		return cmp.Or(cmp.Compare(t.Types[b].Keys, t.Types[a].Keys), cmp.Compare(a, b))
	})
}

// PrefixNames are the prefixes, the one with the most keys first, or with the
// most memory where that was asked.
func (t *Tally) PrefixNames() []string {
	weight := func(g *Group) int64 {
		if t.Bytes > 0 {
			return g.Bytes
		}
		return g.Keys
	}
	return slices.SortedFunc(maps.Keys(t.Prefix), func(a, b string) int {
		return cmp.Or(cmp.Compare(weight(t.Prefix[b]), weight(t.Prefix[a])), cmp.Compare(a, b))
	})
}

// LargestSlots are the slots with the most memory, or keys where memory was
// not asked; at most that many.
func (t *Tally) LargestSlots(most int) []keyslot.Slot {
	weight := &t.Slots.Keys
	if t.Bytes > 0 {
		weight = &t.Slots.Bytes
	}
	var out []keyslot.Slot
	for s := range weight {
		if weight[s] > 0 {
			out = append(out, keyslot.Slot(s))
		}
	}
	slices.SortStableFunc(out, func(a, b keyslot.Slot) int { return cmp.Compare(weight[b], weight[a]) })
	return out[:min(len(out), most)]
}

// TTLs is a histogram of times to live.
type TTLs struct{ Keys [len(ttlBounds) + 2]int64 }

var ttlBounds = [...]time.Duration{time.Minute, 10 * time.Minute, time.Hour, 6 * time.Hour, 24 * time.Hour, 7 * 24 * time.Hour, 30 * 24 * time.Hour}

var ttlNames = [...]string{"under 1 min", "1 to 10 min", "10 min to 1 h", "1 to 6 h", "6 to 24 h", "1 to 7 days", "7 to 30 days", "over 30 days", "for ever"}

// TTLNames are the bars of the histogram, in its order.
func TTLNames() []string { return ttlNames[:] }

func (h *TTLs) add(ttl time.Duration) {
	if ttl < 0 {
		h.Keys[len(h.Keys)-1]++
		return
	}
	for i, bound := range ttlBounds {
		if ttl < bound {
			h.Keys[i]++
			return
		}
	}
	h.Keys[len(ttlBounds)]++
}

// Total is how many keys are in the histogram.
func (h *TTLs) Total() int64 {
	var sum int64
	for _, n := range h.Keys {
		sum += n
	}
	return sum
}

// Fresh is an empty tally of the same kind.
func (t *Tally) Fresh() *Tally { return NewTally(t.most) }
