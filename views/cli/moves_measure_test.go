package cli

import (
	"strings"
	"testing"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
)

// speaksOfSlots is a server that counts traffic for each slot.
func speaksOfSlots(t *testing.T) lab.Server {
	t.Helper()
	all, err := lab.Servers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		if s.Flavor == "valkey" {
			return s
		}
	}
	t.Fatal("no valkey server was found; \"make servers\" installs some")
	return lab.Server{}
}

func TestRebalanceByTrafficMovesWhatIsUsed(t *testing.T) {
	t.Parallel()
	env := map[string]string{"XDG_STATE_HOME": t.TempDir()}
	c := labtest.Start(t, lab.Config{Binary: speaksOfSlots(t).Path, Extra: []string{"cluster-slot-stats-enabled yes"}})
	// All traffic goes to the first node, to those of the tags that are its own.
	node, value := c.Nodes()[0], strings.Repeat("x", 5000)
	for _, tag := range []string{"{b}", "{f}", "{bar}"} {
		for range 50 {
			if err := node.Do(t.Context(), "SET", tag, value).Err(); err != nil && !strings.Contains(err.Error(), "MOVED") {
				t.Fatal(err)
			}
		}
	}
	got := run(t, "", env, "rebalance", c.Seed(), "--by", "traffic", "--simulate")
	if got.code != Fine || !strings.Contains(got.out, "rebalance by traffic") || !strings.Contains(got.out, "Moving ") {
		t.Fatalf("code %d\n%s\n%s", got.code, got.out, got.err)
	}
	plain := labtest.Start(t, lab.Config{Binary: speaksOfSlots(t).Path})
	got = run(t, "", env, "rebalance", plain.Seed(), "--by", "traffic", "--simulate")
	if got.code != No || got.out != "" {
		t.Errorf("traffic that nobody counts: code %d, %q, %q", got.code, got.out, got.err)
	}
}
