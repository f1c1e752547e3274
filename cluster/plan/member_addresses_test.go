package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// moved are servers that know each other and are elsewhere by now: every host
// ends in 9 where it ended in something else.
func moved(n int) []MemberServer {
	all := servers(n)
	acquaint(all)
	for i := range all {
		all[i].Reached = fmt.Sprintf("10.9.0.%d", i+1)
		for k := range all[i].View.Members {
			all[i].View.Members[k].Linked = false
		}
	}
	return all
}

func TestNodesThatMovedMeetWhereTheyAreNow(t *testing.T) {
	p, err := PlanAddresses(moved(3))
	if err != nil {
		t.Fatal(err)
	}
	sent := memberSent(p)
	if len(sent) != 6 || !slices.Contains(sent, "10.1.0.1:7000 CLUSTER MEET 10.9.0.2 7000 8234") || acts(p) != "meet settle" {
		t.Errorf("%s: %v", acts(p), sent)
	}
	// One that announces its address is met there, whatever reached it.
	all := moved(3)
	all[1].Announced = "10.7.7.7"
	if p, err = PlanAddresses(all); err != nil || !slices.Contains(memberSent(p), "10.1.0.1:7000 CLUSTER MEET 10.7.7.7 7000 8234") {
		t.Errorf("%v: %v", err, memberSent(p))
	}
}

func TestNodesOfTwoClustersAreNeverLetMeet(t *testing.T) {
	two := servers(4)
	acquaint(two[:2])
	acquaint(two[2:])
	if _, err := PlanAddresses(two); err == nil || !strings.Contains(err.Error(), "of two clusters") {
		t.Errorf("%v", err)
	}
}

func TestNodesThatAreWhereTheyAreLookedForNeedNoMeeting(t *testing.T) {
	all := servers(3)
	acquaint(all)
	_, err := PlanAddresses(all)
	if reason, _ := ReasonOf(err); reason != NothingToMove {
		t.Errorf("%v", err)
	}
}
