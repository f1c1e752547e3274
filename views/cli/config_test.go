package cli

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
	"slotdeck/cluster/wire"
)

// freePair is a port on loopback that is free, and so is its bus port.
func freePair(t testing.TB) string {
	t.Helper()
	for range 100 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		port := l.Addr().(*net.TCPAddr).Port
		l.Close()
		if port > 55535 {
			port -= 20000
		}
		if bus, err := net.Listen("tcp", join("127.0.0.1", port+10000)); err == nil {
			bus.Close()
			return join("127.0.0.1", port)
		}
	}
	t.Fatal("no free pair of ports")
	return ""
}

// servedBy starts a server with a file that slotdeck wrote, until the test ends.
func servedBy(t testing.TB, server lab.Server, dir, file string) {
	t.Helper()
	cmd := exec.Command(server.Path, file)
	cmd.Dir, cmd.Env = dir, []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C"}
	var log strings.Builder
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s:\n%s", file, log.String())
		}
	})
}

func TestConfigFilesMakeAClusterOfEveryVersion(t *testing.T) {
	labtest.EachVersion(t, func(t *testing.T, server lab.Server) {
		t.Parallel()
		const password = `p "4" \ss wörd`
		env := map[string]string{"REDISCLI_AUTH": password}
		dir := t.TempDir()
		nodes := []string{freePair(t), freePair(t), freePair(t)}
		args := append([]string{"config", "--replicas", "0", "--data", "90mb", "--out", dir, "--dir", dir, "--persistence", "both", "-o", "json"}, nodes...)
		got := run(t, "", env, args...)
		if got.code != Fine || strings.Contains(got.out+got.err, "wörd") {
			t.Fatalf("code %d: %s%s", got.code, got.out, got.err)
		}
		written := decode[configAnswer](t, got.out).Written
		if len(written) != 3 {
			t.Fatalf("%q were written", written)
		}
		for _, file := range written {
			if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%s: %v, %v: others can read the password", file, info, err)
			}
			servedBy(t, server, dir, file)
		}
		labtest.Until(t, 20*time.Second, "the servers accept their files", func() bool {
			return run(t, "", env, append([]string{"create", "--dry-run"}, nodes...)...).code == Fine
		})
		if got := run(t, "", env, append([]string{"create", "--yes"}, nodes...)...); got.code != Fine {
			t.Fatalf("create: code %d\n%s%s", got.code, got.out, got.err)
		}
		node := wire.Open(nodes[1], wire.Options{Password: wire.NewSecret(password)})
		defer node.Close()
		for name, want := range map[string]string{"maxmemory": "39845888", "appendonly": "yes", "cluster-announce-ip": "127.0.0.1", "masterauth": password} {
			got, err := node.Do(context.Background(), "CONFIG", "GET", name)
			if pair, _ := got.([]any); err != nil || len(pair) != 2 || pair[1] != want {
				t.Errorf("the server has %s %q (%v), want %q", name, got, err, want)
			}
		}
	})
}

func TestConfigOverwritesNothing(t *testing.T) {
	dir := t.TempDir()
	taken := filepath.Join(dir, "127.0.0.1-7002.conf")
	if err := os.WriteFile(taken, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	expect(t, No, "config", "--nodes", "3", "--replicas", "0", "--data", "1gb", "--out", dir)
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) != 1 {
		t.Errorf("left behind: %q", left)
	}
	if text, err := os.ReadFile(taken); err != nil || string(text) != "mine" {
		t.Errorf("the file holds %q now (%v)", text, err)
	}
	expect(t, Fine, "config", "--nodes", "3", "--replicas", "0", "--data", "1gb", "--out", dir, "--dry-run")
	expect(t, Usage, "config", "--nodes", "3", "10.0.0.1:7001")
	expect(t, Usage, "config", "--nodes", "3", "--replicas", "0", "--data", "much")
	expect(t, Usage, "config", "10.0.0.1:1", "10.0.0.2:1", "10.0.0.3:1", "--replicas", "0", "--data", "1gb")
}
