package views

import (
	"fmt"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/keyslot"
)

func TestNodeIsAddedAsAReplicaWhereItIsNeededAndWatchedToItsReport(t *testing.T) {
	s, m := memberStage(t, sampleReady(), colours, 120, 40)
	s.press("3", "a")
	s.want("PLAN", "add a node", "server: ", "the server is not given yet")
	s.typed("10.0.0.30:7000")
	s.press("enter")
	s.want("add 10.0.0.30:7000 as a primary without slots", "is empty: no keys, no slots", "CLUSTER MEET")
	s.press("tab", "right")
	s.want("as a replica of A 10.0.0.11:7001", "needs a replica most", "CLUSTER REPLICATE "+string(sampleID(1)))
	s.press("tab", "right", "right")
	s.want("as a replica of B 10.0.0.12:7002")
	s.press("y")
	if len(m.begun) != 1 || m.begun[0].Under != sampleID(2) || !m.begun[0].Replica {
		t.Fatalf("begun %+v", m.begun)
	}
	if len(m.read) != 1 {
		t.Errorf("the server was read %d times; choices alone need no new reading", len(m.read))
	}
	s.goes(2, "10.0.0.30:7000 copies: 3 of 9 MiB")
	s.want("CHANGE", "copies: 3 of 9 MiB", "leave, it goes on", "add-node 3/4")
	s.press("esc")
	s.want("add-node 3/4")
	s.press("5", "w")
	s.want("CHANGE")
	s.press("esc")
	s.ends(allDone(m.plans[0]))
	s.want("done: add 10.0.0.30:7000 as a replica of B")
}

func TestNewPrimaryIsOfferedItsShareOfSlots(t *testing.T) {
	s, m := memberStage(t, sampleReady(addShard()), colours, 120, 40)
	s.press("3", "a")
	s.typed("10.0.0.30:7000")
	s.press("enter", "y")
	s.ends(allDone(m.plans[0]))
	s.want("Done: add", "b give it its share of slots")
	s.press("b")
	s.want("PLAN", "rebalance")
}

func TestPrimaryWithSlotsIsDrainedBeforeItIsRemoved(t *testing.T) {
	snap := sampleReady()
	m := newFakeMembers()
	mover := &fakeMover{facts: sampleFacts(snap)}
	s := newStageOf(t, Config{Context: "prod-eu", Look: colours, First: snap, Members: m, Mover: mover}, 120, 40)
	s.press("3", "R")
	s.want("cannot be run", "owns 5462 slots", "D plans the way of its 5462 slots")
	s.press("y")
	if len(m.begun) != 0 {
		t.Fatal("a node that owns slots was removed")
	}
	s.press("D")
	s.want("PLAN", "drain A")
	s.confirmed()
	if mover.job == nil {
		t.Fatalf("no drain began:\n%s", s.text())
	}
	s.press("3", "a")
	s.want("slots are being moved; one thing at a time")
	m.snap = sampleReady(giveSlots("B", 0, 5461), func(s *cluster.Snapshot) { s.Nodes[0].Stats.Keys = 0 })
	s.end(mover, MoveReport{Title: "drain", OK: true, Outcome: "completed", Moved: keyslot.SetOf(keyslot.Range{First: 0, Last: 5461})})
	s.want("PLAN  remove", "CLUSTER FORGET "+string(sampleID(1)), "CLUSTER RESET SOFT", "follow")
	s.press("y")
	if len(m.begun) != 1 || m.begun[0].Kind != plan.MemberRemove {
		t.Fatalf("begun %+v:\n%s", m.begun, s.text())
	}
}

func TestWatchPastTheBanKeepsNobodyFromTheNextChange(t *testing.T) {
	s, m := memberStage(t, sampleReady(), colours, 120, 40)
	s.press("3", "j", "R") // the first replica
	s.want("PLAN  remove the replica 10.0.0.14:7004")
	s.confirmed()
	s.press("esc", "a")
	s.want("another change is at work")
	p := m.plans[0]
	if p.Steps[len(p.Steps)-1].Act != plan.ActAbsent {
		t.Fatal("the last step does not watch")
	}
	s.goes(len(p.Steps)-1, "58 s more")
	s.press("a")
	s.want("PLAN  add a node")
	s.press("esc", "esc", "q")
	s.wantNot("a change is at work")
}

