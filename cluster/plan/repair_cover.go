package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// holder is a node and how many keys of a slot it holds.
type holder struct {
	id   cluster.NodeID
	keys int64
}

// holdersOf are the primaries that answer and hold keys of a slot, and the
// replicas that hold some that none of those does; blind are primaries of which
// it is not known.
func (r *repair) holdersOf(slot keyslot.Slot) (primaries, replicas []holder, blind []cluster.NodeID) {
	for i := range r.p.snap.Nodes {
		n := &r.p.snap.Nodes[i]
		if n.Health != cluster.Answering {
			continue
		}
		keys, known := r.seen.Keys.of(slot, n.ID)
		_, primary := r.p.index[n.ID]
		switch {
		case !known && primary && r.seen.Hidden[n.ID] > 0:
			blind = append(blind, n.ID)
		case keys > 0 && primary:
			primaries = append(primaries, holder{n.ID, keys})
		case keys > 0:
			replicas = append(replicas, holder{n.ID, keys})
		}
	}
	return primaries, replicas, blind
}

// lying is slots whose keys lie on the same nodes.
type lying struct {
	on, copies []holder // primaries, and replicas when no primary holds any
	blind      []cluster.NodeID
	back       cluster.NodeID // the one node that others still name, and that gave them up; empty: none
	slots      keyslot.Set
}

// where puts slots together whose keys lie on the same nodes.
func (r *repair) where(slots keyslot.Set, back cluster.NodeID) []*lying {
	var out []*lying
	index := map[string]*lying{}
	for slot := range slots.All() {
		on, copies, blind := r.holdersOf(slot)
		key := ""
		for _, h := range on {
			key += "!" + string(h.id)
		}
		if len(on) > 0 {
			copies = nil
		}
		for _, h := range copies {
			key += "?" + string(h.id)
		}
		for _, id := range blind {
			key += "-" + string(id)
		}
		l := index[key]
		if l == nil {
			l = &lying{blind: blind, back: back}
			for _, h := range on {
				l.on = append(l.on, holder{id: h.id})
			}
			for _, h := range copies {
				l.copies = append(l.copies, holder{id: h.id})
			}
			index[key] = l
			out = append(out, l)
		}
		l.slots.Add(slot)
		for i, h := range on {
			l.on[i].keys += h.keys
		}
		for i, h := range copies {
			l.copies[i].keys += h.keys
		}
	}
	return out
}

// unserved covers slots that no primary claims, and that no silent node owned.
func (r *repair) unserved() {
	var free keyslot.Set
	r.terms.each(func(k *tenure, slots keyslot.Set) {
		if len(k.claimed) > 0 || len(r.silentOf(k.named)) > 0 {
			return
		}
		back := cluster.NodeID("")
		if len(k.named) == 1 {
			back = k.named[0]
		}
		for _, l := range r.where(slots, back) {
			free = free.Union(r.settleCover(l, r.anySilentPrimary()))
		}
	})
	r.proposeFor(free, strings.Contains(" "+r.wish.Owners+" ", " "+Balance+" "))
}

func (r *repair) silentOf(ids []cluster.NodeID) (out []cluster.NodeID) {
	for _, id := range ids {
		if n := r.p.nodes[id]; n == nil || n.Health != cluster.Answering {
			out = append(out, id)
		}
	}
	return out
}

// anySilentPrimary names primaries that do not answer: what they hold is not
// known.
func (r *repair) anySilentPrimary() []cluster.NodeID {
	var out []cluster.NodeID
	for i := range r.p.snap.Nodes {
		n := &r.p.snap.Nodes[i]
		if n.Health != cluster.Answering && !n.Member.Flags.Has(cluster.Replica) && !n.Member.Flags.Has(cluster.Handshake) {
			out = append(out, n.ID)
		}
	}
	return out
}

