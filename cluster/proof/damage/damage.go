// Package damage answers one question: how does a real cluster get damaged, in
// every way that a repair has to deal with?
//
// Each kind is inflicted by plain commands on a cluster of three primaries, of
// which the first owns slots 0-5460 at first, in a way that loses no key by itself. It
// repairs nothing and judges nothing.
package damage

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/lab"
	"slotdeck/keyslot"
)

// Slots are what is damaged: a run that the first primary owns.
var Slots = keyslot.SetOf(keyslot.Range{First: 10, Last: 29})

// elsewhere are further slots of the first primary, for damages of two places.
var elsewhere = keyslot.SetOf(keyslot.Range{First: 40, Last: 44})

// Empty are slots of the first primary in which there are no keys, and Full
// those of it in which there are: whoever inflicts damage fills them.
var (
	Empty = keyslot.SetOf(keyslot.Range{First: 60, Last: 64})
	Full  = keyslot.SetOf(keyslot.Range{First: 0, Last: 49})
)

// Kind is one kind of damage.
type Kind struct {
	Name    string
	Text    string                        // what is wrong, for a table
	Say     func(c *lab.Cluster) []string // what slotdeck fix has to be told besides --yes; nil: nothing
	Peer    []string                      // what the server's own fix has to be told
	Loses   bool                          // the keys of the first primary are gone whatever is done
	Inflict func(ctx context.Context, c *lab.Cluster) error
}

// Kinds are all of them.
func Kinds() []Kind {
	var owner *lab.Node // of the slots, before the damage
	ownerBefore := func(*lab.Cluster) []string { return []string{"--owner", fmt.Sprintf("%s=%s", Slots, owner.Addr)} }
	remember := func(ctx context.Context, c *lab.Cluster) (err error) {
		owner, _, err = sides(ctx, c)
		return err
	}
	return []Kind{
		{Name: "uncovered", Text: "20 slots without owner, their keys on one node", Inflict: func(ctx context.Context, c *lab.Cluster) error {
			return Disown(ctx, c, Slots)
		}},
		{Name: "disowned", Text: "20 slots that their owner gave up, and the others still name it", Inflict: func(ctx context.Context, c *lab.Cluster) error {
			from, _, err := sides(ctx, c)
			if err != nil {
				return err
			}
			return from.Do(ctx, withRanges("DELSLOTSRANGE", Slots)...).Err()
		}},
		{Name: "trap2-uncovered-two-holders", Text: "20 slots without owner, their keys on two nodes", Say: ownerBefore, Inflict: func(ctx context.Context, c *lab.Cluster) error {
			if err := remember(ctx, c); err != nil {
				return err
			}
			if err := Half(ctx, c, Slots); err != nil {
				return err
			}
			if err := Disown(ctx, c, Slots); err != nil { // before they are closed: clients would write keys anew that have gone
				return err
			}
			return Close(ctx, c, Slots)
		}},
		{Name: "uncovered-three-holders", Text: "20 slots without owner, their keys on three nodes", Say: ownerBefore, Inflict: func(ctx context.Context, c *lab.Cluster) error {
			if err := remember(ctx, c); err != nil {
				return err
			}
			if err := Scatter(ctx, c); err != nil {
				return err
			}
			return Disown(ctx, c, Slots)
		}},
		{Name: "trap1-half-moved", Text: "20 slots half moved: migrating on one side, importing on the other", Inflict: func(ctx context.Context, c *lab.Cluster) error {
			return Half(ctx, c, Slots)
		}},
		{Name: "importing-only", Text: "20 slots half moved, and only the target shows it", Inflict: func(ctx context.Context, c *lab.Cluster) error {
			if err := Half(ctx, c, Slots); err != nil {
				return err
			}
			from, _, err := sides(ctx, c)
			if err != nil {
				return err
			}
			return onSlots(ctx, from, Slots, "STABLE")
		}},
		{Name: "migrating-only", Text: "20 slots half moved, and only the source shows it", Inflict: func(ctx context.Context, c *lab.Cluster) error {
			if err := Half(ctx, c, Slots); err != nil {
				return err
			}
			_, to, err := sides(ctx, c)
			if err != nil {
				return err
			}
			return onSlots(ctx, to, Slots, "STABLE")
		}},
		{Name: "trap7-strays", Text: "20 slots half moved, and both sides closed: half of the keys out of sight", Say: func(*lab.Cluster) []string { return []string{"--strays", "merge"} },
			Inflict: func(ctx context.Context, c *lab.Cluster) error {
				if err := Half(ctx, c, Slots); err != nil {
					return err
				}
				return Close(ctx, c, Slots)
			}},
		{Name: "trap17-open-and-uncovered", Text: "20 slots half moved, and 5 others without owner", Inflict: func(ctx context.Context, c *lab.Cluster) error {
			if err := Half(ctx, c, Slots); err != nil {
				return err
			}
			return Disown(ctx, c, elsewhere)
		}},
		{Name: "trap18-migrating-uncovered", Text: "20 slots half moved, and owned by nobody", Say: ownerBefore, Inflict: func(ctx context.Context, c *lab.Cluster) error {
			if err := remember(ctx, c); err != nil {
				return err
			}
			if err := Half(ctx, c, Slots); err != nil {
				return err
			}
			return Disown(ctx, c, Slots)
		}},
		{Name: "empty-uncovered", Text: "5 slots without owner and without keys", Say: func(*lab.Cluster) []string { return []string{"--owner", "balance"} }, Inflict: func(ctx context.Context, c *lab.Cluster) error {
			return Disown(ctx, c, Empty)
		}},
		{Name: "primary-gone", Text: "a primary without replicas is gone for good", Loses: true, Say: func(*lab.Cluster) []string { return []string{"--fix-with-unreachable-masters"} },
			Peer: []string{"--cluster-fix-with-unreachable-masters"}, Inflict: func(ctx context.Context, c *lab.Cluster) error {
				if err := c.Nodes()[0].Kill(); err != nil {
					return err
				}
				return until(ctx, "the others hold it for failed", func() (bool, error) {
					for _, n := range c.Nodes()[1:] {
						v, err := view(ctx, n)
						if m, _ := v.Member(c.Nodes()[0].ID); err != nil || !m.Flags.Has(cluster.Fail) {
							return false, err
						}
					}
					return true, nil
				})
			}},
	}
}

