package run_test

import (
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
	"slotdeck/cluster/plan"
	"slotdeck/cluster/run"
	"slotdeck/cluster/wire"
	"slotdeck/keyslot"
)

// TestSuccessorThatHadNotHeardOfNewSlotsIsFoundAndSettled: a target's replica
// takes over before it has heard of slots that the target has just got. The old
// target stays their owner, and the successor has their keys from replication,
// where clients cannot see them.
func TestSuccessorThatHadNotHeardOfNewSlotsIsFoundAndSettled(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "redis-7.0", lab.Config{Replicas: 1, NodeTimeout: 20 * time.Second})
	target, heir := w.Nodes()[2], w.Nodes()[5] // of the highest epoch, so that no new slot raises it
	moved := []keyslot.Slot{77, 99}
	for _, slot := range moved {
		w.do(2, "CLUSTER", "SETSLOT", int(slot), "IMPORTING", string(w.id(0)))
		for i := range 50 {
			w.asked(2, "SET", inSlot(slot, i), "x")
		}
	}
	labtest.Until(t, time.Minute, "the replica has the keys", func() bool {
		n, _ := heir.Do(t.Context(), "DBSIZE").Int64()
		return n == 100
	})
	c, err := net.Dial("tcp", heir.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write([]byte("PING\r\n")); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read(make([]byte, 16)); err != nil {
		t.Fatal(err)
	}
	if err := heir.Freeze(); err != nil {
		t.Fatal(err)
	}
	// What waits in a frozen node's sockets is read in the order in which it came.
	if _, err := c.Write([]byte("CLUSTER FAILOVER TAKEOVER\r\n")); err != nil {
		t.Fatal(err)
	}
	for _, slot := range moved {
		w.do(2, "CLUSTER", "SETSLOT", int(slot), "NODE", string(target.ID))
		w.do(0, "CLUSTER", "SETSLOT", int(slot), "NODE", string(target.ID))
	}
	if err := heir.Thaw(); err != nil {
		t.Fatal(err)
	}
	labtest.Until(t, time.Minute, "the replica has taken over", func() bool {
		return strings.Contains(w.do(5, "INFO", "replication").(string), "role:master")
	})
	s := w.fresh()
	for _, slot := range moved {
		if owner, ok := s.ShardOf(slot); !ok || owner.Primary != target.ID {
			t.Skip("the replica had heard of the slots: what is to be settled did not come about")
		}
	}
	// A key that the owner has otherwise by now, and one that it has not any more.
	w.do(2, "SET", inSlot(77, 1), "newer")
	w.do(2, "DEL", inSlot(77, 2))
	before := w.digest()

	found := w.find()
	if len(found.Open) != 2 {
		t.Fatalf("found: %+v", found.Open)
	}
	ways := map[keyslot.Slot]plan.Way{}
	for i, r := range found.Open {
		ways[r.Slot] = plan.Finish
		if r.Slot != moved[i] || r.Owner != target.ID || r.Holder != heir.ID || found.Keys[r.Slot][heir.ID] != 50 || !strings.Contains(r.Text, "has no replica") {
			t.Errorf("slot %d: %+v", r.Slot, r)
		}
		if want := map[keyslot.Slot]plan.Way{77: plan.Leave, 99: plan.Finish}[r.Slot]; r.Suggested != want {
			t.Errorf("slot %d: %v is suggested: %s", r.Slot, r.Suggested, r.Text)
		}
	}
	j, err := run.StartRecovery(t.Context(), w.watch, found, ways, run.Options{StateDir: w.state, Unattended: true})
	if err != nil {
		t.Fatal(err)
	}
	r := j.Wait()
	w.wants(r, run.Completed)
	if len(r.Saved) != 1 {
		t.Errorf("what the owner does not have was not saved: %v", r.Sentences)
	}
	w.nothingOpen()
	same(t, before, w.digest())
	if again := w.find(); !again.Empty() {
		t.Errorf("found again: %+v", again.Open)
	}
	if n, _ := heir.Do(t.Context(), "DBSIZE").Int64(); n != 0 {
		t.Errorf("the successor still holds %d keys", n)
	}
	// The old target gives its slots to its successor, and follows it.
	w.move(plan.MoveExactly{Slots: slots("77,99"), To: heir.ID}, run.Options{Driver: plan.Legacy})
	same(t, before, w.digest())
	labtest.Until(t, time.Minute, "the old target follows its successor", func() bool {
		return strings.Contains(w.do(2, "INFO", "replication").(string), "role:slave")
	})
}

