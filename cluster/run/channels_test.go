package run_test

import (
	"strings"
	"testing"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/plan"
	"slotdeck/cluster/run"
)

// TestTrap20MigrationChannelsAreNoReplicas: while Redis migrates slots by itself,
// the source counts the channels among its connected_slaves.
func TestTrap20MigrationChannelsAreNoReplicas(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "redis-8.6", lab.Config{Replicas: 1})
	set := slots("0-9")
	w.heap(0, set, heapKeys/2)
	counted := false
	for from, to, try := 0, 1, 0; !counted && try < 10; from, to, try = to, from, try+1 {
		j := w.start(w.plan(plan.MoveExactly{Slots: set, To: w.id(to)}), run.Options{Driver: plan.AtomicRedis})
		for running := true; running && !counted; {
			select {
			case <-j.Done():
				running = false
			default:
			}
			counted = strings.Contains(w.do(from, "INFO", "replication").(string), "connected_slaves:3")
		}
		if counted {
			w.watch.Refresh()
			for s, i := w.watch.Latest(), 0; i < len(s.Shards); i++ {
				if n := len(s.Shards[i].Replicas); n != 1 {
					t.Errorf("shard %s shows %d replicas in the middle of a migration, want 1", s.Shards[i].Letter, n)
				}
			}
		}
		w.wants(j.Wait(), run.Completed)
	}
	if !counted {
		t.Error("the channels were never seen among the replicas; is there still a trap?")
	}
	p := w.plan(plan.MoveExactly{Slots: slots("100"), To: w.id(1)})
	if text := strings.Join(p.Lines(), "\n"); !strings.Contains(text, "every receiver has a replica") {
		t.Error(text)
	}
}
