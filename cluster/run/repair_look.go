package run

import (
	"context"
	"fmt"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/keyslot"
)

// repairPatience is how long nodes that disagree may come to agree by
// themselves before that counts as damage: gossip takes a second or two.
const repairPatience = 8 * time.Second

// damage reads all that a repair is planned from. Without wish.Probe it sends
// nothing but reads.
func (c *MemberCrew) damage(ctx context.Context, s *cluster.Snapshot, wish plan.RepairWish) (*cluster.Snapshot, plan.Evidence, error) {
	s, err := c.converged(ctx, s)
	if err != nil {
		return s, plan.Evidence{}, err
	}
	j := newJob(&crewCluster{c, s}, plan.Plan{}, Options{})
	defer j.discard()
	j.crew.learn(s)
	e, err := j.evidence(ctx, s, wish.Probe)
	return s, e, err
}

// evidence counts where the keys lie of slots that no one primary serves.
func (j *Job) evidence(ctx context.Context, s *cluster.Snapshot, probe bool) (plan.Evidence, error) {
	e := plan.Evidence{Keys: plan.KeyCounts{}, Hidden: map[cluster.NodeID]int64{}, Strays: map[cluster.NodeID]plan.Stray{}}
	e.Inside = j.insides(ctx, primariesOf(s))
	open, err := j.countBothSides(ctx, s)
	if err != nil {
		return e, err
	}
	l := &damageLook{j: j, s: s, e: &e, probe: probe, uncertain: plan.Uncertain(s), served: plan.Served(s)}
	for i := range s.Nodes {
		n := &s.Nodes[i]
		if n.Health != cluster.Answering || n.View.Value == nil {
			continue
		}
		if err := l.node(ctx, n); err != nil {
			return e, fmt.Errorf("what %s holds cannot be counted, and no owner is chosen without: %w", j.crew.name(n.ID), err)
		}
	}
	for slot, counts := range open {
		for id, n := range counts {
			l.note(slot, id, n)
		}
	}
	return e, l.twice(ctx)
}

// converged looks until the nodes agree, or have not for so long that they will
// not by themselves.
func (c *MemberCrew) converged(ctx context.Context, s *cluster.Snapshot) (*cluster.Snapshot, error) {
	var addrs []string
	for i := range s.Nodes {
		if n := &s.Nodes[i]; n.Health == cluster.Answering {
			addrs = append(addrs, n.Dialled)
		}
	}
	for deadline := time.Now().Add(repairPatience); plan.Unsettled(s) && time.Now().Before(deadline); {
		if err := pause(ctx, 200*time.Millisecond); err != nil {
			return s, err
		}
		fresh, err := c.Look(ctx, addrs...)
		if err != nil {
			return s, err
		}
		s = fresh
	}
	return s, nil
}

// damageLook counts keys where they may lie.
type damageLook struct {
	j         *Job
	s         *cluster.Snapshot
	e         *plan.Evidence
	probe     bool
	uncertain keyslot.Set // slots that no one primary serves
	served    map[cluster.NodeID]keyslot.Set
}

func (l *damageLook) note(slot keyslot.Slot, id cluster.NodeID, n int64) {
	if l.e.Keys[slot] == nil {
		l.e.Keys[slot] = map[cluster.NodeID]int64{}
	}
	l.e.Keys[slot][id] = n
}

// node counts what one node holds in slots that it does not serve.
func (l *damageLook) node(ctx context.Context, n *cluster.Node) error {
	dbs, err := l.j.databasesOf(ctx, n.ID)
	if err != nil {
		return err
	}
	l.j.databases = dbs
	hides := hidesKeys(n)
	replica := n.Member.Flags.Has(cluster.Replica)
	if err := l.count(ctx, n, hides); err != nil {
		return err
	}
	if replica {
		return nil // its primary is asked; a SETSLOT it would refuse
	}
	others := keyslot.Full().Minus(l.served[n.ID]).Minus(l.uncertain)
	if !hides {
		held, keys, err := l.j.straysOn(ctx, n.ID, "", others, false)
		if err == nil && keys > 0 {
			l.e.Strays[n.ID] = plan.Stray{Counted: others, In: held, Keys: keys}
		}
		return err
	}
	hidden, err := l.hidden(ctx, n)
	if err != nil || hidden == 0 {
		return err
	}
	witness := l.another(n.ID)
	if !l.probe || witness == "" {
		l.e.Hidden[n.ID] = hidden
		return nil
	}
	found, err := l.uncover(ctx, n, witness)
	if err != nil {
		return err
	}
	if hidden -= found; hidden <= 0 {
		return nil
	}
	var open keyslot.Set // what is open shows its keys, or would be closed by looking
	for slot := range others.All() {
		if plan.OpenOn(n, slot) {
			open.Add(slot)
		}
	}
	held, keys, err := l.j.straysOn(ctx, n.ID, witness, others.Minus(open), true)
	if err == nil && keys > 0 {
		l.e.Strays[n.ID] = plan.Stray{Counted: others.Minus(open), In: held, Keys: keys}
	}
	return err
}

