package views

import (
	"fmt"
	"slices"
	"strings"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/keyslot"
)

// OpenGroup is open slots of the same kind: between the same two, with the same
// ways out. There is at least one.
type OpenGroup struct {
	Open []plan.Recovery
	held map[cluster.NodeID]int64 // keys, where all were counted
	who  []cluster.NodeID         // of held: the owner first
}

// Groups gathers the open slots that can be settled together.
func (l Leftovers) Groups() []OpenGroup {
	var out []OpenGroup
	for _, r := range l.Open {
		i := slices.IndexFunc(out, func(g OpenGroup) bool { return alike(g.Open[0], r) })
		if i < 0 {
			i = len(out)
			out = append(out, OpenGroup{held: map[cluster.NodeID]int64{}})
		}
		g := &out[i]
		g.Open = append(g.Open, r)
		for id, n := range l.Keys[r.Slot] {
			g.held[id] += n
		}
	}
	for i := range out {
		for id := range out[i].held {
			out[i].who = append(out[i].who, id)
		}
		owner := out[i].First().Owner
		slices.SortFunc(out[i].who, func(a, b cluster.NodeID) int {
			if (a == owner) != (b == owner) {
				if a == owner {
					return -1
				}
				return 1
			}
			return strings.Compare(string(a), string(b))
		})
	}
	return out
}

// alike reports whether two open slots can be settled together.
func alike(a, b plan.Recovery) bool {
	same := a.Unowned == b.Unowned && a.Owner == b.Owner && a.To == b.To && a.Holder == b.Holder && a.Suggested == b.Suggested
	for _, w := range []plan.Way{plan.Finish, plan.RollBack} {
		x, y := a.Option(w), b.Option(w)
		same = same && x.Possible == y.Possible && x.Risk == y.Risk
	}
	return same
}

// Kind is what the slots are: open, without owner, or with keys where they do not
// belong.
func (g *OpenGroup) Kind() string {
	switch first := g.First(); {
	case first.Unowned:
		return "slot without owner"
	case first.Holder != "":
		return "slot with stray keys"
	}
	return "open slot"
}

// Many is so many slots of this kind.
func (g *OpenGroup) Many() string {
	n := g.Slots()
	if kind, of, ok := strings.Cut(g.Kind(), "slot with"); ok && n.Len() != 1 {
		return fmt.Sprintf("%d %sslots with%s", n.Len(), kind, of)
	}
	return plural(n.Len(), g.Kind())
}

// First is the lowest of the slots; it stands for all where one has to.
func (g *OpenGroup) First() plan.Recovery { return g.Open[0] }

// Slots are the slots of the group.
func (g *OpenGroup) Slots() (s keyslot.Set) {
	for _, r := range g.Open {
		s.Add(r.Slot)
	}
	return s
}

// Text is how the group stands: the one slot's own sentence, or how many keys
// each side holds.
func (g *OpenGroup) Text(name func(cluster.NodeID) string) string {
	if len(g.Open) == 1 || len(g.who) == 0 || g.First().Holder != "" {
		return g.First().Text
	}
	var sides []string
	for _, id := range g.who {
		sides = append(sides, fmt.Sprintf("%s holds %s", name(id), plural(int(g.held[id]), "key")))
	}
	return strings.Join(sides, ", ")
}
