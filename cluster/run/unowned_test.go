package run_test

import (
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

// unowned leaves a slot, whose keys are with the target's successor, without
// owner: as if that had not heard of it when it was elected.
func (w *world) unowned(slot keyslot.Slot, keys int) {
	w.t.Helper()
	w.do(1, "CLUSTER", "SETSLOT", int(slot), "IMPORTING", string(w.id(0)))
	w.do(0, "CLUSTER", "SETSLOT", int(slot), "MIGRATING", string(w.id(1)))
	for i := range keys {
		w.asked(1, "SET", inSlot(slot, i), "x")
	}
	w.do(1, "CLUSTER", "SETSLOT", int(slot), "NODE", string(w.id(1)))
	w.do(0, "CLUSTER", "SETSLOT", int(slot), "NODE", string(w.id(1)))
	owner := func(i int) cluster.NodeID {
		view, err := cluster.ParseNodes(w.do(i, "CLUSTER", "NODES").(string))
		if err != nil {
			w.t.Fatal(err)
		}
		for _, m := range view.Members {
			if own := keyslot.SetOf(m.Slots...); own.Has(slot) {
				return m.ID
			}
		}
		return ""
	}
	all := func(is cluster.NodeID) bool {
		for i := range w.Nodes() {
			if owner(i) != is {
				return false
			}
		}
		return true
	}
	labtest.Until(w.t, 20*time.Second, "all know that the target owns the slot", func() bool { return all(w.id(1)) })
	ordered := time.Time{}
	labtest.Until(w.t, 20*time.Second, "all know that the successor owns the slot", func() bool {
		if time.Since(ordered) > 5*time.Second && strings.Contains(w.do(4, "INFO", "replication").(string), "role:slave") {
			w.do(4, "CLUSTER", "FAILOVER", "FORCE") // an election that nobody answered in time is not repeated
			ordered = time.Now()
		}
		return all(w.id(4)) && strings.Contains(w.do(1, "INFO", "replication").(string), "master_link_status:up")
	})
	w.do(4, "CLUSTER", "DELSLOTS", int(slot))
	for _, i := range []int{0, 2} {
		if owner(i) != "" {
			w.do(i, "CLUSTER", "DELSLOTS", int(slot))
		}
	}
}

// TestRecoveryGivesASlotThatNobodyOwnsToTheSuccessorOfItsTarget: from nothing but
// what the nodes say, on another machine.
func TestRecoveryGivesASlotThatNobodyOwnsToTheSuccessorOfItsTarget(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"redis-7.0", "valkey-9.1"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, version, lab.Config{Replicas: 1})
			w.unowned(78, 5)
			found, err := run.Find(t.Context(), w.watch, t.TempDir())
			if err != nil || len(found.Open) != 1 {
				t.Fatal(err, found.Open)
			}
			r := found.Open[0]
			if !r.Unowned || r.Slot != 78 || r.Owner != "" || r.To != w.id(4) || !strings.Contains(r.Text, "alone holds keys of it (5)") || found.Keys[78][w.id(4)] != 5 {
				t.Fatalf("%+v, %v", r, found.Keys)
			}
			if _, err := run.StartRecovery(t.Context(), w.watch, found, map[keyslot.Slot]plan.Way{78: plan.RollBack}, run.Options{StateDir: w.state}); err == nil {
				t.Error("it was rolled back, to whom?")
			}
			j, err := run.StartRecovery(t.Context(), w.watch, found, map[keyslot.Slot]plan.Way{78: plan.Finish}, run.Options{StateDir: w.state})
			if err != nil {
				t.Fatal(err)
			}
			rep := j.Wait()
			w.wants(rep, run.Completed)
			if !rep.Moved.Has(78) {
				t.Errorf("%v", rep.Sentences)
			}
			w.nothingOpen()
			if got := w.digest(); len(got) != 5 {
				t.Errorf("%d keys are seen, want 5: %v", len(got), got)
			}
		})
	}
}

// TestSlotThatNobodyOwnsStaysSoWhileItIsNotCertainWhoseItIs: a second node with a
// key of it, or one that may hide some, or an owner that came since.
func TestSlotThatNobodyOwnsStaysSoWhileItIsNotCertainWhoseItIs(t *testing.T) {
	t.Parallel()
	t.Run("keys on two nodes, then an owner", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, "redis-7.0", lab.Config{Replicas: 1})
		w.do(2, "CLUSTER", "SETSLOT", 78, "IMPORTING", string(w.id(0)))
		w.asked(2, "SET", inSlot(78, 9), "y")
		w.do(2, "CLUSTER", "SETSLOT", 78, "STABLE")
		w.unowned(78, 5)
		found, err := run.Find(t.Context(), w.watch, w.state)
		if err != nil || len(found.Open) != 1 || found.Open[0].Option(plan.Finish).Possible || !strings.Contains(found.Open[0].Text, "several nodes") {
			t.Fatal(err, found.Open)
		}
		sure := found // as if it had been
		sure.Open = []plan.Recovery{{Slot: 78, To: w.id(4), Unowned: true}}
		for _, f := range []run.Found{found, sure} {
			if _, err := run.StartRecovery(t.Context(), w.watch, f, map[keyslot.Slot]plan.Way{78: plan.Finish}, run.Options{StateDir: w.state}); err == nil {
				t.Error("an owner was chosen by guess")
			}
			w.do(2, "CLUSTER", "SETSLOT", 78, "NODE", string(w.id(2)))
		}
	})
	t.Run("a server that hides keys", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, "redis-8.6", lab.Config{Replicas: 1})
		w.unowned(78, 5)
		found, err := run.Find(t.Context(), w.watch, w.state)
		if err != nil {
			t.Fatal(err)
		}
		// Either it hides them still, or it has dropped them, as it does with what is
		// not its own: then nothing tells of the slot, and a repair is what is left.
		for _, r := range found.Open {
			if r.Option(plan.Finish).Possible || !strings.Contains(r.Text, "out of sight") {
				t.Errorf("%+v", r)
			}
		}
	})
}
