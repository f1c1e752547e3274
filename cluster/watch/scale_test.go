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

const interval = 500 * time.Millisecond

// rounds is how many rounds can have begun since then, however slow the machine.
func rounds(since time.Time) int { return int(time.Since(since)/interval) + 1 }

func TestTopologyTrafficOfALargeClusterIsBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("hundreds of listeners")
	}
	const nodes, share = 300, 60
	f := fakeCluster(t, nodes/2, 1)
	w := running(t, watch.Config{Seeds: []string{f.Addr(fake.ID(0))}, Interval: interval, Options: wire.Options{CallTimeout: 5 * time.Second}})
	until(t, w, "every node said what it sees", full(nodes))

	// Left alone, every node is asked in its turn, and no faster.
	from := time.Now()
	total, fewest := views(f)
	labtest.Until(t, 30*time.Second, "every node is asked twice more", func() bool {
		_, least := views(f)
		return least >= fewest+2
	})
	after, _ := views(f)
	if got, most := after-total, (rounds(from)+1)*share; got > most {
		t.Errorf("%d views in %d rounds, want at most %d", got, rounds(from), most)
	}

	// A change that every node's counters show does not ask for everything at once.
	from = time.Now()
	total, _ = views(f)
	f.Change(func(topology *fake.Topology) {
		topology.Epoch += 5
		topology.Members[0].Flags = "fail"
	})
	until(t, w, "the change is seen everywhere", func(s *cluster.Snapshot) bool {
		n, ok := s.Node(cluster.NodeID(fake.ID(0)))
		return ok && len(n.FailBy) >= nodes-1
	})
	after, _ = views(f)
	if got, most := after-total, (rounds(from)+1)*2*share; got > most {
		t.Errorf("%d views in %d rounds after a change, want at most %d", got, rounds(from), most)
	}
	t.Logf("seen everywhere within %d rounds", rounds(from))
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
