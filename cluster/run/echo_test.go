package run_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/plan"
	"slotdeck/cluster/run"
	"slotdeck/keyslot"
)

// TestKeysRemovedWhileTheTargetStoodStillStayRemoved: what MIGRATE sent to a
// frozen target waits in its socket, and arrives when it goes on.
func TestKeysRemovedWhileTheTargetStoodStillStayRemoved(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "redis-7.0", lab.Config{NodeTimeout: 6 * time.Second})
	const slot = keyslot.Slot(77)
	for i := range 300 {
		w.do(0, "SET", inSlot(slot, i), "x")
	}
	before := w.digest()
	j := w.start(w.plan(plan.MoveExactly{Slots: slots("77"), To: w.id(1)}), run.Options{Driver: plan.Legacy, KeysPerSecond: 300})
	until(t, j, "some keys moved", func(p run.Progress) bool { return p.Keys.Done > 20 })
	if err := w.Nodes()[1].Freeze(); err != nil {
		t.Fatal(err)
	}
	until(t, j, "it waits", func(p run.Progress) bool { return p.State == run.Settling })
	removed := 0
	for _, key := range w.do(0, "CLUSTER", "GETKEYSINSLOT", int(slot), 1000).([]any) {
		if n, _ := w.do(0, "DEL", key).(int64); n == 1 {
			delete(before, "0/"+key.(string))
			removed++
		}
	}
	if err := w.Nodes()[1].Thaw(); err != nil {
		t.Fatal(err)
	}
	w.wants(j.Wait(), run.Completed)
	if removed < 100 {
		t.Errorf("only %d keys were left to be removed", removed)
	}
	same(t, before, w.digest())
}

// TestRecoveryOutlastsATargetThatStandsStill: one call that is not answered must
// neither leave the slot open nor bring back what clients remove meanwhile.
func TestRecoveryOutlastsATargetThatStandsStill(t *testing.T) {
	t.Parallel()
	for version, way := range map[string]plan.Way{"redis-7.0": plan.Finish, "valkey-8.1": plan.RollBack} {
		t.Run(version+" "+way.String(), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, version, lab.Config{NodeTimeout: 20 * time.Second})
			const slot = keyslot.Slot(77)
			from, to := 0, 1 // of the keys
			if way == plan.RollBack {
				from, to = 1, 0
			}
			before := w.digest()
			w.do(1, "CLUSTER", "SETSLOT", int(slot), "IMPORTING", string(w.id(0)))
			for i := range 300 {
				w.asked(from, "SET", inSlot(slot, i), "x")
			}
			w.do(0, "CLUSTER", "SETSLOT", int(slot), "MIGRATING", string(w.id(1)))
			w.fresh()
			found := w.find()
			j, err := run.StartRecovery(t.Context(), w.watch, found, map[keyslot.Slot]plan.Way{slot: way}, run.Options{StateDir: w.state, KeysPerSecond: 200})
			if err != nil {
				t.Fatal(err)
			}
			until(t, j, "some keys moved", func(p run.Progress) bool { return p.Keys.Done > 20 })
			if err := w.Nodes()[to].Freeze(); err != nil {
				t.Fatal(err)
			}
			until(t, j, "it waits", func(p run.Progress) bool { return p.State == run.Settling })
			removed := 0
			if way == plan.Finish { // clients find the source's keys there
				for _, key := range w.do(from, "CLUSTER", "GETKEYSINSLOT", int(slot), 1000).([]any) {
					if n, _ := w.do(from, "DEL", key).(int64); n == 1 {
						removed++
					}
				}
				if removed < 100 {
					t.Errorf("only %d keys were left to be removed", removed)
				}
			}
			if err := w.Nodes()[to].Thaw(); err != nil {
				t.Fatal(err)
			}
			w.wants(j.Wait(), run.Completed)
			w.nothingOpen()
			if got, want := len(w.digest()), len(before)+300-removed; got != want {
				t.Errorf("%d keys are there, want %d", got, want)
			}
		})
	}
}

// asked sends a command to a node as a client does that was sent there by ASK.
func (w *world) asked(node int, cmd ...any) {
	w.t.Helper()
	n, _ := w.watch.Node(w.id(node))
	if a := n.Pipeline(w.t.Context(), []any{"ASKING"}, cmd); a[1].Err != nil {
		w.t.Fatal(a[1].Err)
	}
}

// inSlot is one of many keys of a slot.
func inSlot(slot keyslot.Slot, n int) string { return fmt.Sprintf("{%s}:%d", keyIn(slot, 0), n) }

// TestSkippedSlotGoesHomeWithAllItsKeys: one whose keys differ on both sides is
// closed with all others of its keys back, and so is the rest of its group moved.
func TestSkippedSlotGoesHomeWithAllItsKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "redis-8.6", lab.Config{})
	const slot = keyslot.Slot(77)
	for i := range 60 {
		w.do(0, "SET", inSlot(slot, i), "mine")
		w.do(0, "SET", inSlot(slot+1, i), "mine")
	}
	w.do(1, "CLUSTER", "SETSLOT", int(slot), "IMPORTING", string(w.id(0)))
	n, _ := w.watch.Node(w.id(1))
	for _, i := range []int{20, 21, 22} {
		if a := n.Pipeline(t.Context(), []any{"ASKING"}, []any{"SET", inSlot(slot, i), "theirs"}); a[1].Err != nil {
			t.Fatal(a[1].Err)
		}
	}
	w.do(1, "CLUSTER", "SETSLOT", int(slot), "STABLE")
	before := w.digest()
	j := w.start(w.plan(plan.MoveExactly{Slots: slots("77-78"), To: w.id(1)}), run.Options{Driver: plan.Legacy, KeysPerCall: 7})
	for asked := range 2 {
		p := until(t, j, "it asks", func(p run.Progress) bool { return p.Question != nil })
		choice := map[run.QuestionKind]string{run.StrayKeys: run.Anyway, run.Conflict: run.Skip}[p.Question.Kind]
		if err := j.Answer(p.Question.ID, choice); err != nil {
			t.Fatalf("question %d, %+v: %v", asked, p.Question, err)
		}
	}
	r := j.Wait()
	w.wants(r, run.Partly)
	if r.Moved != slots("78") || !strings.Contains(strings.Join(r.Remains, "; "), "still holds 3 keys") {
		t.Errorf("moved %v, %v", r.Moved, r.Remains)
	}
	w.nothingOpen()
	same(t, before, w.digest())
}
