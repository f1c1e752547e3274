package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"slotdeck/cluster"
	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
)

func TestReplicasAreMadeAndAddedOutsideTheirPrimarysZone(t *testing.T) {
	t.Parallel()
	all := spares(t, lab.Config{Binary: labtest.Any(t).Path}, 7)
	six, last := all[:6], all[6]
	zone := map[cluster.NodeID]string{}
	var flags, lines []string
	for i, n := range all {
		zone[n.ID] = string("aabbcca"[i])
		flags = append(flags, "--zone", n.Addr+"="+zone[n.ID])
		lines = append(lines, fmt.Sprintf("%q = %q", n.Addr, zone[n.ID]))
	}
	apart := func(nodes []*lab.Node) {
		t.Helper()
		for _, m := range sees(t, nodes[0]).Members {
			if m.Flags.Has(cluster.Replica) && zone[m.ID] == zone[m.Primary] {
				t.Errorf("%s follows %s in its own zone", m.ID.Short(), m.Primary.Short())
			}
		}
	}
	got := expect(t, Fine, append(createArgs(six), flags...)...)
	if !strings.Contains(got.out, "no replica is in the zone of its primary") {
		t.Errorf("the plan does not tell of zones: %s", got.out)
	}
	oneCluster(t, six)
	apart(six)

	// A context holds zones as well. All three primaries have one replica each.
	file := filepath.Join(t.TempDir(), "config.toml")
	text := fmt.Sprintf("[contexts.x]\nseeds = [%q]\nzones = {%s}\n", six[0].Addr, strings.Join(lines, ", "))
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	expect(t, Fine, "add-node", last.Addr, six[0].Addr, "--replica", "--yes", "--context", "x", "--config", file)
	oneCluster(t, all)
	apart(all)
	for _, n := range six { // one that is in its zone is warned of, and obeyed
		if m, _ := roleOf(t, n, n); m.Flags.Has(cluster.Primary) && zone[n.ID] == zone[last.ID] {
			got := expect(t, Fine, append([]string{"replicate", six[0].Addr, last.Addr, n.Addr, "--dry-run"}, flags...)...)
			if !strings.Contains(got.out, "it is in the zone of") && !strings.Contains(got.out, "it is on the host of") {
				t.Errorf("not warned: %s", got.out)
			}
		}
	}
}
