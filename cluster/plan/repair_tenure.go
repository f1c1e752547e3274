package plan

import (
	"slices"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// tenure is how a slot is held, by what every node that answers says itself.
// It is the same for runs of slots, which is why it is kept by index.
type tenure struct {
	claimed []cluster.NodeID // primaries that call it their own
	named   []cluster.NodeID // whom others take for the owner, and that do not say so themselves
	nobody  bool             // some node says that nobody owns it
}

// tenures is the tenure of every slot.
type tenures struct {
	kinds []tenure
	of    [keyslot.Count]int
}

// tenures asks every view about every slot. Views that say the same are asked
// once.
func (p *picture) tenures() (out tenures) {
	type voice struct {
		owner [keyslot.Count]int32 // index of the member, -1: nobody
		view  *cluster.View
		by    []cluster.NodeID
	}
	var voices []*voice
	byConfig := map[uint64]*voice{}
	for i := range p.snap.Nodes {
		n := &p.snap.Nodes[i]
		if n.Health != cluster.Answering || !n.View.Known() || n.View.Err != nil || n.View.Value == nil {
			continue
		}
		config := n.View.Value.Config()
		v := byConfig[config]
		if v == nil {
			v = &voice{view: n.View.Value}
			for s := range v.owner {
				v.owner[s] = -1
			}
			for k := range v.view.Members {
				for _, r := range v.view.Members[k].Slots {
					for s := int(r.First); s <= int(r.Last) && s < keyslot.Count; s++ {
						v.owner[s] = int32(k)
					}
				}
			}
			byConfig[config] = v
			voices = append(voices, v)
		}
		v.by = append(v.by, n.ID)
	}
	index := map[string]int{}
	for s := range keyslot.Count {
		var t tenure
		for _, v := range voices {
			k := v.owner[s]
			if k < 0 {
				t.nobody = true
				continue
			}
			id := v.view.Members[k].ID
			if slices.Contains(v.by, id) {
				if !slices.Contains(t.claimed, id) {
					t.claimed = append(t.claimed, id)
				}
			} else if !slices.Contains(t.named, id) {
				t.named = append(t.named, id)
			}
		}
		t.named = slices.DeleteFunc(t.named, func(id cluster.NodeID) bool { return slices.Contains(t.claimed, id) })
		slices.Sort(t.claimed)
		slices.Sort(t.named)
		key := t.key()
		at, ok := index[key]
		if !ok {
			at = len(out.kinds)
			index[key] = at
			out.kinds = append(out.kinds, t)
		}
		out.of[s] = at
	}
	return out
}

func (t *tenure) key() string {
	key := "-"
	if t.nobody {
		key = "+"
	}
	for _, id := range t.claimed {
		key += "!" + string(id)
	}
	for _, id := range t.named {
		key += "?" + string(id)
	}
	return key
}

// each yields every tenure and the slots that are held so.
func (t *tenures) each(f func(k *tenure, slots keyslot.Set)) {
	sets := make([]keyslot.Set, len(t.kinds))
	for s, at := range t.of {
		sets[at].Add(keyslot.Slot(s))
	}
	for i := range t.kinds {
		f(&t.kinds[i], sets[i])
	}
}

// server is who serves a slot for certain: the one primary that claims it.
func (t *tenures) server(slot keyslot.Slot) (cluster.NodeID, bool) {
	k := &t.kinds[t.of[slot]]
	if len(k.claimed) != 1 {
		return "", false
	}
	return k.claimed[0], true
}

// Uncertain are the slots whose keys have to be looked for on every node: those
// that no primary, or more than one, calls its own.
func Uncertain(s *cluster.Snapshot) keyslot.Set {
	var out keyslot.Set
	p, err := look(s)
	if err != nil {
		return out
	}
	t := p.tenures()
	t.each(func(k *tenure, slots keyslot.Set) {
		if len(k.claimed) != 1 {
			out = out.Union(slots)
		}
	})
	return out
}

// Served is which primary serves which slots for certain.
func Served(s *cluster.Snapshot) map[cluster.NodeID]keyslot.Set {
	out := map[cluster.NodeID]keyslot.Set{}
	p, err := look(s)
	if err != nil {
		return out
	}
	t := p.tenures()
	t.each(func(k *tenure, slots keyslot.Set) {
		if len(k.claimed) == 1 {
			out[k.claimed[0]] = out[k.claimed[0]].Union(slots)
		}
	})
	return out
}

// Unsettled reports whether nodes disagree in a way that they may settle by
// themselves: some primary owns the slots, or several call them their own.
func Unsettled(s *cluster.Snapshot) bool {
	p, err := look(s)
	if err != nil {
		return false
	}
	t := p.tenures()
	for i := range t.kinds {
		k := &t.kinds[i]
		if len(k.claimed) > 1 || len(k.claimed) == 1 && (len(k.named) > 0 || k.nobody) {
			return true
		}
	}
	return false
}
