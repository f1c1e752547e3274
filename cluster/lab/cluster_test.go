//go:build unix

package lab_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
)

func TestStartMakesAHealthyCluster(t *testing.T) {
	labtest.EachVersion(t, func(t *testing.T, server lab.Server) {
		began := time.Now()
		c := labtest.Start(t, lab.Config{Binary: server.Path, Primaries: 3, Replicas: 1})
		t.Logf("%s: ready after %v", server, time.Since(began).Round(10*time.Millisecond))
		nodes := c.Nodes()
		if len(nodes) != 6 {
			t.Fatalf("%d nodes, want 6", len(nodes))
		}
		for i, n := range nodes {
			info := text(t, n, "CLUSTER", "INFO")
			for _, want := range []string{"cluster_state:ok", "cluster_slots_ok:16384", "cluster_known_nodes:6", "cluster_size:3"} {
				if !strings.Contains(info, want) {
					t.Errorf("node %s: no %s in\n%s", n.Addr, want, info)
				}
			}
			role := "role:master"
			if i >= 3 {
				role = "master_link_status:up"
			}
			if got := text(t, n, "INFO", "replication"); !strings.Contains(got, role) {
				t.Errorf("node %d: no %s in\n%s", i, role, got)
			}
			if got := text(t, n, "CLUSTER", "MYID"); got != string(n.ID) {
				t.Errorf("node %s has the id %s, the lab says %s", n.Addr, got, n.ID)
			}
			if !strings.Contains(text(t, n, "CLUSTER", "NODES"), "0-5460") {
				t.Errorf("node %s: nobody owns 0-5460", n.Addr)
			}
		}
	})
}

func TestStopLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := labtest.Start(t, lab.Config{Dir: dir})
	pids := pidsOf(c)
	if err := c.Nodes()[1].Freeze(); err != nil {
		t.Fatal(err)
	}
	if err := c.Stop(); err != nil {
		t.Error(err)
	}
	for _, pid := range pids {
		if exists(pid) {
			t.Errorf("process %d still lives after Stop", pid)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) > 0 {
		t.Errorf("left in the folder: %v", left)
	}
}

func TestNodesCanBeKilledFrozenThawedAndRestarted(t *testing.T) {
	labtest.EachVersion(t, func(t *testing.T, server lab.Server) {
		c := labtest.Start(t, lab.Config{Binary: server.Path, Replicas: 1, NodeTimeout: time.Second})
		ctx := t.Context()
		replica := c.Nodes()[5]

		if err := replica.Freeze(); err != nil {
			t.Fatal(err)
		}
		short, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
		defer cancel()
		if err := replica.Do(short, "PING").Err(); err == nil {
			t.Error("a frozen node answered")
		}
		if got := replica.State(); got != lab.Frozen {
			t.Errorf("state after Freeze: %v", got)
		}
		if err := replica.Thaw(); err != nil {
			t.Fatal(err)
		}
		if got := text(t, replica, "PING"); got != "PONG" || replica.State() != lab.Running {
			t.Errorf("after Thaw: %q, %v", got, replica.State())
		}

		primary := c.Nodes()[0]
		pid := primary.PID()
		if err := primary.Kill(); err != nil {
			t.Fatal(err)
		}
		if exists(pid) || primary.State() != lab.Gone {
			t.Errorf("after Kill: process lives: %v, state %v", exists(pid), primary.State())
		}
		if seed := c.Seed(); seed == primary.Addr {
			t.Error("the seed is a dead node")
		}
		successor := c.Nodes()[3]
		labtest.Until(t, 20*time.Second, "the replica takes over", func() bool {
			return strings.Contains(text(t, successor, "INFO", "replication"), "role:master")
		})
		if err := primary.Restart(ctx); err != nil {
			t.Fatal(err)
		}
		settled, cancel := context.WithTimeout(ctx, 30*time.Second)
		defer cancel()
		if err := c.AwaitSettled(settled); err != nil {
			t.Error(err)
		}
		if got := text(t, primary, "CLUSTER", "MYID"); got != string(primary.ID) {
			t.Errorf("the restarted node has the id %s, had %s", got, primary.ID)
		}
	})
}

func TestASpareIsNotPartOfTheCluster(t *testing.T) {
	t.Parallel()
	c := labtest.Start(t, lab.Config{})
	spare, err := c.AddSpare(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if info := text(t, spare, "CLUSTER", "INFO"); !strings.Contains(info, "cluster_known_nodes:1\r") {
		t.Errorf("the spare knows others:\n%s", info)
	}
	if info := text(t, c.Nodes()[0], "CLUSTER", "INFO"); !strings.Contains(info, "cluster_known_nodes:3\r") {
		t.Errorf("others know the spare:\n%s", info)
	}
	if len(c.Nodes()) != 4 || c.Nodes()[3] != spare {
		t.Errorf("the spare is not the last of the nodes")
	}
}

func TestConfigReachesTheServers(t *testing.T) {
	t.Parallel()
	secret := `s"e\c ret` + "\xff'#"
	c := labtest.Start(t, lab.Config{
		Replicas: 1, Password: secret, Hostnames: true, NodeTimeout: 1234 * time.Millisecond,
		Extra: []string{"maxmemory 64mb"}, ExtraAt: map[int][]string{1: {"maxmemory-policy allkeys-lfu"}},
	})
	for i, n := range c.Nodes() {
		for option, want := range map[string]string{
			"requirepass": secret, "cluster-node-timeout": "1234", "maxmemory": "67108864",
			"maxmemory-policy": map[bool]string{true: "allkeys-lfu", false: "noeviction"}[i == 1],
		} {
			pair, err := n.Do(t.Context(), "CONFIG", "GET", option).StringSlice()
			if err != nil || len(pair) != 2 || pair[1] != want {
				t.Errorf("node %d: %s is %q (%v), want %q", i, option, pair, err, want)
			}
		}
		if !strings.Contains(text(t, n, "CLUSTER", "NODES"), "node-1.localhost") {
			t.Errorf("node %d does not know the name of the first", i)
		}
		args, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", n.PID()))
		if err == nil && strings.Contains(string(args), "ret") {
			t.Errorf("the password is among the arguments: %q", args)
		}
	}
}

func TestAClusterOnIPv6(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		t.Skipf("this machine has no IPv6 loopback: %v", err)
	}
	l.Close()
	c := labtest.Start(t, lab.Config{IPv6: true, Replicas: 1})
	for _, n := range c.Nodes() {
		if !strings.HasPrefix(n.Addr, "[::1]:") {
			t.Errorf("the address is %s", n.Addr)
		}
		if nodes := text(t, n, "CLUSTER", "NODES"); strings.Contains(nodes, "127.0.0.1") {
			t.Errorf("an IPv4 address in\n%s", nodes)
		}
	}
}

