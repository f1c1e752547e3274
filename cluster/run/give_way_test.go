package run_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
	"slotdeck/cluster/plan"
	"slotdeck/cluster/run"
	"slotdeck/keyslot"
)

// moveWriter writes keys of the given slots through the owner, following the
// cluster, and remembers what was acknowledged.
type moveWriter struct {
	mu    sync.Mutex
	acked map[string]string
	worst time.Duration
	cease context.CancelFunc
	done  sync.WaitGroup
}

func (w *world) keepWriting(set keyslot.Set) *moveWriter {
	on, cease := context.WithCancel(w.t.Context())
	wr := &moveWriter{acked: map[string]string{}, cease: cease}
	w.t.Cleanup(func() { cease(); wr.done.Wait() })
	var keys []string
	for i := 0; len(keys) < 300; i++ {
		if key := fmt.Sprintf("live:%d", i); set.Has(keyslot.Of(key)) {
			keys = append(keys, key)
		}
	}
	client := w.clusterClient()
	wr.done.Go(func() {
		defer client.Close()
		last := time.Now()
		for n := 0; on.Err() == nil; n++ {
			key, value := keys[n%len(keys)], fmt.Sprint(n)
			ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
			err := client.Set(ctx, key, value, 0).Err()
			cancel()
			if err == nil {
				wr.mu.Lock()
				wr.acked[key] = value
				wr.worst = max(wr.worst, time.Since(last))
				last = time.Now()
				wr.mu.Unlock()
			} else {
				wr.mu.Lock()
				delete(wr.acked, key) // may or may not have arrived
				wr.mu.Unlock()
			}
		}
	})
	return wr
}

// end stops writing and checks that everything acknowledged is there.
func (wr *moveWriter) end(w *world) {
	w.t.Helper()
	wr.cease()
	wr.done.Wait()
	client := w.clusterClient()
	defer client.Close()
	lost := 0
	for key, value := range wr.acked {
		if lost > 50 { // a cluster that is down answers slowly, and the point is made
			break
		}
		if got, err := client.Get(context.Background(), key).Result(); err != nil || got != value {
			lost++
			w.t.Logf("%s: acknowledged %s, found %s (%v)", key, value, got, err)
		}
	}
	if lost > 0 || len(wr.acked) == 0 {
		w.t.Errorf("%d of %d acknowledged writes lost", lost, len(wr.acked))
	}
}

func TestFailoverOrderedInTheMiddleGoesThroughAndTheMoveGoesOn(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		for _, side := range []string{"source", "target"} {
			t.Run(version+" "+side, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, version, lab.Config{Replicas: 1})
				w.fill(6000)
				before := w.digest()
				set := slots("0-2000")
				wr := w.keepWriting(set)
				j := w.start(w.plan(plan.MoveExactly{Slots: set, To: w.id(1)}), run.Options{Driver: plan.Legacy, KeysPerSecond: 800, Unattended: true})
				until(t, j, "some slots moved", someMoved)
				replica := 3
				if side == "target" {
					replica = 4
				}
				w.do(replica, "CLUSTER", "FAILOVER")
				ordered, orders := time.Now(), 1
				labtest.Until(t, 2*time.Minute, "the replica is primary", func() bool {
					// A machine that holds nodes still between two looks and a vote can spoil
					// an order: the server gives up after 5 s, and it is ordered again.
					if time.Since(ordered) > 6*time.Second {
						w.do(replica, "CLUSTER", "FAILOVER")
						ordered = time.Now()
						orders++
					}
					return strings.Contains(w.do(replica, "INFO", "replication").(string), "role:master")
				})
				j.Throttle(0)
				// A source that forgot that slots were moving, as Redis does, has values of
				// its own for keys that had moved: they stay, and nobody has to be asked.
				r := j.Wait()
				wr.end(w)
				t.Logf("%d orders; worst pause between writes %v", orders, wr.worst)
				w.wants(r, run.Completed)
				w.nothingOpen()
				after := w.digest()
				for k := range after {
					if strings.HasPrefix(k, "0/live:") {
						delete(after, k)
					}
				}
				same(t, before, after)
			})
		}
	}
}

