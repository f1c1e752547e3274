package watch_test

import (
	"context"
	"runtime"
	"strings"
	"testing"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/fake"
	"slotdeck/cluster/lab/labtest"
	"slotdeck/cluster/watch"
	"slotdeck/cluster/wire"
)

// running starts a watch that ends with the test, and fails it when the end
// takes long or leaves goroutines behind.
func running(t testing.TB, config watch.Config) *watch.Watch {
	t.Helper()
	w := watch.New(config)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	t.Cleanup(func() {
		start := time.Now()
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("Run took %v to end", took)
		}
		if left := ours(); left != "" {
			t.Errorf("left behind:\n%s", left)
		}
	})
	return w
}

// ours are the stacks of goroutines that run this package's or wire's code.
func ours() string {
	deadline := time.Now().Add(2 * time.Second)
	for {
		buf := make([]byte, 1<<20)
		var left []string
		for stack := range strings.SplitSeq(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
			if (strings.Contains(stack, "slotdeck/cluster/watch.") || strings.Contains(stack, "slotdeck/cluster/wire.")) &&
				!strings.Contains(stack, "watch_test.ours") {
				left = append(left, stack)
			}
		}
		if len(left) == 0 || time.Now().After(deadline) {
			return strings.Join(left, "\n\n")
		}
		runtime.Gosched() // a goroutine may be past its last word and not yet gone
	}
}

// until waits for a snapshot of which the condition holds.
func until(t testing.TB, w *watch.Watch, what string, condition func(*cluster.Snapshot) bool) *cluster.Snapshot {
	t.Helper()
	var found *cluster.Snapshot
	labtest.Until(t, 15*time.Second, what, func() bool {
		if s := w.Latest(); s != nil && condition(s) {
			found = s
		}
		return found != nil
	})
	return found
}

// full reports whether that many nodes answer and all said what they see.
func full(n int) func(*cluster.Snapshot) bool {
	return func(s *cluster.Snapshot) bool {
		for i := range s.Nodes {
			if s.Nodes[i].Health != cluster.Answering || !s.Nodes[i].View.Known() {
				return false
			}
		}
		return len(s.Nodes) == n
	}
}

func node(t testing.TB, s *cluster.Snapshot, id string) *cluster.Node {
	t.Helper()
	n, ok := s.Node(cluster.NodeID(id))
	if !ok {
		t.Fatalf("node %s is not in the picture", id)
	}
	return n
}

func health(id string, want cluster.Health) func(*cluster.Snapshot) bool {
	return func(s *cluster.Snapshot) bool {
		n, ok := s.Node(cluster.NodeID(id))
		return ok && n.Health == want
	}
}

