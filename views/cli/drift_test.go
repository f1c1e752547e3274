package cli

import (
	"strings"
	"testing"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
)

func TestDriftTellsWhatDiffersAndNoSecret(t *testing.T) {
	t.Parallel()
	onVersions(t, []string{"redis-7.0", "valkey-9.1"}, func(t *testing.T, server lab.Server) {
		c := labtest.Start(t, lab.Config{Binary: server.Path})
		n := c.Nodes()
		got := expect(t, Fine, "drift", c.Seed())
		if !strings.Contains(got.out, "3 nodes compared, 0 settings differ") {
			t.Errorf("%s", got.out)
		}
		asked(t, n[1], "CONFIG", "SET", "maxmemory", "99999999", "masterauth", "s3cret")
		got = expect(t, No, "drift", c.Seed())
		for _, part := range []string{"maxmemory", "99999999", "masterauth", "(hidden", n[1].Addr} {
			if !strings.Contains(got.out, part) {
				t.Errorf("%q is missing:\n%s", part, got.out)
			}
		}
		answer := decode[driftAnswer](t, expect(t, No, "drift", c.Seed(), "-o", "json").out)
		if len(answer.Differences) != 2 || answer.Differences[1].Setting != "maxmemory" || !answer.Differences[1].Grave ||
			len(answer.Differences[1].Values[0].Nodes) != 2 || *answer.Differences[1].Values[1].Value != "99999999" {
			t.Errorf("%+v", answer)
		}
		if strings.Contains(got.out, "s3cret") {
			t.Error("a secret is shown")
		}
	})
}
