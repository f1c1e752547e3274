package plan

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

func create(t *testing.T, s []MemberServer, replicas int) MemberPlan {
	t.Helper()
	p, err := PlanCreate(CreateRequest{Servers: s, Replicas: replicas})
	if err != nil {
		t.Fatalf("refused: %v", err)
	}
	return p
}

func TestCreateGivesAllSlotsOnceAndMeetsWithBusPorts(t *testing.T) {
	p := create(t, servers(6), 1)
	if got := acts(p); got != "send send meet follow sync settle" {
		t.Errorf("steps: %s", got)
	}
	var slots keyslot.Set
	epochs := map[string]bool{}
	for _, s := range p.Steps {
		for _, c := range s.Commands {
			switch c.Args[1] {
			case "ADDSLOTSRANGE":
				set := mustSet(t, c.Args[2]+"-"+c.Args[3])
				if !slots.Intersect(set).Empty() {
					t.Errorf("given twice: %v", c.Args)
				}
				slots = slots.Union(set)
			case "SET-CONFIG-EPOCH":
				epochs[c.Args[2]] = true
			case "MEET":
				if len(c.Args) != 5 || c.Args[4] != "8234" {
					t.Errorf("without the bus port: %v", c.Args)
				}
			}
		}
	}
	if slots.Len() != keyslot.Count || len(epochs) != 6 {
		t.Errorf("%d slots, %d different epochs", slots.Len(), len(epochs))
	}
	for _, line := range p.Lines() {
		if !printable(line) {
			t.Errorf("not printable: %q", line)
		}
	}
}

