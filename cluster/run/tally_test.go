package run_test

import (
	"testing"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/plan"
	"slotdeck/cluster/run"
	"slotdeck/keyslot"
)

// TestKeysCountAsMovedThoughOneOfThemIsOnBothSides: the MIGRATE that meets it
// fails, and has moved the others; it is removed once it was found to be the same.
// Such a key is what a MIGRATE leaves that ran into its time-out.
func TestKeysCountAsMovedThoughOneOfThemIsOnBothSides(t *testing.T) {
	t.Parallel()
	for _, way := range []plan.Way{plan.Finish, plan.RollBack} {
		t.Run(way.String(), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, "redis-8.6", lab.Config{})
			w.half(77, "same", "same")
			leave, keep := 0, 1 // the side that the others have to leave, and the one on which they shall be
			if way == plan.RollBack {
				leave, keep = 1, 0
			}
			for i := range 8 {
				if leave == 0 {
					w.do(0, "CLUSTER", "SETSLOT", 77, "STABLE")
					w.do(0, "SET", inSlot(77, i), "x")
					w.do(0, "CLUSTER", "SETSLOT", 77, "MIGRATING", string(w.id(1)))
				} else {
					w.asked(1, "SET", inSlot(77, i), "x")
				}
			}
			w.fresh()
			found, err := run.Find(t.Context(), w.watch, w.state)
			if err != nil || len(found.Open) != 1 {
				t.Fatal(err, found.Open)
			}
			j, err := run.StartRecovery(t.Context(), w.watch, found, map[keyslot.Slot]plan.Way{77: way}, run.Options{StateDir: w.state})
			if err != nil {
				t.Fatal(err)
			}
			var last run.Progress
			for p := range j.Updates() {
				last = p
			}
			r := j.Wait()
			w.wants(r, run.Completed)
			if last.Keys != (run.Amount{Done: 9, Total: 9}) || r.Keys != 9 {
				t.Errorf("%+v, and %d in the report; want 9 of 9", last.Keys, r.Keys)
			}
			if n, _ := w.Nodes()[keep].Do(t.Context(), "CLUSTER", "COUNTKEYSINSLOT", 77).Int64(); n != 9 {
				t.Errorf("%d keys are there, want 9", n)
			}
		})
	}
}
