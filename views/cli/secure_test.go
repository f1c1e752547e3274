package cli

import (
	"strings"
	"testing"

	"slotdeck/cluster/audit"
	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
	"slotdeck/keyslot"
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

func TestKeysGoToThePortThatTheServersSpeakToEachOtherAt(t *testing.T) {
	t.Parallel()
	onVersions(t, []string{"redis-7.0", "valkey-9.1"}, func(t *testing.T, server lab.Server) {
		for inside, start := range map[string]func() (*lab.Cluster, labtest.Certificates, []string){
			"plain": func() (*lab.Cluster, labtest.Certificates, []string) {
				return labtest.SecureClients(t, lab.Config{Binary: server.Path})
			},
			"over TLS": func() (*lab.Cluster, labtest.Certificates, []string) {
				return labtest.Secure(t, lab.Config{Binary: server.Path}, false)
			},
		} {
			c, files, addrs := start()
			if err := c.Fill(t.Context(), 500); err != nil {
				t.Fatal(err)
			}
			// slotdeck comes the other way than the servers go.
			nodes := c.Nodes()
			reach := []string{c.Seed()}
			to := nodes[1].Addr
			if inside == "plain" {
				reach = []string{addrs[0], "--tls", "--cacert", files.CA}
				for i, n := range nodes { // Redis 7.0 does not tell of TLS ports
					reach = append(reach, "--map", n.Addr+"="+addrs[i])
				}
			} else {
				to = addrs[1]
			}
			_, port, _ := strings.Cut(to, ":")
			words := append([]string{"reshard", "--from", string(nodes[0].ID), "--to", string(nodes[1].ID), "--slots", "1000", "--driver", "migrate"}, reach...)
			got := run(t, "", nil, append(words, "--dry-run")...)
			if got.code != Fine || !strings.Contains(got.out, "MIGRATE 127.0.0.1 "+port+" ") || strings.Contains(got.out, "tls-cluster no") != (inside == "plain") {
				t.Errorf("%s: the plan: %+v", inside, got)
			}
			if got = run(t, "", nil, append(words, "--yes")...); got.code != Fine || strings.Contains(got.out, " 0 keys, ") {
				t.Errorf("%s: %+v", inside, got)
			}
			// A repair shows where it sends keys, and sends them there.
			tag, err := keyslot.FindTag(keyslot.SetOf(keyslot.Range{First: 77, Last: 77}), keyslot.TagSearch{Count: 1})
			if err != nil {
				t.Fatal(err)
			}
			asked(t, nodes[0], "SET", "{"+tag[0]+"}", "x")
			asked(t, nodes[1], "CLUSTER", "SETSLOT", 77, "IMPORTING", string(nodes[0].ID))
			asked(t, nodes[0], "CLUSTER", "SETSLOT", 77, "MIGRATING", string(nodes[1].ID))
			words = append([]string{"fix"}, reach...)
			got = run(t, "", nil, append(words, "--dry-run")...)
			if !strings.Contains(got.out, "MIGRATE 127.0.0.1 "+port+" ") {
				t.Errorf("%s: the plan of a repair: %+v", inside, got)
			}
			if got = run(t, "", nil, append(words, "--yes")...); got.code != Fine || asked(t, nodes[1], "GET", "{"+tag[0]+"}") != "x" {
				t.Errorf("%s: the repair: %+v", inside, got)
			}
		}
	})
}
