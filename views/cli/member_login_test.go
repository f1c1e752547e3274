package cli

import (
	"fmt"
	"net"
	"strings"
	"testing"

	"slotdeck/cluster"
	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
)

// secretly runs the program with a password in its environment.
func secretly(t *testing.T, password string, code Exit, args ...string) outcome {
	t.Helper()
	got := run(t, "", map[string]string{"REDISCLI_AUTH": password}, args...)
	if got.code != code {
		t.Fatalf("slotdeck %s: code %d, want %d\n%s\n%s", strings.Join(args, " "), got.code, code, got.out, got.err)
	}
	return got
}

func TestClustersAreMadeGrownAndShrunkWithPasswordsNamesAndIPv6(t *testing.T) {
	t.Parallel()
	const password = "let me in"
	for _, version := range []string{"redis-7.0", "redis-8.6", "valkey-8.1", "valkey-9.1"} {
		for name, c := range map[string]struct {
			config lab.Config
			host   string // as it is typed
		}{
			"password and IPv6":      {lab.Config{IPv6: true, Password: password}, "::1"},
			"password and hostnames": {lab.Config{Hostnames: true, Password: password}, "localhost"},
			"a user for replication": {lab.Config{Password: password, Extra: []string{
				"user repl on >0ther ~* &* +psync +replconf +ping", "masteruser repl", "masterauth 0ther"}}, "127.0.0.1"},
		} {
			t.Run(version+" "+name, func(t *testing.T) {
				t.Parallel()
				c.config.Binary = labtest.Only(t, version).Path
				all := spares(t, c.config, 7)
				typed := make([]string, len(all))
				for i, n := range all {
					typed[i] = net.JoinHostPort(c.host, fmt.Sprint(n.Port))
				}
				if c.config.IPv6 {
					expect(t, Denied, append([]string{"create", "--yes"}, typed[:3]...)...)
				}
				got := secretly(t, password, Fine, append([]string{"create", "--replicas", "1", "--yes"}, typed[:6]...)...)
				if !strings.Contains(got.out, "every node gives its primary what the others ask for") || !strings.Contains(got.out, "all have the same users") || strings.Contains(got.out+got.err, password) {
					t.Errorf("the plan: %s%s", got.out, got.err)
				}
				oneCluster(t, all[:6])
				secretly(t, password, Fine, "add-node", typed[6], typed[0], "--replica", "--yes")
				oneCluster(t, all)
				for _, n := range all {
					if m, _ := roleOf(t, n, n); m.Flags.Has(cluster.Replica) && !strings.Contains(asked(t, n, "INFO", "replication"), "master_link_status:up") {
						t.Errorf("%s is not linked to its primary", n.Addr)
					}
				}
				secretly(t, password, Fine, "del-node", typed[0], string(all[6].ID), "--yes", "--watch", "1s")
				oneCluster(t, all[:6])
			})
		}
	}
}

func TestServersThatWouldNotLetTheirReplicasInAreNotMadeACluster(t *testing.T) {
	t.Parallel()
	all := spares(t, lab.Config{Binary: labtest.Any(t).Path, Password: "pw",
		Extra:   []string{"masteruser repl", "masterauth 0ther"},
		ExtraAt: map[int][]string{2: {"user repl on >n0t-that ~* &* +psync +replconf +ping"}, 3: {"user repl on >0ther ~* &* +get"}},
	}, 6)
	create := append([]string{"create", "--replicas", "1", "--yes"}, addrsOf(all)...)
	wants := func(says string) {
		t.Helper()
		if got := secretly(t, "pw", Usage, create...); !strings.Contains(got.err, says) || strings.Contains(got.err, "0ther") {
			t.Errorf("no %q in %s", says, got.err)
		}
		if n := len(sees(t, all[0]).Members); n != 1 {
			t.Errorf("%d nodes know each other", n)
		}
	}
	user := func(n *lab.Node, rules ...any) {
		t.Helper()
		asked(t, n, append([]any{"ACL", "SETUSER", "repl"}, rules...)...)
	}
	wants("that user has another password there") // the second; the lab's own node is before the first
	user(all[1], "resetpass", ">0ther")
	wants("may not PING there")
	user(all[2], "+psync", "+replconf", "+ping")
	wants("there is no such user there")
	for i, n := range all {
		if i != 1 && i != 2 {
			user(n, "on", ">0ther", "~*", "&*", "+psync", "+replconf", "+ping")
		}
	}
	if got := secretly(t, "pw", Fine, append(create, "--dry-run")...); !strings.Contains(got.out, `do not have the same users: "repl" differs`) {
		t.Errorf("a user with more rights on one is not told of: %s", got.out)
	}
}

func TestClusterOverTLSIsMadeGrownAndShrunk(t *testing.T) {
	t.Parallel()
	cert, key := certificate(t, "node.example")
	server := labtest.Any(t)
	config := lab.Config{Binary: server.Path, ExtraAt: map[int][]string{},
		Extra: []string{"tls-cluster yes", "tls-replication yes", "tls-auth-clients no", "tls-cert-file " + cert, "tls-key-file " + key, "tls-ca-cert-file " + cert}}
	var typed []string
	for i := range 8 {
		addr := freePair(t)
		_, port, _ := strings.Cut(addr, ":")
		config.ExtraAt[i] = []string{"tls-port " + port}
		typed = append(typed, addr)
	}
	typed = typed[1:] // the lab's own node is no part of this
	all := spares(t, config, 7)
	flags := []string{"--yes", "--tls", "--cacert", cert, "--sni", "node.example"}
	got := expect(t, Fine, append(append([]string{"create", "--replicas", "1"}, typed[:6]...), flags...)...)
	if !strings.Contains(got.out, "all speak TLS on the cluster bus: yes; for replication: yes") {
		t.Errorf("the plan does not tell of TLS: %s", got.out)
	}
	oneCluster(t, all[:6])
	expect(t, Fine, append([]string{"add-node", typed[6], typed[0], "--replica"}, flags...)...)
	oneCluster(t, all)
	expect(t, Fine, append([]string{"del-node", typed[0], string(all[6].ID), "--watch", "1s"}, flags...)...)
	oneCluster(t, all[:6])
	asked(t, all[6], "CONFIG", "SET", "tls-cluster", "no")
	if got := expect(t, Usage, append([]string{"add-node", typed[6], typed[0]}, flags...)...); !strings.Contains(got.err, "speaks TLS on the cluster bus") {
		t.Errorf("a node that could not meet the others: %s", got.err)
	}
}
