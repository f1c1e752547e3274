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

// The traps that servers set for whoever moves slots, one test for each; some
// more are in the tests of drivers, faults and recoveries, by the same numbers.

// TestTrap1OwnershipChangesOnlyOnceTheSourceIsEmpty: a source that hears of the
// new owner deletes what it still holds, and one of several databases can be full
// while the first is empty.
func TestTrap1OwnershipChangesOnlyOnceTheSourceIsEmpty(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		version string
		dbs     int
	}{{"redis-7.0", 1}, {"valkey-9.1", 4}} {
		t.Run(c.version, func(t *testing.T) {
			t.Parallel()
			config := lab.Config{}
			if c.dbs > 1 {
				config.Databases = c.dbs
			}
			w := newWorld(t, c.version, config)
			set := slots("0-60")
			last := func(node int, cmd ...any) any {
				n, _ := w.watch.Node(w.id(node))
				a := n.Pipeline(context.Background(), []any{"SELECT", c.dbs - 1}, cmd, []any{"SELECT", 0})
				if a[1].Err != nil {
					t.Fatal(a[1].Err)
				}
				return a[1].Value
			}
			for slot := range set.All() {
				last(0, "SET", keyIn(slot, 5), "x")
			}
			wr := w.keepWriting(set)
			w.move(plan.MoveExactly{Slots: set, To: w.id(1)}, run.Options{Driver: plan.Legacy, KeysPerSecond: 300})
			wr.end(w)
			for slot := range set.All() {
				if last(1, "GET", keyIn(slot, 5)) != any("x") {
					t.Errorf("the key of slot %d is gone", slot)
				}
			}
		})
	}
}

// TestTrap7NoCopiesStayBehind: copies on a node that does not own their slot come
// to life when it gets the slot.
func TestTrap7NoCopiesStayBehind(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "valkey-8.1", lab.Config{})
	w.fill(6000)
	set := slots("0-1500")
	j := w.start(w.plan(plan.MoveExactly{Slots: set, To: w.id(1)}), slow)
	until(t, j, "some slots moved", someMoved)
	j.RollBack()
	w.wants(j.Wait(), run.RolledBack)
	j = w.start(w.plan(plan.MoveExactly{Slots: set, To: w.id(2)}), slow)
	until(t, j, "some slots moved", someMoved)
	j.StopAtBoundary()
	r := j.Wait()
	w.wants(r, run.Stopped)
	for slot := range set.All() {
		owner := 0
		if r.Moved.Has(slot) {
			owner = 2
		}
		for i := range 3 {
			if n := w.do(i, "CLUSTER", "COUNTKEYSINSLOT", int(slot)).(int64); n > 0 && i != owner {
				t.Errorf("node %d holds %d keys of slot %d, which is node %d's", i, n, slot, owner)
			}
		}
	}
}

// TestTrap9AJobEndsOnceTheNextCommandMayFollow: right after a change nodes
// disagree, and commands fail or mislead.
func TestTrap9AJobEndsOnceTheNextCommandMayFollow(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"redis-8.6", "valkey-9.1"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, version, lab.Config{Replicas: 1})
			w.fill(1000)
			set := slots("0-300")
			for to := range 3 {
				to = (to + 1) % 3
				w.start(w.plan(plan.MoveExactly{Slots: set, To: w.id(to)}), run.Options{}).Wait()
				for i := range 3 { // asked once, without waiting
					view, err := cluster.ParseNodes(w.do(i, "CLUSTER", "NODES").(string))
					if err != nil {
						t.Fatal(err)
					}
					m, _ := view.Member(w.id(to))
					own := keyslot.SetOf(m.Slots...)
					if left := set.Minus(own); !left.Empty() {
						t.Errorf("node %d does not know yet that %v moved to node %d", i, left, to)
					}
				}
			}
		})
	}
}

