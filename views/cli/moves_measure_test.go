package cli

import (
	"context"
	"strings"
	"sync"
	"testing"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
	"slotdeck/keyslot"
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

// TestRebalanceByTrafficMovesWhatIsUsedNow: servers count since a slot came to
// its owner, and what was used yesterday is no reason to move it today.
func TestRebalanceByTrafficMovesWhatIsUsedNow(t *testing.T) {
	t.Parallel()
	env := map[string]string{"XDG_STATE_HOME": t.TempDir()}
	c := labtest.Start(t, lab.Config{Binary: speaksOfSlots(t).Path, Extra: []string{"cluster-slot-stats-enabled yes"}})
	use := func(node int, value string, times int, slots ...keyslot.Slot) {
		for range times {
			for _, slot := range slots {
				if err := c.Nodes()[node].Do(t.Context(), "SET", keyOf(slot), value).Err(); err != nil && t.Context().Err() == nil {
					t.Error(err)
				}
			}
		}
	}
	use(1, strings.Repeat("x", 100_000), 50, 6000, 6001, 6002)
	on, cease := context.WithCancel(t.Context())
	var work sync.WaitGroup
	work.Go(func() { // all traffic goes to the first node now
		for on.Err() == nil {
			use(0, strings.Repeat("x", 5000), 1, 1, 2, 3)
		}
	})
	got := run(t, "", env, "rebalance", c.Seed(), "--by", "traffic", "--simulate")
	cease()
	work.Wait()
	from := "from " + c.Nodes()[0].Addr + " to "
	if got.code != Fine || !strings.Contains(got.out, "rebalance by traffic") || !strings.Contains(got.out, from) || strings.Count(got.out, "Moving ") != strings.Count(got.out, from) {
		t.Fatalf("code %d\n%s\n%s", got.code, got.out, got.err)
	}
	plain := labtest.Start(t, lab.Config{Binary: speaksOfSlots(t).Path})
	got = run(t, "", env, "rebalance", plain.Seed(), "--by", "traffic", "--simulate")
	if got.code != No || got.out != "" {
		t.Errorf("traffic that nobody counts: code %d, %q, %q", got.code, got.out, got.err)
	}
}
