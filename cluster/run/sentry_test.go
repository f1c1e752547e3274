package run_test

import (
	"strings"
	"testing"
	"time"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/plan"
	"slotdeck/cluster/run"
)

// TestFrozenSourceIsLeftForItsSuccessorAtOnce: a call that waits for the frozen
// node would wait for 5 s, and Redis serves its slots meanwhile without knowing
// that they are moving.
func TestFrozenSourceIsLeftForItsSuccessorAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "redis-7.0", lab.Config{Replicas: 1, NodeTimeout: 1500 * time.Millisecond})
	w.fill(6000)
	before := w.digest()
	j := w.start(w.plan(plan.MoveExactly{Slots: slots("0-2000"), To: w.id(1)}), run.Options{Driver: plan.Legacy, KeysPerSecond: 400, Unattended: true})
	until(t, j, "some slots moved", someMoved)
	if err := w.Nodes()[0].Freeze(); err != nil {
		t.Fatal(err)
	}
	until(t, j, "the successor is noticed", func(p run.Progress) bool { return strings.Contains(p.Message, "has taken the place of its primary") })
	moved := int64(0)
	until(t, j, "the move goes on without the source", func(p run.Progress) bool {
		if moved == 0 {
			moved = p.Slots.Done
		}
		return p.Slots.Done > moved
	})
	if err := w.Nodes()[0].Thaw(); err != nil {
		t.Fatal(err)
	}
	j.Throttle(0)
	w.wants(j.Wait(), run.Completed)
	w.nothingOpen()
	same(t, before, w.digest())
}
