package run_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
	"slotdeck/cluster/plan"
	"slotdeck/cluster/run"
	"slotdeck/keyslot"
)

func TestTargetWithoutMemoryEndsWithNothingOpenAndNothingLost(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"redis-7.0", "valkey-9.1"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, version, lab.Config{})
			w.fill(6000)
			before := w.digest()
			p := w.plan(plan.MoveExactly{Slots: slots("0-2000"), To: w.id(1)})
			j := w.start(p, slow)
			until(t, j, "some slots moved", someMoved)
			w.do(1, "CONFIG", "SET", "maxmemory", "1", "maxmemory-policy", "noeviction")
			r := j.Wait()
			w.do(1, "CONFIG", "SET", "maxmemory", "0")
			if r.Outcome != run.Failed || !r.Open.Empty() || r.Err == nil || !strings.Contains(r.Err.Error(), "no memory") {
				t.Fatalf("%v", r.Sentences)
			}
			w.nothingOpen()
			same(t, before, w.digest())
		})
	}
}

func TestFrozenTargetIsWaitedForAndTheMoveGoesOn(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"redis-7.0", "valkey-8.1"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, version, lab.Config{NodeTimeout: 6 * time.Second})
			w.fill(6000)
			before := w.digest()
			j := w.start(w.plan(plan.MoveExactly{Slots: slots("0-2000"), To: w.id(1)}), slow)
			until(t, j, "some slots moved", someMoved)
			if err := w.Nodes()[1].Freeze(); err != nil {
				t.Fatal(err)
			}
			until(t, j, "it waits", func(p run.Progress) bool { return p.State == run.Settling })
			if err := w.Nodes()[1].Thaw(); err != nil {
				t.Fatal(err)
			}
			j.Throttle(0)
			w.wants(j.Wait(), run.Completed)
			w.nothingOpen()
			same(t, before, w.digest())
		})
	}
}

func TestSourceThatDiesIsReplacedAndTheMoveGoesOn(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"redis-7.0", "valkey-9.1"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, version, lab.Config{Replicas: 1})
			w.fill(6000)
			before := w.digest()
			j := w.start(w.plan(plan.MoveExactly{Slots: slots("0-2000"), To: w.id(1)}), run.Options{Driver: plan.Legacy, KeysPerSecond: 800})
			until(t, j, "some slots moved", someMoved)
			if err := w.Nodes()[0].Kill(); err != nil {
				t.Fatal(err)
			}
			j.Throttle(0)
			r := j.Wait()
			if err := w.Nodes()[0].Restart(t.Context()); err != nil {
				t.Fatal(err)
			}
			if r.Outcome != run.Completed {
				t.Errorf("%v", r.Sentences)
			}
			w.nothingOpen()
			same(t, before, w.digest())
		})
	}
}

func TestTrap14EmptiedPrimaryThatTurnsReplicaIsSuccess(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, version, lab.Config{})
			w.fill(3000)
			before := w.digest()
			r := w.move(plan.Drain{Node: w.id(2), To: []cluster.NodeID{w.id(0)}}, run.Options{Driver: plan.Legacy})
			if r.Moved.Len() < 5000 {
				t.Errorf("%v", r.Sentences)
			}
			labtest.Until(t, 10*time.Second, "it follows the receiver", func() bool {
				return strings.Contains(w.do(2, "INFO", "replication").(string), "role:slave")
			})
			w.nothingOpen()
			same(t, before, w.digest())
		})
	}
}

func TestTrap13ReplicaThatDoesNotTakeASetslotIsPutRight(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "valkey-9.1", lab.Config{Replicas: 1, NodeTimeout: 8 * time.Second})
	w.fill(3000)
	before := w.digest()
	j := w.start(w.plan(plan.MoveExactly{Slots: slots("0-1000"), To: w.id(1)}), slow)
	until(t, j, "some slots moved", someMoved)
	if err := w.Nodes()[3].Freeze(); err != nil { // of the source
		t.Fatal(err)
	}
	until(t, j, "it waits for the replica", func(p run.Progress) bool { return p.State == run.Settling })
	if err := w.Nodes()[3].Thaw(); err != nil {
		t.Fatal(err)
	}
	j.Throttle(0)
	w.wants(j.Wait(), run.Completed)
	labtest.Until(t, 10*time.Second, "no replica shows an open slot", func() bool {
		for i := range w.Nodes() {
			for line := range strings.SplitSeq(w.do(i, "CLUSTER", "NODES").(string), "\n") {
				if strings.Contains(line, "myself") && strings.Contains(line, "[") {
					return false
				}
			}
		}
		return true
	})
	same(t, before, w.digest())
}

// strayKey leaves a key of a slot on a node that does not own it.
func (w *world) strayKey(node, owner int, slot keyslot.Slot, db int) string {
	w.t.Helper()
	key := keyIn(slot, 7)
	w.do(node, "CLUSTER", "SETSLOT", int(slot), "IMPORTING", string(w.id(owner)))
	n, _ := w.watch.Node(w.id(node))
	a := n.Pipeline(context.Background(), []any{"SELECT", db}, []any{"ASKING"}, []any{"SET", key, "stray"}, []any{"SELECT", 0})
	if a[2].Err != nil {
		w.t.Fatal(a[2].Err)
	}
	w.do(node, "CLUSTER", "SETSLOT", int(slot), "STABLE")
	return key
}

