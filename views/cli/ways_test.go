package cli

import (
	"bytes"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
)

// tap passes everything on to a node and keeps what was sent to it.
type tap struct {
	addr string
	mu   sync.Mutex
	sent []*wiretap
}

// wiretap is one connection: what two of them send must not run together.
type wiretap struct {
	tap  *tap
	sent bytes.Buffer
}

func newTap(t *testing.T, node string) *tap {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &tap{addr: listener.Addr().String()}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", node)
			if err != nil {
				_ = near.Close()
				continue
			}
			all.Go(func() { _, _ = io.Copy(io.MultiWriter(far, p.connection()), near); _ = far.Close() })
			all.Go(func() { _, _ = io.Copy(near, far); _ = near.Close() })
		}
	})
	t.Cleanup(func() { _ = listener.Close(); all.Wait() })
	return p
}

func (p *tap) connection() *wiretap {
	p.mu.Lock()
	defer p.mu.Unlock()
	w := &wiretap{tap: p}
	p.sent = append(p.sent, w)
	return w
}

func (w *wiretap) Write(b []byte) (int, error) {
	w.tap.mu.Lock()
	defer w.tap.mu.Unlock()
	return w.sent.Write(b)
}

// commands are the first words, and second ones, of what was sent.
func (p *tap) commands() map[string]bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	found := map[string]bool{}
	command := regexp.MustCompile(`(?s)\*\d+\r\n\$\d+\r\n([^\r]*)\r\n(?:\$\d+\r\n([^\r]*)\r\n)?`)
	for _, w := range p.sent {
		for _, m := range command.FindAllStringSubmatch(w.sent.String(), -1) {
			first := strings.ToUpper(m[1])
			switch first {
			case "CLUSTER", "CONFIG", "CLIENT":
				first += " " + strings.ToUpper(m[2])
			}
			found[first] = true
		}
	}
	return found
}

// tapped is a cluster whose nodes are reached through taps alone, by a map.
func tapped(t *testing.T, c *lab.Cluster) (taps []*tap, flags []string) {
	t.Helper()
	for _, n := range c.Nodes() {
		p := newTap(t, n.Addr)
		taps = append(taps, p)
		flags = append(flags, "--map", n.Addr+"="+p.addr)
	}
	return taps, flags
}

func TestReadOnlySendsNothingThatChangesAnything(t *testing.T) {
	t.Parallel()
	c := labtest.Start(t, lab.Config{Replicas: 1})
	taps, with := tapped(t, c)
	with = append(with, "--readonly")
	seed, a, b := taps[0].addr, c.Nodes()[0], c.Nodes()[1]
	for _, words := range [][]string{
		{"info", seed}, {"status", seed}, {"status", seed, "-o", "json"},
		{"reshard", seed, "--from", string(a.ID), "--to", string(b.ID), "--slots", "10", "--yes"},
		{"rebalance", seed, "--weight", string(a.ID) + "=3", "--yes"},
		{"drain", seed, "--node", string(a.ID), "--yes"},
		{"failover", c.Nodes()[3].Addr, "--yes"},
		{"call", seed, "FLUSHALL", "--yes"},
		{"set-timeout", seed, "4000", "--yes"},
		{"replicate", seed, string(c.Nodes()[3].ID), string(b.ID), "--yes"},
		{"del-node", seed, string(c.Nodes()[4].ID), "--yes"},
		{"reset", a.Addr, "--yes"},
	} {
		got := run(t, "", nil, append(words, with...)...)
		if reads := words[0] == "info" || words[0] == "status"; reads != (got.code == Fine) {
			t.Errorf("%v: code %d\n%s\n%s", words, got.code, got.out, got.err)
		}
	}
	allowed := strings.Fields("PING INFO HELLO AUTH ROLE DBSIZE CLUSTER_INFO CLUSTER_NODES CLUSTER_SHARDS CLUSTER_SLOTS CLUSTER_MYID CLUSTER_COUNTKEYSINSLOT CLUSTER_COUNT-FAILURE-REPORTS CLUSTER_LINKS CLUSTER_SLOT-STATS CLIENT_LIST CONFIG_GET COMMAND CLUSTER_MIGRATION CLUSTER_GETSLOTMIGRATIONS MEMORY FUNCTION TIME LATENCY SLOWLOG ACL CLUSTER_GETKEYSINSLOT")
	may := map[string]bool{}
	for _, w := range allowed {
		may[strings.ReplaceAll(w, "_", " ")] = true
	}
	total := 0
	for i, p := range taps {
		for command := range p.commands() {
			total++
			if !may[command] {
				t.Errorf("%s was sent to node %d", command, i)
			}
		}
	}
	if total < 6 {
		t.Errorf("only %d kinds of commands were seen: is the tap in between?", total)
	}
}