func TestFirstPortGivesFamiliarPorts(t *testing.T) {
	t.Parallel()
	c := labtest.Start(t, lab.Config{FirstPort: 17100})
	for i, n := range c.Nodes() {
		if n.BusPort != n.Port+10000 {
			t.Errorf("node %d: port %d, bus %d", i, n.Port, n.BusPort)
		}
		if i > 0 && n.Port <= c.Nodes()[i-1].Port {
			t.Errorf("ports do not go up with the nodes: %d after %d", n.Port, c.Nodes()[i-1].Port)
		}
	}
	// A second cluster finds its way around the first.
	d := labtest.Start(t, lab.Config{FirstPort: 17100})
	for _, n := range d.Nodes() {
		for _, taken := range c.Nodes() {
			if n.Port == taken.Port {
				t.Errorf("port %d was given twice", n.Port)
			}
		}
	}
}

// Between choosing a port and the server's bind another program takes it: here
// a server program that stands in the way of itself, once.
func TestATakenPortIsPassedOver(t *testing.T) {
	real := labtest.Any(t).Path
	dir := t.TempDir()
	slow := filepath.Join(dir, "slow-server")
	script := `#!/bin/sh
if [ "$1" != --version ] && [ ! -e "` + dir + `/chosen" ]; then
	sed -n 's/^port //p' "$1" > "` + dir + `/port" && mv "` + dir + `/port" "` + dir + `/chosen"
	while [ ! -e "` + dir + `/taken" ]; do sleep 0.02; done
fi
exec "` + real + `" "$@"
`
	if err := os.WriteFile(slow, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	stolen := make(chan string, 1)
	go func() {
		defer close(stolen)
		for t.Context().Err() == nil {
			port, err := os.ReadFile(filepath.Join(dir, "chosen"))
			if err != nil {
				time.Sleep(5 * time.Millisecond)
				continue
			}
			addr := "127.0.0.1:" + strings.TrimSpace(string(port))
			if l, err := net.Listen("tcp", addr); err == nil {
				t.Cleanup(func() { l.Close() })
				stolen <- addr
			}
			if err := os.WriteFile(filepath.Join(dir, "taken"), nil, 0o600); err != nil {
				t.Error(err)
			}
			return
		}
	}()
	c := labtest.Start(t, lab.Config{Binary: slow, Primaries: 1})
	addr := <-stolen
	if addr == "" || c.Seed() == addr {
		t.Errorf("the port %q was stolen, and the cluster is on %s", addr, c.Seed())
	}
}

func TestSeveralDatabasesNeedAServerThatHasThem(t *testing.T) {
	t.Run("valkey-9.1", func(t *testing.T) {
		c := labtest.Start(t, lab.Config{Binary: labtest.Only(t, "valkey-9.1").Path, Databases: 4})
		if got := text(t, c.Nodes()[0], "CONFIG", "GET", "cluster-databases"); !strings.Contains(got, "4") {
			t.Errorf("cluster-databases is %q", got)
		}
	})
	t.Run("redis-7.0", func(t *testing.T) {
		_, err := lab.Start(t.Context(), lab.Config{Binary: labtest.Only(t, "redis-7.0").Path, Databases: 4})
		if err == nil || !strings.Contains(err.Error(), "need Valkey 9") {
			t.Errorf("error %v", err)
		}
	})
}

func TestAServerThatEndsAtOnceIsQuoted(t *testing.T) {
	dir := t.TempDir()
	_, err := lab.Start(t.Context(), lab.Config{Dir: dir, Binary: labtest.Any(t).Path, Extra: []string{"no-such-option 1"}})
	if err == nil || !strings.Contains(err.Error(), "no-such-option") {
		t.Errorf("the error does not quote the server: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) > 0 {
		t.Errorf("a failed start left %v", left)
	}
}

func TestStartEndsWithItsContext(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	_, err := lab.Start(ctx, lab.Config{Dir: dir, Binary: labtest.Any(t).Path})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) > 0 {
		t.Errorf("a start given up left %v", left)
	}
}

func text(t *testing.T, n *lab.Node, args ...any) string {
	t.Helper()
	cmd := n.Do(t.Context(), args...)
	s, err := cmd.Text()
	if err != nil {
		if list, listErr := cmd.StringSlice(); listErr == nil {
			return strings.Join(list, " ")
		}
		t.Fatalf("node %s, %v: %v", n.Addr, args, err)
	}
	return s
}

func pidsOf(c *lab.Cluster) []int {
	var pids []int
	for _, n := range c.Nodes() {
		pids = append(pids, n.PID())
	}
	return pids
}

// exists reports whether a process is there; a dead one that was not reaped counts.
func exists(pid int) bool { return syscall.Kill(pid, 0) == nil }
