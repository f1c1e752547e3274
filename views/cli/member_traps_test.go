package cli

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
	"slotdeck/cluster/plan"
)

// The numbers are those of the list of traps that the servers set for whoever
// changes a cluster's members. Each claim is tried on a version that has the
// trap, and where that costs little it is shown that it does.

func TestTrap5OwnersOfSlotsAreNeverForgotten(t *testing.T) {
	t.Parallel()
	onVersions(t, []string{"redis-8.6", "valkey-9.1"}, func(t *testing.T, server lab.Server) {
		c := labtest.Start(t, lab.Config{Binary: server.Path})
		nodes := c.Nodes()
		victim := string(nodes[2].ID)
		for _, command := range []string{"del-node", "forget"} {
			got := expect(t, No, command, c.Seed(), victim, "--yes")
			if !strings.Contains(got.err, "owns 5461 slots") || !strings.Contains(got.err, "take the cluster down") {
				t.Errorf("%s: %q", command, got.err)
			}
		}
		oneCluster(t, nodes)
		asked(t, nodes[0], "CLUSTER", "FORGET", victim)
		labtest.Until(t, time.Minute, "one FORGET takes the cluster down", func() bool {
			return strings.Contains(asked(t, nodes[1], "CLUSTER", "INFO"), "cluster_state:fail")
		})
	})
}

func TestTrap8NothingThatDropsDataIsSentUnasked(t *testing.T) {
	t.Parallel()
	onVersions(t, []string{"redis-7.0", "valkey-9.1"}, func(t *testing.T, server lab.Server) {
		c := labtest.Start(t, lab.Config{Binary: server.Path, Replicas: 1})
		if err := c.Fill(t.Context(), 300); err != nil {
			t.Fatal(err)
		}
		primary, replica := c.Nodes()[0], c.Nodes()[3]
		labtest.Until(t, time.Minute, "the replica has its keys", func() bool {
			return replica.Do(t.Context(), "DBSIZE").Val() == primary.Do(t.Context(), "DBSIZE").Val()
		})
		before := replica.Do(t.Context(), "DBSIZE").Val().(int64)
		for _, words := range []string{"CLUSTER RESET", "CLUSTER REPLICATE NO ONE", "CLUSTER FLUSHSLOT 5", "FLUSHALL"} {
			expect(t, Usage, append([]string{"call", c.Seed(), "--only-replicas"}, strings.Fields(words)...)...)
		}
		if got := expect(t, No, "reset", replica.Addr, "--yes"); !strings.Contains(got.err, "slotdeck del-node") {
			t.Errorf("a member alone: %q", got.err)
		}
		all := append([]string{"reset", "--yes"}, addrsOf(c.Nodes())...)
		if got := expect(t, No, all...); !strings.Contains(got.err, "no server is reset with keys in it") {
			t.Errorf("primaries with keys: %q", got.err)
		}
		if after := replica.Do(t.Context(), "DBSIZE").Val().(int64); before == 0 || after != before {
			t.Errorf("the replica had %d keys, and has %d", before, after)
		}
	})
}

// createArgs makes a cluster with a replica each of the nodes.
func createArgs(nodes []*lab.Node, more ...string) []string {
	return append(append([]string{"create", "--replicas", "1", "--yes"}, addrsOf(nodes)...), more...)
}

func TestTrap9TheNextCommandMeetsAClusterThatAgrees(t *testing.T) {
	t.Parallel()
	onVersions(t, []string{"redis-7.0", "redis-8.6"}, func(t *testing.T, server lab.Server) {
		all := spares(t, lab.Config{Binary: server.Path}, 7)
		agree := func(nodes []*lab.Node) {
			t.Helper()
			config := sees(t, nodes[0]).Config()
			for _, n := range nodes {
				if text := asked(t, n, "CLUSTER", "INFO"); !strings.Contains(text, "cluster_state:ok") {
					t.Errorf("%s is not ok at once: %s", n.Addr, text)
				}
				if sees(t, n).Config() != config {
					t.Errorf("%s and %s do not agree at once", nodes[0].Addr, n.Addr)
				}
			}
		}
		expect(t, Fine, createArgs(all[:6])...)
		agree(all[:6])
		expect(t, Fine, "add-node", all[6].Addr, all[0].Addr, "--yes")
		agree(all)
		expect(t, Fine, "rebalance", all[0].Addr, "--use-empty-masters", "--yes")
		if m, _ := roleOf(t, all[0], all[6]); len(m.Slots) == 0 {
			t.Error("the new primary got no slots")
		}
	})
}

