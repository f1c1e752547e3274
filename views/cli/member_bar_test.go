package cli

import (
	"strings"
	"testing"
	"time"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
)

// From 7.2 on and in all of Valkey, nodes tell each other whom they bar, and
// drop one that comes back within that time: without a word, and after they have
// listed it for a moment as any other.

func TestNodeThatIsBarredStillIsForeseenAndToldAtOnce(t *testing.T) {
	t.Parallel()
	onVersions(t, []string{"redis-8.6", "valkey-9.1"}, func(t *testing.T, server lab.Server) {
		c := labtest.Start(t, lab.Config{Binary: server.Path})
		back := addSpares(t, c, 1)[0]
		const before = "it has been in a cluster before"
		add := []string{"add-node", back.Addr, c.Seed(), "--replica"}
		leave := func() {
			t.Helper()
			expect(t, Fine, "del-node", c.Seed(), asked(t, back, "CLUSTER", "MYID"), "--yes", "--watch", "-1s")
		}
		if got := expect(t, Fine, append(add, "--yes")...); strings.Contains(got.out, before) {
			t.Errorf("a node that never was in any: %s", got.out)
		}
		leave()
		if got := expect(t, Fine, append(add, "--dry-run")...); !strings.Contains(got.out, before) || !strings.Contains(got.out, "less than 60 s ago") || !strings.Contains(got.out, "slotdeck reset --hard "+back.Addr) {
			t.Errorf("it is not foreseen: %s", got.out)
		}
		expect(t, Fine, "reset", "--hard", back.Addr, "--yes")
		if got := expect(t, Fine, append(add, "--yes")...); strings.Contains(got.out, before) {
			t.Errorf("a node with a new id: %s", got.out)
		}
		leave()
		var told outcome
		labtest.Until(t, 50*time.Second, "it is told that the node is barred", func() bool {
			told = run(t, "", nil, append(add, "--yes")...)
			return told.code != Fine
		})
		if told.code != No || !strings.Contains(told.out, " let "+back.Addr+" in and dropped it") || !strings.Contains(told.out, "less than 60 s ago") || !strings.Contains(told.out, "repeat the command") {
			t.Errorf("code %d: %s%s", told.code, told.out, told.err)
		}
		for _, by := range c.Nodes()[:3] {
			if v := sees(t, by); len(v.Members) < 3 {
				t.Errorf("%s lists %d nodes", by.Addr, len(v.Members))
			}
		}
	})
}

func TestNodeThatWasBarredIsLetInByTheSameCommandLater(t *testing.T) {
	t.Parallel()
	c := labtest.Start(t, lab.Config{Binary: labtest.Only(t, "valkey-9.1").Path, Extra: []string{"cluster-blacklist-ttl 3"}})
	nodes, back := c.Nodes(), addSpares(t, c, 1)[0]
	add := []string{"add-node", back.Addr, c.Seed(), "--replica", "--yes"}
	expect(t, Fine, add...)
	expect(t, Fine, "del-node", c.Seed(), string(back.ID), "--yes", "--watch", "-1s")
	labtest.Until(t, time.Minute, "it is let in", func() bool { return run(t, "", nil, add...).code == Fine })
	oneCluster(t, append(nodes[:3:3], back))
}
