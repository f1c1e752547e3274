//go:build unix

package watch_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
	"slotdeck/cluster/watch"
)

// witness hears the events of a real cluster one after the other: what it has
// heard it does not hear again, so a wait for one event after another is a
// claim about their order.
type witness struct {
	*testing.T
	watch *watch.Watch
	heard uint64
	now   *cluster.Snapshot
}

// hear waits for an event of a kind about a node with a text that holds some words.
func (w *witness) hear(kind cluster.EventKind, about *lab.Node, words string) {
	w.Helper()
	w.now = until(w.T, w.watch, fmt.Sprintf("an event of kind %d about %s with %q", kind, about.Addr, words), func(s *cluster.Snapshot) bool {
		for _, e := range s.Events {
			if e.Seq > w.heard && e.Kind == kind && e.Node == about.ID && strings.Contains(e.Text, words) {
				w.heard = e.Seq
				return true
			}
		}
		return false
	})
}

// inAnyOrder hears several events of one change: a look may fall between what
// two nodes learn, so that either is told first. What follows comes after all.
func (w *witness) inAnyOrder(events ...func()) {
	w.Helper()
	before, last := w.heard, w.heard
	for _, event := range events {
		w.heard = before
		event()
		last = max(last, w.heard)
	}
	w.heard = last
}

// do sends a command that the server must take.
func (w *witness) do(n *lab.Node, args ...any) {
	w.Helper()
	if err := n.Do(w.Context(), args...).Err(); err != nil {
		w.Fatalf("%v on %s: %v", args, n.Addr, err)
	}
}

func witnessOf(t *testing.T, c *lab.Cluster) *witness {
	w := &witness{T: t, watch: running(t, watch.Config{Seeds: []string{c.Seed()}, Interval: 100 * time.Millisecond})}
	w.now = until(t, w.watch, "all answer", full(len(c.Nodes())))
	w.heard = w.now.Events[len(w.now.Events)-1].Seq
	t.Cleanup(func() {
		if !t.Failed() {
			return
		}
		for _, e := range w.watch.Latest().Events {
			t.Logf("%3d %s kind %d %s %s", e.Seq, e.At.Format("05.000"), e.Kind, e.Addr, e.Text)
		}
	})
	return w
}

func TestEveryKindOfChangeOfARealClusterIsToldInItsOrder(t *testing.T) {
	labtest.EachVersion(t, func(t *testing.T, server lab.Server) {
		c := labtest.Start(t, lab.Config{Binary: server.Path, Replicas: 1, NodeTimeout: time.Second})
		w := witnessOf(t, c)
		nodes := c.Nodes()
		spare := w.aSpareJoins(c)
		w.aLinkBreaksAndMends(nodes[0], nodes[3])
		w.aSlotMoves(nodes[0], nodes[1])
		w.aReplicaTakesOver(nodes[3], spare)
		w.aNodeFreezesAndThaws(spare)
		w.aNodeIsForgotten(c, spare)
	})
}

func (w *witness) aSpareJoins(c *lab.Cluster) *lab.Node {
	spare, err := c.AddSpare(w.Context())
	if err != nil {
		w.Fatal(err)
	}
	w.do(c.Nodes()[0], "CLUSTER", "MEET", "127.0.0.1", spare.Port, spare.BusPort)
	w.hear(cluster.NodeAppeared, spare, "joined as a primary with 0 slots")
	labtest.Until(w, 10*time.Second, "the spare knows its primary", func() bool {
		return spare.Do(w.Context(), "CLUSTER", "REPLICATE", string(c.Nodes()[0].ID)).Err() == nil
	})
	w.hear(cluster.RoleChanged, spare, "became a replica of")
	return spare
}

// aLinkBreaksAndMends has the replica log in as somebody whom its primary does not know.
func (w *witness) aLinkBreaksAndMends(primary, replica *lab.Node) {
	w.do(replica, "CONFIG", "SET", "masteruser", "nobody", "masterauth", "wrong")
	w.do(primary, "CLIENT", "KILL", "TYPE", "replica")
	w.hear(cluster.LinkChanged, replica, "link is down")
	w.do(replica, "CONFIG", "SET", "masteruser", "", "masterauth", "")
	w.hear(cluster.LinkChanged, replica, "link is up")
}