func TestTrap14ANodeIsJudgedByWhatItIsNow(t *testing.T) {
	t.Parallel()
	onVersions(t, []string{"redis-7.0", "valkey-9.1"}, func(t *testing.T, server lab.Server) {
		c := labtest.Start(t, lab.Config{Binary: server.Path, Primaries: 4})
		nodes := c.Nodes()
		drained := nodes[3]
		expect(t, Fine, "drain", c.Seed(), "--node", drained.Addr, "--yes")
		labtest.Until(t, time.Minute, "the emptied primary is a replica", func() bool {
			m, _ := roleOf(t, nodes[0], drained)
			return m.Flags.Has(cluster.Replica)
		})
		p := decode[plan.MemberPlan](t, expect(t, Fine, "del-node", c.Seed(), string(drained.ID), "--dry-run", "-o", "json").out)
		if !strings.HasPrefix(p.Title, "remove the replica "+drained.Addr) || p.Risk != plan.Disruptive {
			t.Errorf("%s, %v", p.Title, p.Risk)
		}
		expect(t, Fine, "del-node", c.Seed(), string(drained.ID), "--yes", "--watch", "1s")
		oneCluster(t, nodes[:3])
	})
}

func TestTrap15WhoComesBackIsCaughtAndNamed(t *testing.T) {
	t.Parallel()
	c := labtest.Start(t, lab.Config{Binary: labtest.Only(t, "valkey-9.1").Path, Replicas: 1, Extra: []string{"cluster-blacklist-ttl 5"}})
	nodes := c.Nodes()
	back := nodes[4]
	got := expect(t, No, "forget", c.Seed(), string(back.ID), "--yes", "--watch", "15s")
	if !strings.Contains(got.out, "again") || !strings.Contains(got.out, back.ID.Short()) || !strings.Contains(got.out, "127.0.0.1:") {
		t.Errorf("it is not said who lists it: %s", got.out)
	}
	if !strings.Contains(got.out, back.Addr+" itself brings it back") || !strings.Contains(got.out, "(5 s) no node that forgot "+back.ID.Short()) {
		t.Errorf("it is not said who brings it back, or for how long it was barred: %s", got.out)
	}
	// Forgotten and reset at once, it stays away, well past the ban. A MEET of its
	// own may be under way while it is forgotten; then it is said to repeat this.
	labtest.Until(t, time.Minute, "it stays away", func() bool {
		return run(t, "", nil, "del-node", c.Seed(), string(back.ID), "--yes", "--watch", "6s").code == Fine
	})
	oneCluster(t, append(nodes[:4:4], nodes[5]))
	if n := len(sees(t, back).Members); n != 1 {
		t.Errorf("the node that left knows %d nodes", n)
	}
}

func TestTrap15WhoWasSilentWhenTheOthersForgotIsNamed(t *testing.T) {
	t.Parallel()
	c := labtest.Start(t, lab.Config{Binary: labtest.Only(t, "valkey-9.1").Path, Replicas: 1, NodeTimeout: time.Second, Extra: []string{"cluster-blacklist-ttl 3"}})
	nodes := c.Nodes()
	gone, silent := nodes[4], nodes[5]
	for _, n := range []*lab.Node{gone, silent} {
		dead(t, n, nodes[0])
	}
	ended := make(chan outcome, 1)
	go func() {
		ended <- run(t, "", nil, "del-node", c.Seed(), string(gone.ID), "--yes", "--watch", "2m")
	}()
	// Within the ban it would be told on its return. A FORGET that is repeated says
	// OK for as long.
	labtest.Until(t, time.Minute, "all that answer have forgotten it, and bar it no more", func() bool {
		for _, n := range nodes[:4] {
			if _, listed := sees(t, n).Member(gone.ID); listed || n.Do(t.Context(), "CLUSTER", "FORGET", string(gone.ID)).Err() == nil {
				return false
			}
		}
		return true
	})
	if err := silent.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := <-ended
	if got.code != No || !strings.Contains(got.out, silent.Addr+" did not answer when the others forgot it, and lists it still; repeat the command now that it answers") ||
		!strings.Contains(got.out, gone.ID.Short()+" again") {
		t.Errorf("it is not said who brings it back: code %d, %s%s", got.code, got.out, got.err)
	}
	expect(t, Fine, "del-node", c.Seed(), string(gone.ID), "--yes", "--watch", "7s")
	oneCluster(t, append(nodes[:4:4], silent))
}

