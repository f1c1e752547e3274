package cli

import (
	"slotdeck/cluster/keys"
	"slotdeck/cluster/keyspace"
	"slotdeck/keyslot"
)

// bigAnswer is a survey as programs get it. Sizes are those of the keys asked.
type bigAnswer struct {
	Keys     int64              `json:"keys"`
	Asked    int64              `json:"asked"`
	Vanished int64              `json:"vanished"`
	Memory   int64              `json:"memory_bytes,omitempty"`
	Seconds  float64            `json:"seconds"`
	Nodes    []bigNode          `json:"nodes"`
	Heaviest []scanEntry        `json:"heaviest,omitempty"`
	Types    map[string]bigType `json:"types"`
	Slots    []bigSlot          `json:"slots"`
	Spread   []bigSpread        `json:"spread"` // of slots, against the mean of those that hold keys
	Prefixes []bigPrefix        `json:"prefixes"`
	TTL      map[string]int64   `json:"ttl,omitempty"`
}

type bigNode struct {
	Addr  string `json:"addr"`
	Keys  int64  `json:"keys"`
	Error string `json:"error,omitempty"`
}

type bigType struct {
	Keys     int64       `json:"keys"`
	Elements int64       `json:"elements"`
	Unit     string      `json:"unit"`
	Memory   int64       `json:"memory_bytes,omitempty"`
	Largest  []scanEntry `json:"largest"`
}

type bigSlot struct {
	Slot   keyslot.Slot `json:"slot"`
	Keys   int64        `json:"keys"`
	Memory int64        `json:"memory_bytes,omitempty"`
}

type bigSpread struct {
	Of     string `json:"of_mean"`
	Slots  int64  `json:"slots"`
	Keys   int64  `json:"keys"`
	Memory int64  `json:"memory_bytes,omitempty"`
}

type bigPrefix struct {
	Prefix string `json:"prefix"`
	Keys   int64  `json:"keys"`
	Memory int64  `json:"memory_bytes,omitempty"`
}

func (f *bigFlags) answer(p keys.Progress) bigAnswer {
	t := p.Tally
	a := bigAnswer{Keys: t.Keys, Asked: t.Asked, Vanished: t.Gone, Memory: t.Bytes, Seconds: p.Took.Seconds(), Types: map[string]bigType{}, Heaviest: entriesOf(t.Heavy.List())}
	for _, part := range p.Parts {
		n := bigNode{Addr: part.Addr, Keys: part.Met}
		if part.Err != nil {
			n.Error = part.Err.Error()
		}
		a.Nodes = append(a.Nodes, n)
	}
	for name, kind := range t.Types {
		a.Types[name] = bigType{kind.Keys, kind.Elements, keyspace.SizeUnit(name), kind.Bytes, entriesOf(kind.Large.List())}
	}
	for _, s := range t.LargestSlots(f.top) {
		a.Slots = append(a.Slots, bigSlot{s, t.Slots.Keys[s], t.Slots.Bytes[s]})
	}
	for _, bar := range t.Spread() {
		a.Spread = append(a.Spread, bigSpread{bar.Name, bar.Slots, bar.Keys, bar.Bytes})
	}
	for i, name := range t.PrefixNames() {
		if i < f.top {
			a.Prefixes = append(a.Prefixes, bigPrefix{textual(name).(string), t.Prefix[name].Keys, t.Prefix[name].Bytes})
		}
	}
	if f.ttl {
		a.TTL = map[string]int64{}
		for i, name := range keyspace.TTLNames() {
			a.TTL[name] = t.TTL.Keys[i]
		}
	}
	return a
}

func entriesOf(list []keyspace.Weighed) []scanEntry {
	out := make([]scanEntry, len(list))
	for i := range list {
		out[i] = entryOf(&list[i].Entry)
	}
	return out
}
