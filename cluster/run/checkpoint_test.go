package run_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/plan"
	"slotdeck/cluster/run"
	"slotdeck/keyslot"
)

// halfWay stops a move in the middle, and tells what it moved.
func (w *world) halfWay(set keyslot.Set) keyslot.Set {
	w.t.Helper()
	j := w.start(w.plan(plan.MoveExactly{Slots: set, To: w.id(1)}), run.Options{Driver: plan.Legacy, KeysPerSecond: 500})
	until(w.t, j, "some slots moved", func(p run.Progress) bool { return p.Slots.Done > 20 })
	j.StopAtBoundary()
	r := j.Wait()
	w.wants(r, run.Stopped)
	if r.Moved.Empty() || r.Left.Empty() {
		w.t.Fatalf("not stopped in the middle: %v", r.Sentences)
	}
	found := w.find()
	if rest := found.Rest(); len(rest) != 1 || rest[0].Slots != r.Left {
		w.t.Fatalf("the rest is %v, want %v", rest, r.Left)
	}
	return r.Moved
}

func (w *world) find() run.Found {
	w.t.Helper()
	w.fresh()
	found, err := run.Find(w.t.Context(), w.watch, w.state)
	if err != nil {
		w.t.Fatal(err)
	}
	return found
}

func TestRestIsNotOfferedOnceAnotherPlanPutTheSlotsElsewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "redis-7.0", lab.Config{})
	w.fill(3000)
	elsewhere := run.Options{Driver: plan.Legacy, StateDir: t.TempDir()} // somebody on another machine
	t.Run("back where they were", func(t *testing.T) {
		moved := w.halfWay(slots("0-1000"))
		w.move(plan.MoveExactly{Slots: moved, To: w.id(0)}, elsewhere)
		if found := w.find(); found.Checkpoint != nil || !found.Empty() {
			t.Errorf("it still offers %v", found.Rest())
		}
	})
	t.Run("with a third shard", func(t *testing.T) {
		w.halfWay(slots("0-1000"))
		w.move(plan.MoveExactly{Slots: slots("1000"), To: w.id(2)}, elsewhere)
		if found := w.find(); found.Checkpoint != nil || !found.Empty() {
			t.Errorf("it still offers %v", found.Rest())
		}
	})
}

func TestAnotherPlanForgetsWhatEarlierOnesLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "valkey-8.1", lab.Config{})
	w.fill(3000)
	w.halfWay(slots("0-1000"))
	// The file was named otherwise when the cluster had other nodes.
	files, _ := filepath.Glob(filepath.Join(w.state, "move-*.json"))
	if len(files) != 1 {
		t.Fatalf("checkpoints: %v", files)
	}
	if err := os.Rename(files[0], filepath.Join(w.state, "move-0123456789abcdef.json")); err != nil {
		t.Fatal(err)
	}
	if found := w.find(); len(found.Rest()) == 0 {
		t.Fatal("a checkpoint is lost when nodes join or leave")
	}
	w.move(plan.MoveExactly{Slots: slots("6000-6010"), To: w.id(2)}, run.Options{Driver: plan.Legacy, KeysPerCall: 10})
	if found := w.find(); found.Checkpoint != nil || !found.Empty() {
		t.Errorf("it still offers %v, begun %v ago", found.Rest(), time.Since(found.Checkpoint.Started))
	}
}