// TestKeysThatAreNowhereElseComeHome: a move that was broken off, and closed by
// hand, leaves keys where clients do not find them.
func TestKeysThatAreNowhereElseComeHome(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "valkey-8.1", lab.Config{})
	key := w.half(77, "owner's", "stray")
	other := inSlot(77, 7)
	w.asked(1, "SET", other, "alone")
	w.do(0, "CLUSTER", "SETSLOT", 77, "STABLE")
	w.do(1, "CLUSTER", "SETSLOT", 77, "STABLE")
	found := w.find()
	if len(found.Open) != 1 || found.Open[0].Holder != w.id(1) || found.Open[0].Suggested != plan.Leave || found.Open[0].Option(plan.Finish).Risk != plan.Lossy ||
		!strings.Contains(found.Open[0].Text, "1 are nowhere else") {
		t.Fatalf("%+v", found.Open)
	}
	j, err := run.StartRecovery(t.Context(), w.watch, found, map[keyslot.Slot]plan.Way{77: plan.RollBack}, run.Options{StateDir: w.state})
	if err != nil {
		t.Fatal(err)
	}
	p := until(t, j, "it asks", func(p run.Progress) bool { return p.Question != nil })
	if err := j.Answer(p.Question.ID, run.TakeTarget); err != nil {
		t.Fatal(err)
	}
	w.wants(j.Wait(), run.Completed)
	w.nothingOpen()
	if a, b := w.do(0, "GET", key), w.do(0, "GET", other); a != "owner's" || b != "alone" {
		t.Errorf("the values are %v and %v", a, b)
	}
	if again := w.find(); !again.Empty() {
		t.Errorf("found again: %+v", again.Open)
	}
}

// TestAtomicMoveOpensNoSlotToSeeThatNothingIsHidden: Redis 8.4 and newer show keys
// of foreign slots only while those are open, and count them all the same.
func TestAtomicMoveOpensNoSlotToSeeThatNothingIsHidden(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "redis-8.6", lab.Config{})
	w.fill(1000)
	opened := func(since int) bool {
		return slices.ContainsFunc(w.journal.Entries()[since:], func(e wire.Entry) bool { return strings.Contains(e.Command, "IMPORTING") })
	}
	w.move(plan.MoveExactly{Slots: slots("0-50"), To: w.id(1)}, run.Options{Driver: plan.AtomicRedis})
	if opened(0) {
		t.Error("slots were opened, though there was nothing to be seen")
	}
	w.strayKey(1, 0, 3000, 0)
	since := len(w.journal.Entries())
	w.move(plan.MoveExactly{Slots: slots("51-90"), To: w.id(1)}, run.Options{Driver: plan.AtomicRedis})
	if !opened(since) {
		t.Error("it was not looked where a hidden key lies")
	}
	_, err := run.Start(t.Context(), w.watch, w.plan(plan.MoveExactly{Slots: slots("2990-3010"), To: w.id(1)}), run.Options{Driver: plan.AtomicRedis, StateDir: w.state})
	if reason, ok := plan.ReasonOf(err); !ok || reason != plan.StrayKeys {
		t.Errorf("the hidden key is in the way, and was not found: %v", err)
	}
	w.nothingOpen()
}
