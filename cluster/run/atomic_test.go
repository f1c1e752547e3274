package run_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
	"slotdeck/cluster/plan"
	"slotdeck/cluster/run"
	"slotdeck/keyslot"
)

const heapKeys = 60000

// heap fills slots of one node with so much that an atomic migration takes a
// while.
func (w *world) heap(node int, set keyslot.Set, keys int) {
	w.t.Helper()
	tags := map[keyslot.Slot]string{}
	for i := 0; len(tags) < set.Len(); i++ {
		if s := keyslot.Of(fmt.Sprint(i)); set.Has(s) {
			tags[s] = fmt.Sprint(i)
		}
	}
	n, _ := w.watch.Node(w.id(node))
	value := strings.Repeat("v", 1000)
	var cmds [][]any
	for i := 0; i < keys; {
		for _, tag := range tags {
			cmds = append(cmds, []any{"SET", fmt.Sprintf("heap:{%s}:%d", tag, i), value})
			i++
		}
		if len(cmds) > 2000 || i >= keys {
			for _, a := range n.Pipeline(context.Background(), cmds...) {
				if a.Err != nil {
					w.t.Fatal(a.Err)
				}
			}
			cmds = nil
		}
	}
}

// seen waits until a job's progress fits; false when the job ended before.
func seen(j *run.Job, fits func(run.Progress) bool) bool {
	for p := range j.Updates() {
		if fits(p) {
			return true
		}
	}
	return false
}

// TestTrap4AtomicMigrationIsCancelledWhenItsSourceIsFailedOverInTime: left alone, Redis
// completes it when the source thaws, and what the successor took is lost.
func TestTrap4AtomicMigrationIsCancelledWhenItsSourceIsFailedOverInTime(t *testing.T) {
	w := newWorld(t, "redis-8.6", lab.Config{Replicas: 1, NodeTimeout: 1500 * time.Millisecond})
	set := slots("0-20")
	w.heap(0, set, heapKeys)
	j := w.start(w.plan(plan.MoveExactly{Slots: set, To: w.id(1)}), run.Options{Driver: plan.AtomicRedis, Unattended: true})
	labtest.Until(t, 10*time.Second, "the migration runs", func() bool {
		v, _ := w.Nodes()[1].Do(context.Background(), "CLUSTER", "MIGRATION", "STATUS", "ALL").Slice()
		return len(v) > 0
	})
	if err := w.Nodes()[0].Freeze(); err != nil {
		t.Fatal(err)
	}
	frozen := time.Now()
	labtest.Until(t, 5*time.Second, "the migration is cancelled on the target", func() bool {
		return strings.Contains(fmt.Sprint(w.do(1, "CLUSTER", "MIGRATION", "STATUS", "ALL")), "canceled")
	})
	if took := time.Since(frozen); took > 1500*time.Millisecond {
		t.Errorf("it took %v to cancel: the successor takes writes after the node timeout", took)
	}
	labtest.Until(t, 20*time.Second, "the replica took over", func() bool {
		return strings.Contains(w.do(3, "INFO", "replication").(string), "role:master")
	})
	acked := map[string]string{}
	for i := 0; len(acked) < 300 && i < 1000000; i++ {
		if key := fmt.Sprintf("late:%d", i); set.Has(keyslot.Of(key)) {
			if w.Nodes()[3].Do(context.Background(), "SET", key, "x").Err() == nil {
				acked[key] = "x"
			}
		}
	}
	if err := w.Nodes()[0].Thaw(); err != nil {
		t.Fatal(err)
	}
	r := j.Wait()
	var changed *run.Changed
	if r.Outcome != run.Failed || !errors.As(r.Err, &changed) {
		t.Errorf("%v", r.Sentences)
	}
	w.fresh()
	client := w.clusterClient()
	defer client.Close()
	lost := 0
	for key := range acked {
		if err := client.Get(context.Background(), key).Err(); err != nil {
			if lost++; lost < 3 {
				t.Logf("%s: %v", key, err)
			}
		}
	}
	if lost > 0 || len(acked) == 0 {
		t.Errorf("%d of %d writes that the successor took are lost", lost, len(acked))
	}
}

func TestTrap11AtomicMigrationCanBeStoppedOnTheRightSide(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		version string
		driver  plan.Driver
	}{{"redis-8.6", plan.AtomicRedis}, {"valkey-9.1", plan.AtomicValkey}} {
		t.Run(c.version, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, c.version, lab.Config{})
			set := slots("0-20")
			w.heap(0, set, heapKeys)
			// A migration may be over before it was seen under way: then back again.
			from, to := 0, 1
			var j *run.Job
			for tries := 0; ; tries++ {
				j = w.start(w.plan(plan.MoveExactly{Slots: set, To: w.id(to)}), run.Options{Driver: c.driver})
				if seen(j, func(p run.Progress) bool { return len(p.InFlight) > 0 }) {
					break
				}
				if r := j.Wait(); r.Outcome != run.Completed || tries == 20 {
					t.Fatalf("never seen under way: %v", r.Sentences)
				}
				from, to = to, from
			}
			j.StopAtBoundary()
			r := j.Wait()
			if r.Outcome != run.Stopped && r.Outcome != run.Completed {
				t.Errorf("%v", r.Sentences)
			}
			found, err := run.Find(t.Context(), w.watch, t.TempDir())
			if err != nil || len(found.Running) != 0 {
				t.Errorf("%v: still running: %+v", err, found.Running)
			}
			owner := from
			if r.Outcome == run.Completed {
				owner = to
			}
			total := int64(0)
			for s := range set.All() {
				total += w.do(owner, "CLUSTER", "COUNTKEYSINSLOT", int(s)).(int64)
			}
			if total < heapKeys {
				t.Errorf("%v: the owner holds %d keys", r.Outcome, total)
			}
		})
	}
}

func TestTrap10AtomicMigrationThatFailsIsTriedAFewTimesAndTheOlderDriverIsOffered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "valkey-9.1", lab.Config{Password: "right"})
	w.fill(3000)
	before := w.digest()
	p := w.plan(plan.MoveExactly{Slots: slots("0-500"), To: w.id(1)})
	w.do(1, "CONFIG", "SET", "maxmemory", "1", "maxmemory-policy", "noeviction")
	j := w.start(p, run.Options{Driver: plan.AtomicValkey, MaxTries: 2})
	got := until(t, j, "it asks", func(p run.Progress) bool { return p.Question != nil })
	if q := got.Question; q.Kind != run.AtomicFailed || !strings.Contains(q.Text, "failed 2 times") {
		t.Errorf("%+v", q)
	}
	w.do(1, "CONFIG", "SET", "maxmemory", "0")
	if err := j.Answer(got.Question.ID, run.Migrate); err != nil {
		t.Fatal(err)
	}
	r := j.Wait()
	w.wants(r, run.Completed)
	if r.Driver != plan.Legacy {
		t.Errorf("moved by %v", r.Driver)
	}
	w.nothingOpen()
	same(t, before, w.digest())
}