func TestDeadNodeIsReplacedInOnePlan(t *testing.T) {
	s, m := memberStage(t, sampleReady(failPrimary("C"), giveSlots("A", 10923, 16383)), colours, 120, 40)
	s.press(":")
	s.typed("replace 10.0.0.13:7003")
	s.press("enter")
	s.want("the new server is not given yet")
	s.typed("10.0.0.30:7000")
	s.press("enter")
	s.want("replace", "10.0.0.13:7003 by 10.0.0.30:7000", "CLUSTER FORGET "+string(sampleID(3)))
	if w := m.read[len(m.read)-1]; w.Kind != plan.MemberReplace || w.Node != sampleID(3) {
		t.Fatalf("read for %+v", w)
	}
}

func TestReplicaIsGivenAnotherPrimary(t *testing.T) {
	s, m := memberStage(t, sampleReady(twoReplicas("A")), colours, 120, 40)
	s.press(":")
	s.typed("replicate 10.0.0.14:7004")
	s.press("enter")
	s.want("make 10.0.0.14:7004 a replica of B 10.0.0.12:7002", "its copy is dropped")
	s.press("right")
	s.want("make 10.0.0.14:7004 a replica of C 10.0.0.13:7003")
	s.confirmed()
	if len(m.begun) != 1 || m.begun[0].Under != sampleID(3) {
		t.Fatalf("begun %+v", m.begun)
	}
}

func TestServerThatIsAloneIsOfferedACluster(t *testing.T) {
	s, m := memberStage(t, loneServer(), colours, 120, 40)
	s.want("c create a cluster")
	s.press("c")
	s.want("cannot be run: 1 server is too few")
	s.press("enter")
	s.typed(strings.TrimPrefix(sixServers(), "10.0.0.21:7000"))
	s.press("enter")
	s.want("create a cluster of 6 nodes: 6 primaries")
	s.press("tab", "right")
	s.want("3 primaries, 3 replicas", "no replica is on the host of its primary", "replicated by 10.0.0.24:7000")
	s.press("y")
	if len(m.begun) != 1 || m.begun[0].Replicas != 1 || len(m.begun[0].Servers) != 6 {
		t.Fatalf("begun %+v", m.begun)
	}
}

func TestCreatedReplicasStayOutOfTheirPrimarysZone(t *testing.T) {
	var rules []cluster.ZoneRule
	for i, addr := range strings.Fields(sixServers()) {
		rules = append(rules, cluster.ZoneRule{Of: addr, Zone: "rack-" + string("aabbcc"[i])})
	}
	zones, err := cluster.NewZones(rules)
	if err != nil {
		t.Fatal(err)
	}
	s := newStageOf(t, Config{Context: "prod-eu", Look: colours, First: loneServer(), Members: newFakeMembers(), Seeds: []string{"10.0.0.21:7000"}, Zones: zones}, 120, 40)
	s.press("c", "enter")
	s.typed(strings.TrimPrefix(sixServers(), "10.0.0.21:7000"))
	s.press("enter", "tab", "right")
	s.want("3 primaries, 3 replicas", "no replica is in the zone of its primary")
}

func TestClusterThatIsThereOffersNoCreation(t *testing.T) {
	s, _ := memberStage(t, sampleReady(), colours, 120, 40)
	s.wantNot("create a cluster")
}

