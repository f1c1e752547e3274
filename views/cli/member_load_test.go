package cli

import (
	"testing"
	"time"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
	"slotdeck/cluster/proof"
)

func TestNodesComeAndGoUnderWritesAndNoneIsLost(t *testing.T) {
	t.Parallel()
	onVersions(t, []string{"redis-8.6", "valkey-9.1"}, func(t *testing.T, server lab.Server) {
		c := labtest.Start(t, lab.Config{Binary: server.Path, Replicas: 1})
		judge := proof.Open(addrsOf(c.Nodes()), "")
		t.Cleanup(judge.Close)
		load, err := judge.StartLoad(t.Context(), proof.LoadConfig{Rate: 500})
		if err != nil {
			t.Fatal(err)
		}
		seed, fresh := c.Seed(), addSpares(t, c, 2)
		expect(t, Fine, "add-node", fresh[0].Addr, seed, "--yes")
		expect(t, Fine, "add-node", fresh[1].Addr, seed, "--replica", "--master-id", fresh[0].Addr, "--yes")
		expect(t, Fine, "reshard", seed, "--from", "all", "--to", fresh[0].Addr, "--slots", "200", "--yes")
		expect(t, No, "del-node", seed, fresh[0].Addr, "--yes")
		expect(t, Fine, "drain", seed, "--node", fresh[0].Addr, "--yes")
		for _, n := range fresh { // both are replicas of others now
			labtest.Until(t, time.Minute, "it can be removed", func() bool {
				return run(t, "", nil, "del-node", seed, n.Addr, "--yes", "--watch", "1s").code == Fine
			})
		}
		tally := load.Stop()
		oneCluster(t, c.Nodes()[:6])
		verdict, err := load.Check(t.Context())
		if err != nil || !verdict.OK() || tally.Acked < 100 || tally.Refused+tally.Unsure > 0 {
			t.Errorf("%v; %v; %v", tally, verdict, err)
		}
	})
}
