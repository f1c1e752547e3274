package run_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
	"slotdeck/cluster/plan"
	"slotdeck/cluster/run"
	"slotdeck/keyslot"
)

// has asks a node for a key, also one that is only importing its slot.
func (w *world) has(node int, key string) bool {
	w.t.Helper()
	n, _ := w.watch.Node(w.id(node))
	a := n.Pipeline(w.t.Context(), []any{"ASKING"}, []any{"EXISTS", key})
	if a[1].Err != nil && !strings.Contains(a[1].Err.Error(), "ASK ") {
		w.t.Fatal(a[1].Err)
	}
	return a[1].Value == any(int64(1))
}

// TestKeysThatASuccessorHasAgainAreNotLeftWithTheTarget: the source's replica had
// not heard that keys had left when it took its place. Clients remove them there,
// and must not find them on the target.
func TestKeysThatASuccessorHasAgainAreNotLeftWithTheTarget(t *testing.T) {
	t.Parallel()
	const slot, keys = keyslot.Slot(77), 1500
	for _, version := range []string{"redis-7.0", "redis-8.6", "valkey-8.1", "valkey-9.1"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, version, lab.Config{Replicas: 1, NodeTimeout: 8 * time.Second})
			heir := 3
			for i := range keys {
				w.do(0, "SET", inSlot(slot, i), "x")
			}
			w.do(0, "WAIT", 1, 5000)
			j := w.start(w.plan(plan.MoveExactly{Slots: slots("77"), To: w.id(1)}), run.Options{Driver: plan.Legacy, KeysPerSecond: 100})
			until(t, j, "some keys moved", func(p run.Progress) bool { return p.Keys.Done > 20 })
			w.do(heir, "CONFIG", "SET", "masterauth", "nonsense")
			w.do(heir, "CONFIG", "SET", "masteruser", "nobody")
			w.do(0, "CLIENT", "KILL", "TYPE", "replica")
			labtest.Until(t, 20*time.Second, "the replica hears nothing", func() bool {
				return strings.Contains(w.do(heir, "INFO", "replication").(string), "master_link_status:down")
			})
			was := until(t, j, "progress is told", func(run.Progress) bool { return true }).Keys.Done
			until(t, j, "more keys moved", func(p run.Progress) bool { return p.Keys.Done > was+40 })
			var doubled []string
			onTarget := w.do(1, "CLUSTER", "GETKEYSINSLOT", int(slot), keys).([]any)
			for _, key := range w.do(heir, "CLUSTER", "GETKEYSINSLOT", int(slot), keys).([]any) {
				if slices.Contains(onTarget, key) {
					doubled = append(doubled, key.(string))
				}
			}
			if len(doubled) < 20 {
				t.Fatalf("only %d keys are with both", len(doubled))
			}
			w.asked(1, "SET", doubled[0], "written on the target")
			w.do(heir, "CLUSTER", "FAILOVER", "TAKEOVER")
			until(t, j, "keys go on from the successor", func(p run.Progress) bool {
				return len(p.InFlight) == 1 && p.InFlight[0].From == w.id(heir) && p.InFlight[0].Step == run.MovingKeys
			})
			removed := 0
			for _, key := range doubled {
				if n, err := w.Nodes()[heir].Do(t.Context(), "DEL", key).Int64(); err == nil && n == 1 {
					removed++
					doubled[removed-1] = key
				}
			}
			if removed < 10 {
				t.Errorf("the successor had %d of the keys", removed)
			}
			j.Throttle(0)
			r := j.Wait()
			w.wants(r, run.Completed)
			w.nothingOpen()
			for _, key := range doubled[:removed] {
				if w.has(1, key) {
					t.Errorf("%s was removed, and is back", key)
				}
			}
			if n := w.do(1, "CLUSTER", "COUNTKEYSINSLOT", int(slot)); n != any(int64(keys-removed)) {
				t.Errorf("%v keys, want %d", n, keys-removed)
			}
			if len(r.Saved) != 1 {
				t.Errorf("what the target alone had of a key was not saved: %v", r.Saved)
			}
		})
	}
}

// TestDoublesOfFoundSlotsAreRemovedBeforeTheFirstIsSettled: the turn of the last
// slot comes much later.
func TestDoublesOfFoundSlotsAreRemovedBeforeTheFirstIsSettled(t *testing.T) {
	t.Parallel()
	const first, last, keys = keyslot.Slot(77), keyslot.Slot(78), 400
	for _, version := range []string{"redis-7.0", "valkey-8.1"} {
		for _, way := range []plan.Way{plan.Finish, plan.RollBack} {
			t.Run(version+" "+way.String(), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, version, lab.Config{})
				for i := range keys {
					if way == plan.Finish {
						w.do(0, "SET", inSlot(first, i), "x")
					}
					w.do(0, "SET", inSlot(last, i), "x")
				}
				home := 0
				if way == plan.RollBack {
					home = keys
				}
				w.away(first, home)
				w.away(last, keys)
				w.asked(1, "SET", inSlot(last, 0), "another value")
				j, err := run.StartRecovery(t.Context(), w.watch, w.find(), map[keyslot.Slot]plan.Way{first: way, last: way},
					run.Options{StateDir: w.state, KeysPerSecond: 100})
				if err != nil {
					t.Fatal(err)
				}
				labtest.Until(t, 20*time.Second, "the copies of the last slot's keys are gone", func() bool {
					return w.do(1, "CLUSTER", "COUNTKEYSINSLOT", int(last)) == any(int64(1))
				})
				if p := until(t, j, "the first slot is in hand", func(p run.Progress) bool { return len(p.InFlight) == 1 }); p.InFlight[0].Slot != first {
					t.Fatalf("%+v", p.InFlight)
				}
				for i := 1; i < keys; i += 2 {
					w.do(0, "DEL", inSlot(last, i))
				}
				if !w.has(1, inSlot(last, 0)) {
					t.Error("a copy with another value was removed unasked")
				}
				j.Throttle(0)
				p := until(t, j, "it asks", func(p run.Progress) bool { return p.Question != nil })
				if p.Question.Kind != run.Conflict || p.Question.Slot != last {
					t.Fatalf("%+v", p.Question)
				}
				if err := j.Answer(p.Question.ID, run.TakeSource); err != nil {
					t.Fatal(err)
				}
				r := j.Wait()
				w.wants(r, run.Completed)
				w.nothingOpen()
				owner := 1
				if way == plan.RollBack {
					owner = 0
				}
				if n := w.do(owner, "CLUSTER", "COUNTKEYSINSLOT", int(last)); n != any(int64(keys/2)) {
					t.Errorf("%v keys, want %d", n, keys/2)
				}
			})
		}
	}
}