// settleCover finds an owner for slots whose keys lie on the same nodes: the one
// that was said, the only one that holds any, or the one that others still name.
// What is left is free of keys.
func (r *repair) settleCover(l *lying, silent []cluster.NodeID) (free keyslot.Set) {
	what := fmt.Sprintf("%s (%s) %s", count(l.slots.Len(), "slot"), someSlots(l.slots), verb(l.slots.Len(), "has no owner", "have no owner"))
	if len(l.blind) > 0 { // not even an owner that was said, before it is known whose keys would be left behind
		hidden := int64(0)
		for _, id := range l.blind {
			hidden += r.seen.Hidden[id]
		}
		r.leave("%s, and %s %s up to %s out of sight, which may belong to them: let what is hidden be looked at first (slotdeck fix asks about it, or does so with --yes)",
			what, some(r.p.names(l.blind)), verb(len(l.blind), "keeps", "keep"), count(int(hidden), "key"))
		return free
	}
	for owner, slots := range r.saidOf(&l.slots) {
		r.coverBy(l, owner, slots, "as was said")
	}
	if l.slots.Empty() {
		return free
	}
	what = fmt.Sprintf("%s (%s) %s", count(l.slots.Len(), "slot"), someSlots(l.slots), verb(l.slots.Len(), "has no owner", "have no owner"))
	switch {
	case len(l.on) == 1:
		r.coverBy(l, l.on[0].id, l.slots, "")
	case len(l.on) > 1:
		r.leave("%s, and their keys lie on several nodes: %s; say --owner %s=NODE, and the others' keys go there; of a key that lies on two of them the named one's value stays, and the other is saved", what, r.held(l.on), ranges(l.slots))
	case len(l.copies) > 0:
		r.leave("%s, and only replicas hold keys of them: %s; what their primaries have is newer, so that these may be leftovers: fail over to such a replica, or say --owner %s=NODE and take them for lost", what, r.held(l.copies), ranges(l.slots))
	case l.back != "":
		r.coverBy(l, l.back, l.slots, "others still name it as their owner, and no node that answers holds keys of them")
	case len(silent) > 0 && !r.wish.Unreachable:
		r.leave("%s; no node that answers holds keys of them, but %s %s not answer and may: bring %s back, or say --fix-with-unreachable-masters and --owner %s=NODE, or --owner balance",
			what, some(r.p.names(silent)), verb(len(silent), "does", "do"), verb(len(silent), "it", "them"), ranges(l.slots))
	default:
		return l.slots
	}
	return free
}

// coverBy gives slots to a primary, and brings it what others hold of them.
//
// Where it is not alone in holding keys, the other that holds most owns the slots
// for the while and moves them to it: so clients find every key from the first
// moment on, on one side or the other. A slot that were given to it at once would
// hide the keys that are still elsewhere, and what clients write in their place
// would meet them later.
//
// Slots in which a key lies on both are such that the owner's values have to win:
// the owner has them first, then, and gets them back from the other, to which its
// values have gone.
func (r *repair) coverBy(l *lying, owner cluster.NodeID, slots keyslot.Set, why string) {
	if twice := slots.Intersect(r.seen.Twice); len(l.on) > 1 && slices.ContainsFunc(l.on, func(h holder) bool { return h.id == owner }) && !twice.Empty() {
		r.coverThereAndBack(l, owner, twice, why)
		if slots = slots.Minus(twice); slots.Empty() {
			return
		}
	}
	text := fmt.Sprintf("%s (%s) to %s", count(slots.Len(), "slot"), someSlots(slots), r.p.name(owner))
	switch i := slices.IndexFunc(l.on, func(h holder) bool { return h.id == owner }); {
	case why != "":
		text += ", " + why
	case i >= 0:
		text += fmt.Sprintf(", which alone holds keys of them (%d)", l.on[i].keys)
	}
	r.does = append(r.does, "give "+text)
	first := owner
	most := int64(0)
	for _, h := range l.on {
		if h.id != owner && h.keys > most {
			first, most = h.id, h.keys
		}
	}
	r.give(first, slots)
	if first != owner {
		r.relays = append(r.relays, Move{From: first, To: owner, Ranges: slots.Ranges(), Keys: Amount{N: most, How: Reported}})
		r.risks(Safe, fmt.Sprintf("%s of %s move to %s: where both have a key, the value of %s stays, which clients see from the first moment on, and the other is saved to a file first",
			count(int(most), "key"), r.p.name(first), r.p.name(owner), r.p.name(first)))
	}
	r.follow(l, owner, first, first, slots)
}

// coverThereAndBack gives slots to the owner, lets it move them to the other that
// holds most keys of them, and that one back.
func (r *repair) coverThereAndBack(l *lying, owner cluster.NodeID, slots keyslot.Set, why string) {
	other := holder{}
	for _, h := range l.on {
		if h.id != owner && h.keys > other.keys {
			other = h
		}
	}
	text := fmt.Sprintf("give %s (%s) to %s", count(slots.Len(), "slot"), someSlots(slots), r.p.name(owner))
	if why != "" {
		text += ", " + why
	}
	r.does = append(r.does, text)
	r.give(owner, slots)
	there := Move{From: owner, To: other.id, Ranges: slots.Ranges()}
	r.relays = append(r.relays, there)
	r.backs = append(r.backs, Move{From: other.id, To: owner, Ranges: slots.Ranges()})
	r.risks(Safe, fmt.Sprintf("%s (%s) of %s, in which keys lie on both, move to %s and back: where both have a key, the value of %s stays, which clients see from the first moment on, and the other is saved to a file first",
		count(slots.Len(), "slot"), someSlots(slots), r.p.name(owner), r.p.name(other.id), r.p.name(owner)))
	r.follow(l, owner, owner, other.id, slots)
}

