package run

import (
	"context"
	"errors"
	"fmt"
	"time"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// settle waits until source and target, or the primaries that took their
// places, are ready to go on, and makes sure that the map is what it was but for
// that. A failover thus passes between two calls.
func (p *pair) settle(ctx context.Context, group []*load, cause error) error {
	patience := 3*p.j.nodeTimeout + 10*time.Second
	p.j.say(Settling, fmt.Sprintf("waiting for %s and %s: %s", p.j.crew.name(p.from), p.j.crew.name(p.to), brief(cause)))
	defer p.j.say(Moving, "")
	var err error
	for try, deadline := 0, time.Now().Add(patience); ; try++ {
		// One that stands still must not keep its successor waiting; but on a slow
		// day all of them need longer.
		patient := 150 * time.Millisecond
		if try%2 == 1 {
			patient = 700 * time.Millisecond
		}
		if err = p.regain(ctx, group, patient); err == nil {
			return nil
		}
		var changed *Changed
		if errors.As(err, &changed) || ctx.Err() != nil {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("not settled within %v: %w (it began with: %s)", patience.Round(time.Second), err, brief(cause))
		}
		if err := pause(ctx, 25*time.Millisecond); err != nil {
			return err
		}
	}
}

// regain finds who stands for source and target now.
func (p *pair) regain(ctx context.Context, group []*load, patience time.Duration) error {
	s, err := p.j.crew.surveyWithin(ctx, patience)
	if err != nil {
		return err
	}
	if err := p.adopt(ctx, s, group); err != nil {
		return err
	}
	from, err := p.j.standsFor(s, p.from)
	if err != nil {
		return err
	}
	if err := p.inform(ctx, s, from, group); err != nil {
		return err
	}
	to, err := p.j.standsFor(s, p.to)
	if err != nil {
		return err
	}
	if from == to {
		return p.absorbed(s, to, group)
	}
	hand := slotsOf(group)
	newFrom, newTo := ownedBy(s, from), ownedBy(s, to)
	for _, side := range []struct {
		id, was cluster.NodeID
		diff    keyslot.Set
	}{
		{from, p.from, differ(newFrom, p.fromOwn).Minus(hand)},
		{to, p.to, differ(newTo, p.toOwn).Minus(hand)},
	} {
		if !side.diff.Empty() {
			if len(s.Disputes) > 0 {
				return fmt.Errorf("the nodes do not agree yet who owns %s", someSlots(side.diff))
			}
			return &Changed{Nodes: []cluster.NodeID{side.id}, Slots: side.diff, Text: fmt.Sprintf("the slots of %s are not what they were (%s); stopped before harm is done",
				p.j.crew.name(side.id), someSlots(side.diff))}
		}
	}
	for _, l := range group {
		succeeded := l.opened && from != p.from
		l.unmarked, l.doubled = l.unmarked || succeeded, l.doubled || succeeded
	}
	if to != p.to {
		p.spare(ctx, s, group)
	}
	for _, change := range [][2]cluster.NodeID{{p.from, from}, {p.to, to}} {
		if change[0] != change[1] {
			p.former = append(p.former, change[0])
		}
	}
	p.from, p.to = from, to
	n, _ := s.Node(from)
	p.fromEpoch = n.Member.Epoch
	return p.undouble(ctx, group) // at once: every moment a client may remove one of them
}

// spare lets slots stay with their source that a target had open when it died. A
// Valkey node that comes back with a slot marked as importing takes it as soon as
// it hears that the source does not own it any more, and raises its epoch for
// that: the successor then loses that slot, and all others that it took over,
// with what was written since. While the source owns the slot nothing happens.
func (p *pair) spare(ctx context.Context, s *cluster.Snapshot, group []*load) {
	dead, ok := s.Node(p.to)
	if !ok || dead.Health == cluster.Answering {
		return
	}
	if known, ok := p.j.cluster.Latest().Node(p.to); !ok || known.Stats.Flavor == "redis" {
		return
	}
	if p.follows(ctx, p.to) {
		return // it was only slow to answer
	}
	var stay []*load
	for _, l := range group {
		if l.opened && !l.given && !l.skipped {
			l.skipped = true
			stay = append(stay, l)
		}
	}
	if len(stay) > 0 {
		p.j.remains(fmt.Sprintf("%s (%s) %s with %s: %s went down while it was importing them, and would take them from its successor on its return; move them once it is back, or forgotten",
			count(len(stay), "slot"), someSlots(slotsOf(stay)), either(len(stay), "stays", "stay"), p.j.crew.name(p.from), p.j.crew.name(p.to)))
	}
}

// follows waits a while for a node to say that it is a replica. One that is down
// is not waited for.
func (p *pair) follows(ctx context.Context, id cluster.NodeID) bool {
	for deadline := time.Now().Add(3 * time.Second); time.Now().Before(deadline); {
		brief, cancel := context.WithDeadline(ctx, deadline)
		view, err := p.j.crew.view(brief, id)
		cancel()
		if err != nil {
			return false
		}
		if self, ok := view.Member(id); ok && self.Flags.Has(cluster.Replica) {
			return true
		}
		if pause(ctx, 25*time.Millisecond) != nil {
			return false
		}
	}
	return false
}

// inform tells a target who owns the slots that it imports. While a slot is
// importing, Redis takes nobody's word for its owner: when the source is failed
// over, the target holds on to the old one, or to nobody, and says for good that
// the cluster is down. The slot stays open meanwhile, so that whoever finds it
// knows that there may be keys.
func (p *pair) inform(ctx context.Context, s *cluster.Snapshot, from cluster.NodeID, group []*load) error {
	n, ok := s.Node(p.to)
	if !ok || n.Health != cluster.Answering || n.View.Err != nil || !n.View.Known() {
		return nil
	}
	self, ok := n.View.Value.Member(p.to)
	if !ok || !self.Flags.Has(cluster.Primary) {
		return nil
	}
	var known keyslot.Set // what the target takes the present source to own
	if m, ok := n.View.Value.Member(from); ok {
		known = keyslot.SetOf(m.Slots...)
	}
	mine := slotsOf(group).Intersect(ownedBy(s, from)).Minus(keyslot.SetOf(self.Slots...)).Minus(known)
	var cmds [][]any
	for _, o := range self.Open {
		if o.Importing && mine.Has(o.Slot) {
			cmds = append(cmds, setSlot(o.Slot, "NODE", string(from)))
		}
	}
	if len(cmds) == 0 {
		return nil
	}
	if err := p.setSlots(ctx, p.to, cmds); err != nil {
		return err
	}
	return fmt.Errorf("%s has to hear that %s owns %s", p.j.crew.name(p.to), p.j.crew.name(from), count(len(cmds), "slot"))
}

// absorbed is a source that gave its last slot and became a replica of the
// target.
func (p *pair) absorbed(s *cluster.Snapshot, to cluster.NodeID, group []*load) error {
	own := ownedBy(s, to)
	if !slotsOf(group).Union(slotsOf(p.rest)).Minus(own).Empty() {
		return &Changed{Nodes: []cluster.NodeID{p.from, to}, Text: fmt.Sprintf("%s is now a replica of %s, though not all slots were moved; stopped", p.j.crew.name(p.from), p.j.crew.name(to))}
	}
	for _, l := range append(group, p.rest...) {
		p.moved(l)
	}
	return nil
}

func differ(a, b keyslot.Set) keyslot.Set { return a.Minus(b).Union(b.Minus(a)) }

func ownedBy(s *cluster.Snapshot, id cluster.NodeID) keyslot.Set {
	for i := range s.Shards {
		if s.Shards[i].Primary == id {
			return keyslot.SetOf(s.Shards[i].Slots...)
		}
	}
	return keyslot.Set{}
}

// standsFor is the primary of the shard in which a node is: itself, or the one
// that took its place. The error says why nobody does yet.
func (j *Job) standsFor(s *cluster.Snapshot, id cluster.NodeID) (cluster.NodeID, error) {
	n, ok := s.Node(id)
	if !ok || n.Shard < 0 {
		return "", fmt.Errorf("%s is in no shard now", j.crew.name(id))
	}
	primary := s.Shards[n.Shard].Primary
	q, ok := s.Node(primary)
	switch {
	case !ok:
		return "", fmt.Errorf("the shard of %s has no primary now", j.crew.name(id))
	case q.Health != cluster.Answering:
		return "", fmt.Errorf("%s does not answer", j.crew.name(primary))
	case q.Member.Flags.Has(cluster.Fail) || len(q.FailBy) > 0 || q.Member.Flags.Has(cluster.Replica):
		return "", fmt.Errorf("%s is being replaced", j.crew.name(primary))
	case q.ClusterInfo.Known() && q.ClusterInfo.Value.State != "ok":
		return "", fmt.Errorf("%s says that the cluster is down", j.crew.name(primary))
	}
	self, ok := q.View.Value.Member(primary)
	if !ok || !self.Flags.Has(cluster.Primary) {
		return "", fmt.Errorf("%s does not take itself for a primary yet", j.crew.name(primary))
	}
	return primary, nil
}
