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

// views counts how often the nodes were asked for their views, in all.
func views(f *fake.Cluster) (total, fewest int) {
	fewest = 1 << 30
	f.Each(func(_ string, s *fake.Server) {
		n := s.Count("CLUSTER NODES")
		total += n
		fewest = min(fewest, n)
	})
	return total, fewest
}

func rounds(f *fake.Cluster) int { return f.Server(fake.ID(0)).Count("PING") }

func TestTopologyTrafficOfALargeClusterIsBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("hundreds of listeners")
	}
	const nodes, share = 300, 60
	f := fakeCluster(t, nodes/2, 1)
	w := running(t, watch.Config{Seeds: []string{f.Addr(fake.ID(0))}, Interval: 500 * time.Millisecond, Options: wire.Options{CallTimeout: 5 * time.Second}})
	until(t, w, "every node said what it sees", full(nodes))

	total, fewest := views(f)
	from := rounds(f)
	labtest.Until(t, 30*time.Second, "ten rounds", func() bool { return rounds(f) >= from+10 })
	passed := rounds(f) - from
	after, least := views(f)
	if got := after - total; got > (passed+2)*share {
		t.Errorf("%d views in %d rounds, want at most %d a round", got, passed, share)
	}
	if least < fewest+1 {
		t.Error("a node was not asked for its view in ten rounds")
	}

	// A change that every node's counters show is seen at once, and does not
	// ask for everything at once.
	total, _ = views(f)
	from = rounds(f)
	f.Change(func(topology *fake.Topology) {
		topology.Epoch += 5
		topology.Members[0].Flags = "fail"
	})
	until(t, w, "the change is seen everywhere", func(s *cluster.Snapshot) bool {
		n, ok := s.Node(cluster.NodeID(fake.ID(0)))
		return ok && len(n.FailBy) >= nodes-1
	})
	passed = rounds(f) - from
	after, _ = views(f)
	if got := after - total; got > (passed+2)*2*share {
		t.Errorf("%d views in %d rounds after a change, want at most %d a round", got, passed, 2*share)
	}
	if passed > 7 {
		t.Errorf("seen everywhere only after %d rounds", passed)
	}
}

func TestAThousandNodesAreWatched(t *testing.T) {
	if testing.Short() || raceDetector {
		t.Skip("a thousand listeners; too much for a slow machine")
	}
	f := fakeCluster(t, 500, 1)
	w := running(t, watch.Config{Seeds: []string{f.Addr(fake.ID(0))}, Options: wire.Options{CallTimeout: 5 * time.Second}})
	start := time.Now()
	s := until(t, w, "all thousand answer", full(1000))
	t.Logf("whole after %v", time.Since(start))
	if len(s.Shards) != 500 {
		t.Errorf("%d shards", len(s.Shards))
	}
}