func TestContextsAreAddedListedTriedAndProtect(t *testing.T) {
	t.Parallel()
	c := labtest.Start(t, lab.Config{Password: "s3cret"})
	_, rules := tapped(t, c)
	home := t.TempDir()
	env := map[string]string{"HOME": home}
	secret := filepath.Join(home, "secret")
	if err := os.WriteFile(secret, []byte("s3cret\nnot this line\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	add := append([]string{"context", "add", "prod", c.Seed(), "--pass-file", "~/secret", "--protected"}, rules...)
	if got := run(t, "", env, add...); got.code != Fine {
		t.Fatalf("%+v", got)
	}
	if got := run(t, "", env, add...); got.code != Usage || !strings.Contains(got.err, "already") {
		t.Errorf("added twice: %+v", got)
	}
	if got := run(t, "", env, "context", "add", "b", c.Seed(), "-a", "s3cret"); got.code != Usage {
		t.Errorf("a password was taken into the file: %+v", got)
	}
	path := filepath.Join(home, ".config", "slotdeck", "config.toml")
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 || strings.Contains(readFile(t, path), "s3cret") {
		t.Errorf("%v %v\n%s", info, err, readFile(t, path))
	}
	if got := run(t, "", env, "context", "list"); got.code != Fine || !strings.Contains(got.out, "* prod") || !strings.Contains(got.out, "protected") {
		t.Errorf("%+v", got)
	}
	if got := run(t, "", env, "context", "test", "prod"); got.code != Fine || strings.Count(got.out, "dialled at") != 2 {
		t.Errorf("%+v", got)
	}
	if got := run(t, "", env, "info", "--context", "prdo"); got.code != Usage || !strings.Contains(got.err, `did you mean "prod"?`) {
		t.Errorf("%+v", got)
	}
	if got := run(t, "", env, "info"); got.code != Fine { // it is the default
		t.Errorf("%+v", got)
	}
	timeout := []string{"set-timeout", "--context", "prod", "4000", "--yes"}
	if got := run(t, "", env, timeout...); got.code != Usage || !strings.Contains(got.err, "--confirm prod") {
		t.Errorf("a protected context was changed: %+v", got)
	}
	if got := run(t, "", env, append(timeout, "--confirm", "lab")...); got.code != Usage {
		t.Errorf("a protected context was changed: %+v", got)
	}
	if got := run(t, "", env, append(timeout, "--confirm", "prod")...); got.code != Fine {
		t.Errorf("%+v", got)
	}
	if err := os.Chmod(secret, 0o644); err != nil {
		t.Fatal(err)
	}
	if got := run(t, "", env, "info"); got.code != Fine || !strings.Contains(got.err, "other users of this machine may read") {
		t.Errorf("%+v", got)
	}
}

func TestAUnixSocketServesAsSeed(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s")
	c := labtest.Start(t, lab.Config{ExtraAt: map[int][]string{0: {"unixsocket " + path}}})
	for _, words := range [][]string{{"info", "unix://" + path}, {"info", "-s", path}} {
		got := run(t, "", nil, append(words, "-o", "json")...)
		if got.code != Fine || decode[infoAnswer](t, got.out).NodesAnswering != 3 {
			t.Errorf("%v: %+v", words, got)
		}
	}
	_ = c
}

func TestReadersAndChangersLogInApart(t *testing.T) {
	t.Parallel()
	c := labtest.Start(t, lab.Config{Extra: []string{
		"user watcher on >look ~* &* +@read +@connection +info +cluster|info +cluster|nodes +cluster|shards +config|get +role",
		"user op on >act ~* &* +@all",
	}})
	home := t.TempDir()
	config := filepath.Join(home, "c.toml")
	text := "default = \"x\"\n[contexts.x]\nseeds = [\"" + c.Seed() + "\"]\nuser = \"watcher\"\npassword = {env = \"LOOK\"}\n" +
		"change = {user = \"op\", password = {command = [\"echo\", \"act\"]}}\n"
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"LOOK": "look", "HOME": home}
	if got := run(t, "", env, "set-timeout", "--context", "x", "4000", "--config", config, "--yes"); got.code != Fine {
		t.Errorf("%+v", got)
	}
	if got := run(t, "", env, "journal", "-o", "json"); strings.Contains(got.out, "act\"") || got.code != Fine {
		t.Errorf("%+v", got)
	}
	if got := run(t, "", map[string]string{"HOME": home}, "info", "--config", config); got.code != Usage || !strings.Contains(got.err, "LOOK") {
		t.Errorf("%+v", got)
	}
}
