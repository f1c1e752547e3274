package keyspace

import (
	"cmp"
	"slices"
)

// Top is the largest keys by some weight, each key once: a walk may meet a key
// twice.
type Top struct {
	most  int
	least int64 // what a key has to exceed once the list is full
	list  []Weighed
}

// Weighed is a key with its weight.
type Weighed struct {
	Weight int64
	Entry  Entry
}

// Offer takes a key in if it is among the largest.
func (t *Top) Offer(weight int64, e *Entry) {
	if t.most == 0 || len(t.list) >= t.most && weight <= t.least {
		return
	}
	if i := slices.IndexFunc(t.list, func(w Weighed) bool { return w.Entry.Key == e.Key }); i >= 0 {
		t.list[i] = Weighed{max(weight, t.list[i].Weight), *e}
	} else if len(t.list) < t.most {
		t.list = append(t.list, Weighed{weight, *e})
	} else {
		t.list[t.lowest()] = Weighed{weight, *e}
	}
	t.least = t.list[t.lowest()].Weight
}

func (t *Top) lowest() int {
	low := 0
	for i := range t.list {
		if t.list[i].Weight < t.list[low].Weight {
			low = i
		}
	}
	return low
}

func (t *Top) merge(o *Top) {
	for i := range o.list {
		t.Offer(o.list[i].Weight, &o.list[i].Entry)
	}
}

// List is the keys, the largest first; equal ones by name.
func (t *Top) List() []Weighed {
	out := slices.Clone(t.list)
	slices.SortFunc(out, func(a, b Weighed) int {
		return cmp.Or(cmp.Compare(b.Weight, a.Weight), cmp.Compare(a.Entry.Key, b.Entry.Key))
	})
	return out
}
