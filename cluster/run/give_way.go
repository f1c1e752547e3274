package run

import (
	"context"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/spawn"
	"slotdeck/cluster/wire"
	"slotdeck/keyslot"
)

// Failovers that somebody orders in the middle of a move are let through. The
// primary holds back writes from the order until its replica has been elected,
// and the voters refuse a replica that claims a slot of which they know a newer
// owner. Then the server gives up after 5 s, in which nobody could write. So
// while source or target holds back writes no slot changes hands, and between two
// small parts of a group the replicas hear of the last one.

const (
	// aPart is how many slots a target is given in one go. It tells all nodes of
	// each, which has to take less than an order takes to become an election.
	aPart     = 16
	mostParts = 4
	// dearGive is what giving a part takes a node that does more than to note it.
	dearGive = time.Millisecond
	// replicaHearsay is how long the replicas may take to hear of slots that were
	// given. One that does not answer is not waited for again for deafFor.
	replicaHearsay = 300 * time.Millisecond
	deafFor        = 5 * time.Second
	// heldBack is how long a target may hold back what gives it slots: what was
	// asked before that is too old then.
	heldBack = 1500 * time.Millisecond
)

// atOnce is how many slots are given between two looks: more where the looks
// take longer than the giving, and, where nobody could be failed over, more where
// the first of them cost a node most, because it writes its map to the disk each
// time. It is bounded all the same: every other node works through the target's
// words on each slot in one go, and its clients wait meanwhile.
func (p *pair) atOnce() int {
	if len(p.replicas()) == 0 && p.gaveIn > dearGive {
		return mostParts * aPart
	}
	return min(mostSlots, aPart*(1+int(p.pace.far()/time.Millisecond)))
}

// writing is a write that does nothing: it moves a key that does not exist. A
// node that holds back writes holds it back, too, and all that comes after it on
// the same connection; no other sign of that is known to all versions. The node
// answers NOKEY, by which the journal knows that nothing was changed.
func (p *pair) writing(group []*load, onSource bool) []any {
	p.mu.Lock()
	to := p.fromAddr
	if onSource {
		to = p.toAddr
	}
	p.mu.Unlock()
	host := to.IP
	if host == "" {
		host = to.Hostname
	}
	return []any{"MIGRATE", host, to.Port, p.j.absentKey(group[0].slot), 0, 1000}
}

// writes sends commands of which the first is such a write, and returns the
// answers to the others. Whether the user may write here is not the question.
func (p *pair) writes(ctx context.Context, id cluster.NodeID, cmds [][]any) ([]wire.Answer, error) {
	answers, err := p.j.crew.call(ctx, id, callTimeout, cmds...)
	if err != nil {
		return nil, err
	}
	for _, a := range answers[1:] {
		if a.Err != nil {
			return nil, a.Err
		}
	}
	return answers[1:], nil
}

// giveSlots tells the target that the slots are its own, unless it holds back
// writes. Valkey then holds back SETSLOT by itself.
func (p *pair) giveSlots(ctx context.Context, group []*load) error {
	cmds := each(group, func(l *load) []any { return setSlot(l.slot, "NODE", string(p.to)) })
	if len(p.j.crew.fanOf(p.to)) > 0 {
		return p.setSlots(ctx, p.to, cmds)
	}
	answers, err := p.j.crew.call(ctx, p.to, heldBack+time.Duration(len(cmds))*5*time.Millisecond, append([][]any{p.writing(group, false)}, cmds...)...)
	if err != nil {
		return err
	}
	var again [][]any
	for i, a := range answers[1:] {
		switch {
		case saying(a.Err, "NOREPLICAS"):
			again = append(again, cmds[i])
		case a.Err != nil:
			return a.Err
		}
	}
	return p.setSlots(ctx, p.to, again)
}

// absentKey is the name of a key of a slot that nobody has.
func (j *Job) absentKey(slot keyslot.Slot) string {
	var set keyslot.Set
	set.Add(slot)
	tags, _ := keyslot.FindTag(set, keyslot.TagSearch{Prefix: "slotdeck-" + j.id + "-"}) // hexadecimal: never fails
	return tags[0]
}

// replicasHeard waits, with the function that it returns, until the replicas of
// source and target name the target as the owner of slots.
func (p *pair) replicasHeard(ctx context.Context, hand keyslot.Set) (wait func()) {
	ctx, cancel := context.WithTimeout(ctx, 2*replicaHearsay)
	var asked spawn.Group
	for id := range p.replicas() {
		if p.deaf(id) {
			continue
		}
		asked.Go(func() {
			if err := p.hears(ctx, id, hand, replicaHearsay); err != nil && ctx.Err() != nil {
				p.mu.Lock()
				defer p.mu.Unlock()
				if p.deafSince == nil {
					p.deafSince = map[cluster.NodeID]time.Time{}
				}
				p.deafSince[id] = time.Now()
			}
		})
	}
	return func() { asked.Wait(); cancel() }
}

func (p *pair) deaf(id cluster.NodeID) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	since, ok := p.deafSince[id]
	return ok && time.Since(since) < deafFor
}
