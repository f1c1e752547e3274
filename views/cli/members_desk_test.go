package cli

import (
	"testing"

	"slotdeck/cluster"
	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
	"slotdeck/cluster/plan"
	"slotdeck/cluster/wire"
)

// lettersOf are the letters of the shards, by primary.
func lettersOf(s *cluster.Snapshot) map[cluster.NodeID]string {
	out := map[cluster.NodeID]string{}
	for i := range s.Shards {
		out[s.Shards[i].Primary] = s.Shards[i].Letter
	}
	return out
}

func TestPlansOfMembersCallShardsAsTheScreenDoes(t *testing.T) {
	t.Parallel()
	c := labtest.Start(t, lab.Config{})
	m := newMembers(wire.Options{}, []string{c.Seed()})
	t.Cleanup(m.leave)
	shown, err := m.crew.Look(t.Context(), c.Seed())
	if err != nil {
		t.Fatal(err)
	}
	// The lowest slot goes from A to C: whoever looks for the first time calls C's
	// primary A from now on.
	nodes := clientsOf(t, c, 3)
	last := nodes[2].Do(t.Context(), "CLUSTER", "MYID").Val().(string)
	for _, i := range []int{2, 0, 1} {
		if err := nodes[i].Do(t.Context(), "CLUSTER", "SETSLOT", 0, "NODE", last).Err(); err != nil {
			t.Fatal(err)
		}
	}
	fresh, err := m.crew.Look(t.Context(), c.Seed())
	if err != nil {
		t.Fatal(err)
	}
	if was, is := lettersOf(shown), lettersOf(fresh); was[cluster.NodeID(last)] == is[cluster.NodeID(last)] {
		t.Fatalf("the letters are %v before and after: nothing is tested", is)
	}
	g, err := m.Ground(t.Context(), plan.MemberWish{Kind: plan.MemberRemove, Node: cluster.NodeID(last)}, shown)
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range lettersOf(shown) {
		if got := lettersOf(g.Snap)[id]; got != want {
			t.Errorf("%s is the primary of %s on the screen, and of %s in the plan", id.Short(), want, got)
		}
	}
}
