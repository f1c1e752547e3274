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
	p.j.say(Settling, fmt.Sprintf("waiting for %s and %s: %s", p.j.crew.name(p.from), p.j.crew.name(p.to), cause))
	defer p.j.say(Moving, "")
	var err error
	for deadline := time.Now().Add(patience); ; {
		if err = p.regain(ctx, group); err == nil {
			return nil
		}
		var changed *Changed
		if errors.As(err, &changed) || ctx.Err() != nil {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("not settled within %v: %w (it began with: %s)", patience.Round(time.Second), err, cause)
		}
		if err := pause(ctx, 25*time.Millisecond); err != nil {
			return err
		}
	}
}

// regain finds who stands for source and target now.
func (p *pair) regain(ctx context.Context, group []*load) error {
	s, err := p.j.crew.surveyWithin(ctx, 700*time.Millisecond)
	if err != nil {
		return err
	}
	from, err := p.j.standsFor(s, p.from)
	if err != nil {
		return err
	}
	if err := p.unbind(ctx, s, from, group); err != nil {
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
	p.from, p.to = from, to
	n, _ := s.Node(from)
	p.fromEpoch = n.Member.Epoch
	return nil
}

// unbind lets a target hear who owns the slots that it imports. While a slot is
// importing, Redis takes nobody's word for its owner: when the source is failed
// over, the target holds on to the old one, or to nobody, and says for good that
// the cluster is down. Once the slot is stable again, the next packet of the new
// source tells it. Nothing is lost by that: keys that came over already stay where
// they are, and the slot is opened anew before the move goes on.
func (p *pair) unbind(ctx context.Context, s *cluster.Snapshot, from cluster.NodeID, group []*load) error {
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
	mine := slotsOf(group).Minus(keyslot.SetOf(self.Slots...)).Minus(known)
	var cmds [][]any
	for _, o := range self.Open {
		if o.Importing && mine.Has(o.Slot) {
			cmds = append(cmds, setSlot(o.Slot, "STABLE"))
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