// sides are the owner of the slots that are damaged, and the node after it.
func sides(ctx context.Context, c *lab.Cluster) (from, to *lab.Node, err error) {
	nodes := c.Nodes()
	for i, n := range nodes {
		v, err := view(ctx, n)
		if err != nil {
			return nil, nil, err
		}
		self, _ := v.Member(n.ID)
		if owned := keyslot.SetOf(self.Slots...); Slots.Minus(owned).Empty() {
			return n, nodes[(i+1)%len(nodes)], nil
		}
	}
	return nil, nil, fmt.Errorf("no node owns all of the slots %v", Slots)
}

// other is the primary that is neither of two.
func other(c *lab.Cluster, a, b *lab.Node) *lab.Node {
	return c.Nodes()[slices.IndexFunc(c.Nodes(), func(n *lab.Node) bool { return n != a && n != b })]
}

// Half moves every second key of slots from their owner to another primary, and
// leaves the slots open on both sides.
func Half(ctx context.Context, c *lab.Cluster, slots keyslot.Set) error {
	from, to, err := sides(ctx, c)
	if err != nil {
		return err
	}
	return scatter(ctx, from, to, slots)
}

// Scatter leaves a quarter of the keys of the damaged slots with their owner, half
// with the next primary and a quarter with another, all of it closed.
func Scatter(ctx context.Context, c *lab.Cluster) error {
	from, to, err := sides(ctx, c)
	if err != nil {
		return err
	}
	for _, to := range []*lab.Node{to, other(c, from, to)} {
		if err := scatter(ctx, from, to, Slots); err != nil {
			return err
		}
		if err := Close(ctx, c, Slots); err != nil {
			return err
		}
	}
	return nil
}

