package cli

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"slotdeck/cluster"
	"slotdeck/cluster/doctor"
	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
)

// moveAway starts a node again with its nodes.conf and other ports.
func moveAway(t *testing.T, server lab.Server, n *lab.Node) (addr string) {
	t.Helper()
	if err := n.Kill(); err != nil {
		t.Fatal(err)
	}
	var ports [2]int
	for i := range ports {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		ports[i] = l.Addr().(*net.TCPAddr).Port
		l.Close()
	}
	return startAt(t, server, n, ports[0], ports[1])
}

func startAt(t *testing.T, server lab.Server, n *lab.Node, port, bus int) (addr string) {
	t.Helper()
	cmd := exec.Command(server.Path, filepath.Join(n.Dir, "server.conf"), "--port", fmt.Sprint(port), "--cluster-port", fmt.Sprint(bus))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	addr = fmt.Sprintf("127.0.0.1:%d", port)
	labtest.Until(t, time.Minute, addr+" answers", func() bool { return strings.Contains(saidAt(addr, "CLUSTER", "MYID"), string(n.ID)) })
	return addr
}

func saidAt(addr string, words ...any) string {
	c := redis.NewClient(&redis.Options{Addr: addr, Protocol: 2, DisableIdentity: true})
	defer c.Close()
	text, _ := c.Do(context.Background(), words...).Text()
	return text
}

func TestNodesThatCameBackElsewhereAreKnownByTheirIdsAndMeetAgain(t *testing.T) {
	t.Parallel()
	onVersions(t, []string{"redis-7.0", "valkey-9.1"}, func(t *testing.T, server lab.Server) {
		c := labtest.Start(t, lab.Config{Binary: server.Path, NodeTimeout: time.Second})
		var addrs []string
		for _, n := range c.Nodes() {
			if err := n.Kill(); err != nil { // all at once: none can tell the others of the rest
				t.Fatal(err)
			}
		}
		for _, n := range c.Nodes() {
			addrs = append(addrs, moveAway(t, server, n))
		}
		w := watchTarget(t.Context(), target{Seeds: addrs}, 200*time.Millisecond)
		defer w.stop()
		labtest.Until(t, time.Minute, "the console names who moved", func() bool {
			for s := range w.Updates() {
				return found(s, "address-moved")
			}
			return false
		})
		got := expect(t, Fine, append([]string{"repair-addresses", "--yes"}, addrs...)...)
		if !strings.Contains(got.out, "they are of one cluster") || strings.Count(got.out, "CLUSTER MEET") != 6 {
			t.Errorf("the plan: %s", got.out)
		}
		for _, addr := range addrs {
			if text := saidAt(addr, "CLUSTER", "INFO"); !strings.Contains(text, "cluster_state:ok") || !strings.Contains(text, "cluster_known_nodes:3") {
				t.Errorf("%s: %s", addr, text)
			}
		}
		expect(t, Fine, append([]string{"repair-addresses", "--yes"}, addrs...)...) // nothing is left to do
	})
}

func found(s *cluster.Snapshot, id string) bool {
	for _, f := range doctor.Findings(s) {
		if f.ID == id {
			return true
		}
	}
	return false
}

func TestNodeOfAnotherClusterAtAKnownAddressRaisesTheAlarm(t *testing.T) {
	t.Parallel()
	server := labtest.Only(t, "redis-8.6")
	one, other := labtest.Start(t, lab.Config{Binary: server.Path}), labtest.Start(t, lab.Config{Binary: server.Path})
	w := watchTarget(t.Context(), target{Seeds: []string{one.Seed()}}, 200*time.Millisecond)
	defer w.stop()
	gone, stranger := one.Nodes()[2], other.Nodes()[2]
	for _, n := range []*lab.Node{gone, stranger} {
		if err := n.Kill(); err != nil {
			t.Fatal(err)
		}
	}
	startAt(t, server, stranger, gone.Port, gone.BusPort)
	labtest.Until(t, time.Minute, "the console tells that two clusters may merge", func() bool {
		for s := range w.Updates() {
			return found(s, "clusters-merge")
		}
		return false
	})
	got := expect(t, No, "repair-addresses", "--yes", one.Seed(), other.Seed())
	if !strings.Contains(got.err, "they are of two clusters") {
		t.Errorf("%s", got.err)
	}
}