func TestTrap16AForgetReachesAllNodesAndFinishesHalfDoneOnes(t *testing.T) {
	t.Parallel()
	c := labtest.Start(t, lab.Config{Binary: labtest.Only(t, "redis-7.0").Path, Replicas: 1})
	nodes := c.Nodes()
	gone := nodes[5]
	if err := gone.Kill(); err != nil {
		t.Fatal(err)
	}
	labtest.Until(t, time.Minute, "it is held for failed", func() bool {
		m, _ := sees(t, nodes[0]).Member(gone.ID)
		return m.Flags.Has(cluster.Fail)
	})
	asked(t, nodes[1], "CLUSTER", "FORGET", string(gone.ID)) // an earlier loop that was interrupted
	got := expect(t, Fine, "del-node", c.Seed(), string(gone.ID), "--yes", "--watch", "1s")
	if !strings.Contains(got.out, "one node has forgotten it already") || strings.Count(got.out, "CLUSTER FORGET") != 4 {
		t.Errorf("the plan: %s", got.out)
	}
	oneCluster(t, nodes[:5])
	expect(t, Usage, "del-node", c.Seed(), string(gone.ID), "--yes")
}

func TestTrap19FreshReplicasAreSeen(t *testing.T) {
	t.Parallel()
	onVersions(t, []string{"redis-8.6", "valkey-9.1"}, func(t *testing.T, server lab.Server) {
		all := spares(t, lab.Config{Binary: server.Path, Extra: []string{"repl-ping-replica-period 30"}}, 6)
		expect(t, Fine, createArgs(all)...)
		if text := all[0].Do(t.Context(), "CLUSTER", "SLOTS").Val(); strings.Contains(fmt.Sprint(text), string(all[5].ID)) {
			t.Log("CLUSTER SLOTS lists fresh replicas here: the trap is gone")
		}
		if got := expect(t, Fine, "call", all[0].Addr, "PING", "--only-replicas"); strings.Count(got.out, ": PONG") != 3 {
			t.Errorf("replicas that answer: %s", got.out)
		}
	})
}

func TestTrap24MeetingsNameTheBusPort(t *testing.T) {
	t.Parallel()
	onVersions(t, []string{"redis-7.0", "valkey-8.1"}, func(t *testing.T, server lab.Server) {
		all := spares(t, lab.Config{Binary: server.Path}, 4)
		for _, n := range all {
			if n.BusPort == n.Port+10000 {
				t.Fatal("the usual bus port proves nothing")
			}
		}
		expect(t, Fine, append([]string{"create", "--yes"}, addrsOf(all[:3])...)...)
		got := expect(t, Fine, "add-node", all[3].Addr, all[0].Addr, "--yes")
		if want := fmt.Sprintf("CLUSTER MEET 127.0.0.1 %d %d", all[0].Port, all[0].BusPort); !strings.Contains(got.out, want) {
			t.Errorf("no %q in %s", want, got.out)
		}
		oneCluster(t, all)
	})
}

func TestCreateSaysWhoCannotBeReachedAndFinishesLater(t *testing.T) {
	t.Parallel()
	all := spares(t, lab.Config{Binary: labtest.Only(t, "redis-8.6").Path}, 4)
	mute := all[2]
	asked(t, mute, "CONFIG", "SET", "cluster-announce-bus-port", "1") // where nothing listens
	// It can reach the others itself, so only they are told to meet it: first.
	args := append([]string{"create", "--yes", "--join-timeout", "3s"}, mute.Addr, all[0].Addr, all[1].Addr)
	got := expect(t, No, args...)
	if !strings.Contains(got.out, mute.Addr) || !strings.Contains(got.out, "bus port 1") || !strings.Contains(got.out, "does not reach") {
		t.Errorf("it is not said who does not reach whom: %s", got.out)
	}
	asked(t, mute, "CONFIG", "SET", "cluster-announce-bus-port", "0")
	args[3] = "20s"
	if got := expect(t, Fine, args...); !strings.Contains(got.out, "finish: create") {
		t.Errorf("the second run: %s", got.out)
	}
	oneCluster(t, all[:3])
}