// Move moves all keys of a slot, and leaves it open on both sides.
func Move(ctx context.Context, from, to *lab.Node, slot keyslot.Slot) error {
	for len(keysOf(ctx, from, slot)) > 0 {
		if err := scatter(ctx, from, to, keyslot.SetOf(keyslot.Range{First: slot, Last: slot})); err != nil {
			return err
		}
	}
	return nil
}

func scatter(ctx context.Context, from, to *lab.Node, slots keyslot.Set) error {
	host, port, err := cluster.ParseAddr(to.Addr)
	if err != nil {
		return err
	}
	for slot := range slots.All() {
		if err := to.Do(ctx, "CLUSTER", "SETSLOT", int(slot), "IMPORTING", string(from.ID)).Err(); err != nil {
			return err
		}
		if err := from.Do(ctx, "CLUSTER", "SETSLOT", int(slot), "MIGRATING", string(to.ID)).Err(); err != nil {
			return err
		}
		keys := keysOf(ctx, from, slot)
		args := []any{"MIGRATE", host, strconv.Itoa(port), "", 0, 5000, "KEYS"}
		for i := 0; i < len(keys); i += 2 {
			args = append(args, keys[i])
		}
		if len(keys) == 0 {
			continue
		}
		if err := from.Do(ctx, args...).Err(); err != nil {
			return err
		}
	}
	return nil
}

// Close closes slots on both sides, by which what was moved is out of sight.
func Close(ctx context.Context, c *lab.Cluster, slots keyslot.Set) error {
	for _, n := range c.Nodes() {
		if err := onSlots(ctx, n, slots, "STABLE"); err != nil {
			return err
		}
	}
	return nil
}

// Disown takes slots from their owner on every node, until every node says that
// nobody owns them.
func Disown(ctx context.Context, c *lab.Cluster, slots keyslot.Set) error {
	return until(ctx, "every node says that nobody owns the slots", func() (bool, error) {
		done := true
		for _, n := range c.Nodes() {
			v, err := view(ctx, n)
			if err != nil {
				return false, err
			}
			for i := range v.Members {
				named := keyslot.SetOf(v.Members[i].Slots...)
				if mine := named.Intersect(slots); !mine.Empty() {
					done = false
					if err := n.Do(ctx, withRanges("DELSLOTSRANGE", mine)...).Err(); err != nil {
						return false, err
					}
				}
			}
		}
		return done, nil
	})
}

func onSlots(ctx context.Context, n *lab.Node, slots keyslot.Set, how ...any) error {
	for slot := range slots.All() {
		if err := n.Do(ctx, append([]any{"CLUSTER", "SETSLOT", int(slot)}, how...)...).Err(); err != nil {
			return fmt.Errorf("slot %d on %s: %w", slot, n.Addr, err)
		}
	}
	return nil
}

func withRanges(command string, slots keyslot.Set) []any {
	out := []any{"CLUSTER", command}
	for _, r := range slots.Ranges() {
		out = append(out, int(r.First), int(r.Last))
	}
	return out
}

func keysOf(ctx context.Context, n *lab.Node, slot keyslot.Slot) []string {
	keys, _ := n.Do(ctx, "CLUSTER", "GETKEYSINSLOT", int(slot), 10000).StringSlice()
	slices.Sort(keys)
	return keys
}

func view(ctx context.Context, n *lab.Node) (*cluster.View, error) {
	text, err := n.Do(ctx, "CLUSTER", "NODES").Text()
	if err != nil {
		return nil, err
	}
	return cluster.ParseNodes(text)
}

// until asks until the answer is yes, for a minute.
func until(ctx context.Context, what string, ask func() (bool, error)) error {
	for deadline := time.Now().Add(time.Minute); ; {
		done, err := ask()
		if err != nil || done {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("not within a minute: %s", what)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}
