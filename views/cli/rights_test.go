package cli

import (
	"strings"
	"testing"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
)

// TestWhatCannotWorkIsSaidBeforeAnythingIsChanged takes one right after the other
// away from an operator, on the one node that needs it last.
func TestWhatCannotWorkIsSaidBeforeAnythingIsChanged(t *testing.T) {
	t.Parallel()
	onVersions(t, []string{"redis-7.0", "valkey-9.1"}, func(t *testing.T, server lab.Server) {
		// A renamed command is unknown under its name.
		c := labtest.Start(t, lab.Config{Binary: server.Path, Replicas: 1, ExtraAt: map[int][]string{4: {"rename-command CONFIG C0NFIG"}}})
		members := c.Nodes()
		spare := addSpares(t, c, 1)[0]
		all := append(members[:6:6], spare)
		for _, n := range all {
			asked(t, n, "ACL", "SETUSER", "op", "on", "nopass", "~*", "&*", "+@all")
		}
		last := members[5]
		refuse := func(n *lab.Node, rule string) {
			asked(t, n, "ACL", "SETUSER", "op", "-"+rule)
			asked(t, n, "ACL", "LOG", "RESET")
		}
		seed := c.Seed()
		for _, one := range []struct {
			at             *lab.Node
			rule, args     string
			says           string
			provokesAtMost int
		}{
			{members[3], "cluster|failover", "failover " + members[3].Addr + " --yes", "does not let the user give CLUSTER FAILOVER", 1},
			{last, "cluster|forget", "del-node " + seed + " " + string(members[4].ID) + " --yes", "does not let the user give CLUSTER FORGET", 1},
			{spare, "cluster|replicate", "add-node " + spare.Addr + " " + seed + " --replica --yes", "does not let the user give CLUSTER REPLICATE", 1},
			{last, "config|set", "set " + seed + " maxmemory-samples 6 --yes", "does not", 1},
			{nil, "", "set " + seed + " maxmemory-samples 6 --yes", members[4].Addr + " does not know CONFIG SET", 0},
		} {
			if one.at != nil {
				refuse(one.at, one.rule)
			}
			before := make([]uint64, len(all))
			for i, n := range all {
				before[i] = sees(t, n).Config()
			}
			got := run(t, "", map[string]string{"REDISCLI_AUTH": "x"}, append(strings.Fields(one.args), "--user", "op")...)
			if got.code != Denied || !strings.Contains(got.err, one.says) || !strings.Contains(got.err, "nothing was") {
				t.Errorf("%s: code %d\n%s\n%s", one.args, got.code, got.out, got.err)
			}
			for i, n := range all {
				if after := sees(t, n).Config(); after != before[i] {
					t.Errorf("%s changed %s:\n%d\n%d", one.args, n.Addr, before[i], after)
				}
			}
			if one.at != nil {
				if log := refusals(t, one.at); len(log) > one.provokesAtMost {
					t.Errorf("%s: %s has refused %v", one.args, one.at.Addr, log)
				}
				asked(t, one.at, "ACL", "SETUSER", "op", "+"+one.rule)
			}
		}
		if samples := members[0].Do(t.Context(), "CONFIG", "GET", "maxmemory-samples").String(); !strings.Contains(samples, "5") {
			t.Errorf("the setting was changed: %s", samples)
		}
	})
}
