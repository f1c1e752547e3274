package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/lab"
	"slotdeck/cluster/proof"
	"slotdeck/keyslot"
)

// succession is what is known of the replica that takes the place of the source
// or of the target in the middle of a move by SETSLOT and MIGRATE. What is lost
// then can be such that no mover could have kept it:
//
// On Redis the source's successor has forgotten which slots are moving. Until it
// is told again it answers for keys that have moved as if they did not exist.
// What is acknowledged meanwhile on top of nothing is counted apart; what is so
// acknowledged once it shows the slot as open is not.
//
// A source that did not wait for its replica may not have told it that a key has
// left: the successor has the key again, as it was then, whatever the target has
// acknowledged since. And a target that did not wait for its replica may not have
// told it that a key has come, which the source has given up by then.
//
// MIGRATE deletes a key at its source as soon as the target has it, and waits for
// no replica, so that not even a durable move can help that: it waits before a
// slot changes hands, and these slots had not. That is also why untouched keys of
// such slots, and of no others, may be missing.
//
// Redis 8.4 and newer, once a replica is promoted, drop the keys of slots that
// it does not own: all that had come of slots that were moving.
type succession struct {
	mu     sync.Mutex
	heir   *lab.Node   // the replica that succeeds
	target bool        // the target, not the source, is succeeded
	to     *lab.Node   // the target as the round began
	moving keyslot.Set // the slots of the round's move; nothing of others is excused
	abrupt,
	forgets, trims bool
	// robbed: the successor lost slots with their keys to somebody else. A mover can
	// help that, so that nothing is excused.
	robbed bool

	before int       // bytes of the heir's log that are of earlier rounds
	at     time.Time // when it was first seen to be a primary
	open   keyslot.Set
	told   map[keyslot.Slot]time.Time // when it first showed a slot as open, or as not its own
}

// observe watches the replica until the context ends.
func (s *succession) observe(ctx context.Context) {
	for ctx.Err() == nil {
		text, err := s.heir.Do(ctx, "CLUSTER", "NODES").Text()
		if err == nil {
			if view, err := cluster.ParseNodes(text); err == nil {
				s.note(view, time.Now())
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func (s *succession) note(view *cluster.View, now time.Time) {
	self, ok := view.Member(s.heir.ID)
	if !ok || !self.Flags.Has(cluster.Primary) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	knows := keyslot.Full().Minus(keyslot.SetOf(self.Slots...))
	if s.at.IsZero() {
		s.at, s.open = now, knows.Intersect(s.moving)
	}
	for _, o := range self.Open {
		knows.Add(o.Slot)
	}
	for slot := range knows.All() {
		if _, told := s.told[slot]; !told {
			s.told[slot] = now
		}
	}
}

// forgot reports whether a node answered for a slot while it knew nothing of its
// move.
func (s *succession) forgot(a proof.Ack, slot keyslot.Slot) bool {
	told, ever := s.told[slot]
	return s.forgets && a.Addr == s.heir.Addr && (!ever || a.Began.Before(told))
}

// excuse tells why a loss is none of a mover's; empty when it may be.
func (s *succession) excuse(l proof.Loss) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.at.IsZero() || s.robbed:
		return ""
	case s.target:
		return s.excuseTarget(l)
	}
	slot := keyslot.Of(l.Key)
	around := func(a proof.Ack) bool {
		return a.Asked && a.Addr == s.to.Addr && a.At.After(s.at.Add(-time.Second)) && a.At.Before(s.at.Add(time.Second))
	}
	if s.abrupt && !l.Risen && safeOnes(l.Undone, around) {
		return "the source's successor had not heard that the key had left for the target"
	}
	began := l.By
	if l.Risen {
		began = l.Acks
	}
	for _, a := range began {
		if s.forgot(a, slot) {
			return "the source's successor had forgotten that the slot was moving"
		}
	}
	return ""
}

func (s *succession) excuseTarget(l proof.Loss) string {
	before := func(a proof.Ack) bool { return a.Began.Before(s.at) }
	switch {
	case l.Risen || !s.open.Has(keyslot.Of(l.Key)):
	case s.trims && safeOnes(l.Undone, before):
		return "the target's successor dropped the keys of slots that were not its own yet"
	case s.abrupt && safeOnes(l.Undone, func(a proof.Ack) bool { return before(a) && !a.Asked }):
		return "the target's successor had not got the key, which the source had given up"
	}
	return ""
}

// unseen are the slots of which untouched keys may be missing for the same
// reasons.
func (s *succession) unseen() (slots keyslot.Set) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.target && !s.at.IsZero() && !s.robbed && (s.trims || s.abrupt) {
		return s.open
	}
	return slots
}

// safeOnes reports whether something holds for all writes that replicas had
// confirmed.
func safeOnes(acks []proof.Ack, holds func(proof.Ack) bool) bool {
	for _, a := range acks {
		if a.Safe && !holds(a) {
			return false
		}
	}
	return len(acks) > 0
}

// succession tells what a trouble does to the source or the target, by its name.
func (r *round) succession() *succession {
	name := r.trouble.name
	s := &succession{to: r.to, moving: r.order.Slots, told: map[keyslot.Slot]time.Time{}, abrupt: !strings.Contains(name, "failed-over")}
	switch {
	case strings.Contains(name, "source"):
		s.heir, s.forgets = r.roles.replica[r.from], r.Server.Flavor == "redis"
	case strings.Contains(name, "target"):
		s.heir, s.target = r.roles.replica[r.to], true
	default:
		return nil
	}
	s.before = len(s.heir.LogTail(wholeLog))
	return s
}

// wholeLog is more lines than any server writes here.
const wholeLog = 1 << 30

// learn takes from the successor's log what it did with keys.
func (s *succession) learn() {
	s.mu.Lock()
	defer s.mu.Unlock()
	log := s.heir.LogTail(wholeLog)
	log = log[min(s.before, len(log)):]
	s.trims = strings.Contains(log, "Detected keys in slots that do not belong to this node. Scheduling trim")
	s.robbed = strings.Contains(log, "Deleting keys in dirty slot")
}

// String tells who succeeded whom, and how.
func (s *succession) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.at.IsZero() {
		return s.heir.Addr + " did not take the place of its primary"
	}
	return fmt.Sprintf("%s took the place of its primary at %s; it did not own then: %v; keys of slots that were not its own dropped: %v, slots lost with their keys: %v",
		s.heir.Addr, s.at.Format("15:04:05.000"), s.open, s.trims, s.robbed)
}

// span is from when to when something went on.
type span struct{ from, to time.Time }

// rolledBack excuses what clients wrote while slots were brought back: the plan
// says what that costs, and this operator chose it.
func rolledBack(spans []span, l proof.Loss) string {
	began := l.By
	if l.Risen {
		began = l.Acks
	}
	for _, a := range began {
		for _, s := range spans {
			if a.At.After(s.from) && a.Began.Before(s.to) {
				return "written while slots were rolled back, as was chosen"
			}
		}
	}
	return ""
}
