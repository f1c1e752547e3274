package keyspace

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"slotdeck/keyslot"
)

func TestTalliesOfPartsAreTheTallyOfTheWhole(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	whole, parts, merged := NewTally(5), []*Tally{NewTally(5), NewTally(5), NewTally(5)}, NewTally(5)
	var sizes []int64
	var bytes int64
	for i := range 5000 {
		key := fmt.Sprintf("%c:%d", 'a'+i%7, i)
		e := Entry{Key: key, Slot: keyslot.Of(key), Type: []string{"string", "hash"}[i%2], TTL: NoTTL, Bytes: random.Int64N(1e6), Elements: int64(i)}
		if i%3 == 0 {
			e.TTL = time.Duration(i) * time.Minute
		}
		e.Gone = i%1000 == 999
		for _, x := range []*Tally{whole, parts[i%3]} {
			x.Meet(key)
			x.Add(&e)
		}
		if !e.Gone {
			sizes = append(sizes, e.Bytes)
			bytes += e.Bytes
		}
	}
	for _, p := range parts {
		merged.Merge(p)
	}
	slices.Sort(sizes)
	for name, x := range map[string]*Tally{"whole": whole, "merged": merged} {
		if x.Keys != 5000 || x.Gone != 5 || x.Asked != 4995 || x.Bytes != bytes || x.TTL.Total() != 4995 {
			t.Errorf("%s: %d keys, %d gone, %d asked, %d bytes of %d, %d TTLs", name, x.Keys, x.Gone, x.Asked, x.Bytes, bytes, x.TTL.Total())
		}
		for i, w := range x.Heavy.List() {
			if w.Weight != sizes[len(sizes)-1-i] {
				t.Errorf("%s: the %d. of the heaviest has %d bytes, want %d", name, i+1, w.Weight, sizes[len(sizes)-1-i])
			}
		}
		if got := x.Types["hash"].Large.List(); len(got) != 5 || got[0].Weight != 4997 {
			t.Errorf("%s: the largest hashes are %v", name, got)
		}
		if len(x.Prefix) != 7 || x.Prefix["a:"].Keys != 715 {
			t.Errorf("%s: prefixes %v", name, x.Prefix)
		}
		var keys int64
		for _, n := range x.Slots.Keys {
			keys += n
		}
		if keys != 5000 {
			t.Errorf("%s: %d keys in the slots", name, keys)
		}
	}
}

func TestTopHoldsEachKeyOnce(t *testing.T) {
	top := Top{most: 2}
	for _, w := range []int64{3, 3, 5, 4} {
		top.Offer(w, &Entry{Key: "same"})
	}
	top.Offer(1, &Entry{Key: "other"})
	top.Offer(2, &Entry{Key: "third"})
	got := top.List()
	if len(got) != 2 || got[0].Weight != 5 || got[1].Entry.Key != "third" {
		t.Errorf("%v", got)
	}
}

func TestPrefixesAreBounded(t *testing.T) {
	x := NewTally(1)
	for i := range 3 * maxPrefixes {
		x.Meet(fmt.Sprintf("%d:x", i))
	}
	if len(x.Prefix) != maxPrefixes || x.Other.Keys != 2*maxPrefixes {
		t.Errorf("%d prefixes, %d other keys", len(x.Prefix), x.Other.Keys)
	}
	for key, want := range map[string]string{"a:b:c": "a:", "abc": "", "": "", "x/y": "x/", "{u1}:cart": "{u1}:"} {
		if got := PrefixOf(key); got != want {
			t.Errorf("%q: %q, want %q", key, got, want)
		}
	}
}

func TestKeepDecidesByWhatWasAsked(t *testing.T) {
	e := Entry{Key: "k", Type: "hash", TTL: time.Hour, Bytes: 100, Elements: 5}
	forever := Entry{Key: "k", Type: "hash", TTL: NoTTL}
	for i, c := range []struct {
		keep Keep
		e    *Entry
		want bool
	}{
		{Keep{}, &e, true}, {Keep{}, &Entry{Gone: true}, false}, {Keep{Types: []string{"set", "hash"}}, &e, true}, {Keep{Types: []string{"set"}}, &e, false},
		{Keep{MaxTTL: 2 * time.Hour}, &e, true}, {Keep{MaxTTL: time.Minute}, &e, false}, {Keep{MaxTTL: time.Minute}, &forever, false},
		{Keep{MinTTL: time.Minute}, &e, true}, {Keep{MinTTL: 2 * time.Hour}, &e, false}, {Keep{MinTTL: 2 * time.Hour}, &forever, true},
		{Keep{Forever: true}, &e, false}, {Keep{Forever: true}, &forever, true}, {Keep{WithTTL: true}, &forever, false},
		{Keep{MinBytes: 100}, &e, true}, {Keep{MinBytes: 101}, &e, false},
	} {
		if got := c.keep.Wants(c.e); got != c.want {
			t.Errorf("case %d: %v", i, got)
		}
	}
}

func TestSpreadTellsHowEvenlySlotsAreFilled(t *testing.T) {
	tally := NewTally(1)
	if bars := tally.Spread(); len(bars) != 7 || bars[0].Slots+bars[6].Slots != 0 {
		t.Errorf("of nothing: %+v", bars)
	}
	for slot := range 100 {
		tally.Slots.Keys[slot] = 10
	}
	tally.Slots.Keys[100], tally.Slots.Keys[101] = 1000, 1 // the mean is a little under 20
	got := map[string]SpreadBar{}
	for _, b := range tally.Spread() {
		got[b.Name] = b
	}
	if b := got["half to the mean"]; b.Slots != 100 || b.Keys != 1000 {
		t.Errorf("%+v", b)
	}
	if b := got["over 10 times"]; b.Slots != 1 || b.Keys != 1000 {
		t.Errorf("%+v", b)
	}
	if b := got["under a quarter"]; b.Slots != 1 || b.Keys != 1 {
		t.Errorf("%+v", b)
	}
	tally.Bytes, tally.Slots.Bytes[5] = 7, 7 // where memory was asked it counts
	for _, b := range tally.Spread() {
		if b.Slots > 0 && (b.Name != "1 to 2 times" || b.Slots != 1 || b.Bytes != 7 || b.Keys != 10) {
			t.Errorf("by memory: %+v", b)
		}
	}
}
