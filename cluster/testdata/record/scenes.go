//go:build ignore

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

type recorder struct {
	cluster *cluster
	out     string
}

// scenes are played in this order; each leaves the cluster healthy, until one is killed.
var scenes = []struct {
	name string
	play func(*recorder) error
}{
	{"fresh", func(r *recorder) error { return r.write("fresh", true, 0) }},
	{"healthy", healthy},
	{"hostnames", hostnames},
	{"ipv6", ipv6},
	{"nofailover", noFailover},
	{"open-slot", openSlot},
	{"handshake", handshake},
	{"failed", failed},
	{"returned", returned},
}

func healthy(r *recorder) error {
	cli, err := r.cluster.program("cli")
	if err != nil {
		return err
	}
	args := []string{"--cluster", "create"}
	for _, n := range r.cluster.nodes {
		args = append(args, fmt.Sprintf("127.0.0.1:%d", n.port))
	}
	args = append(args, "--cluster-replicas", "1", "--cluster-yes")
	if out, err := exec.Command(cli, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	if err := r.all("six nodes in peace", func(_ *node, nodes string) bool {
		return strings.Count(nodes, "\n") == size && strings.Count(nodes, " slave ")+strings.Count(nodes, ",slave ") == 3 &&
			!strings.Contains(nodes, "fail") && !strings.Contains(nodes, "disconnected")
	}); err != nil {
		return err
	}
	if err := wait("a key to be taken", func() bool {
		raw, err := r.cluster.nodes[0].ask(2, "SET {afps} some-value EX 10000")
		return err == nil && string(raw) == "+OK\r\n"
	}); err != nil {
		return err
	}
	if err := wait("replicas in CLUSTER SLOTS", func() bool {
		raw, err := r.cluster.nodes[0].ask(2, "CLUSTER SLOTS")
		return err == nil && strings.Count(string(raw), "$40\r\n") == size
	}); err != nil {
		return err
	}
	return r.write("healthy", true, 0, 1, 2, 3, 4, 5)
}

func hostnames(r *recorder) error {
	for i, n := range r.cluster.nodes {
		if _, err := n.text(fmt.Sprintf("CONFIG SET cluster-announce-hostname node-%d.example", i+1)); err != nil {
			return err
		}
	}
	if err := r.all("hostnames", func(_ *node, nodes string) bool { return strings.Count(nodes, ".example") == size }); err != nil {
		return err
	}
	if err := r.write("hostnames", false, 0, 1, 2, 3, 4, 5); err != nil {
		return err
	}
	for _, n := range r.cluster.nodes {
		if _, err := n.text(`CONFIG SET cluster-announce-hostname ""`); err != nil {
			return err
		}
	}
	return r.all("no hostnames", func(_ *node, nodes string) bool { return !strings.Contains(nodes, ".example") })
}

func ipv6(r *recorder) error {
	if _, err := r.cluster.nodes[5].text("CONFIG SET cluster-announce-ip ::1"); err != nil {
		return err
	}
	if err := r.all("the IPv6 address", func(_ *node, nodes string) bool { return strings.Contains(nodes, "::1:") }); err != nil {
		return err
	}
	if err := r.write("ipv6", false, 0, 5); err != nil {
		return err
	}
	if _, err := r.cluster.nodes[5].text(`CONFIG SET cluster-announce-ip 127.0.0.1`); err != nil {
		return err
	}
	return r.all("the IPv4 address", func(_ *node, nodes string) bool {
		return !strings.Contains(nodes, "::1:") && !strings.Contains(nodes, "fail")
	})
}

func noFailover(r *recorder) error {
	if _, err := r.cluster.nodes[4].text("CONFIG SET cluster-replica-no-failover yes"); err != nil {
		return err
	}
	if err := r.all("nofailover", func(_ *node, nodes string) bool { return strings.Contains(nodes, "nofailover") }); err != nil {
		return err
	}
	if err := r.write("nofailover", false, 0, 4); err != nil {
		return err
	}
	_, err := r.cluster.nodes[4].text("CONFIG SET cluster-replica-no-failover no")
	return err
}

func openSlot(r *recorder) error {
	source, target := r.cluster.nodes[0], r.cluster.nodes[1]
	from, err := source.text("CLUSTER MYID")
	if err != nil {
		return err
	}
	to, err := target.text("CLUSTER MYID")
	if err != nil {
		return err
	}
	if _, err := target.text("CLUSTER SETSLOT 100 IMPORTING " + from); err != nil {
		return err
	}
	if _, err := source.text("CLUSTER SETSLOT 100 MIGRATING " + to); err != nil {
		return err
	}
	if _, err := source.text("CLUSTER SETSLOT 101 MIGRATING " + to); err != nil {
		return err
	}
	if err := r.write("open-slot", false, 0, 1, 2, 3, 4, 5); err != nil {
		return err
	}
	for _, command := range []string{"CLUSTER SETSLOT 100 STABLE", "CLUSTER SETSLOT 101 STABLE"} {
		for _, n := range []*node{source, target} {
			if _, err := n.text(command); err != nil {
				return err
			}
		}
	}
	return nil
}

func handshake(r *recorder) error {
	port, err := freePort()
	if err != nil {
		return err
	}
	if _, err := r.cluster.nodes[0].text(fmt.Sprintf("CLUSTER MEET 127.0.0.1 %d", port)); err != nil {
		return err
	}
	if err := r.write("handshake", false, 0, 1); err != nil {
		return err
	}
	return r.all("the handshake to end", func(_ *node, nodes string) bool { return !strings.Contains(nodes, "handshake") })
}

// failed kills the third primary, and records the suspicion, the verdict and the failover.
func failed(r *recorder) error {
	if err := r.all("an ok state", func(n *node, _ string) bool {
		info, err := n.text("CLUSTER INFO")
		return err == nil && strings.Contains(info, "cluster_state:ok")
	}); err != nil {
		return err
	}
	r.cluster.nodes[2].kill()
	alive := []int{0, 1, 3, 4, 5}
	if err := r.any("a suspicion", alive, func(nodes string) bool { return strings.Contains(nodes, "fail") }); err != nil {
		return err
	}
	if err := r.write("suspected", false, alive...); err != nil {
		return err
	}
	if err := r.any("the verdict", alive, func(nodes string) bool { return strings.Contains(nodes, "master,fail ") }); err != nil {
		return err
	}
	if err := r.write("failed", true, alive...); err != nil {
		return err
	}
	for _, i := range alive {
		if err := wait("the successor", func() bool {
			nodes, err := r.cluster.nodes[i].text("CLUSTER NODES")
			info, err2 := r.cluster.nodes[i].text("CLUSTER INFO")
			return errors.Join(err, err2) == nil && strings.Contains(nodes, "master,fail ") &&
				strings.Contains(info, "cluster_state:ok") && strings.Count(nodes, "-16383") == 1
		}); err != nil {
			return err
		}
	}
	return r.write("failed-over", true, alive...)
}

func returned(r *recorder) error {
	if err := r.cluster.run(2); err != nil {
		return err
	}
	if err := r.all("six nodes in peace", func(_ *node, nodes string) bool {
		return strings.Count(nodes, "slave ") == 3 && !strings.Contains(nodes, "fail")
	}); err != nil {
		return err
	}
	return r.write("returned", true, 0, 1, 2, 3, 4, 5)
}

// all waits until every node answers CLUSTER NODES as wanted.
func (r *recorder) all(what string, holds func(*node, string) bool) error {
	for _, n := range r.cluster.nodes {
		if err := wait(what, func() bool {
			nodes, err := n.text("CLUSTER NODES")
			return err == nil && holds(n, nodes)
		}); err != nil {
			return err
		}
	}
	return nil
}

// any waits until one of the nodes answers CLUSTER NODES as wanted.
func (r *recorder) any(what string, which []int, holds func(string) bool) error {
	return wait(what, func() bool {
		for _, i := range which {
			if nodes, err := r.cluster.nodes[i].text("CLUSTER NODES"); err == nil && holds(nodes) {
				return true
			}
		}
		return false
	})
}

// write records what the given nodes answer now: NODES and CLUSTER INFO of each,
// INFO if wanted, SHARDS and SLOTS of the first in both protocols.
func (r *recorder) write(scene string, info bool, which ...int) error {
	dir := filepath.Join(r.out, scene)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	texts := map[string]string{"nodes": "CLUSTER NODES", "clusterinfo": "CLUSTER INFO"}
	if info {
		texts["info"] = "INFO"
	}
	for _, i := range which {
		for name, command := range texts {
			text, err := r.cluster.nodes[i].text(command)
			if err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.%s", i+1, name)), []byte(scrub(text)), 0o644); err != nil {
				return err
			}
		}
	}
	for _, protocol := range []int{2, 3} {
		for _, what := range []string{"shards", "slots"} {
			raw, err := r.cluster.nodes[which[0]].ask(protocol, "CLUSTER "+what)
			if err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.%s.resp%d", which[0]+1, what, protocol)), raw, 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}

var ofTheMachine = regexp.MustCompile(`(?m)^(executable|config_file|os):[^\r\n]*`)

// scrub takes out what belongs to the machine, not to the server.
func scrub(info string) string {
	return ofTheMachine.ReplaceAllString(info, "$1:scrubbed")
}
