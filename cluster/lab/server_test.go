//go:build unix

package lab_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"slotdeck/cluster/lab"
)

// program writes a program that says its version as a server does.
func program(t *testing.T, path, says string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("#!/bin/sh\necho '"+says+"'\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

const (
	redis7   = "Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=1"
	redis10  = "Redis server v=10.2.0 sha=00000000:0 malloc=libc bits=64 build=1"
	valkey91 = "Valkey server v=9.1.2 sha=00000000:0 malloc=libc bits=64 build=1"
)

// alone hides every server of this machine from the test.
func alone(t *testing.T) string {
	t.Helper()
	home := t.TempDir()
	t.Setenv("SLOTDECK_SERVER", "")
	t.Setenv("SLOTDECK_SERVERS", "")
	t.Setenv("XDG_CACHE_HOME", filepath.Join(home, "cache"))
	t.Setenv("PATH", filepath.Join(home, "path"))
	return home
}

func TestNoServerSaysHowToGetOne(t *testing.T) {
	alone(t)
	_, err := lab.FindServer(t.Context(), "")
	if !lab.IsNoServer(err) {
		t.Fatalf("error %v", err)
	}
	for _, want := range []string{"apt-get install redis-server", "brew install", "SLOTDECK_SERVER="} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in %q", want, err)
		}
	}
	if _, err := lab.Servers(t.Context()); !lab.IsNoServer(err) {
		t.Errorf("Servers: %v", err)
	}
}

func TestFindServerGoesFromTheNamedToTheCached(t *testing.T) {
	home := alone(t)
	find := func(binary string) string {
		t.Helper()
		server, err := lab.FindServer(t.Context(), binary)
		if err != nil {
			t.Fatal(err)
		}
		return server.String()
	}
	program(t, filepath.Join(home, "cache/slotdeck/servers/redis-7.0/bin/redis-server"), redis7)
	program(t, filepath.Join(home, "cache/slotdeck/servers/redis-10.2/bin/redis-server"), redis10)
	if got := find(""); got != "redis 10.2.0" {
		t.Errorf("of the cache: %s, want the newest", got)
	}
	program(t, filepath.Join(home, "path/valkey-server"), valkey91)
	if got := find(""); got != "valkey 9.1.2" {
		t.Errorf("with one on PATH: %s", got)
	}
	named := program(t, filepath.Join(home, "named"), redis7)
	t.Setenv("SLOTDECK_SERVER", named)
	if got := find(""); got != "redis 7.0.15" {
		t.Errorf("with SLOTDECK_SERVER: %s", got)
	}
	if got := find("valkey-server"); got != "valkey 9.1.2" {
		t.Errorf("when told: %s", got)
	}
	if _, err := lab.FindServer(t.Context(), filepath.Join(home, "missing")); !lab.IsNoServer(err) || !strings.Contains(err.Error(), "missing cannot be used") {
		t.Errorf("a program that does not exist: %v", err)
	}
	stranger := program(t, filepath.Join(home, "stranger"), "hello")
	if _, err := lab.FindServer(t.Context(), stranger); !lab.IsNoServer(err) || !strings.Contains(err.Error(), "does not answer like") {
		t.Errorf("a stranger: %v", err)
	}
}

func TestServersListsEachVersionOnce(t *testing.T) {
	home := alone(t)
	list := func() string {
		t.Helper()
		found, err := lab.Servers(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, s := range found {
			names = append(names, s.Name)
		}
		return strings.Join(names, " ")
	}
	program(t, filepath.Join(home, "path/redis-server"), redis7)
	if got := list(); got != "redis-7.0" {
		t.Errorf("on PATH: %s", got)
	}
	cache := filepath.Join(home, "cache/slotdeck/servers")
	program(t, filepath.Join(cache, "b/bin/valkey-server"), valkey91)
	program(t, filepath.Join(cache, "a/bin/redis-server"), redis10)
	program(t, filepath.Join(cache, "c/bin/redis-server"), redis10)
	if got := list(); got != "redis-10.2 valkey-9.1" {
		t.Errorf("in the cache: %s", got)
	}
	t.Setenv("SLOTDECK_SERVERS", filepath.Join(home, "path")+":"+filepath.Join(cache, "b/bin/valkey-server"))
	if got := list(); got != "redis-7.0 valkey-9.1" {
		t.Errorf("in SLOTDECK_SERVERS: %s", got)
	}
}