// TestTrap17UncoveredSlotsComeFirst: while a slot has no owner the cluster is
// down, and a MIGRATE between an open slot's sides fails. The servers' tools clear
// the source's flag then, and leave keys on both nodes.
func TestTrap17UncoveredSlotsComeFirst(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"redis-7.0", "valkey-9.1"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, version, lab.Config{})
			other := keyIn(77, 4)
			w.do(0, "SET", other, "more")
			key := w.half(77, "mine", "mine")
			labtest.Until(t, 10*time.Second, "the cluster is down", func() bool {
				for i := range 3 { // again, where one has learnt it anew from another that was not told yet
					_ = w.Nodes()[i].Do(t.Context(), "CLUSTER", "DELSLOTS", 9000).Err()
				}
				return strings.Contains(w.do(0, "CLUSTER", "INFO").(string), "cluster_state:fail") && strings.Contains(w.do(1, "CLUSTER", "INFO").(string), "cluster_state:fail")
			})
			found := w.find()
			j, err := run.StartRecovery(t.Context(), w.watch, found, map[keyslot.Slot]plan.Way{77: plan.Finish}, run.Options{StateDir: w.state, Unattended: true})
			if err == nil {
				r := j.Wait()
				t.Logf("%v", r.Sentences)
				if r.Outcome != run.Failed || !r.Open.Has(77) {
					t.Errorf("it went on in a cluster that is down: %v", r.Sentences)
				}
			} else {
				t.Log(err)
			}
			var refusal *plan.Refusal
			if _, err := plan.Make(plan.MoveExactly{Slots: slots("100"), To: w.id(1)}, w.watch.Latest(), plan.Facts{}); !errors.As(err, &refusal) {
				t.Errorf("a move was planned in a cluster that is down: %v", err)
			}
			if n := w.do(0, "CLUSTER", "COUNTKEYSINSLOT", 77).(int64); n == 0 {
				t.Error("the source lost its keys")
			}
			for i, flag := range []string{"[77->-", "[77-<-"} {
				if !strings.Contains(w.do(i, "CLUSTER", "NODES").(string), flag) {
					t.Errorf("node %d shows slot 77 as closed, half way", i)
				}
			}
			w.do(1, "CLUSTER", "ADDSLOTS", 9000)
			labtest.Until(t, 10*time.Second, "the cluster is up", func() bool {
				return len(w.fresh().Shards) == 3 && allUp(w)
			})
			found = w.find()
			if j, err = run.StartRecovery(t.Context(), w.watch, found, map[keyslot.Slot]plan.Way{77: plan.Finish}, run.Options{StateDir: w.state, Unattended: true}); err != nil {
				t.Fatal(err)
			}
			w.wants(j.Wait(), run.Completed)
			w.nothingOpen()
			for k, want := range map[string]string{key: "mine", other: "more"} {
				if got, _ := w.Nodes()[1].Do(t.Context(), "GET", k).Text(); got != want {
					t.Errorf("%s is %q", k, got)
				}
			}
		})
	}
}

func allUp(w *world) bool {
	for i := range w.Nodes() {
		if !strings.Contains(w.do(i, "CLUSTER", "INFO").(string), "cluster_state:ok") {
			return false
		}
	}
	return true
}

// TestTrap21TheTwoWaysOfMovingAreNotMixed: Valkey 9 refuses every SETSLOT of a
// node during a migration job, and jobs while any slot is open there.
func TestTrap21TheTwoWaysOfMovingAreNotMixed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "valkey-9.1", lab.Config{})
	far := w.plan(plan.MoveExactly{Slots: slots("200-210"), To: w.id(1)})
	w.half(77, "mine", "mine")
	w.fresh()
	var refusal *plan.Refusal
	var changed *plan.Changed
	if _, err := run.Start(t.Context(), w.watch, far, run.Options{Driver: plan.AtomicValkey, StateDir: w.state}); !errors.As(err, &refusal) && !errors.As(err, &changed) {
		t.Errorf("a job was begun beside an open slot: %v", err)
	}
	w.do(0, "CLUSTER", "SETSLOT", 77, "STABLE")
	w.do(1, "CLUSTER", "SETSLOT", 77, "STABLE")
	w.heap(0, slots("0-20"), heapKeys)
	far = w.plan(plan.MoveExactly{Slots: slots("200-210"), To: w.id(1)})
	w.do(0, "CLUSTER", "MIGRATESLOTS", "SLOTSRANGE", 0, 20, "NODE", string(w.id(1)))
	_, err := run.Start(t.Context(), w.watch, far, run.Options{Driver: plan.Legacy, StateDir: w.state})
	if reason, _ := plan.ReasonOf(err); reason != plan.ForeignJob && !errors.As(err, &changed) {
		t.Errorf("slots were opened beside a job: %v", err)
	}
	for _, e := range w.journal.Entries() {
		if strings.Contains(e.Command, "SETSLOT 20") || strings.Contains(e.Command, "MIGRATESLOTS SLOTSRANGE 200") {
			t.Errorf("sent: %s", e.Command)
		}
	}
}

