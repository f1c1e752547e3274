//go:build unix

package watch_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
	"slotdeck/cluster/watch"
	"slotdeck/cluster/wire"
)

// byAddr finds a node of a picture by where it is dialled.
func byAddr(s *cluster.Snapshot, addr string) *cluster.Node {
	for i := range s.Nodes {
		if s.Nodes[i].Dialled == addr {
			return &s.Nodes[i]
		}
	}
	return nil
}

func healthAt(addr string, want cluster.Health) func(*cluster.Snapshot) bool {
	return func(s *cluster.Snapshot) bool {
		n := byAddr(s, addr)
		return n != nil && n.Health == want
	}
}

func TestRealClusterIsSeenWholeInTime(t *testing.T) {
	labtest.EachVersion(t, func(t *testing.T, server lab.Server) {
		c := labtest.Start(t, lab.Config{Binary: server.Path, Replicas: 1})
		start := time.Now()
		w := running(t, watch.Config{Seeds: []string{c.Seed()}})
		s := <-w.Updates()
		for !full(6)(s) {
			s = <-w.Updates()
		}
		took := time.Since(start)
		t.Logf("whole after %v", took)
		if took > 500*time.Millisecond { // alone on the machine it is a tenth of this
			t.Errorf("whole only after %v", took)
		}
		if len(s.Shards) != 3 || len(s.Disputes) != 0 || len(s.Moves) != 0 || s.Owner[0] == cluster.NoShard || s.Owner[16383] == cluster.NoShard {
			t.Errorf("%d shards, disputes %v, moves %v", len(s.Shards), s.Disputes, s.Moves)
		}
		for i := range s.Nodes {
			n := &s.Nodes[i]
			if n.Stats.Version != server.Version || n.Stats.Flavor != server.Flavor || n.ClusterInfo.Value.State != "ok" || n.Latency.Value <= 0 {
				t.Errorf("%+v", n.Stats)
			}
		}
	})
}

func TestFrozenNodesLeaveAUsefulPictureInTime(t *testing.T) {
	c := labtest.Start(t, lab.Config{Replicas: 1, NodeTimeout: 30 * time.Second})
	nodes := c.Nodes()
	for _, n := range nodes[4:] {
		if err := n.Freeze(); err != nil {
			t.Fatal(err)
		}
	}
	start := time.Now()
	w := running(t, watch.Config{Seeds: []string{nodes[4].Addr, nodes[0].Addr}})
	until(t, w, "four of six answer", func(s *cluster.Snapshot) bool {
		answering := 0
		for i := range s.Nodes {
			if s.Nodes[i].Health == cluster.Answering {
				answering++
			}
		}
		return answering == 4 && len(s.Nodes) == 6 && len(s.Shards) == 3
	})
	if took := time.Since(start); took > time.Second {
		t.Errorf("only after %v", took)
	}
	s := until(t, w, "the frozen ones are named", func(s *cluster.Snapshot) bool {
		return healthAt(nodes[4].Addr, cluster.NoAnswer)(s) && healthAt(nodes[5].Addr, cluster.NoAnswer)(s)
	})
	// Ten snapshots on, no reading of the others was ever older than two intervals.
	for last := s.Seq + 10; s.Seq < last; {
		s = <-w.Updates()
		for _, n := range nodes[:4] {
			if r := byAddr(s, n.Addr).Latency; r.Age(s.At) > 2*watch.DefaultInterval {
				t.Errorf("a reading of %s is %v old", n.Addr, r.Age(s.At))
			}
		}
	}
	for _, n := range nodes[4:] {
		if err := n.Thaw(); err != nil {
			t.Fatal(err)
		}
	}
	until(t, w, "all answer again", full(6))
}

func TestFailoverIsToldInOrder(t *testing.T) {
	for _, name := range []string{"redis-7.0", "valkey-9.1"} {
		t.Run(name, func(t *testing.T) {
			c := labtest.Start(t, lab.Config{Binary: labtest.Only(t, name).Path, Replicas: 1})
			nodes := c.Nodes()
			w := running(t, watch.Config{Seeds: []string{c.Seed()}, Interval: 200 * time.Millisecond})
			s := until(t, w, "all answer", full(6))
			old := byAddr(s, nodes[0].Addr)
			letter, since := s.Shards[old.Shard].Letter, s.Events[len(s.Events)-1].Seq
			if err := nodes[0].Kill(); err != nil { // the seed itself
				t.Fatal(err)
			}
			s = until(t, w, "a new primary serves the shard", func(s *cluster.Snapshot) bool {
				for _, shard := range s.Shards {
					if shard.Letter == letter && shard.Primary != old.ID && shard.SlotLen > 0 {
						n, ok := s.Node(shard.Primary)
						return ok && n.ClusterInfo.Value.State == "ok"
					}
				}
				return false
			})
			var kinds []cluster.EventKind
			for _, e := range s.Events {
				if e.Seq > since {
					kinds = append(kinds, e.Kind)
					t.Logf("%s %s %s", e.At.Format("05.000"), e.Addr, e.Text)
				}
			}
			// A suspicion can be over before a round sees it; the rest cannot.
			refused, promoted, moved := slices.Index(kinds, cluster.HealthChanged), slices.Index(kinds, cluster.RoleChanged), slices.Index(kinds, cluster.SlotsChanged)
			if refused < 0 || promoted < refused || moved < promoted || !slices.Contains(kinds, cluster.FlagChanged) {
				t.Errorf("order: health %d, role %d, slots %d", refused, promoted, moved)
			}
			if err := nodes[0].Restart(t.Context()); err != nil {
				t.Fatal(err)
			}
			until(t, w, "it is back as a replica", func(s *cluster.Snapshot) bool {
				n, ok := s.Node(old.ID)
				return full(6)(s) && ok && n.Member.Flags.Has(cluster.Replica)
			})
		})
	}
}

func TestANodeThatWantsAPasswordIsDeniedAndTheRestIsSeen(t *testing.T) {
	c := labtest.Start(t, lab.Config{})
	node := c.Nodes()[1]
	if err := node.Do(context.Background(), "CONFIG", "SET", "requirepass", "s3cret").Err(); err != nil {
		t.Fatal(err)
	}
	w := running(t, quick(c.Seed()))
	s := until(t, w, "it is denied", healthAt(node.Addr, cluster.Denied))
	if n := byAddr(s, node.Addr); wire.KindOf(n.Err) != wire.AuthMissing || n.LastSeen.IsZero() {
		t.Errorf("%v", n.Err)
	}
	until(t, w, "the others answer", func(s *cluster.Snapshot) bool {
		return healthAt(c.Seed(), cluster.Answering)(s) && healthAt(c.Nodes()[2].Addr, cluster.Answering)(s)
	})
}

// BenchmarkIdleWatch tells what one second of watching six real, idle nodes
// costs: ns of processor time per op, where an op is one round.
func BenchmarkIdleWatch(b *testing.B) {
	c := labtest.Start(b, lab.Config{Replicas: 1})
	w := running(b, watch.Config{Seeds: []string{c.Seed()}})
	until(b, w, "all answer", full(6))
	b.ReportAllocs()
	used := cpuTime(b)
	start := time.Now()
	for b.Loop() {
		<-w.Updates()
	}
	took := time.Since(start)
	b.ReportMetric(100*float64(cpuTime(b)-used)/float64(took), "%cpu")
}