func TestSettingIsToldForEachNode(t *testing.T) {
	s, m := memberStage(t, sampleReady(), colours, 120, 40)
	s.press(":")
	s.typed("set cluster-node-timeout 5000")
	s.press("enter")
	s.want("set cluster-node-timeout to 5000 ms on 6 nodes", "now 15000", "CONFIG REWRITE")
	s.press("y")
	r := allDone(m.plans[0])
	r.OK, r.Text = false, "1 of 2 nodes did not take it; the others have it"
	r.Nodes = []MemberResult{{Addr: sampleAddr(1), OK: true, Text: "set, and kept in its configuration file"}, {Addr: sampleAddr(2), Text: "no permission"}}
	s.ends(r)
	s.want("1 of 2 nodes did not take it", "10.0.0.12:7002  no permission", "plan again")
}

func TestPasswordsAreNoSettingOfAPlan(t *testing.T) {
	s, m := memberStage(t, sampleReady(), colours, 120, 40)
	s.press(":")
	s.typed("set requirepass hunter2")
	s.press("enter")
	s.want("requirepass is a secret")
	s.press("y")
	if len(m.begun) != 0 {
		t.Fatal("it was begun")
	}
}

func TestPlanThatNoLongerHoldsSendsNothingAndIsMadeAnew(t *testing.T) {
	s, m := memberStage(t, sampleReady(), colours, 80, 24)
	m.refuse = "the cluster has changed since the plan was made, and nothing was sent; look at the plan again"
	s.press("3", "a")
	s.typed("10.0.0.30:7000")
	s.press("enter", "y")
	s.want("nothing was sent", "r plan again")
	m.refuse = ""
	s.press("r")
	s.want("PLAN", "add 10.0.0.30:7000 as a primary")
}

func TestChangeCanBeStoppedAndQuittingAsks(t *testing.T) {
	s, m := memberStage(t, sampleReady(), colours, 80, 24)
	s.press("3", "a")
	s.typed("10.0.0.30:7000")
	s.press("enter", "y")
	s.goes(0, "3 of 12 connections between the nodes are missing")
	s.press("esc", "q")
	s.want("a change is at work", "the same plan does the rest")
	s.press("y")
	if !m.job.stopped {
		t.Fatal("it was not stopped")
	}
	r := allDone(m.plans[0])
	r.OK, r.Interrupted, r.Text = false, true, "interrupted after 1 of 2 steps; the same command does the rest"
	s.ends(r)
	s.want("Interrupted after 1 of 2 steps")
}

func TestLossyResetWantsTheAddressTyped(t *testing.T) {
	s, m := memberStage(t, sampleReady(), colours, 120, 40)
	server := emptyServer("10.0.0.30:7000", 7)
	server.View.Members[0].Slots = []keyslot.Range{{First: 0, Last: 99}}
	m.servers["10.0.0.30:7000"] = server
	m.snap = loneServer()
	s.press(":")
	s.typed("reset 10.0.0.30:7000")
	s.press("enter")
	s.want("lossy", "owns 100 slots")
	s.press("y", "enter")
	if len(m.begun) != 0 {
		t.Fatal("it was begun without the name")
	}
	s.press("y")
	s.typed("10.0.0.30:7000")
	s.press("enter")
	if len(m.begun) != 1 {
		t.Fatal("it was not begun")
	}
}

func TestConsoleThatOnlyLooksLetsNobodyComeOrGo(t *testing.T) {
	s := newStageOf(t, Config{Look: colours, First: sampleReady(), Members: newFakeMembers(), ReadOnly: true}, 120, 40)
	s.press("3")
	s.wantNot("a add", "R remove")
	s.press("a", "R")
	s.wantNot("PLAN")
	s.press(":")
	s.typed("add-node")
	s.press("enter")
	s.wantNot("PLAN")
	s.want("only looks")
}