func mustSet(t *testing.T, text string) keyslot.Set {
	t.Helper()
	s, err := keyslot.ParseSet(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestCreateRefusesWhatCannotBecomeACluster(t *testing.T) {
	for _, c := range []struct {
		name, says string
		reason     Reason
		bend       func(s []MemberServer) []MemberServer
	}{
		{"too few", "5 servers are too few: a cluster needs at least 3 primaries, which with 1 replica each are 6", BadRequest, func(s []MemberServer) []MemberServer { return s[:5] }},
		{"unreachable", "10.1.0.2:7000 cannot take part: no", NodeDown, func(s []MemberServer) []MemberServer { s[1].Err = fmt.Errorf("no"); return s }},
		{"twice", "are the same node", BadRequest, func(s []MemberServer) []MemberServer { s[1] = s[0]; return s }},
		{"versions", "one major version", BadRequest, func(s []MemberServer) []MemberServer { s[3].Stats.Version = "9.1.2"; return s }},
		{"flavors", "runs redis 8", BadRequest, func(s []MemberServer) []MemberServer { s[3].Stats.Flavor = "redis"; return s }},
		{"keys", "holds 7 keys", NotEmpty, func(s []MemberServer) []MemberServer { s[2].Stats.Keys = 7; return s }},
		{"another cluster", "is in another cluster already, with 10.9.9.9:7000", NotEmpty, func(s []MemberServer) []MemberServer { befriend(&s[2], "10.9.9.9"); return s }},
		{"loopback", "127.0.0.1:7000 is on a loopback address", BadRequest, func(s []MemberServer) []MemberServer { s[4] = serverAt("127.0.0.1", 7000, s[4].ID()); return s }},
		{"password", "set masterauth", BadRequest, func(s []MemberServer) []MemberServer { s[0].Login.Asks, s[0].Login.Gives = 5, 5; return s }},
		{"no bus port", "does not tell a port of its cluster bus", NodeDown, func(s []MemberServer) []MemberServer { s[0].BusPort = 0; return s }},
		{"other slots", "owns slots 5-6", NotEmpty, func(s []MemberServer) []MemberServer {
			selfOf(&s[1]).Slots = []keyslot.Range{{First: 5, Last: 6}}
			return s
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := PlanCreate(CreateRequest{Servers: c.bend(servers(6)), Replicas: 1})
			r := checkRefusal(t, c.reason, err, p.Title)
			if !strings.Contains(r.Text, c.says) {
				t.Errorf("it says %q, not %q", r.Text, c.says)
			}
		})
	}
}

func TestCreateTellsWhereReplicasShareTheHost(t *testing.T) {
	one := servers(6)
	for i := range one {
		one[i] = serverAt("10.1.0.1", 7000+i, one[i].ID())
	}
	if p := create(t, one, 1); !memberSays(p.Checks, Warned, "all nodes are on one host") {
		t.Errorf("checks: %v", p.Checks)
	}
	for i := range 4 {
		one[i+2] = serverAt("10.1.0.2", 7000+i, one[i+2].ID())
	}
	if p := create(t, one, 1); !memberSays(p.Checks, Warned, "shares the host of its primary") {
		t.Errorf("checks: %v", p.Checks)
	}
	if p := create(t, servers(6), 1); !memberSays(p.Checks, Passed, "no replica is on the host of its primary") {
		t.Errorf("checks: %v", p.Checks)
	}
}

// carry does to servers what a plan says, up to so many commands.
func carry(p MemberPlan, s []MemberServer, commands int) (left int) {
	index := map[cluster.NodeID]int{}
	for i := range s {
		index[s[i].ID()] = i
	}
	for _, step := range p.Steps {
		for _, c := range step.Commands {
			if commands--; commands < 0 {
				return 0
			}
			self := selfOf(&s[index[c.Node]])
			switch c.Args[1] {
			case "SET-CONFIG-EPOCH":
				fmt.Sscan(c.Args[2], &self.Epoch)
			case "ADDSLOTSRANGE":
				var r keyslot.Range
				fmt.Sscan(c.Args[2], &r.First)
				fmt.Sscan(c.Args[3], &r.Last)
				self.Slots = append(self.Slots, r)
			case "REPLICATE":
				self.Flags = cluster.Myself | cluster.Replica
				self.Primary = cluster.NodeID(c.Args[2])
			}
		}
		if step.Act == ActMeet {
			acquaint(s)
		}
	}
	return commands
}

func TestCreateFinishesWhatWasBegunWhereverItStopped(t *testing.T) {
	for stop := range 60 {
		s := servers(8)
		if left := carry(create(t, s, 1), s, stop); left > 0 {
			if stop < 20 {
				t.Fatalf("%d commands make a cluster of 8", stop-left)
			}
			return
		}
		again, err := PlanCreate(CreateRequest{Servers: s, Replicas: 1})
		if err == nil {
			carry(again, s, 1000)
		}
		acquaint(s) // gossip tells all of all
		p, err := PlanCreate(CreateRequest{Servers: s, Replicas: 1})
		if r, _ := ReasonOf(err); r != NothingToMove {
			t.Fatalf("after %d commands and a second run there is left: %v %v", stop, memberSent(p), err)
		}
		slots, epochs := 0, map[uint64]bool{}
		for i := range s {
			self := selfOf(&s[i])
			epochs[self.Epoch] = true
			for _, r := range self.Slots {
				slots += r.Len()
			}
		}
		if slots != keyslot.Count || len(epochs) != 8 {
			t.Fatalf("after %d commands: %d slots, %d epochs", stop, slots, len(epochs))
		}
	}
	t.Fatal("the plan never ends")
}

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

func zoneMap(t *testing.T, rules ...string) cluster.Zones {
	t.Helper()
	z, err := cluster.ParseZoneRules(strings.Join(rules, "\n"))
	if err != nil {
		t.Fatal(err)
	}
	zones, err := cluster.NewZones(z)
	if err != nil {
		t.Fatal(err)
	}
	return zones
}

func TestCreateKeepsReplicasOutOfTheirPrimarysZone(t *testing.T) {
	s := servers(6) // each on a host of its own
	plan := func(rules ...string) (MemberPlan, map[string]string) {
		p, err := PlanCreate(CreateRequest{Servers: s, Replicas: 1, Zones: zoneMap(t, rules...)})
		if err != nil {
			t.Fatal(err)
		}
		follows := map[string]string{}
		for _, st := range p.Steps {
			for i, c := range st.Commands {
				if c.Args[1] == "REPLICATE" {
					for k := range s {
						if s[k].ID() == st.Wants[i].Under {
							follows[c.Addr] = s[k].Addr
						}
					}
				}
			}
		}
		return p, follows
	}
	zone := map[string]string{"10.1.0.1": "a", "10.1.0.2": "a", "10.1.0.3": "b", "10.1.0.4": "b", "10.1.0.5": "c", "10.1.0.6": "c"}
	var rules []string
	for of, z := range zone {
		rules = append(rules, of+" "+z)
	}
	p, follows := plan(rules...)
	for r, u := range follows {
		if zone[plainHost(strings.TrimSuffix(r, ":7000"))] == zone[strings.TrimSuffix(u, ":7000")] {
			t.Errorf("%s follows %s in its zone", r, u)
		}
	}
	if len(follows) != 3 || !memberSays(p.Checks, Passed, "no replica is in the zone of its primary") {
		t.Errorf("%v: %v", follows, p.Checks)
	}
	p, _ = plan("10.1.0.1 a", "10.1.0.2 a", "10.1.0.3 a", "10.1.0.4 a", "10.1.0.5 b")
	if !memberSays(p.Checks, Warned, "shares the zone of its primary; too many of the servers are in one zone") || !memberSays(p.Checks, Warned, "does not name 10.1.0.6:7000") {
		t.Errorf("%v", p.Checks)
	}
	if p, _ = plan("10.1.0.1 a", "10.1.0.2 a", "10.1.0.3 a", "10.1.0.4 a", "10.1.0.5 a", "10.1.0.6 a"); !memberSays(p.Checks, Warned, "all nodes are in one zone, a") {
		t.Errorf("%v", p.Checks)
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

func TestSettingIsRefusedWhereItWouldShowASecretOrMakeAllNodesAlike(t *testing.T) {
	s := three().snapshot()
	for _, name := range []string{"requirepass", "masterauth", "cluster-announce-ip", "port", "dir", "", "max*"} {
		if _, err := PlanSetting(s, name, "x", nil); err == nil {
			t.Errorf("%q was taken", name)
		}
	}
	if _, err := PlanSetting(s, NodeTimeout, "99", nil); err == nil {
		t.Error("a node timeout of 99 ms was taken")
	}
	values := map[cluster.NodeID]string{}
	if _, err := PlanSetting(s, "no-such-thing", "1", values); err == nil {
		t.Error("a setting that no node has was taken")
	}
	values[id(0, 0)] = "100"
	p, err := PlanSetting(s, "MaxMemory", "1gb", values)
	if err != nil || p.Risk != Lossy || p.Type != "maxmemory" {
		t.Fatalf("%v %v %q", err, p.Risk, p.Type)
	}
}

func TestPlanIsHeldAgainstWhatIsReadJustBefore(t *testing.T) {
	w := MemberWish{Kind: MemberAdd, Servers: []string{"10.1.0.1:7000"}, Replica: true}
	g := MemberGround{Snap: three().snapshot(), Servers: servers(1)}
	p, err := w.Plan(g)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Recheck(p, g); err != nil {
		t.Errorf("nothing has changed: %v", err)
	}
	g.Snap = three().but(func(s *cluster.Snapshot) { node(s, id(2, 1)).Health = cluster.NoAnswer }).snapshot()
	if err := w.Recheck(p, g); err == nil {
		t.Error("another primary needs the replica now, and the old plan would have been carried out")
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
