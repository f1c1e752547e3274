package watch_test

import (
	"testing"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/fake"
	"slotdeck/cluster/lab/labtest"
	"slotdeck/cluster/watch"
	"slotdeck/cluster/wire"
)

// slow is a configuration under which no second round comes by itself.
func slow(seed string) watch.Config {
	return watch.Config{Seeds: []string{seed}, Interval: time.Hour, Options: wire.Options{CallTimeout: 5 * time.Second}}
}

// asked is how often each node was asked so far.
func asked(f *fake.Cluster) map[string]int {
	out := map[string]int{}
	f.Each(func(id string, s *fake.Server) { out[id] = s.Count("PING") })
	return out
}

func TestPollingQuickensWhileAPrimaryIsDownInTime(t *testing.T) {
	t.Parallel()
	f := fakeCluster(t, 3, 1)
	w := running(t, slow(f.Addr(fake.ID(0))))
	until(t, w, "all answer", full(6))
	w.Refresh()
	f.Server(fake.ID(1)).Close()
	w.Refresh()
	until(t, w, "it is refused", health(fake.ID(1), cluster.Refused))
	before := asked(f)
	start := time.Now()
	labtest.Until(t, 10*time.Second, "ten more questions to a node, an hour before the next round", func() bool {
		return f.Server(fake.ID(4)).Count("PING") >= before[fake.ID(4)]+10
	})
	if took := time.Since(start); took < 700*time.Millisecond {
		t.Errorf("ten questions in %v are too many", took)
	}
	// What another node begins to say is seen at once.
	f.Change(func(topology *fake.Topology) {
		topology.Members[1].Flags = "fail"
		topology.Epoch++
	})
	start = time.Now()
	until(t, w, "the others' word", func(s *cluster.Snapshot) bool {
		n, ok := s.Node(cluster.NodeID(fake.ID(1)))
		return ok && len(n.FailBy) == 5
	})
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("seen after %v", took)
	}
}

func TestQuickenedPollingKeepsToAFewNodesAndCalmsDown(t *testing.T) {
	t.Parallel()
	const nodes, most = 60, 16
	f := fakeCluster(t, nodes/2, 1)
	clock := &handClock{now: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), wakes: map[chan time.Time]time.Time{}}
	config := slow(f.Addr(fake.ID(0)))
	config.Clock = clock
	w := running(t, config)
	labtest.Until(t, 20*time.Second, "all answer", func() bool {
		w.Refresh() // this hand clock brings no round
		s := w.Latest()
		return s != nil && full(nodes)(s)
	})
	replica := fake.ID(40)
	f.Server(replica).Close()
	labtest.Until(t, 10*time.Second, "it is refused", func() bool {
		w.Refresh()
		return health(replica, cluster.Refused)(w.Latest())
	})
	before := asked(f)
	quickened := 0
	labtest.Until(t, 20*time.Second, "its primary is asked often", func() bool {
		clock.forward(100 * time.Millisecond)
		return f.Server(fake.ID(10)).Count("PING") >= before[fake.ID(10)]+5
	})
	for id, n := range asked(f) {
		if n >= before[id]+4 {
			quickened++
		}
	}
	if quickened == 0 || quickened > most {
		t.Errorf("%d of %d nodes were asked more often, want at most %d", quickened, nodes, most)
	}
	// A replica is no shard in trouble: five seconds later the pace is as before.
	clock.forward(6 * time.Second)
	labtest.Until(t, 10*time.Second, "a last look", func() bool {
		w.Refresh()
		return w.Latest().At.Equal(clock.Now())
	})
	calm := asked(f)
	for range 20 {
		clock.forward(100 * time.Millisecond)
		time.Sleep(5 * time.Millisecond) // there is nothing to wait for: nothing is to happen
	}
	for id, n := range asked(f) {
		if n > calm[id]+5 { // of twenty; a refresh asked for above may still come
			t.Errorf("%s was asked %d times after it had calmed down", id[:8], n-calm[id])
		}
	}
}