func TestChangesLookAsTheyShould(t *testing.T) {
	type driven func(*stage, *fakeMembers)
	ready := func() *cluster.Snapshot { return sampleReady() }
	add := func(s *stage, _ *fakeMembers) {
		s.press("3", "a")
		s.typed("10.0.0.30:7000")
		s.press("enter", "tab", "right")
	}
	for name, c := range map[string]struct {
		snap  func() *cluster.Snapshot
		drive driven
	}{
		"members/typing": {ready, func(s *stage, _ *fakeMembers) { s.press("3", "a"); s.typed("10.0.0.30") }},
		"members/add":    {ready, add},
		"members/drain":  {ready, func(s *stage, _ *fakeMembers) { s.press("3", "R") }},
		"members/remove": {ready, func(s *stage, _ *fakeMembers) { s.press("3", "j", "R") }},
		"members/replace": {func() *cluster.Snapshot { return sampleReady(failPrimary("C"), giveSlots("A", 10923, 16383)) }, func(s *stage, _ *fakeMembers) {
			s.commanded("replace 10.0.0.13:7003")
			s.typed("10.0.0.30:7000")
			s.press("enter")
		}},
		"members/create": {loneServer, func(s *stage, _ *fakeMembers) {
			s.press("c", "enter")
			s.typed(strings.TrimPrefix(sixServers(), "10.0.0.21:7000"))
			s.press("enter", "tab", "right")
		}},
		"members/repair": {ready, func(s *stage, m *fakeMembers) {
			snap := s.app.snap
			m.seen.Strays = map[cluster.NodeID]plan.Stray{
				snap.Shards[1].Primary: {In: keyslot.SetOf(keyslot.Range{First: 10, Last: 12}, keyslot.Range{First: 12000, Last: 12000}), Keys: 7},
			}
			s.follow(func() tea.Msg { return memberWanted{kind: plan.MemberRepair} })
			s.press("tab", "tab", "tab", "right", "right")
		}},
		"members/running": {ready, func(s *stage, m *fakeMembers) {
			add(s, m)
			s.press("y")
			s.goes(2, "10.0.0.30:7000 copies: 3 of 9 MiB")
		}},
		"members/done": {ready, func(s *stage, m *fakeMembers) { add(s, m); s.press("y"); s.ends(allDone(m.plans[0])) }},
		"members/matrix": {ready, func(s *stage, m *fakeMembers) {
			add(s, m)
			s.press("y")
			r := allDone(m.plans[0])
			r.OK, r.Steps = false, stepsUpTo(m.plans[0], 0, StepFailed)
			r.Text = "no other node reaches 10.0.0.30:7000 at 10.0.0.30, bus port 17000: the bus port is closed or filtered, or the node is announced where it is not (cluster-announce-ip, -bus-port)"
			r.Matrix = []string{"10.0.0.11:7001 does not reach 10.0.0.30:7000@17000", "10.0.0.12:7002 does not reach 10.0.0.30:7000@17000"}
			s.ends(r)
		}},
		"members/jobs": {ready, func(s *stage, m *fakeMembers) {
			add(s, m)
			s.press("y")
			s.ends(allDone(m.plans[0]))
			s.press("esc", "5")
		}},
	} {
		for look, l := range looks {
			for _, size := range [][2]int{{80, 24}, {160, 45}} {
				file := fmt.Sprintf("%s/%s-%dx%d", name, look, size[0], size[1])
				t.Run(file, func(t *testing.T) {
					t.Parallel()
					s, m := memberStage(t, c.snap(), l, size[0], size[1])
					c.drive(s, m)
					s.app.toast = toastShown{}
					lines := strings.Split(s.raw(), "\n")
					for i := range lines {
						lines[i] = strings.TrimRight(lines[i], " ")
					}
					golden(t, file, strings.Join(lines, "\n")+"\n")
				})
			}
		}
	}
}

func TestARepairIsPlannedAgainWithTheWordsThatWereSaid(t *testing.T) {
	want := plan.RepairWish{Owners: "10-12=10.0.0.11:7001", Unreachable: true, Claimants: true, Strays: plan.DeleteStrays, Replace: true}
	f := newRepairFields()
	if f.wish() != (plan.RepairWish{}) {
		t.Errorf("something is decided at first: %+v", f.wish())
	}
	f.fill(want)
	if got := f.wish(); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}
