package plan

import (
	"strings"
	"testing"

	"slotdeck/cluster"
)

func twoNodes() Plan {
	return Plan{Nodes: []Node{{ID: "aa", Letter: "A", Addr: "10.0.0.1:7000"}, {ID: "bb", Letter: "B", Addr: "10.0.0.2:7000"}}}
}

// abilities gives the first node all drivers up to one, and the second all up to
// another; 0 means none.
func abilities(first, second Driver) map[cluster.NodeID]Ability {
	upTo := func(d Driver) Ability {
		return Ability{Legacy: d >= Legacy, AtomicRedis: d == AtomicRedis, AtomicValkey: d == AtomicValkey,
			Why: map[Driver]string{AtomicValkey: "unknown subcommand"}}
	}
	return map[cluster.NodeID]Ability{"aa": upTo(first), "bb": upTo(second)}
}

func TestDriverIsTheBestThatAllNodesCanDo(t *testing.T) {
	for _, c := range []struct {
		first, second, want Driver
		says                string
	}{
		{AtomicValkey, AtomicValkey, AtomicValkey, "CLUSTER MIGRATESLOTS: all nodes"},
		{AtomicRedis, AtomicRedis, AtomicRedis, "CLUSTER MIGRATION: all nodes"},
		{AtomicValkey, Legacy, Legacy, "SETSLOT and MIGRATE, because B 10.0.0.2:7000 cannot: unknown subcommand"},
		{AtomicRedis, Legacy, Legacy, "SETSLOT and MIGRATE, because B 10.0.0.2:7000 has no CLUSTER MIGRATION"},
		{Legacy, Legacy, Legacy, "the nodes know neither"},
		{AtomicRedis, AtomicValkey, Legacy, "SETSLOT and MIGRATE, because"},
	} {
		got, err := Choose(twoNodes(), abilities(c.first, c.second), Auto)
		if err != nil || got.Driver != c.want || !strings.Contains(got.Reason, c.says) {
			t.Errorf("%v and %v: %v, %q, %v; want %v, %q", c.first, c.second, got.Driver, got.Reason, err, c.want, c.says)
		}
	}
}

func TestDriverCanBeOverriddenByOneThatWorks(t *testing.T) {
	got, err := Choose(twoNodes(), abilities(AtomicValkey, AtomicValkey), Legacy)
	if err != nil || got.Driver != Legacy || !strings.Contains(got.Reason, "CLUSTER MIGRATESLOTS could be used, too") {
		t.Errorf("%v, %v", got, err)
	}
	got, err = Choose(twoNodes(), abilities(AtomicRedis, AtomicRedis), AtomicRedis)
	if err != nil || got.Driver != AtomicRedis || !strings.Contains(got.Reason, "as asked for") {
		t.Errorf("%v, %v", got, err)
	}
	got, err = Choose(twoNodes(), abilities(AtomicValkey, Legacy), AtomicValkey)
	if r := checkRefusal(t, NoDriver, err, got.Reason); !strings.Contains(r.Text, "B 10.0.0.2:7000") || r.Nodes[0] != "bb" {
		t.Errorf("%v", r)
	}
}
