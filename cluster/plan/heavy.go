package plan

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// Weights is what the keys of slots to come were seen to weigh, on their
// owners, before the first one moves.
type Weights struct {
	Looked      int64         // keys that were weighed
	Of          int64         // keys that those slots hold
	Bytes       *Measure      // what the slots weigh, as far as keys were weighed
	Heavy       []HeavyKey    // those that hold their node longer than Block
	Block       time.Duration // how long one call may hold a node
	NodeTimeout time.Duration // the shortest of the nodes that take part; 0: not known
	Move        bool          // slots with such keys shall move all the same
}

// HeavyKey is a key that MIGRATE would hold its node for longer than a call may.
type HeavyKey struct {
	Node     cluster.NodeID // that owns it
	Slot     keyslot.Slot
	DB       int
	Name     string        // as the node told it, not cleaned
	Kind     string        // the type, as the node told it; empty when it is not known
	Elements int64         // of a list, set, hash …
	Bytes    int64         // of memory
	Holds    time.Duration // predicted
}

// Text is the key for a sentence: the hash "x" (slot 7, 500000 elements, 31 MiB).
func (k HeavyKey) Text() string {
	kind, elements := "key", ""
	if k.Kind != "" && k.Kind != "none" {
		kind = clean(k.Kind)
	}
	if k.Elements > 1 {
		elements = count(int(k.Elements), "element") + ", "
	}
	return fmt.Sprintf("%s %s (slot %d%s, %s%s)", kind, quote(k.Name), k.Slot, database(k.DB), elements, byteText(k.Bytes))
}

// namedKeys is how many keys a plan names one by one.
const namedKeys = 5

// Slots are the slots that have such a key.
func (w *Weights) Slots() (s keyslot.Set) {
	for _, k := range w.Heavy {
		s.Add(k.Slot)
	}
	return s
}

// in are the keys of slots that a plan moves, the longest to hold first.
func (w *Weights) in(plan *Plan) []HeavyKey {
	if w == nil {
		return nil
	}
	set := plan.Set()
	keys := slices.DeleteFunc(slices.Clone(w.Heavy), func(k HeavyKey) bool { return !set.Has(k.Slot) })
	slices.SortStableFunc(keys, func(a, b HeavyKey) int { return cmp.Or(cmp.Compare(b.Holds, a.Holds), cmp.Compare(a.Slot, b.Slot)) })
	return keys
}

// silence is what clients notice of such keys; empty when they stay.
func (w *Weights) silence(plan *Plan) string {
	keys := w.in(plan)
	if len(keys) == 0 || !w.Move {
		return ""
	}
	return fmt.Sprintf("no key can be lost, but %s answers nobody for about %v while the %s moves", plan.nodeName(keys[0].Node), keys[0].About(), keys[0].Text())
}

// heavy tells of keys that would hold a node too long.
func (w *Weights) heavy(plan *Plan, f *findings) {
	if w == nil {
		return
	}
	keys := w.in(plan)
	for i, k := range keys {
		if i == namedKeys {
			f.warn(fmt.Sprintf("and %s more like that", count(len(keys)-namedKeys, "key")))
			break
		}
		f.warn(fmt.Sprintf("the %s would hold %s for about %v, and a call may take %v%s", k.Text(),
			plan.nodeName(k.Node), k.About(), w.Block, NearTimeout(k.Holds, w.NodeTimeout)))
	}
	looked := fmt.Sprintf("%d of the %s in the slots to come were weighed", w.Looked, count(int(w.Of), "key"))
	switch {
	case w.Looked >= w.Of:
		looked = fmt.Sprintf("all %s in the slots to come were weighed", count(int(w.Of), "key"))
	case w.Looked == 0:
		f.warn(fmt.Sprintf("none of the %s in the slots to come could be weighed: one may hold its node for long", count(int(w.Of), "key")))
		return
	}
	if len(keys) == 0 && w.Of > 0 {
		f.ok(fmt.Sprintf("%s: none would hold its node longer than %v", looked, w.Block))
	} else if len(keys) > 0 && w.Looked < w.Of {
		f.warn(looked + ", so there may be more such keys")
	}
}

func database(db int) string {
	if db == 0 {
		return ""
	}
	return fmt.Sprintf(", database %d", db)
}

// NearTimeout ends a sentence with the danger that a node that is held is taken
// for dead: others ask it once every half node timeout. Empty when there is none.
func NearTimeout(holds, nodeTimeout time.Duration) string {
	if nodeTimeout <= 0 || 2*holds < nodeTimeout {
		return ""
	}
	return fmt.Sprintf("; the node timeout is %v, so a failover could begin", nodeTimeout)
}

// About is Holds, rounded to what a prediction is worth.
func (k HeavyKey) About() time.Duration {
	d := k.Holds
	switch {
	case d >= 10*time.Second:
		return d.Round(time.Second)
	case d >= time.Second:
		return d.Round(100 * time.Millisecond)
	case d >= 100*time.Millisecond:
		return d.Round(10 * time.Millisecond)
	}
	return d.Round(time.Millisecond)
}
