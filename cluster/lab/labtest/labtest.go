// Package labtest answers one question: how does a test get a real cluster?
//
// It wraps package lab for tests: clusters that stop with the test, runs over
// every server version, and waiting for conditions. Tests that need a server
// are skipped under -short and otherwise fail when there is none; they are
// never quietly left out. With SLOTDECK_MATRIX=full a missing version of the
// matrix is a failure as well.
package labtest

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"slotdeck/cluster/lab"
)

// Matrix is the names of the servers that "make servers" installs.
func Matrix() []string {
	return []string{"redis-7.0", "redis-8.0", "redis-8.6", "valkey-8.1", "valkey-9.1"}
}

// Start starts a cluster that stops when the test ends. When the test failed,
// the ends of the servers' logs are shown.
func Start(t testing.TB, config lab.Config) *lab.Cluster {
	t.Helper()
	needServers(t)
	if config.Binary == "" {
		config.Binary = Any(t).Path
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c, err := lab.Start(ctx, config)
	if err != nil {
		t.Fatalf("the cluster for this test does not start: %v", err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			for _, n := range c.Nodes() {
				t.Logf("%s %s (%s), end of its log:\n%s", c.Server, n.Addr, n.State(), n.LogTail(15))
			}
		}
		if err := c.Stop(); err != nil {
			t.Errorf("the cluster of this test left something behind: %v", err)
		}
	})
	return c
}

// Any returns a server for tests that do not care which: $SLOTDECK_SERVER, else
// the first one found.
func Any(t testing.TB) lab.Server {
	t.Helper()
	needServers(t)
	if os.Getenv("SLOTDECK_SERVER") == "" {
		return servers(t)[0]
	}
	server, err := lab.FindServer(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	return server
}

// EachVersion runs a subtest on every server version found, and at least on
// one.
func EachVersion(t *testing.T, f func(t *testing.T, server lab.Server)) {
	t.Helper()
	needServers(t)
	found := servers(t)
	if missing := missing(found); len(missing) > 0 {
		if strict() {
			t.Errorf("not found: %s; \"make servers\" installs them", strings.Join(missing, ", "))
		} else {
			t.Logf("not run on %s, which were not found; \"make servers\" installs them", strings.Join(missing, ", "))
		}
	}
	for _, server := range found {
		t.Run(server.Name, func(t *testing.T) { f(t, server) })
	}
}

// Only returns the server of the given name, such as "valkey-9.1". Without it
// the test is skipped, or fails under SLOTDECK_MATRIX=full.
func Only(t testing.TB, name string) lab.Server {
	t.Helper()
	needServers(t)
	found := servers(t)
	i := slices.IndexFunc(found, func(s lab.Server) bool { return s.Name == name })
	if i >= 0 {
		return found[i]
	}
	var have []string
	for _, s := range found {
		have = append(have, s.Name)
	}
	const sentence = "this test needs %s, and only %s were found; \"make servers\" installs it"
	if strict() {
		t.Fatalf(sentence, name, strings.Join(have, ", "))
	}
	t.Skipf(sentence, name, strings.Join(have, ", "))
	return lab.Server{}
}

// patience is what a busy machine gets: that many times what an idle one needs.
// It costs only the tests that fail.
const patience = 5

// Until waits until the condition holds, and fails the test when it does not
// within 5 times the time-out, which is what an idle machine needs at most. The
// condition is asked about every 10 ms.
func Until(t testing.TB, timeout time.Duration, what string, condition func() bool) {
	t.Helper()
	began := time.Now()
	for !condition() {
		if time.Since(began) > patience*timeout {
			t.Fatalf("not within %v: %s", patience*timeout, what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func needServers(t testing.TB) {
	t.Helper()
	if testing.Short() {
		t.Skip("needs real servers, which -short leaves out")
	}
}

func strict() bool { return os.Getenv("SLOTDECK_MATRIX") == "full" }

func servers(t testing.TB) []lab.Server {
	t.Helper()
	found, err := lab.Servers(t.Context())
	if err != nil {
		t.Fatalf("%v\nor run \"make servers\"", err)
	}
	return found
}

func missing(found []lab.Server) []string {
	return slices.DeleteFunc(Matrix(), func(name string) bool {
		return slices.ContainsFunc(found, func(s lab.Server) bool { return s.Name == name })
	})
}