func (w *witness) aSlotMoves(from, to *lab.Node) {
	w.do(to, "CLUSTER", "SETSLOT", 0, "IMPORTING", string(from.ID))
	w.do(from, "CLUSTER", "SETSLOT", 0, "MIGRATING", string(to.ID))
	w.hear(cluster.SlotOpened, from, "0 opened")
	w.do(to, "CLUSTER", "SETSLOT", 0, "NODE", string(to.ID))
	w.do(from, "CLUSTER", "SETSLOT", 0, "NODE", string(to.ID))
	w.inAnyOrder(
		func() { w.hear(cluster.EpochChanged, to, "epoch") }, // taken to make its claim heard
		func() { w.hear(cluster.SlotsChanged, to, "0") })
}

func (w *witness) aReplicaTakesOver(replica, sibling *lab.Node) {
	w.do(replica, "CLUSTER", "FAILOVER")
	w.inAnyOrder(
		func() { w.hear(cluster.RoleChanged, replica, "takes over") },
		func() {
			// It follows by itself, but a replica that has just joined may take long.
			labtest.Until(w, 10*time.Second, "the sibling knows its new primary", func() bool {
				return sibling.Do(w.Context(), "CLUSTER", "REPLICATE", string(replica.ID)).Err() == nil
			})
			w.hear(cluster.PrimaryChanged, sibling, "follows")
		})
}

func (w *witness) aNodeFreezesAndThaws(n *lab.Node) {
	if err := n.Freeze(); err != nil {
		w.Fatal(err)
	}
	w.inAnyOrder( // the console and the other nodes find out by themselves
		func() { w.hear(cluster.HealthChanged, n, "") },
		func() { w.hear(cluster.FlagChanged, n, "fail") })
	if err := n.Thaw(); err != nil {
		w.Fatal(err)
	}
	w.inAnyOrder(
		func() { w.hear(cluster.HealthChanged, n, "answers") },
		func() { w.hear(cluster.FlagChanged, n, "") })
}

func (w *witness) aNodeIsForgotten(c *lab.Cluster, n *lab.Node) {
	if err := n.Kill(); err != nil {
		w.Fatal(err)
	}
	for _, other := range c.Nodes() {
		if other != n && other.State() == lab.Running {
			w.do(other, "CLUSTER", "FORGET", string(n.ID))
		}
	}
	w.hear(cluster.NodeWent, n, "no node lists it")
}

func TestWhatEachNodeHoldsOfASlotIsKept(t *testing.T) {
	labtest.EachVersion(t, func(t *testing.T, server lab.Server) {
		c := labtest.Start(t, lab.Config{Binary: server.Path})
		w := witnessOf(t, c)
		a, b, third := c.Nodes()[0], c.Nodes()[1], c.Nodes()[2]
		// Slot 0 is a's, at the lowest epoch; b is told that it is the third's. At
		// the highest epoch, so that b does not take a's word over it.
		// It is told again until a look has seen it: gossip may settle it between two.
		var s *cluster.Snapshot
		labtest.Until(t, 15*time.Second, "the dispute", func() bool {
			w.do(b, "CLUSTER", "SETSLOT", 0, "NODE", string(third.ID))
			s = w.watch.Latest()
			return len(s.Disputes) > 0
		})
		d := s.Disputes[0]
		if d.Range.First != 0 || d.Range.Last != 0 {
			t.Errorf("slots %v are disputed", d.Range)
		}
		holds := map[cluster.NodeID]cluster.NodeID{}
		for _, claim := range d.Says {
			for _, by := range claim.By {
				holds[by] = claim.Owner
			}
		}
		if holds[b.ID] != third.ID || len(holds) != 3 {
			t.Errorf("b holds %q for the owner; want %q: %+v", holds[b.ID], third.ID, d.Says)
		}
		_ = a
	})
}
