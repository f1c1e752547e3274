package plan

import (
	"errors"
	"strings"
	"testing"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

func TestRecheckNamesWhatChanged(t *testing.T) {
	p := mustMake(t, MoveCount{From: []cluster.NodeID{id(0, 0)}, To: id(1, 0), Slots: 100}, three().snapshot(), Facts{})
	if err := Recheck(p, three().snapshot()); err != nil {
		t.Fatalf("nothing changed: %v", err)
	}
	for says, change := range map[string]func(*cluster.Snapshot){
		"10 slots (5451-5460) are not owned by A 10.0.0.1:7000 any more, but by C 10.0.2.1:7000": func(s *cluster.Snapshot) {
			for slot := 5451; slot <= 5460; slot++ {
				s.Owner[slot] = 2
			}
		},
		"the epoch of A 10.0.0.1:7000 went from 1 to 9": func(s *cluster.Snapshot) { node(s, id(0, 0)).Member.Epoch = 9 },
		"B 10.0.1.1:7000 is a replica of 10.0.1.2:7001 now": func(s *cluster.Snapshot) {
			n := node(s, id(1, 0))
			n.Member.Flags, n.Member.Primary = cluster.Replica, id(1, 1)
		},
		"A 10.0.0.1:7000 is gone": func(s *cluster.Snapshot) {
			s.Shards[0].Primary = id(0, 1)
			s.Nodes = s.Nodes[1:]
		},
		"B 10.0.1.1:7000 moved to":        func(s *cluster.Snapshot) { node(s, id(1, 0)).Member.Endpoint.Port = 7999 },
		"lost its replica 10.0.1.2:7001":  func(s *cluster.Snapshot) { s.Shards[1].Replicas = nil },
		"1 slot (3) is open":              func(s *cluster.Snapshot) { s.Moves = []cluster.Move{{Slot: 3, From: id(0, 0), To: id(2, 0)}} },
		"A 10.0.0.1:7000 does not answer": func(s *cluster.Snapshot) { node(s, id(0, 0)).Health = cluster.NoAnswer },
		"do not agree who owns": func(s *cluster.Snapshot) {
			s.Disputes = []cluster.Dispute{{Range: keyslot.Range{First: 1, Last: 1}}}
		},
	} {
		err := Recheck(p, three().but(change).snapshot())
		var c *Changed
		if !errors.As(err, &c) || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), "make the plan anew") {
			t.Errorf("got %v, want %q", err, says)
		}
	}
	checkRefusal(t, NotConverged, Recheck(p, nil), "")
}

func TestTellSaysHowFarAPlanHasCome(t *testing.T) {
	p := mustMake(t, MoveExactly{Slots: set("0-99"), To: id(1, 0)}, three().snapshot(), Facts{})
	s := three().but(func(s *cluster.Snapshot) {
		for slot := range 40 {
			s.Owner[slot] = 1
		}
		s.Owner[41] = 2
		s.Moves = []cluster.Move{{Slot: 40, From: id(0, 0), To: id(1, 0)}, {Slot: 9000}}
	}).snapshot()
	got := Tell(p, s)
	if got.Done != set("0-39") || got.Left != set("40,42-99") || got.Astray != set("41") || got.Open != set("40") {
		t.Errorf("done %v, left %v, astray %v, open %v", got.Done, got.Left, got.Astray, got.Open)
	}
}