// TestSlotsThatWereGivenAreClosedOnTheirSourceThoughAFailoverCameBetween: a Redis
// that only hears that it has lost a slot goes on showing it as migrating.
func TestSlotsThatWereGivenAreClosedOnTheirSourceThoughAFailoverCameBetween(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "redis-7.0", lab.Config{Replicas: 1})
	large := keyIn(77, 1)
	w.do(0, "EVAL", "for i=1,3000 do redis.call('HSET',KEYS[1],i,string.rep('v',100)) end return 1", 1, large)
	for i := range 300 { // a group of its own, after the one that waits
		w.do(0, "SET", inSlot(99, i), "x")
	}
	before := w.digest()
	j := w.start(w.plan(plan.MoveExactly{Slots: slots("70-99"), To: w.id(1)}), run.Options{Driver: plan.Legacy, MaxBlock: run.MinMaxBlock, KeysPerSecond: 1000})
	asks := func(p run.Progress) bool { return p.Question != nil }
	first := until(t, j, "it asks about the large key, with its group in hand", asks)
	// As if the job were called away between the two.
	w.do(1, "CLUSTER", "SETSLOT", 78, "NODE", string(w.id(1)))
	labtest.Until(t, 20*time.Second, "all have heard of it", func() bool {
		for i := range w.Nodes() {
			view, err := cluster.ParseNodes(w.do(i, "CLUSTER", "NODES").(string))
			if err != nil {
				t.Fatal(err)
			}
			m, _ := view.Member(w.id(1))
			if own := keyslot.SetOf(m.Slots...); !own.Has(78) {
				return false
			}
		}
		return true
	})
	w.do(4, "CLUSTER", "FAILOVER", "FORCE")
	second := until(t, j, "it asks again, with the target's successor", func(p run.Progress) bool { return asks(p) && p.Question.ID > first.Question.ID })
	try(t, j.Answer(second.Question.ID, run.Anyway))
	w.wants(j.Wait(), run.Completed)
	w.nothingOpen()
	same(t, before, w.digest())
}

// TestSlotThatATargetsSuccessorHadNotHeardOfIsGivenToIt: the source has given it
// away, the successor does not claim it, and so nobody owns it.
func TestSlotThatATargetsSuccessorHadNotHeardOfIsGivenToIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "redis-7.0", lab.Config{Replicas: 1})
	large := keyIn(77, 1)
	w.do(0, "EVAL", "for i=1,3000 do redis.call('HSET',KEYS[1],i,string.rep('v',100)) end return 1", 1, large)
	for i := range 300 {
		w.do(0, "SET", inSlot(99, i), "x")
	}
	before := w.digest()
	j := w.start(w.plan(plan.MoveExactly{Slots: slots("70-99"), To: w.id(1)}), run.Options{Driver: plan.Legacy, MaxBlock: run.MinMaxBlock, KeysPerSecond: 1000})
	asks := func(p run.Progress) bool { return p.Question != nil }
	first := until(t, j, "it asks about the large key, with its group in hand", asks)
	w.do(1, "CLUSTER", "SETSLOT", 78, "NODE", string(w.id(1)))
	owns := func(i, owner int) bool {
		view, err := cluster.ParseNodes(w.do(i, "CLUSTER", "NODES").(string))
		if err != nil {
			t.Fatal(err)
		}
		m, _ := view.Member(w.id(owner))
		own := keyslot.SetOf(m.Slots...)
		return own.Has(78)
	}
	labtest.Until(t, 20*time.Second, "the source has heard of it", func() bool { return !owns(0, 0) && owns(4, 1) })
	// As if the replica had not heard when it was elected.
	w.do(4, "CLUSTER", "FAILOVER", "FORCE")
	labtest.Until(t, 20*time.Second, "the successor owns the slot", func() bool { return owns(4, 4) })
	w.do(4, "CLUSTER", "DELSLOTS", 78)
	for _, i := range []int{0, 2} { // what they heard of the successor's first word
		if owns(i, 4) {
			w.do(i, "CLUSTER", "DELSLOTS", 78)
		}
	}
	second := until(t, j, "it asks again, with the target's successor", func(p run.Progress) bool { return asks(p) && p.Question.ID > first.Question.ID })
	try(t, j.Answer(second.Question.ID, run.Anyway))
	w.wants(j.Wait(), run.Completed)
	w.nothingOpen()
	same(t, before, w.digest())
}
