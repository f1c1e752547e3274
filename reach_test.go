package main

import (
	"strings"
	"sync"
	"testing"

	"slotdeck/cluster/fake"
)

// TestARuleIsProposedWhenNoNodeIsReachedWhereItSaysItIs: as behind address
// translation, only the address that was given leads to a node. What is asked
// of the nodes then makes no difference.
func TestARuleIsProposedWhenNoNodeIsReachedWhereItSaysItIs(t *testing.T) {
	t.Parallel()
	c, err := fake.Start(3, 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	c.Change(func(topology *fake.Topology) {
		for i := range topology.Members {
			topology.Members[i].Host = "127.9.9.9" // nothing listens there
		}
	})
	seed := c.Addr(fake.ID(0))
	if _, _, errs := plain(t, nil, "info", seed); !strings.Contains(errs, "try --map '*=127.0.0.1'") {
		t.Errorf("info does not propose the rule: %q", errs)
	}
	if code, out, errs := plain(t, nil, "info", seed, "--map", "*=127.0.0.1"); code != 0 || strings.Contains(errs, "--map") || !strings.Contains(out, "6 of 6 nodes answer") {
		t.Errorf("the rule does not help: code %d, %s %s", code, out, errs)
	}
	spare, err := fake.Start(1, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(spare.Close)
	const elsewhere = "k" // slot 7629, the second node's
	c.Server(fake.ID(0)).SetHook(func(cmd fake.Command) fake.Reply {
		if cmd.Name() != "GET" {
			return fake.Reply{}
		}
		_, port, _ := strings.Cut(c.Addr(fake.ID(1)), ":")
		return fake.Reply{Error: "MOVED 7629 127.9.9.9:" + port}
	})
	commands := [][]string{
		{"failover", seed, "--replica", fake.ID(3), "--yes"}, {"set", seed, "maxmemory-samples", "6", "--yes"}, {"del-node", seed, fake.ID(3), "--yes"},
		{"reshard", seed, "--from", fake.ID(0), "--to", fake.ID(1), "--slots", "1", "--yes"}, {"call", seed, "PING", "--yes"}, {"fix", seed, "--yes"},
		{"backup", seed, t.TempDir()}, {"scan", seed}, {"rolling-restart", seed, "--hook", "true", "--yes"},
		{"exec", seed, "GET", elsewhere}, {"trace", seed, "GET", elsewhere}, {"bigkeys", seed}, {"hot", seed},
		{"status", seed}, {"check", seed}, {"drift", seed}, {"rebalance", seed, "--yes"}, {"drain", seed, "--node", fake.ID(1), "--yes"},
		{"resume", seed, "--yes"}, {"spread", seed, "--yes"}, {"add-node", spare.Addr(fake.ID(0)), seed, "--yes"}, {"replicate", seed, fake.ID(3), fake.ID(1), "--yes"},
		{"forget", seed, fake.ID(3), "--yes"}, {"set-timeout", seed, "9000", "--yes"},
	}
	var all sync.WaitGroup
	for _, words := range commands {
		all.Go(func() {
			if _, _, errs := plain(t, nil, words...); strings.Count(errs, "try --map '*=127.0.0.1'") != 1 {
				t.Errorf("%s does not propose the rule once: %q", words[0], errs)
			}
		})
	}
	all.Wait()
	s := start(t, seed)
	s.shows("1/6 nodes", ":dial *=127.0.0.1")
	s.press(":dial\r")
	s.shows(whole...)
	s.press("3\r")
	s.shows("dialled", "127.9.9.9:")
	s.press("q")
	if code := s.ends(); code != 0 {
		t.Errorf("it ended with code %d", code)
	}
	s.restored()
}
