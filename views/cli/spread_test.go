package cli

import (
	"strings"
	"testing"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
)

// zoneMap gives the nodes of a lab their zones: a letter for each node.
func zoneMap(c *lab.Cluster, letters string) (flags []string) {
	for i, n := range c.Nodes() {
		flags = append(flags, "--zone", n.Addr+"=zone-"+string(letters[i]))
	}
	return flags
}

func TestSpreadOnRealServersEvensOutAndIsVerified(t *testing.T) {
	onVersions(t, []string{"redis-7.0", "valkey-9.1"}, func(t *testing.T, server lab.Server) {
		c := labtest.Start(t, lab.Config{Binary: server.Path, Replicas: 1})
		zones := zoneMap(c, "xxxyzx")
		spread := func(more ...string) []string { return append(append([]string{"spread", c.Seed()}, zones...), more...) }

		got := expect(t, Fine, spread("--dry-run")...)
		for _, want := range []string{"by 2 failovers", "zone-x", "3 -> 1", "is lost with zone-x", "shard A"} {
			if !strings.Contains(got.out, want) {
				t.Errorf("the plan does not say %q:\n%s", want, got.out)
			}
		}
		if got := expect(t, Usage, spread()...); !strings.Contains(got.err, "no terminal to ask on") {
			t.Errorf("without a terminal: %s", got.err)
		}
		if role := c.Nodes()[3].Do(t.Context(), "ROLE").String(); !strings.Contains(role, "slave") {
			t.Fatalf("something was done without a confirmation: %s", role)
		}

		got = expect(t, Fine, spread("--yes", "--pause", "100ms", "-o", "json")...)
		answer := decode[struct {
			Report struct {
				Outcome string
				Steps   []struct {
					State    string
					Failover struct{ Outcome string }
				}
			}
		}](t, got.out)
		if r := answer.Report; r.Outcome != "done" || len(r.Steps) != 2 || r.Steps[0].Failover.Outcome != "complete" || r.Steps[1].Failover.Outcome != "complete" {
			t.Errorf("got %+v\n%s", r, got.err)
		}
		for _, i := range []int{3, 4} {
			if role := c.Nodes()[i].Do(t.Context(), "ROLE").String(); !strings.Contains(role, "master") {
				t.Errorf("%s is not a primary: %s", c.Nodes()[i].Addr, role)
			}
		}
		got = expect(t, Fine, spread("--yes")...)
		if !strings.Contains(got.out, "nothing to gain") {
			t.Errorf("once more: %s", got.out)
		}

		if err := c.Nodes()[2].Kill(); err != nil {
			t.Fatal(err)
		}
		got = expect(t, No, append([]string{"spread", c.Seed(), "--yes"}, zoneMap(c, "xyzxxy")...)...)
		if !strings.Contains(got.out, c.Nodes()[2].Addr+" does not answer") {
			t.Errorf("with a dead primary: %s", got.out)
		}
	})
}

func TestZoneMapOnTheCommandLineIsChecked(t *testing.T) {
	for _, c := range []struct{ want, flag, value string }{
		{"is not NODE=ZONE", "--zone", "rack"},
		{"no such file", "--zones", t.TempDir() + "/none"},
	} {
		if got := run(t, "", nil, "spread", "127.0.0.1:1", c.flag, c.value); got.code != Usage || !strings.Contains(got.err, c.want) {
			t.Errorf("%s %s: %+v", c.flag, c.value, got)
		}
	}
	if got := run(t, "", nil, "spread", "127.0.0.1:1", "--zone", "a=b", "--zone", "a=c"); got.code != Usage || !strings.Contains(got.err, "two zones") {
		t.Errorf("%+v", got)
	}
}
