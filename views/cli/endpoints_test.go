package cli

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
)

// TestWhateverServersPreferToBeCalledTheyAreReached: by address, by name, or by none
// at all, where a redirection means the host that was dialled. For IPv6 a name of the
// loopback has to be known here.
func TestWhateverServersPreferToBeCalledTheyAreReached(t *testing.T) {
	t.Parallel()
	onVersions(t, []string{"redis-7.0", "redis-8.6", "valkey-9.1"}, func(t *testing.T, server lab.Server) {
		for family, config := range map[string]lab.Config{"IPv4": {}, "IPv6": {IPv6: true}} {
			name := "localhost"
			kinds := []string{"ip", "hostname", "unknown-endpoint"}
			if config.IPv6 {
				if name = "ip6-localhost"; !leadsTo(name, "::1") {
					kinds = []string{"ip", "unknown-endpoint"}
				}
			}
			config.Binary, config.Extra = server.Path, []string{"cluster-announce-hostname " + name}
			c := labtest.Start(t, config)
			if err := c.Fill(t.Context(), 300); err != nil {
				t.Fatal(err)
			}
			nodes := c.Nodes()
			seeds := map[string]string{"by address": c.Seed()}
			if leadsTo(name, strings.Trim(strings.TrimSuffix(c.Seed(), fmt.Sprint(":", nodes[0].Port)), "[]")) {
				seeds["by name"] = net.JoinHostPort(name, fmt.Sprint(nodes[0].Port))
			}
			for _, kind := range kinds {
				for _, n := range nodes {
					asked(t, n, "CONFIG", "SET", "cluster-preferred-endpoint-type", kind)
				}
				for way, seed := range seeds {
					what := family + ", " + kind + ", " + way
					fine := func(words ...string) string {
						t.Helper()
						got := run(t, "", nil, words...)
						if got.code != Fine || strings.Contains(got.err, "--map") {
							t.Errorf("%s: slotdeck %s: code %d\n%s%s", what, strings.Join(words, " "), got.code, got.out, got.err)
						}
						return got.out
					}
					if seen := decode[infoAnswer](t, fine("info", seed, "-o", "json")); seen.NodesAnswering != 3 {
						t.Errorf("%s: %d nodes answer", what, seen.NodesAnswering)
					}
					fine("check", seed)
					for _, key := range []string{"a", "b", "c", "d"} { // of three nodes
						fine("exec", seed, "--yes", "SET", key, kind)
						if got := fine("exec", seed, "GET", key); got != kind+"\n" {
							t.Errorf("%s: %s holds %q", what, key, got)
						}
					}
					if got := fine("trace", seed, "GET", "a"); !strings.Contains(got, "answered") {
						t.Errorf("%s: %s", what, got)
					}
					if got := fine("scan", seed, "--count"); len(got) < 4 {
						t.Errorf("%s: %s keys", what, got)
					}
				}
				moved := run(t, "", nil, "reshard", c.Seed(), "--from", string(nodes[0].ID), "--to", string(nodes[1].ID), "--slots", "20", "--driver", "migrate", "--yes")
				if moved.code != Fine {
					t.Errorf("%s, %s: a move: %+v", family, kind, moved)
				}
			}
		}
	})
}

// TestNamesThatLeadNowhereFromHereAreFollowedByAddress: nodes may announce names
// that only the network of their clients knows.
func TestNamesThatLeadNowhereFromHereAreFollowedByAddress(t *testing.T) {
	t.Parallel()
	onVersions(t, []string{"redis-7.0", "redis-8.6", "valkey-9.1"}, func(t *testing.T, server lab.Server) {
		c := labtest.Start(t, lab.Config{Binary: server.Path, Extra: []string{"cluster-announce-hostname node.invalid", "cluster-preferred-endpoint-type hostname"}})
		labtest.Until(t, 20*time.Second, "every node has heard all names", func() bool {
			for _, n := range c.Nodes() {
				if strings.Count(asked(t, n, "CLUSTER", "NODES"), "node.invalid") != 3 {
					return false
				}
			}
			return true
		})
		for _, key := range []string{"a", "b", "c", "d"} { // of three nodes
			if got := run(t, "", nil, "exec", c.Seed(), "--yes", "SET", key, "v"); got.code != Fine {
				t.Errorf("exec: %+v", got)
			}
			if got := run(t, "", nil, "trace", c.Seed(), "GET", key); got.code != Fine || !strings.Contains(got.out, "answered") {
				t.Errorf("trace: %+v", got)
			}
		}
		if got := run(t, "", nil, "check", c.Seed()); got.code != Fine {
			t.Errorf("check: %+v", got)
		}
	})
}

func leadsTo(name, ip string) bool {
	addrs, err := net.LookupHost(name)
	return err == nil && slices.Contains(addrs, ip)
}
