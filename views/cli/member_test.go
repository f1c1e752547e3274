package cli

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
)

// memberVersions are the servers that membership is tried on.
func memberVersions() []string { return []string{"redis-7.0", "redis-8.6", "valkey-8.1", "valkey-9.1"} }

// onVersions runs a claim on each of them, two at a time.
func onVersions(t *testing.T, versions []string, f func(t *testing.T, server lab.Server)) {
	t.Helper()
	for _, v := range versions {
		t.Run(v, func(t *testing.T) {
			t.Parallel()
			f(t, labtest.Only(t, v))
		})
	}
}

// spares are empty servers in cluster mode that nobody has met. The lab starts
// no cluster without slots, so that there is one more node, which is no part of
// what is tested.
func spares(t *testing.T, config lab.Config, n int) []*lab.Node {
	t.Helper()
	config.Primaries = 1
	return addSpares(t, labtest.Start(t, config), n)
}

func addSpares(t *testing.T, c *lab.Cluster, n int) (out []*lab.Node) {
	t.Helper()
	for range n {
		s, err := c.AddSpare(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, s)
	}
	return out
}

func addrsOf(nodes []*lab.Node) (out []string) {
	for _, n := range nodes {
		out = append(out, n.Addr)
	}
	return out
}

// expect runs the program and wants it to end with a code.
func expect(t *testing.T, code Exit, args ...string) outcome {
	t.Helper()
	got := run(t, "", nil, args...)
	if got.code != code {
		t.Fatalf("slotdeck %s: code %d, want %d\n%s\n%s", strings.Join(args, " "), got.code, code, got.out, got.err)
	}
	return got
}

func decode[T any](t *testing.T, text string) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("not JSON: %v\n%s", err, text)
	}
	return v
}

// asked is what a node says, straight from the server.
func asked(t *testing.T, n *lab.Node, args ...any) string {
	t.Helper()
	text, err := n.Do(context.Background(), args...).Text()
	if err != nil {
		t.Fatalf("%v on %s: %v", args, n.Addr, err)
	}
	return text
}

// sees is what one node says of the cluster.
func sees(t *testing.T, n *lab.Node) *cluster.View {
	t.Helper()
	v, err := cluster.ParseNodes(asked(t, n, "CLUSTER", "NODES"))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// oneCluster makes sure that all nodes show exactly each other, the same
// owners, and the state ok.
func oneCluster(t *testing.T, nodes []*lab.Node) {
	t.Helper()
	labtest.Until(t, time.Minute, "every node lists exactly the others and is ok", func() bool {
		first := sees(t, nodes[0])
		for _, n := range nodes {
			v := sees(t, n)
			if len(v.Members) != len(nodes) || v.Config() != first.Config() || !strings.Contains(asked(t, n, "CLUSTER", "INFO"), "cluster_state:ok") {
				return false
			}
		}
		return true
	})
}
