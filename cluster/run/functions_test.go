package run_test

import (
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

const library = "#!lua name=mylib\nredis.register_function('hello', function() return 'hi' end)"

// TestFunctionsComeAlongToAnEmptyPrimary: clients that follow their keys there
// would else find their functions missing.
func TestFunctionsComeAlongToAnEmptyPrimary(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		version string
		driver  plan.Driver
	}{{"redis-7.0", plan.Legacy}, {"redis-8.6", plan.AtomicRedis}, {"valkey-9.1", plan.AtomicValkey}, {"valkey-9.1", plan.Auto}} {
		t.Run(c.version+" "+c.driver.String(), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, c.version, lab.Config{})
			spare, err := w.AddSpare(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			w.do(0, "CLUSTER", "MEET", "127.0.0.1", spare.Port, spare.BusPort)
			labtest.Until(t, 15*time.Second, "the spare is one of them", func() bool { return len(w.watch.Latest().Nodes) == 4 && allUp(w) })
			w.do(0, "FUNCTION", "LOAD", library)
			key := keyIn(77, 3)
			if c.driver == plan.Auto { // an interrupted move to it is finished
				w.do(0, "SET", key, "x")
				w.do(3, "CLUSTER", "SETSLOT", 77, "IMPORTING", string(w.id(0)))
				w.do(0, "CLUSTER", "SETSLOT", 77, "MIGRATING", string(spare.ID))
				j, err := run.StartRecovery(t.Context(), w.watch, w.find(), map[keyslot.Slot]plan.Way{77: plan.Finish}, run.Options{StateDir: w.state})
				if err != nil {
					t.Fatal(err)
				}
				w.wants(j.Wait(), run.Completed)
			} else {
				w.do(0, "SET", key, "x")
				p := w.plan(plan.MoveExactly{Slots: slots("70-80"), To: spare.ID})
				if text := strings.Join(p.Lines(), "\n"); !strings.Contains(text, "has no slots yet: functions") {
					t.Errorf("the plan does not say so:\n%s", text)
				}
				w.wants(w.start(p, run.Options{Driver: c.driver}).Wait(), run.Completed)
			}
			if text := fmt.Sprint(w.do(3, "FUNCTION", "LIST")); !strings.Contains(text, "mylib") {
				t.Errorf("the new owner's functions: %s", text)
			}
			if got := w.do(3, "FCALL", "hello", 1, key); got != "hi" {
				t.Errorf("it answers %v", got)
			}
		})
	}
}

// TestDurableMoveSurvivesTheLossOfItsTarget: what was moved is on the replicas of
// the target before a slot changes hands.
func TestDurableMoveSurvivesTheLossOfItsTarget(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "redis-7.0", lab.Config{Replicas: 1})
	w.fill(4000)
	before := w.digest()
	r := w.start(w.plan(plan.MoveExactly{Slots: slots("0-2000"), To: w.id(1)}), run.Options{Driver: plan.Legacy, Durable: true}).Wait()
	if err := w.Nodes()[1].Kill(); err != nil { // at once
		t.Fatal(err)
	}
	w.wants(r, run.Completed)
	labtest.Until(t, 20*time.Second, "its replica takes over", func() bool {
		return strings.Contains(w.do(4, "INFO", "replication").(string), "role:master")
	})
	if err := w.Nodes()[1].Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	same(t, before, w.digest())
	waits := 0
	for _, e := range w.journal.Entries() {
		waits += strings.Count(e.Command, "WAIT ")
	}
	for _, c := range w.journal.Counts() {
		if c.Command == "WAIT" {
			waits += int(c.Sent)
		}
	}
	if waits == 0 {
		t.Error("nobody waited for the replicas")
	}
}
