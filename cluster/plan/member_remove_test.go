package plan

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"slotdeck/cluster"
)

func TestRemoveNeverForgetsAnOwnerOfSlots(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for range 60 {
		w := randomWorld(r, 8)
		if len(w.sets) < 2 && w.replicas == 0 {
			continue
		}
		s := w.snapshot()
		for i := range s.Nodes {
			n := &s.Nodes[i]
			keep := r.IntN(2) == 0
			if n.Health = cluster.Answering; r.IntN(4) == 0 {
				n.Health = cluster.NoAnswer
			}
			n.Stats.Keys = 0
			p, err := PlanRemove(s, RemoveRequest{Node: n.ID, Keep: keep})
			owns := len(n.Member.Slots) > 0
			reason, _ := ReasonOf(err)
			if owns && reason != InUse && reason != NodeDown {
				t.Fatalf("%s owns slots: %v, %v", n.ID, err, memberSent(p))
			}
			for _, c := range memberSent(p) {
				if owns {
					t.Fatalf("sent for an owner: %s", c)
				}
				if n.Health != cluster.Answering && strings.HasPrefix(c, n.Dialled+" ") {
					t.Fatalf("sent to the dead: %s", c)
				}
			}
			n.Health = cluster.Answering
		}
	}
}

func TestRemoveLetsReplicasFollowOthersFirst(t *testing.T) {
	w := three()
	s := w.snapshot()
	node(s, id(3, 0)).Stats.Keys = 0
	p, err := PlanRemove(s, RemoveRequest{Node: id(3, 0)})
	if err != nil {
		t.Fatal(err)
	}
	if acts(p) != "follow forget reset absent" {
		t.Errorf("steps: %s", acts(p))
	}
	if !slices.Contains(memberSent(p), "10.0.3.2:7001 CLUSTER REPLICATE "+string(id(0, 0))) {
		t.Errorf("it sends %v", memberSent(p))
	}
	forgets := 0
	for _, c := range memberSent(p) {
		if strings.HasSuffix(c, "CLUSTER FORGET "+string(id(3, 0))) {
			forgets++
		}
	}
	if forgets != 7 {
		t.Errorf("%d of 7 others forget it", forgets)
	}
}

func TestRemoveFinishesAHalfForgottenNode(t *testing.T) {
	s := three().snapshot()
	dead := node(s, id(2, 1))
	dead.Health = cluster.NoAnswer
	for i := range s.Nodes { // only one still lists it, as failed
		n := &s.Nodes[i]
		view := &cluster.View{Myself: n.ID}
		for _, m := range n.View.Value.Members {
			if m.ID == dead.ID {
				m.Flags |= cluster.Fail
				if i != 0 {
					continue
				}
			}
			view.Members = append(view.Members, m)
		}
		n.View.Value = view
	}
	p, err := PlanRemove(s, RemoveRequest{Node: dead.ID})
	if err != nil || len(memberSent(p)) != 1 || !memberSays(p.Checks, Passed, "6 nodes have forgotten it already") {
		t.Errorf("%v, %v, %v", memberSent(p), p.Checks, err)
	}
}

func TestRemoveRefusesANodeThatOthersSeeAlive(t *testing.T) {
	w := three().but(func(s *cluster.Snapshot) { node(s, id(2, 1)).Health = cluster.NoAnswer })
	_, err := PlanRemove(w.snapshot(), RemoveRequest{Node: id(2, 1)})
	if r := checkRefusal(t, NodeDown, err, ""); !strings.Contains(r.Text, "it lives, and would come back") {
		t.Error(r.Text)
	}
}

func TestReplaceForgetsTheOldNodeOnTheNewOneAsWell(t *testing.T) {
	w := three().but(func(s *cluster.Snapshot) {
		node(s, id(1, 1)).Health = cluster.Refused
		for i := range s.Nodes[0].View.Value.Members {
			if m := &s.Nodes[0].View.Value.Members[i]; m.ID == id(1, 1) {
				m.Flags |= cluster.Fail
			}
		}
	})
	p, err := PlanReplace(w.snapshot(), ReplaceRequest{Old: id(1, 1), New: servers(1)[0]})
	if err != nil || acts(p) != "meet follow sync settle forget absent" {
		t.Fatalf("%s, %v", acts(p), err)
	}
	got := memberSent(p)
	if !slices.Contains(got, "10.1.0.1:7000 CLUSTER REPLICATE "+string(id(1, 0))) || !slices.Contains(got, "10.1.0.1:7000 CLUSTER FORGET "+string(id(1, 1))) {
		t.Errorf("it sends %v", got)
	}
	_, err = PlanReplace(w.snapshot(), ReplaceRequest{Old: id(1, 0), New: servers(1)[0]})
	checkRefusal(t, InUse, err, "a plan")
}