func TestTrap3StrayKeysOnTheTargetStopEveryDriver(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		version string
		driver  plan.Driver
		db      int
	}{{"redis-7.0", plan.Legacy, 0}, {"redis-8.6", plan.AtomicRedis, 0}, {"valkey-9.1", plan.AtomicValkey, 0}, {"valkey-9.1", plan.AtomicValkey, 3}, {"valkey-9.1", plan.Legacy, 3}} {
		t.Run(fmt.Sprint(c.version, " ", c.driver, " ", c.db), func(t *testing.T) {
			t.Parallel()
			config := lab.Config{}
			if c.db > 0 {
				config.Databases = 4
			}
			w := newWorld(t, c.version, config)
			w.strayKey(1, 0, 77, c.db)
			_, err := run.Start(context.Background(), w.watch, w.plan(plan.MoveExactly{Slots: slots("70-80"), To: w.id(1)}), run.Options{Driver: c.driver, StateDir: w.state})
			if reason, ok := plan.ReasonOf(err); !ok || reason != plan.StrayKeys {
				t.Errorf("%v", err)
			}
			if w.Nodes()[1].State() != lab.Running {
				t.Error("the target crashed")
			}
			w.nothingOpen()
		})
	}
}

// TestTrap2HiddenStrayKeysAreAskedAbout: Redis 8.4 and newer shows them only once the
// slot is imported.
func TestTrap2HiddenStrayKeysAreAskedAbout(t *testing.T) {
	t.Parallel()
	for _, choice := range []string{run.Skip, run.Flush} {
		t.Run(choice, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, "redis-8.6", lab.Config{})
			key := w.strayKey(1, 0, 77, 0)
			j := w.start(w.plan(plan.MoveExactly{Slots: slots("70-80"), To: w.id(1)}), run.Options{Driver: plan.Legacy})
			p := until(t, j, "it asks", func(p run.Progress) bool { return p.Question != nil })
			if p.Question.Kind != run.StrayKeys || p.Question.Slot != 77 || p.State != run.Asking {
				t.Errorf("%+v", p.Question)
			}
			if err := j.Answer(p.Question.ID, choice); err != nil {
				t.Fatal(err)
			}
			r := j.Wait()
			w.nothingOpen()
			if choice == run.Skip {
				w.wants(r, run.Partly)
				if r.Moved.Len() != 10 || r.Moved.Has(77) || !r.Left.Has(77) {
					t.Errorf("%v", r.Sentences)
				}
				return
			}
			w.wants(r, run.Completed)
			if v, _ := w.Nodes()[1].Do(context.Background(), "GET", key).Text(); v != "" {
				t.Errorf("the stray value came to life: %q", v)
			}
			if len(r.Saved) != 1 {
				t.Errorf("nothing was saved: %v", r.Sentences)
			}
		})
	}
}

func TestWrongPasswordForMigrateIsFoundBeforeTheFirstSlot(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "redis-7.0", lab.Config{Password: "right"})
	w.fill(500)
	p := w.plan(plan.MoveExactly{Slots: slots("0-100"), To: w.id(1)})
	before := len(w.journal.Entries())
	for _, o := range []run.Options{{User: "default", Password: secret("wrong")}, {User: "nobody", Password: secret("x")}} {
		o.Driver, o.StateDir = plan.Legacy, w.state
		var refused *run.Refused
		if _, err := run.Start(context.Background(), w.watch, p, o); !errors.As(err, &refused) {
			t.Errorf("%v", err)
		} else if strings.Contains(err.Error(), "wrong\"") {
			t.Errorf("it tells the password: %v", err)
		}
	}
	for i := range w.Nodes() { // keys can go either way
		w.do(i, "ACL", "SETUSER", "mover", "on", ">pw", "~*", "+select")
	}
	var refused *run.Refused
	if _, err := run.Start(context.Background(), w.watch, p, run.Options{Driver: plan.Legacy, StateDir: w.state, User: "mover", Password: secret("pw")}); !errors.As(err, &refused) || !strings.Contains(err.Error(), "restore-asking") {
		t.Errorf("a user without the right: %v", err)
	}
	for _, e := range w.journal.Entries()[before:] {
		if strings.Contains(e.Command, "IMPORTING") || strings.Contains(e.Command, "MIGRATING") {
			t.Errorf("a slot was opened: %s", e.Command)
		}
	}
	for _, i := range []int{0, 1} {
		w.do(i, "ACL", "SETUSER", "mover", "on", ">pw", "~*", "+select", "+restore-asking")
	}
	before2 := w.digest()
	r := w.start(p, run.Options{Driver: plan.Legacy, User: "mover", Password: secret("pw")}).Wait()
	w.wants(r, run.Completed)
	same(t, before2, w.digest())
	for _, e := range w.journal.Entries() {
		if strings.Contains(e.Command, "pw") && strings.Contains(e.Command, "AUTH2 mover pw") {
			t.Errorf("the journal tells the password: %s", e.Command)
		}
	}
}

func TestTrap22ValkeySourceWithoutMasterauthIsFoundBeforeTheFirstSlot(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "valkey-9.1", lab.Config{Password: "right"})
	for i := range 3 {
		w.do(i, "CONFIG", "SET", "masterauth", "")
	}
	_, err := run.Start(context.Background(), w.watch, w.plan(plan.MoveExactly{Slots: slots("0-100"), To: w.id(1)}), run.Options{StateDir: w.state})
	var refused *run.Refused
	if !errors.As(err, &refused) || !strings.Contains(err.Error(), "masterauth") {
		t.Errorf("%v", err)
	}
}