// count counts the keys of uncertain slots. A node that hides keys is believed
// only when it counts some, or shows the slot.
func (l *damageLook) count(ctx context.Context, n *cluster.Node, hides bool) error {
	var slots []keyslot.Slot
	for slot := range l.uncertain.All() {
		slots = append(slots, slot)
	}
	counts, err := l.j.countKeys(ctx, n.ID, slots)
	if err != nil {
		return err
	}
	for i, slot := range slots {
		var sum int64
		for _, k := range counts[i] {
			sum += k
		}
		if sum > 0 || !hides || shows(l.s, n.ID, slot) {
			l.note(slot, n.ID, sum)
		}
	}
	return nil
}

// hidden is how many keys a primary has beyond those that it counts in slots
// that it owns or imports. Where writes change the numbers meanwhile it is 1 at
// least: then only a look at the slots tells.
func (l *damageLook) hidden(ctx context.Context, n *cluster.Node) (int64, error) {
	var slots []keyslot.Slot
	for slot := range keyslot.Full().All() {
		if shows(l.s, n.ID, slot) {
			slots = append(slots, slot)
		}
	}
	before, err := l.j.crew.do(ctx, n.ID, "DBSIZE")
	if err != nil {
		return 0, err
	}
	counts, err := l.j.countKeys(ctx, n.ID, slots)
	if err != nil {
		return 0, err
	}
	after, err := l.j.crew.do(ctx, n.ID, "DBSIZE")
	if err != nil {
		return 0, err
	}
	var sum int64
	for _, c := range counts {
		sum += c[0]
	}
	was, _ := before.(int64)
	is, _ := after.(int64)
	if was == is && was == sum {
		return 0, nil
	}
	return max(1, max(was, is)-sum), nil
}

// uncover makes a primary show the keys of uncertain slots that it hides: each
// is imported for the moment of the count, all in one go, so that nothing stays
// whatever happens to this process.
func (l *damageLook) uncover(ctx context.Context, n *cluster.Node, witness cluster.NodeID) (found int64, err error) {
	var slots []keyslot.Slot
	for slot := range l.uncertain.All() {
		if !shows(l.s, n.ID, slot) {
			slots = append(slots, slot)
		}
	}
	const part = 256
	for len(slots) > 0 {
		some := slots[:min(part, len(slots))]
		slots = slots[len(some):]
		var cmds [][]any
		for _, slot := range some {
			cmds = append(cmds, setSlot(slot, "IMPORTING", string(witness)), []any{"CLUSTER", "COUNTKEYSINSLOT", int(slot)}, setSlot(slot, "STABLE"))
		}
		answers, err := l.j.crew.all(ctx, n.ID, callTimeout, cmds...)
		if err != nil {
			return found, err
		}
		for i, slot := range some {
			keys, _ := answers[3*i+1].Value.(int64)
			l.note(slot, n.ID, keys)
			found += keys
		}
	}
	return found, nil
}

// another is some other primary that a node knows; empty when there is none.
func (l *damageLook) another(id cluster.NodeID) cluster.NodeID {
	n, ok := l.s.Node(id)
	if !ok || n.View.Value == nil {
		return ""
	}
	for _, m := range n.View.Value.Members {
		if m.ID != id && m.Flags.Has(cluster.Primary) && !m.Flags.Has(cluster.Handshake) {
			return m.ID
		}
	}
	return ""
}

// hidesKeys reports whether a server counts no keys of slots that it does not
// own, whatever it holds: Redis 8.4 and newer.
func hidesKeys(n *cluster.Node) bool {
	return n.Stats.AtLeast("redis", 8, 4)
}
