package cli

import (
	"strings"
	"testing"

	"slotdeck/cluster/audit"
	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
)

func TestMutualTLSWithAnACLUserLooksAndMoves(t *testing.T) {
	onVersions(t, []string{"redis-7.0", "redis-8.6", "valkey-9.1"}, func(t *testing.T, server lab.Server) {
		c, files, addrs := labtest.Secure(t, lab.Config{
			Binary: server.Path, Extra: []string{"user ann on >s3cret ~* &* +@all"},
		}, true)
		state := t.TempDir()
		env := map[string]string{"REDISCLI_AUTH": "s3cret", "XDG_STATE_HOME": state}
		with := []string{"--tls", "--cacert", files.CA, "--cert", files.Cert, "--key", files.Key, "--user", "ann"}

		got := run(t, "", env, append([]string{"info", addrs[0], "-o", "json"}, with...)...)
		if got.code != Fine || strings.Contains(got.out, c.Seed()) || decode[infoAnswer](t, got.out).NodesAnswering != 3 {
			t.Fatalf("info: %+v", got)
		}
		nodes := c.Nodes()
		if err := c.Fill(t.Context(), 2000); err != nil {
			t.Fatal(err)
		}
		got = run(t, "", env, append([]string{"reshard", addrs[0], "--from", string(nodes[0].ID), "--to", string(nodes[1].ID), "--slots", "300", "--driver", "migrate", "--yes"}, with...)...)
		if got.code != Fine {
			t.Fatalf("reshard: %+v", got)
		}
		got = run(t, "", env, "journal", "-o", "json")
		if got.code != Fine || strings.Contains(got.out, "s3cret") || !strings.Contains(got.out, "MIGRATE") {
			t.Fatalf("journal: %d %.600s %s", got.code, got.out, got.err)
		}
		records, _, _ := audit.Read(state+"/slotdeck", audit.Query{})
		planned := 0
		for _, r := range records {
			if !r.Known() || r.As != "ann" || r.User == "" {
				t.Fatalf("%+v", r)
			}
			if r.Plan != "" {
				planned++
			}
		}
		if planned == 0 {
			t.Error("no record tells the plan that it belongs to")
		}

		if got := run(t, "", env, "info", addrs[0], "--tls", "--cacert", files.CA, "--user", "ann"); got.code == Fine {
			t.Errorf("without a certificate: %+v", got)
		}
		if got := run(t, "", env, "info", addrs[0], "--user", "ann"); got.code == Fine || !strings.Contains(got.err, "TLS") {
			t.Errorf("without TLS: %+v", got)
		}
	})
}
