package cli

import (
	"strings"
	"testing"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
)

func TestCheckTellsFitFromUnfit(t *testing.T) {
	onVersions(t, []string{"redis-7.0", "valkey-9.1"}, func(t *testing.T, server lab.Server) {
		c := labtest.Start(t, lab.Config{Binary: server.Path, Replicas: 1, Extra: []string{"maxmemory 64mb"}})
		nodes := c.Nodes()
		labtest.Until(t, lookFor*2, "a fit cluster", func() bool { return run(t, "", nil, "check", c.Seed()).code == Fine })
		got := expect(t, Fine, "check", c.Seed())
		for _, line := range []string{"[OK] All nodes agree about slots configuration.\n", "[OK] All 16384 slots covered.\n", "[OK] 0 keys in 3 masters.\n"} {
			if !strings.Contains(got.out, line) {
				t.Errorf("%q is not in\n%s", line, got.out)
			}
		}
		asked(t, nodes[0], "CLUSTER", "SETSLOT", "5", "MIGRATING", string(nodes[1].ID))
		asked(t, nodes[1], "CLUSTER", "SETSLOT", "5", "IMPORTING", string(nodes[0].ID))
		got = expect(t, No, "check", c.Seed())
		if !strings.Contains(got.out, "[WARNING] slot 5 is open: migrating on "+nodes[0].Addr+", importing on "+nodes[1].Addr) {
			t.Errorf("the open slot is not told:\n%s", got.out)
		}
		asked(t, nodes[0], "CLUSTER", "SETSLOT", "5", "STABLE")
		asked(t, nodes[1], "CLUSTER", "SETSLOT", "5", "STABLE")
		asked(t, nodes[2], "CLUSTER", "DELSLOTS", "16383")
		answer := decode[checkAnswer](t, expect(t, No, "check", c.Seed(), "-o", "json", "--rule", "slots-disputed").out)
		if answer.Fit || answer.Agree || len(answer.Disputes) == 0 || answer.Disputes[0].Slots != "16383" {
			t.Errorf("%+v", answer)
		}
		for _, f := range answer.Findings {
			if f.ID != "slots-disputed" {
				t.Errorf("a finding that was not asked for: %+v", f)
			}
		}
	})
}
