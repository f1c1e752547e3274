package plan

import (
	"testing"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

func TestReplicateRefusesANodeWithSomethingToLose(t *testing.T) {
	s := three().snapshot()
	for _, c := range []struct {
		node, under cluster.NodeID
		reason      Reason
	}{
		{id(0, 0), id(1, 0), InUse}, {id(0, 1), id(0, 0), NothingToMove}, {id(0, 1), id(1, 1), NotPrimary},
		{id(0, 1), id(0, 1), SelfMove}, {"nobody", id(0, 0), UnknownNode}, {id(3, 0), id(0, 0), InUse},
	} {
		_, err := PlanReplicate(s, ReplicateRequest{Node: c.node, Under: c.under})
		checkRefusal(t, c.reason, err, "a plan")
	}
	p, err := PlanReplicate(s, ReplicateRequest{Node: id(0, 1), Under: id(1, 0)})
	if err != nil || !memberSays(p.Checks, Warned, "last replica of A 10.0.0.1:7000") || p.Risk != Disruptive {
		t.Errorf("%v, %v", p.Checks, err)
	}
}

func TestResetTellsWhatIsLost(t *testing.T) {
	s := servers(1)
	selfOf(&s[0]).Slots = []keyslot.Range{{First: 0, Last: 99}}
	p, err := PlanReset(ResetRequest{Servers: s, Hard: true})
	if err != nil || p.Risk != Lossy || p.Type != "10.1.0.1:7000" || !memberSays(p.Checks, Warned, "owns 100 slots (0-99), which nobody owns afterwards") {
		t.Errorf("%+v, %v", p, err)
	}
	if got := memberSent(p); len(got) != 1 || got[0] != "10.1.0.1:7000 CLUSTER RESET HARD" {
		t.Errorf("it sends %v", got)
	}
	s[0].Stats.Keys = 4
	_, err = PlanReset(ResetRequest{Servers: s})
	checkRefusal(t, NotEmpty, err, "a plan")
}