// follow brings an owner what others hold of its slots than the one that has them
// first and the one that the owner exchanges keys with: from the one of the newest
// epoch first, because of a key that several of them have the first value stays.
func (r *repair) follow(l *lying, owner, first, partner cluster.NodeID, slots keyslot.Set) {
	if l.back != "" && l.back != first {
		r.raise[first] = true
	}
	rest := slices.Clone(l.on)
	slices.SortStableFunc(rest, func(a, b holder) int { return cmp.Compare(r.epoch(b.id), r.epoch(a.id)) })
	for _, h := range rest {
		keys, _ := r.sum(h.id, slots)
		if h.id != owner && h.id != partner && keys > 0 {
			r.bring(h.id, owner, r.holding(h.id, slots), keys)
			r.does = append(r.does, fmt.Sprintf("bring it what %s holds of them", r.p.name(h.id)))
			r.risks(Disruptive, fmt.Sprintf("%s of %s go to %s: where both have a key, the value of %s stays and the other is saved to a file first",
				count(int(keys), "key"), r.p.name(h.id), r.p.name(owner), r.p.name(owner)))
		}
	}
}

// holding are those of the slots of which a node holds keys.
func (r *repair) holding(id cluster.NodeID, slots keyslot.Set) (out keyslot.Set) {
	for slot := range slots.All() {
		if n, known := r.seen.Keys.of(slot, id); known && n > 0 {
			out.Add(slot)
		}
	}
	return out
}

// saidOf takes slots out whose owners were said.
func (r *repair) saidOf(slots *keyslot.Set) map[cluster.NodeID]keyslot.Set {
	out := map[cluster.NodeID]keyslot.Set{}
	for slot := range slots.All() {
		if id, ok := r.said[slot]; ok {
			set := out[id]
			set.Add(slot)
			out[id] = set
		}
	}
	for _, set := range out {
		*slots = slots.Minus(set)
	}
	return out
}

func (r *repair) held(on []holder) string {
	var parts []string
	for _, h := range on {
		parts = append(parts, fmt.Sprintf("%s %s", r.p.name(h.id), count(int(h.keys), "key")))
	}
	return some(parts)
}

func (r *repair) leave(format string, args ...any) {
	r.left = append(r.left, fmt.Sprintf(format, args...))
	r.warn(r.left[len(r.left)-1])
}

// proposeFor proposes owners of slots that hold no keys, and takes the proposal
// when that was said.
func (r *repair) proposeFor(free keyslot.Set, agreed bool) {
	if free.Empty() {
		return
	}
	shares := r.balance(free)
	var words []string
	for _, id := range r.order() {
		set, ok := shares[id]
		if !ok {
			continue
		}
		if agreed {
			r.coverBy(&lying{}, id, set, "no node holds keys of them, and it has the fewest slots")
		}
		words = append(words, fmt.Sprintf("%s=%s", ranges(set), address(r.p.nodes[id])))
	}
	switch {
	case agreed:
	case len(words) == 0:
		r.leave("%s (%s) %s no owner and no keys, and no primary answers that could take them", count(free.Len(), "slot"), someSlots(free), verb(free.Len(), "has", "have"))
	default:
		r.leave("%s (%s) %s no owner, and no node holds keys of them: choose one; by balance that would be --owner %q, or for short --owner balance",
			count(free.Len(), "slot"), someSlots(free), verb(free.Len(), "has", "have"), some(words))
	}
}

// balance shares slots among the primaries that answer and own some, or, where
// none does, among all that answer: to the smallest first, in long runs.
func (r *repair) balance(free keyslot.Set) map[cluster.NodeID]keyslot.Set {
	sizes := map[cluster.NodeID]int{}
	var able, owning []cluster.NodeID
	for _, id := range r.order() {
		able = append(able, id)
		sizes[id] = r.p.primaries[r.p.index[id]].slots
		if set := r.cover[id]; set != nil {
			sizes[id] += set.Len()
		}
		if sizes[id] > 0 {
			owning = append(owning, id)
		}
	}
	if len(owning) > 0 {
		able = owning
	}
	out := map[cluster.NodeID]keyslot.Set{}
	if len(able) == 0 {
		return out
	}
	total := free.Len()
	for _, id := range able {
		total += sizes[id]
	}
	fair := (total + len(able) - 1) / len(able)
	for _, run := range free.Ranges() {
		for first := int(run.First); first <= int(run.Last); {
			least := slices.MinFunc(able, func(a, b cluster.NodeID) int { return sizes[a] - sizes[b] })
			n := min(int(run.Last)-first+1, max(1, fair-sizes[least]))
			set := out[least]
			set.AddRange(keyslot.Range{First: keyslot.Slot(first), Last: keyslot.Slot(first + n - 1)})
			out[least] = set
			sizes[least] += n
			first += n
		}
	}
	return out
}

// order are the primaries that answer, as the picture has them.
func (r *repair) order() (out []cluster.NodeID) {
	for i := range r.p.primaries {
		if q := &r.p.primaries[i]; q.node.Health == cluster.Answering && q.node.Member.Flags.Has(cluster.Primary) && plainID(q.id) {
			out = append(out, q.id)
		}
	}
	return out
}

// ranges are slots as --owner takes them.
func ranges(s keyslot.Set) string { return strings.ReplaceAll(s.String(), " ", "") }
