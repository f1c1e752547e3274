package cli

import (
	"net"
	"strings"
	"testing"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
)

const library = "#!lua name=mylib\nredis.register_function('hello', function() return 'hi' end)"

// roleOf is what another node says that a node is.
func roleOf(t *testing.T, by, n *lab.Node) (member cluster.Member, listed bool) {
	t.Helper()
	return sees(t, by).Member(cluster.NodeID(asked(t, n, "CLUSTER", "MYID")))
}

// wantUnder makes sure that all nodes show one as a replica of another.
func wantUnder(t *testing.T, all []*lab.Node, replica, primary *lab.Node) {
	t.Helper()
	for _, by := range all {
		if m, _ := roleOf(t, by, replica); !m.Flags.Has(cluster.Replica) || m.Primary != primary.ID {
			t.Errorf("%s shows %s as %v of %s", by.Addr, replica.Addr, m.Flags, m.Primary)
		}
	}
}

func TestClusterIsMadeGrownAndShrunkByTheCommandLine(t *testing.T) {
	t.Parallel()
	onVersions(t, memberVersions(), func(t *testing.T, server lab.Server) {
		all := spares(t, lab.Config{Binary: server.Path}, 8)
		six, seventh, eighth := all[:6], all[6], all[7]
		create := append([]string{"create"}, addrsOf(six)...)
		create = append(create, "--cluster-replicas", "1", "--join-timeout", "15s")

		dry := expect(t, Fine, append(create, "--dry-run")...)
		if !strings.Contains(dry.out, "CLUSTER ADDSLOTSRANGE 0 5460") || len(sees(t, six[0]).Members) != 1 {
			t.Fatalf("--dry-run: %s", dry.out)
		}
		expect(t, Usage, create...) // no terminal to ask on
		expect(t, Fine, append(create, "--cluster-yes")...)
		oneCluster(t, six)
		if got := expect(t, Fine, append(create, "--yes")...); !strings.Contains(got.err, "the cluster that was asked for already") {
			t.Errorf("once more: %+v", got)
		}
		expect(t, No, "create", six[0].Addr, seventh.Addr, eighth.Addr, "--yes")

		asked(t, primaryAmong(t, six), "FUNCTION", "LOAD", library)
		host, port, _ := net.SplitHostPort(seventh.Addr)
		seedHost, seedPort, _ := net.SplitHostPort(six[0].Addr)
		expect(t, Fine, "add-node", host, port, seedHost, seedPort, "--yes")
		oneCluster(t, all[:7])
		if text := seventh.Do(t.Context(), "FUNCTION", "LIST").String(); !strings.Contains(text, "mylib") {
			t.Errorf("the new primary's functions: %s", text)
		}
		expect(t, Fine, "add-node", eighth.Addr, six[0].Addr, "--slave", "--master-id", string(seventh.ID)[:10], "--yes")
		oneCluster(t, all)
		wantUnder(t, all, eighth, seventh)

		// The primary leaves; its replica is given another.
		got := expect(t, Fine, "del-node", seedHost, seedPort, seventh.Addr, "--yes", "--watch", "1s")
		if !strings.Contains(got.out, "makes") && !strings.Contains(got.out, "its replica "+eighth.Addr+" follows") {
			t.Errorf("the plan does not tell of the replica: %s", got.out)
		}
		seven := append(six[:6:6], eighth)
		oneCluster(t, seven)
		if n := len(sees(t, seventh).Members); n != 1 {
			t.Errorf("the node that left knows %d nodes", n)
		}
		expect(t, Usage, "replicate", six[0].Addr, eighth.Addr, eighth.Addr, "--yes")
		target := otherPrimary(t, six, eighth)
		expect(t, Fine, "replicate", six[0].Addr, string(eighth.ID), target.Addr, "--yes")
		wantUnder(t, seven, eighth, target)

		expect(t, No, "reset", eighth.Addr, "--yes") // the others list it
		expect(t, Fine, "reset", "--hard", seventh.Addr, "--yes")
		expect(t, Fine, append(append([]string{"reset"}, addrsOf(seven)...), "--yes")...)
		for _, n := range seven {
			if v := sees(t, n); len(v.Members) != 1 || len(v.Members[0].Slots) > 0 {
				t.Errorf("%s after its reset: %+v", n.Addr, v.Members)
			}
		}
	})
}

func primaryAmong(t *testing.T, nodes []*lab.Node) *lab.Node {
	t.Helper()
	for _, n := range nodes {
		if m, _ := roleOf(t, n, n); m.Flags.Has(cluster.Primary) && len(m.Slots) > 0 {
			return n
		}
	}
	t.Fatal("no primary")
	return nil
}

// otherPrimary is a primary that a replica does not follow.
func otherPrimary(t *testing.T, nodes []*lab.Node, replica *lab.Node) *lab.Node {
	t.Helper()
	self, _ := roleOf(t, replica, replica)
	for _, n := range nodes {
		if m, _ := roleOf(t, n, n); m.Flags.Has(cluster.Primary) && m.ID != self.Primary {
			return n
		}
	}
	t.Fatal("no other primary")
	return nil
}

func TestDeadNodesAreReplacedAndForgottenWithoutBeingReached(t *testing.T) {
	t.Parallel()
	onVersions(t, []string{"redis-7.0", "valkey-9.1"}, func(t *testing.T, server lab.Server) {
		c := labtest.Start(t, lab.Config{Binary: server.Path, Replicas: 1, NodeTimeout: time.Second})
		fresh := addSpares(t, c, 1)[0]
		nodes := c.Nodes()[:6]
		dead, primary := nodes[3], nodes[0]
		if err := dead.Freeze(); err != nil { // it does not even refuse
			t.Fatal(err)
		}
		labtest.Until(t, time.Minute, "it is held for failed", func() bool {
			m, _ := sees(t, nodes[1]).Member(dead.ID)
			return m.Flags.Has(cluster.Fail)
		})
		expect(t, No, "del-node", nodes[1].Addr, string(primary.ID), "--yes")
		expect(t, Fine, "replace", nodes[1].Addr, string(dead.ID)[:12], fresh.Addr, "--yes", "--watch", "1s")
		whole := []*lab.Node{nodes[0], nodes[1], nodes[2], nodes[4], nodes[5], fresh}
		oneCluster(t, whole)
		wantUnder(t, whole, fresh, primary)

		gone := nodes[4]
		if err := gone.Kill(); err != nil {
			t.Fatal(err)
		}
		labtest.Until(t, time.Minute, "it is held for failed", func() bool {
			m, _ := sees(t, nodes[1]).Member(gone.ID)
			return m.Flags.Has(cluster.Fail)
		})
		got := expect(t, Fine, "forget", nodes[1].Addr, string(gone.ID), "--yes", "--watch", "1s")
		if !strings.Contains(got.out, "nodes.conf") {
			t.Errorf("it is not said what to do before it starts again: %s", got.out)
		}
		oneCluster(t, []*lab.Node{nodes[0], nodes[1], nodes[2], nodes[5], fresh})
	})
}
