package plan

import (
	"fmt"
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