func fakeCluster(t testing.TB, primaries, replicas int) *fake.Cluster {
	t.Helper()
	c, err := fake.Start(primaries, replicas)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// quick is a configuration for tests: fast rounds, short patience.
func quick(seeds ...string) watch.Config {
	return watch.Config{Seeds: seeds, Interval: watch.MinInterval, Options: wire.Options{CallTimeout: 700 * time.Millisecond}}
}

func TestEveryNodeIsFoundFromAnyOne(t *testing.T) {
	c := fakeCluster(t, 3, 1)
	for i := range 6 {
		t.Run(fake.ID(i)[:8], func(t *testing.T) { findsAllSix(t, c, i) })
	}
}

func findsAllSix(t *testing.T, c *fake.Cluster, seed int) {
	w := running(t, quick(c.Addr(fake.ID(seed))))
	s := until(t, w, "all six answer", full(6))
	if len(s.Shards) != 3 || len(s.Disputes) != 0 || s.Seeds[0].ID != cluster.NodeID(fake.ID(seed)) || s.Seeds[0].Err != nil {
		t.Errorf("%d shards, disputes %v, seeds %+v", len(s.Shards), s.Disputes, s.Seeds)
	}
	n := node(t, s, fake.ID(4))
	if !n.Latency.Known() || !n.Info.Known() || !n.ClusterInfo.Known() || n.Stats.Version != "7.0.15" || n.Dialled != c.Addr(fake.ID(4)) {
		t.Errorf("%+v", n)
	}
	if conn, ok := w.Node(n.ID); !ok || conn.Addr() != n.Dialled {
		t.Error("no connection for actions")
	}
}

func TestDeadSeedsDoNotDelayALivingOneInTime(t *testing.T) {
	c := fakeCluster(t, 3, 0)
	frozen, err := fake.Listen("", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(frozen.Close)
	frozen.SetHook(func(fake.Command) fake.Reply { return fake.Reply{Never: true} })
	start := time.Now()
	w := running(t, quick(frozen.Addr(), "127.0.0.1:1", "no-such-host.invalid:1", c.Addr(fake.ID(1))))
	until(t, w, "all three answer", full(3))
	if took := time.Since(start); took > 600*time.Millisecond {
		t.Errorf("took %v", took)
	}
	s := until(t, w, "the dead seeds are explained", func(s *cluster.Snapshot) bool {
		return s.Seeds[0].Err != nil && s.Seeds[1].Err != nil && s.Seeds[2].Err != nil && s.Seeds[3].Err == nil
	})
	for i, kind := range []wire.Kind{wire.Timeout, wire.Refused, wire.NameNotFound} {
		if got := wire.KindOf(s.Seeds[i].Err); got != kind {
			t.Errorf("%s: %v", s.Seeds[i].Addr, s.Seeds[i].Err)
		}
	}
}

func TestNoContactIsASnapshotTooAndEndsWhenANodeComes(t *testing.T) {
	c := fakeCluster(t, 3, 0)
	addr := c.Addr(fake.ID(0))
	hang := func(fake.Command) fake.Reply { return fake.Reply{Close: true} }
	c.Server(fake.ID(0)).SetHook(hang)
	w := running(t, quick(addr))
	s := until(t, w, "a picture without nodes", func(s *cluster.Snapshot) bool { return s.Seeds[0].Err != nil })
	if len(s.Nodes) != 0 || wire.KindOf(s.Seeds[0].Err) != wire.Hangup {
		t.Errorf("%d nodes, %v", len(s.Nodes), s.Seeds[0].Err)
	}
	c.Server(fake.ID(0)).SetHook(nil)
	until(t, w, "contact", full(3))
}

func TestTheSeedMayDie(t *testing.T) {
	f := fakeCluster(t, 3, 0)
	w := running(t, quick(f.Addr(fake.ID(0))))
	until(t, w, "all answer", full(3))
	f.Server(fake.ID(0)).Close()
	s := until(t, w, "the seed is refused", health(fake.ID(0), cluster.Refused))
	if s.Seeds[0].Err == nil || node(t, s, fake.ID(1)).Health != cluster.Answering {
		t.Errorf("%+v", s.Seeds)
	}
}

func TestNodesComeAndGo(t *testing.T) {
	f := fakeCluster(t, 3, 0)
	w := running(t, quick(f.Addr(fake.ID(0))))
	until(t, w, "all answer", full(3))
	if err := f.Add(fake.Member{ID: fake.ID(7), Primary: fake.ID(0)}); err != nil {
		t.Fatal(err)
	}
	until(t, w, "the new one answers", full(4))
	f.Change(func(topology *fake.Topology) { topology.Members = topology.Members[:3] })
	f.Tell(fake.ID(7), func(topology *fake.Topology) { // as after CLUSTER RESET
		topology.Members = []fake.Member{{ID: fake.ID(7), Host: "127.0.0.1", Port: 1}}
	})
	s := until(t, w, "it is gone", full(3))
	if _, there := w.Node(cluster.NodeID(fake.ID(7))); there {
		t.Error("the connection to a forgotten node is kept")
	}
	labtest.Until(t, 5*time.Second, "its connection closes", func() bool { return f.Server(fake.ID(7)).Conns() == 0 })
	kinds := map[cluster.EventKind]int{}
	for i, e := range s.Events {
		kinds[e.Kind]++
		if e.Seq != uint64(i+1) {
			t.Errorf("event %d has the number %d", i, e.Seq)
		}
	}
	if kinds[cluster.NodeWent] != 1 || kinds[cluster.NodeAppeared] == 0 {
		t.Errorf("%+v", s.Events)
	}
}

func TestADeadNodeThatNobodyListsIsDropped(t *testing.T) {
	f := fakeCluster(t, 3, 1)
	w := running(t, quick(f.Addr(fake.ID(0))))
	until(t, w, "all answer", full(6))
	f.Server(fake.ID(5)).Close()
	until(t, w, "it is refused", health(fake.ID(5), cluster.Refused))
	f.Change(func(topology *fake.Topology) { topology.Members = topology.Members[:5] })
	until(t, w, "it is dropped", full(5))
}

func TestAnotherNodeAtTheSameAddressIsNoticed(t *testing.T) {
	f := fakeCluster(t, 3, 0)
	w := running(t, quick(f.Addr(fake.ID(0))))
	s := until(t, w, "all answer", full(3))
	port := node(t, s, fake.ID(2)).Member.Endpoint.Port
	f.Server(fake.ID(2)).Close()
	if err := f.Add(fake.Member{ID: fake.ID(9), Port: port}); err != nil {
		t.Fatal(err)
	}
	// The others do not know yet: the newcomer is alone, and not the one it stands for.
	old := f.Addr(fake.ID(9))
	f.Change(func(topology *fake.Topology) { topology.Members = topology.Members[:3] })
	f.Tell(fake.ID(9), func(topology *fake.Topology) {
		topology.Members = []fake.Member{{ID: fake.ID(9), Host: "127.0.0.1", Port: port}}
	})
	s = until(t, w, "the impostor is named", health(fake.ID(2), cluster.Rubbish))
	if n := node(t, s, fake.ID(2)); !strings.Contains(n.Err.Error(), fake.ID(9)[:8]) || !strings.Contains(n.Err.Error(), old) {
		t.Errorf("%v", n.Err)
	}
	if len(s.Nodes) != 3 {
		t.Errorf("a node of no relation was let in: %d nodes", len(s.Nodes))
	}
	// Then it joins, in the place of the other.
	f.Agree(fake.ID(9))
	f.Change(func(topology *fake.Topology) {
		topology.Members[2].ID = fake.ID(9)
	})
	until(t, w, "it took the place", func(s *cluster.Snapshot) bool {
		_, there := s.Node(cluster.NodeID(fake.ID(9)))
		return full(3)(s) && there
	})
}

func TestASeedOfAnotherClusterIsNotMixedIn(t *testing.T) {
	one, other := fakeCluster(t, 3, 0), fakeCluster(t, 3, 0)
	other.Change(func(topology *fake.Topology) { // its ids would else be those of the first
		for i := range topology.Members {
			topology.Members[i].ID = strings.Repeat("e", 39) + string(rune('0'+i))
		}
	})
	strange := func(i int) fake.Hook {
		return func(c fake.Command) fake.Reply {
			if c.Name() != "CLUSTER NODES" {
				return fake.Reply{}
			}
			return fake.Reply{Delay: 100 * time.Millisecond, Text: strings.Repeat("e", 39) + string(rune('0'+i)) +
				" 127.0.0.1:1@2 myself,master - 0 0 9 connected 0-16383\n" +
				strings.Repeat("f", 40) + " 127.0.0.1:3@4 master - 0 0 8 connected\n"}
		}
	}
	other.Server(fake.ID(0)).SetHook(strange(0))
	w := running(t, quick(one.Addr(fake.ID(0)), other.Addr(fake.ID(0))))
	s := until(t, w, "the stranger is named", func(s *cluster.Snapshot) bool { return s.Seeds[1].Err != nil && full(3)(s) })
	if !strings.Contains(s.Seeds[1].Err.Error(), "another cluster") || s.Seeds[0].Err != nil {
		t.Errorf("%+v", s.Seeds)
	}
}

func TestTwoWaysToOneNodeAreOneConnection(t *testing.T) {
	f := fakeCluster(t, 1, 0)
	addr := f.Addr(fake.ID(0))
	w := running(t, quick(addr, strings.Replace(addr, "127.0.0.1", "localhost", 1)))
	s := until(t, w, "both seeds are known", func(s *cluster.Snapshot) bool {
		return full(1)(s) && s.Seeds[0].ID != "" && s.Seeds[0].ID == s.Seeds[1].ID
	})
	if len(s.Nodes) != 1 {
		t.Errorf("%d nodes", len(s.Nodes))
	}
	labtest.Until(t, 5*time.Second, "one connection is left", func() bool { return f.Server(fake.ID(0)).Conns() == 1 })
}

func TestAWayThatWorksIsKeptWhenTheAnnouncedOneDoesNot(t *testing.T) {
	f := fakeCluster(t, 2, 0)
	real := []string{f.Addr(fake.ID(0)), f.Addr(fake.ID(1))}
	f.Change(func(topology *fake.Topology) { // as behind a port mapping
		topology.Members[0].Port, topology.Members[1].Port = 1, 2
	})
	w := running(t, quick(real...))
	until(t, w, "both answer at the given addresses", full(2))
}

func TestAddressOfMapsWhatNodesAnnounce(t *testing.T) {
	f := fakeCluster(t, 3, 0)
	f.Change(func(topology *fake.Topology) {
		for i := range topology.Members {
			topology.Members[i].Host = "10.9.9.9"
		}
	})
	config := quick(f.Addr(fake.ID(1)))
	config.AddressOf = func(m cluster.Member) string { return cluster.JoinAddr("127.0.0.1", m.Endpoint.Port) }
	s := until(t, running(t, config), "all answer", full(3))
	if n := node(t, s, fake.ID(0)); n.Member.Endpoint.IP != "10.9.9.9" || n.Dialled != f.Addr(fake.ID(0)) {
		t.Errorf("announced %s, dialled %s", n.Member.Endpoint.Addr(), n.Dialled)
	}
}

func TestSettingsAreReadWhenAskedFor(t *testing.T) {
	f := fakeCluster(t, 1, 0)
	f.Server(fake.ID(0)).SetHook(func(c fake.Command) fake.Reply {
		if c.Name() == "CONFIG GET" {
			return fake.Reply{Raw: []byte("*2\r\n$9\r\nmaxmemory\r\n$1\r\n7\r\n")}
		}
		return fake.Reply{}
	})
	config := quick(f.Addr(fake.ID(0)))
	config.Settings = []string{"maxmemory"}
	w := running(t, config)
	s := until(t, w, "the settings", func(s *cluster.Snapshot) bool { return len(s.Nodes) == 1 && s.Nodes[0].Config.Known() })
	if s.Nodes[0].Config.Value["maxmemory"] != "7" || f.Server(fake.ID(0)).Count("CONFIG GET") != 1 {
		t.Errorf("%v", s.Nodes[0].Config)
	}
}

// Every refusal stands in the server's ACL LOG.
func TestWhatIsRefusedIsAskedForOnceUntilTheOperatorAsksAnew(t *testing.T) {
	f := fakeCluster(t, 1, 0)
	server := f.Server(fake.ID(0))
	refused := []string{"INFO", "CONFIG GET", "LATENCY", "SLOWLOG", "ACL"}
	server.SetHook(func(c fake.Command) fake.Reply {
		for _, name := range refused {
			if strings.HasPrefix(c.Name(), name) {
				return fake.Reply{Error: "NOPERM this user has no permissions to run the '" + name + "' command"}
			}
		}
		return fake.Reply{}
	})
	clock := &handClock{now: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), wakes: map[chan time.Time]time.Time{}}
	config := quick(f.Addr(fake.ID(0)))
	config.Settings, config.Checkups, config.Interval, config.Clock = []string{"maxmemory"}, time.Minute, time.Second, clock
	w := running(t, config)
	until(t, w, "an answer", full(1))
	later := func(d time.Duration) {
		t.Helper()
		clock.forward(d)
		until(t, w, "its picture", func(s *cluster.Snapshot) bool { return s.Nodes[0].Latency.At.Equal(clock.Now()) })
	}
	asked := func() (n int) {
		for _, name := range []string{"INFO", "CONFIG GET", "LATENCY", "SLOWLOG", "ACL GETUSER"} {
			n += server.Count(name)
		}
		return n
	}
	later(time.Second)
	if s := w.Latest(); wire.KindOf(s.Nodes[0].Config.Err) != wire.NoPermission || s.Nodes[0].Checkup.Err == nil {
		t.Fatalf("no refusal: %v, %v", s.Nodes[0].Config, s.Nodes[0].Checkup)
	}
	first := asked()
	for range 10 {
		later(2 * time.Minute)
	}
	later(3 * time.Hour)
	if n := asked(); n != first || n < len(refused) {
		t.Errorf("refused %d times at first, %d times after hours", first, n)
	}
	w.Refresh()
	until(t, w, "another try", func(*cluster.Snapshot) bool { return asked() > first })
}

func TestProbeSaysWhatIsWrongWithEverySeed(t *testing.T) {
	f := fakeCluster(t, 1, 0)
	locked := fakeCluster(t, 1, 0)
	locked.Server(fake.ID(0)).SetHook(except("", "NOAUTH Authentication required."))
	ctx := context.Background()
	if err := watch.Probe(ctx, []string{"127.0.0.1:1", locked.Addr(fake.ID(0)), f.Addr(fake.ID(0))}, wire.Options{}); err != nil {
		t.Errorf("one seed is usable: %v", err)
	}
	err := watch.Probe(ctx, []string{"127.0.0.1:1", locked.Addr(fake.ID(0))}, wire.Options{})
	if wire.KindOf(err) != wire.AuthMissing || !strings.Contains(err.Error(), "127.0.0.1:1:") {
		t.Errorf("%v: %v", wire.KindOf(err), err)
	}
	if watch.Probe(ctx, nil, wire.Options{}) == nil {
		t.Error("no seed is no error")
	}
}