// TestTrap25SlotsShareTheirRoundTrips: at four round trips a slot the distance to
// the cluster decides how long a move takes.
func TestTrap25SlotsShareTheirRoundTrips(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "redis-7.0", lab.Config{})
	set := slots("0-399") // the journal holds what they take
	asks := func() (n uint64) {
		for _, c := range w.journal.Counts() {
			if c.Command == "CLUSTER NODES" {
				n += c.Sent
			}
		}
		return n
	}
	p := w.plan(plan.MoveExactly{Slots: set, To: w.id(1)})
	began, before := len(w.journal.Entries()), asks()
	w.wants(w.start(p, run.Options{Driver: plan.Legacy}).Wait(), run.Completed)
	// Commands of one pipeline are answered at one moment, and have one start.
	trips := map[string]bool{}
	opened := 0
	for _, e := range w.journal.Entries()[began:] {
		if strings.Contains(e.Command, "SETSLOT") {
			trips[fmt.Sprint(e.Addr, e.At.UnixNano())] = true
			opened++
		}
	}
	if opened < 4*set.Len() || len(trips) > set.Len()/2 {
		t.Errorf("%d commands took %d round trips for %d slots", opened, len(trips), set.Len())
	}
	if n := asks() - before; n > uint64(set.Len()) {
		t.Errorf("the nodes were asked %d times", n)
	}
}

// TestTrap12OpenSlotsAreFoundOnWhicheverNodeShowsThem: only the owner's own line
// tells, and after a failover one side has forgotten it, or a replica remembers.
func TestTrap12OpenSlotsAreFoundOnWhicheverNodeShowsThem(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"redis-7.0", "valkey-8.1", "valkey-9.1"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, version, lab.Config{Replicas: 1})
			key := w.half(77, "mine", "mine")
			w.fresh()
			w.do(3, "CLUSTER", "FAILOVER", "FORCE")
			labtest.Until(t, 20*time.Second, "the source's replica took over", func() bool {
				return strings.Contains(w.do(3, "INFO", "replication").(string), "role:master")
			})
			var found run.Found
			labtest.Until(t, time.Minute, "it is found, with a way to settle it", func() bool {
				var err error // the nodes need not agree: a Redis that imports a slot takes nobody's word for its owner
				found, err = run.Find(t.Context(), w.watch, w.state)
				return err == nil && len(found.Open) == 1 && found.Open[0].Slot == 77 && found.Open[0].Suggested != plan.Leave
			})
			way := found.Open[0].Suggested
			j, err := run.StartRecovery(t.Context(), w.watch, found, map[keyslot.Slot]plan.Way{77: way}, run.Options{StateDir: w.state, Unattended: true})
			if err != nil {
				t.Fatal(err)
			}
			w.wants(j.Wait(), run.Completed)
			labtest.Until(t, 10*time.Second, "nobody shows it any more", func() bool { f := w.find(); return len(f.Open) == 0 })
			client := w.clusterClient()
			defer client.Close()
			if got, err := client.Get(t.Context(), key).Result(); got != "mine" {
				t.Errorf("%s is %q, %v", key, got, err)
			}
		})
	}
}
