package plan

import (
	"errors"
	"strings"
	"testing"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// provocation is a way to be refused, and what the refusal says.
type provocation struct {
	name string
	try  func() error
	says string
}

func making(r Request, w *world, f Facts) func() error {
	return func() error {
		_, err := Make(r, w.snapshot(), f)
		return err
	}
}

// provocations has some for every reason.
func provocations() map[Reason][]provocation {
	move := MoveCount{From: []cluster.NodeID{id(0, 0)}, To: id(1, 0), Slots: 100}
	bent := func(f func(*cluster.Snapshot)) func() error { return making(move, three().but(f), Facts{}) }
	health := func(h cluster.Health) func() error {
		return bent(func(s *cluster.Snapshot) { node(s, id(0, 0)).Health = h })
	}
	crowded := func(f *world) *world {
		return f.but(func(s *cluster.Snapshot) {
			n := node(s, id(1, 0))
			n.Stats.MaxMemory, n.Stats.UsedMemory = 1000, 950
		})
	}
	find := func(text string) func() error {
		return func() error { _, err := FindNode(three().snapshot(), text); return err }
	}
	return map[Reason][]provocation{
		NotConverged: {
			{"no picture", func() error { _, err := Make(move, nil, Facts{}); return err }, "nothing is known"},
			{"dispute", bent(func(s *cluster.Snapshot) {
				s.Disputes = []cluster.Dispute{{Range: keyslot.Range{First: 5, Last: 9}, Says: []cluster.Claim{{Owner: id(0, 0)}, {Owner: id(1, 0)}}}}
			}), "who owns 5 slots (5-9): A 10.0.0.1:7000 or B"},
			{"another epoch seen by one", bent(func(s *cluster.Snapshot) {
				view := *node(s, id(2, 1)).View.Value
				view.Members = append([]cluster.Member(nil), view.Members...)
				view.Members[0].Epoch++
				node(s, id(2, 1)).View.Value = &view
			}), "10.0.2.2:7001 sees them differently"},
		},
		OpenSlots: {{"a half move", bent(func(s *cluster.Snapshot) {
			s.Moves = []cluster.Move{{Slot: 9000, From: id(1, 0), To: id(2, 0), FromSeen: []cluster.NodeID{id(1, 0)}}}
		}), "1 slot (9000) is open, on B 10.0.1.1:7000"}},
		Uncovered: {
			{"a hole", making(move, worldOf("0-5460", "5461-16000"), Facts{}), "383 slots (16001-16383) are served by no primary"},
			{"a shard without primary", bent(func(s *cluster.Snapshot) { s.Shards[2].Primary = "" }), "10923-16383"},
		},
		NodeDown: {
			{"no answer", health(cluster.NoAnswer), "A 10.0.0.1:7000 does not answer"},
			{"loading", health(cluster.Loading), "loading its data"},
			{"denied", health(cluster.Denied), "refuses the login"},
			{"not asked yet", health(cluster.Unknown), "does not answer"},
			{"failed", bent(func(s *cluster.Snapshot) { node(s, id(1, 0)).FailBy = []cluster.NodeID{id(2, 0)} }), "B 10.0.1.1:7000 is held for failed"},
			{"suspected", bent(func(s *cluster.Snapshot) { node(s, id(1, 0)).PFailBy = []cluster.NodeID{id(2, 0)} }), "suspected of having failed by C"},
			{"no address", bent(func(s *cluster.Snapshot) { node(s, id(1, 0)).Member.Endpoint = cluster.Endpoint{} }), "announces no address"},
		},
		StateFail: {{"state", bent(func(s *cluster.Snapshot) { node(s, id(1, 0)).ClusterInfo.Value.State = "fail" }), `B 10.0.1.1:7000 says that the cluster state is "fail"`}},
		ForeignJob: {{"job", making(move, three(), Facts{JobsAsked: true, Jobs: []Job{{From: id(2, 0), To: id(3, 0), Slots: set("16000-16100")}}}),
			"an atomic migration of 101 slots from C 10.0.2.1:7000 to D"}},
		UnknownNode: {
			{"target", making(MoveCount{To: "nobody", Slots: 1}, three(), Facts{}), `the target "nobody" is not a node`},
			{"source", making(MoveCount{From: []cluster.NodeID{"x"}, To: id(0, 0), Slots: 1}, three(), Facts{}), "the source"},
			{"weight", making(Rebalance{Weights: map[cluster.NodeID]float64{"x": 1}}, three(), Facts{}), "the weighted node"},
			{"looked up", find("zzz"), `"zzz" is no node`},
			{"looked up by address", find("10.9.9.9:7000"), "did you mean"},
			{"looked up by nothing", find(" "), "no node is named"},
			{"looked up by escapes", find("\x1b[2J"), `\x1b[2J`},
		},
		AmbiguousNode: {{"prefix", find("0000"), "could mean 8 nodes"}},
		NotPrimary: {
			{"replica", making(MoveCount{To: id(0, 1), Slots: 1}, three(), Facts{}), "is a replica; only a primary can hold slots: name its primary, A 10.0.0.1:7000"},
			{"joining", bent(func(s *cluster.Snapshot) { node(s, id(1, 0)).Member.Flags = cluster.Handshake }), "still joining"},
			{"drained replica", making(Drain{Node: id(0, 1)}, three(), Facts{}), "the node to drain"},
			{"demoted", bent(func(s *cluster.Snapshot) {
				s.Shards[3].Primary = id(3, 1)
				n := node(s, id(1, 0))
				n.Member.Flags, n.Member.Primary = cluster.Replica, id(3, 1)
			}), "name its primary"},
		},
		StrangeNode: {{"an id with a command in it", func() error {
			s := three().snapshot()
			s.Nodes[0].ID, s.Shards[0].Primary = "x NODE\r\nFLUSHALL", "x NODE\r\nFLUSHALL"
			_, err := Make(MoveCount{To: s.Nodes[0].ID, Slots: 1}, s, Facts{})
			return err
		}, "which no server gives"}},
		SelfMove: {
			{"source is target", making(MoveCount{From: []cluster.NodeID{id(0, 0)}, To: id(0, 0), Slots: 1}, three(), Facts{}), "both source and target"},
			{"drained into itself", making(Drain{Node: id(0, 0), To: []cluster.NodeID{id(0, 0)}}, three(), Facts{}), "into itself"},
		},
		NoReceiver: {{"alone", making(Drain{Node: id(0, 0)}, worldOf("0-16383", ""), Facts{}), "name the primary"}},
		NothingToMove: {
			{"balanced", making(Rebalance{}, three(), Facts{}), "no rebalancing needed: all primaries are within 2 %"},
			{"no slots given", making(MoveExactly{To: id(0, 0)}, three(), Facts{}), "no slot was given"},
			{"there already", making(MoveExactly{Slots: set("1-3"), To: id(0, 0)}, three(), Facts{}), "already has all of these 3 slots"},
			{"drained already", making(Drain{Node: id(3, 0)}, three(), Facts{}), "has no slots"},
			{"no load", making(Rebalance{By: Keys}, three(), Facts{Load: Load{Keys: even(0)}}), "no slot carries any keys"},
		},
		NotEnoughSlots: {
			{"few", making(MoveCount{From: []cluster.NodeID{id(0, 0)}, To: id(1, 0), Slots: 6000}, three(), Facts{}), "ask for at most 5461"},
			{"none", making(MoveCount{From: []cluster.NodeID{id(3, 0)}, To: id(1, 0), Slots: 1}, three(), Facts{}), "0 slots"},
		},
		NotMeasured: {{"traffic", making(Rebalance{By: Traffic}, three(), Facts{}), "nobody knows the traffic of slot 0 on A"}},
		BadRequest: {
			{"no slots", making(MoveCount{To: id(1, 0)}, three(), Facts{}), "from 1 to 16384"},
			{"too many", making(MoveCount{To: id(1, 0), Slots: 20000}, three(), Facts{}), "from 1 to 16384"},
			{"threshold", making(Rebalance{Threshold: 100}, three(), Facts{}), "percentage"},
			{"negative threshold", making(Rebalance{Threshold: -3}, three(), Facts{}), "percentage"},
			{"weight", making(Rebalance{Weights: map[cluster.NodeID]float64{id(0, 0): -1}}, three(), Facts{}), "the weight -1 of A"},
			{"all weights 0", making(Rebalance{Weights: map[cluster.NodeID]float64{id(0, 0): 0, id(1, 0): 0, id(2, 0): 0}}, three(), Facts{}), "all weights are 0"},
			{"objective", making(Rebalance{By: 9}, three(), Facts{}), "by slots, keys, memory or traffic"},
			{"nothing", making(nil, three(), Facts{}), "nothing was asked"},
			{"driver", func() error { _, err := Choose(Plan{}, nil, 77); return err }, "no such driver"},
		},
		StrayKeys: {{"held", making(move, three(), Facts{Stray: map[cluster.NodeID]Stray{id(1, 0): {Counted: set("0-5460"), In: set("5361-5370"), Keys: 40}}}),
			"B 10.0.1.1:7000 holds keys in 10 slots (5361-5370) that it does not own"}},
		NoRoom: {{"full", making(move, crowded(three()), Facts{Load: Load{Bytes: even(10)}}), "will be 195 % full"}},
		NoDriver: {
			{"none", func() error { _, err := Choose(twoNodes(), abilities(0, 0), Auto); return err }, "no way of moving slots"},
			{"asked for", func() error { _, err := Choose(twoNodes(), abilities(Legacy, Legacy), AtomicValkey); return err }, "CLUSTER MIGRATESLOTS cannot be used"},
			{"not asked", func() error { _, err := Choose(twoNodes(), nil, Legacy); return err }, "was not asked what it can do"},
		},
		NoRights: {{"denied", func() error {
			a := abilities(0, 0)
			for id, can := range a {
				can.Denied = map[Driver]bool{Legacy: true}
				a[id] = can
			}
			_, err := Choose(twoNodes(), a, Auto)
			return err
		}, "no way of moving slots"}},
		NotEmpty: {
			{"keys", func() error { return refusedAdd(func(s *MemberServer) { s.Stats.Keys = 3 }) }, "holds 3 keys"},
			{"a cluster", func() error {
				return refusedAdd(func(s *MemberServer) { s.View = servers(2)[1].View; befriend(s, "10.9.9.9") })
			}, "is in a cluster with 1 other node (10.9.9.9:7000)"},
			{"functions", func() error { return refusedAdd(func(s *MemberServer) { s.Libraries = []string{"mine"} }) }, "has functions already (mine)"},
		},
		InUse: {
			{"owner", func() error { _, err := PlanRemove(three().snapshot(), RemoveRequest{Node: id(0, 0)}); return err }, "A 10.0.0.1:7000 owns 5461 slots (0-5460"},
			{"member", func() error {
				_, err := PlanReset(ResetRequest{Servers: memberOf(three(), id(3, 1)), Around: three().snapshot()})
				return err
			}, "slotdeck del-node"},
		},
	}
}

func TestEveryReasonToRefuseIsGivenInASentence(t *testing.T) {
	all := provocations()
	for _, reason := range Reasons() {
		if len(all[reason]) == 0 {
			t.Errorf("nothing provokes %v", reason)
		}
		if reason.String() == "" || reason.String() == "unknown value" {
			t.Errorf("reason %d has no name", reason)
		}
		for _, p := range all[reason] {
			t.Run(reason.String()+"/"+p.name, func(t *testing.T) {
				refusal := checkRefusal(t, reason, p.try(), "a plan")
				if !strings.Contains(refusal.Text, p.says) {
					t.Errorf("it says %q, not %q", refusal.Text, p.says)
				}
			})
		}
	}
}

func TestRefusalShowsEverythingThatWasLookedAt(t *testing.T) {
	w := three().but(func(s *cluster.Snapshot) { node(s, id(0, 0)).Health = cluster.NoAnswer })
	r := refused(t, NodeDown, MoveCount{From: []cluster.NodeID{id(0, 0)}, To: id(1, 0), Slots: 1}, w.snapshot(), Facts{})
	passed, failed := 0, 0
	for _, c := range r.Checks {
		passed += b2i(c.State == Passed)
		failed += b2i(c.State == Refused)
	}
	if passed < 3 || failed != 1 {
		t.Errorf("checks: %v", r.Checks)
	}
}

func TestReasonIsFoundBehindOtherErrors(t *testing.T) {
	wrapped := errors.Join(errors.New("other"), &Refusal{Reason: SelfMove})
	if r, ok := ReasonOf(wrapped); !ok || r != SelfMove {
		t.Errorf("got %v, %v", r, ok)
	}
	if _, ok := ReasonOf(errors.New("other")); ok {
		t.Error("any error passes for a refusal")
	}
}

func TestPlanGoesOnWhereOnlyABystanderIsDown(t *testing.T) {
	w := three().but(func(s *cluster.Snapshot) { node(s, id(2, 0)).Health = cluster.NoAnswer })
	p := mustMake(t, MoveCount{From: []cluster.NodeID{id(0, 0)}, To: id(1, 0), Slots: 10}, w.snapshot(), Facts{})
	if !warns(p, "one primary takes no part but does not answer: C") {
		t.Errorf("checks: %v", p.Checks)
	}
}

func TestPlanIgnoresViewsThatAreOld(t *testing.T) {
	w := three().but(func(s *cluster.Snapshot) {
		n := node(s, id(2, 1))
		n.View = cluster.Reading[*cluster.View]{Value: &cluster.View{Members: n.View.Value.Members[:2]}, At: noon.Add(-6e9)}
	})
	mustMake(t, MoveCount{To: id(1, 0), Slots: 10}, w.snapshot(), Facts{})
}

func TestPlanWarnsOfWhatItDoesNotKnow(t *testing.T) {
	w := three()
	w.replicas = 0
	p := mustMake(t, MoveCount{To: id(3, 0), Slots: 10}, w.but(func(s *cluster.Snapshot) { node(s, id(3, 0)).Info = cluster.Reading[cluster.Info]{} }).snapshot(), Facts{})
	for _, want := range []string{
		"were not asked whether an atomic migration is running", "D 10.0.3.1:7000 has no replica", "whether D 10.0.3.1:7000 holds stray keys",
		"whether D 10.0.3.1:7000 has memory enough is not known",
	} {
		if !warns(p, want) {
			t.Errorf("no warning that says %q in %v", want, p.Checks)
		}
	}
	part := Facts{Stray: map[cluster.NodeID]Stray{id(3, 0): {Counted: set("0-5")}}}
	if p := mustMake(t, MoveCount{To: id(3, 0), Slots: 100}, three().snapshot(), part); !warns(p, "holds stray keys") {
		t.Errorf("some slots counted pass for all: %v", p.Checks)
	}
	facts := Facts{JobsAsked: true, Stray: map[cluster.NodeID]Stray{id(3, 0): {Counted: keyslot.Full()}}}
	p = mustMake(t, MoveCount{To: id(3, 0), Slots: 10}, three().snapshot(), facts)
	for _, c := range p.Checks {
		if c.State != Passed {
			t.Errorf("%v although all is known: %s", c.State, c.Text)
		}
	}
}

func TestPlanIsLossyWhereTheTargetWouldEvict(t *testing.T) {
	w := three().but(func(s *cluster.Snapshot) {
		n := node(s, id(3, 0))
		n.Stats.MaxMemory, n.Stats.UsedMemory = 1000, 900
		n.Info.Value = cluster.Info{Sections: []cluster.InfoSection{{Name: "Memory", Fields: []cluster.InfoField{{Name: "maxmemory_policy", Value: "allkeys-lru"}}}}}
	})
	p := mustMake(t, MoveCount{To: id(3, 0), Slots: 100}, w.snapshot(), Facts{})
	if p.Risk != Lossy || !strings.Contains(p.Why, "may evict keys") {
		t.Errorf("risk %v: %s", p.Risk, p.Why)
	}
}
