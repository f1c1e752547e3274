package plan

import (
	"slices"
	"testing"

	"slotdeck/cluster"
)

func TestAddReplicaGoesWhereItIsNeededMost(t *testing.T) {
	w := three().but(func(s *cluster.Snapshot) { node(s, id(1, 1)).Health = cluster.NoAnswer })
	p, err := PlanAdd(w.snapshot(), AddRequest{New: servers(1)[0], Replica: true})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(memberSent(p), "10.1.0.1:7000 CLUSTER REPLICATE "+string(id(1, 0))) {
		t.Errorf("it sends %v", memberSent(p))
	}
	// The same need everywhere, and a host that one of them is on.
	beside := serverAt("10.0.0.1", 7009, servers(1)[0].ID())
	p, err = PlanAdd(three().snapshot(), AddRequest{New: beside, Replica: true})
	if err != nil || !slices.Contains(memberSent(p), "10.0.0.1:7009 CLUSTER REPLICATE "+string(id(1, 0))) {
		t.Errorf("it sends %v, %v", memberSent(p), err)
	}
	if acts(p) != "meet follow sync settle" {
		t.Errorf("steps: %s", acts(p))
	}
}

func TestAddedReplicaStaysOutOfItsPrimarysZone(t *testing.T) {
	w := three()
	fresh := servers(1)[0] // 10.1.0.1
	add := func(under cluster.NodeID, rules ...string) MemberPlan {
		t.Helper()
		p, err := PlanAdd(w.snapshot(), AddRequest{New: fresh, Replica: true, Under: under, Zones: zoneMap(t, rules...)})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	w.but(func(s *cluster.Snapshot) { node(s, id(3, 1)).Health = cluster.NoAnswer }) // the primary without slots has none, then
	p := add("", "10.1.0.1 a", "10.0.0.1 a", "10.0.1.1 b", "10.0.2.1 a", "10.0.3.1 a")
	if !slices.Contains(memberSent(p), "10.1.0.1:7000 CLUSTER REPLICATE "+string(id(1, 0))) {
		t.Errorf("it sends %v, %v", memberSent(p), p.Checks)
	}
	p = add(id(0, 0), "10.1.0.1 a", "10.0.0.1 a")
	if !memberSays(p.Checks, Warned, "it is in the zone of its primary A 10.0.0.1:7000, a") {
		t.Errorf("%v", p.Checks)
	}
}

func TestAddedReplicaGoesToAPrimaryThatHasNoneEvenWithoutSlots(t *testing.T) {
	w := three().but(func(s *cluster.Snapshot) { node(s, id(3, 1)).Health = cluster.NoAnswer })
	add := func() MemberPlan {
		t.Helper()
		p, err := PlanAdd(w.snapshot(), AddRequest{New: servers(1)[0], Replica: true})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	p := add()
	if !slices.Contains(memberSent(p), "10.1.0.1:7000 CLUSTER REPLICATE "+string(id(3, 0))) || !memberSays(p.Checks, Passed, "it has none, and no slots yet") {
		t.Errorf("it sends %v, %v", memberSent(p), p.Checks)
	}
	// Data without a copy comes first.
	w.but(func(s *cluster.Snapshot) { node(s, id(2, 1)).Health = cluster.NoAnswer })
	if p = add(); !slices.Contains(memberSent(p), "10.1.0.1:7000 CLUSTER REPLICATE "+string(id(2, 0))) {
		t.Errorf("it sends %v, %v", memberSent(p), p.Checks)
	}
}

func TestAddTakesANodeThatKnowsThisClusterAlreadyTheRestOfTheWay(t *testing.T) {
	w, half := three(), servers(1)[0]
	for _, k := range []int{0, 1, 2} {
		m := node(w.snapshot(), id(k, 0)).Member
		m.Flags &^= cluster.Myself
		half.View.Members = append(half.View.Members, m)
	}
	p, err := PlanAdd(w.snapshot(), AddRequest{New: half})
	if err != nil || acts(p) != "meet settle" {
		t.Fatalf("%v: %s", err, acts(p))
	}
	befriend(&half, "10.9.9.9")
	if _, err := PlanAdd(w.snapshot(), AddRequest{New: half}); err == nil {
		t.Error("a node that knows strangers was let in")
	}
}

func TestAddPrimaryTakesTheFunctionsAlong(t *testing.T) {
	r := AddRequest{New: servers(1)[0], Libraries: []string{"lib"}, Source: id(0, 0)}
	p, err := PlanAdd(three().snapshot(), r)
	if err != nil || acts(p) != "functions meet settle" {
		t.Fatalf("%s, %v", acts(p), err)
	}
	r.New.Libraries = []string{"lib"}
	if p, err = PlanAdd(three().snapshot(), r); err != nil || acts(p) != "meet settle" {
		t.Errorf("when it has them: %s, %v", acts(p), err)
	}
}

func TestHandshakesAreNotTakenForNodesThatDoNotAnswer(t *testing.T) {
	w := three().but(func(s *cluster.Snapshot) {
		made := *node(s, id(2, 1))
		made.ID, made.Health = "3e64d5817c3ee00c82b6e52d0efa24f306198d29", cluster.NoAnswer
		made.Member = cluster.Member{ID: made.ID, Flags: cluster.Handshake}
		s.Nodes = append(s.Nodes, made)
	})
	p, err := PlanAdd(w.snapshot(), AddRequest{New: servers(1)[0]})
	if err != nil || memberSays(p.Checks, Warned, "not answer") {
		t.Errorf("%v, %v", p.Checks, err)
	}
}
