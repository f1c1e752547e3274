package plan

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

var failoverNow = time.Date(2025, 3, 4, 12, 0, 0, 0, time.UTC)

// failoverBench is three healthy shards, A to C, of a primary and two replicas
// each. Replica A1's node id begins with a1.
type failoverBench struct{ s *cluster.Snapshot }

func failoverID(nick string) cluster.NodeID {
	return cluster.NodeID(strings.ToLower(nick) + strings.Repeat("0", 40-len(nick)))
}

func newFailoverBench() *failoverBench {
	b := &failoverBench{&cluster.Snapshot{At: failoverNow}}
	for i, letter := range []string{"A", "B", "C"} {
		first := keyslot.Slot(i * 5461)
		shard := cluster.Shard{Letter: letter, Primary: failoverID(letter + "0"), Slots: []keyslot.Range{{First: first, Last: first + 5460}}, SlotLen: 5461}
		for r := range 3 {
			nick := fmt.Sprintf("%s%d", letter, r)
			n := cluster.Node{
				ID: failoverID(nick), Shard: i, Health: cluster.Answering, LastSeen: failoverNow,
				Dialled: fmt.Sprintf("10.0.0.%d:70%d%d", 10*(i+1)+r, i+1, r),
				Info:    cluster.Reading[cluster.Info]{At: failoverNow},
				Stats:   cluster.Stats{Flavor: "redis", Version: "7.0.15", Offset: 5000, LinkUp: r > 0, LinkIdle: 0},
				Config: cluster.Reading[map[string]string]{At: failoverNow, Value: map[string]string{
					"cluster-node-timeout": "3000", "cluster-replica-validity-factor": "10",
				}},
				ClusterInfo: cluster.Reading[cluster.ClusterInfo]{At: failoverNow, Value: cluster.ClusterInfo{State: "ok", Size: 3, CurrentEpoch: 13}},
			}
			n.Member = cluster.Member{ID: n.ID, Flags: cluster.Primary}
			n.Stats.Role = cluster.Primary
			if r > 0 {
				n.Stats.Role = cluster.Replica
				n.Member.Flags, n.Member.Primary = cluster.Replica, shard.Primary
				shard.Replicas = append(shard.Replicas, n.ID)
			}
			b.s.Nodes = append(b.s.Nodes, n)
		}
		b.s.Shards = append(b.s.Shards, shard)
	}
	return b
}

func (b *failoverBench) node(nick string) *cluster.Node {
	n, ok := b.s.Node(failoverID(nick))
	if !ok {
		panic(nick)
	}
	return n
}

// kill makes nodes silent, and held for failed by the other primaries that live.
func (b *failoverBench) kill(nicks ...string) *failoverBench {
	for _, nick := range nicks {
		n := b.node(nick)
		n.Health, n.LastSeen = cluster.NoAnswer, failoverNow.Add(-9*time.Second)
		for _, voter := range []string{"A0", "B0", "C0"} {
			if b.node(voter).Health == cluster.Answering {
				n.FailBy = append(n.FailBy, failoverID(voter))
			}
		}
	}
	return b
}

type failoverCase struct {
	name     string
	bend     func(*failoverBench)
	facts    FailoverFacts
	advised  string // kind, or none
	why      string
	disabled [3]string // graceful, force, takeover; empty: can run
}

func failoverCases() []failoverCase {
	const (
		lost      = "an election needs 2 of 3 voting primaries, and 1 can be reached"
		heldDead  = "10.0.0.30:7030 is held for failed, and the replica refuses"
		tooRecent = "the shard's last election is too recent: for 9 s more its votes could be counted again, and the failover would fall back"
	)
	recent := FailoverFacts{LastElection: failoverNow.Add(-3 * time.Second)}
	every := func(why string) [3]string { return [3]string{why, why, why} }
	return []failoverCase{
		{"all well", func(*failoverBench) {}, FailoverFacts{}, "graceful",
			"graceful: the primary lives and hands over, so that no acknowledged write is lost", [3]string{}},
		{"primary held for failed", func(b *failoverBench) { b.kill("C0") }, FailoverFacts{}, "force",
			"FORCE: " + heldDead + ", and a majority can elect", [3]string{heldDead, "", ""}},
		{"majority lost", func(b *failoverBench) { b.kill("B0", "C0") }, FailoverFacts{}, "takeover",
			"TAKEOVER as a last resort: " + lost, [3]string{heldDead, lost, ""}},
		{"primary frozen, not noticed", func(b *failoverBench) { b.node("C0").Health = cluster.NoAnswer }, FailoverFacts{}, "force",
			"FORCE: 10.0.0.30:7030 does not answer: the replica would say OK and nothing would happen, and a majority can elect",
			[3]string{"10.0.0.30:7030 does not answer: the replica would say OK and nothing would happen", "", ""}},
		{"no link", func(b *failoverBench) { b.node("C1").Stats.LinkUp = false }, FailoverFacts{}, "force",
			"FORCE: the replica has no link to 10.0.0.30:7030, and refuses, and a majority can elect",
			[3]string{"the replica has no link to 10.0.0.30:7030, and refuses", "", ""}},
		{"primary loading", func(b *failoverBench) { b.node("C0").Health = cluster.Loading }, FailoverFacts{}, "force",
			"FORCE: 10.0.0.30:7030 is loading its dataset and cannot hand over, and a majority can elect",
			[3]string{"10.0.0.30:7030 is loading its dataset and cannot hand over", "", ""}},
		{"shard without primary", func(b *failoverBench) { b.s.Shards[2].Primary = "" }, FailoverFacts{}, "force",
			"FORCE: the shard has no primary that could hand over, and a majority can elect",
			[3]string{"the shard has no primary that could hand over", "", ""}},
		{"stale votes of the last election", func(*failoverBench) {}, recent, "none", "none yet: wait 9 s", [3]string{tooRecent, tooRecent, ""}},
		{"stale votes, seen in the events", func(b *failoverBench) {
			b.s.Events = []cluster.Event{{At: failoverNow.Add(-3 * time.Second), Kind: cluster.RoleChanged, Shard: "C"}}
		}, FailoverFacts{}, "none", "none yet: wait 9 s", [3]string{tooRecent, tooRecent, ""}},
		{"an election of another shard does not matter", func(b *failoverBench) {
			b.s.Events = []cluster.Event{{At: failoverNow.Add(-3 * time.Second), Kind: cluster.RoleChanged, Shard: "A"}}
		}, FailoverFacts{}, "graceful", "graceful: the primary lives and hands over, so that no acknowledged write is lost", [3]string{}},
		{"Valkey asks for new votes", func(b *failoverBench) { b.node("C1").Stats.Flavor = "valkey" }, recent, "graceful",
			"graceful: the primary lives and hands over, so that no acknowledged write is lost", [3]string{}},
		{"long after the last election", func(*failoverBench) {}, FailoverFacts{LastElection: failoverNow.Add(-12 * time.Second)}, "graceful",
			"graceful: the primary lives and hands over, so that no acknowledged write is lost", [3]string{}},
		{"something else is running", func(*failoverBench) {}, FailoverFacts{Busy: "a reshard"}, "none",
			"none now: a reshard is running on the shard; let it end or stop it first", every("a reshard is running on the shard; let it end or stop it first")},
		{"replica silent", func(b *failoverBench) { b.node("C1").Health = cluster.NoAnswer }, FailoverFacts{}, "none",
			"none now: 10.0.0.31:7031 does not answer the console, so that nothing can be sent to it",
			every("10.0.0.31:7031 does not answer the console, so that nothing can be sent to it")},
		{"replica loading", func(b *failoverBench) { b.node("C1").Health = cluster.Loading }, FailoverFacts{}, "none",
			"none now: 10.0.0.31:7031 is loading its dataset", every("10.0.0.31:7031 is loading its dataset")},
		{"replica in a full sync", func(b *failoverBench) { b.node("C1").Stats.Syncing = true }, FailoverFacts{}, "none",
			"none now: 10.0.0.31:7031 is in the middle of a full sync and has only part of the data",
			every("10.0.0.31:7031 is in the middle of a full sync and has only part of the data")},
		{"atomic migration", func(b *failoverBench) {
			b.node("C0").ClusterInfo.Value.Fields = []cluster.InfoField{{Name: "cluster_slot_migration_active_tasks", Value: "1"}}
		}, FailoverFacts{}, "force", "FORCE: an atomic slot migration runs on the shard; cancel it on its target, or let it end, and a majority can elect",
			[3]string{"an atomic slot migration runs on the shard; cancel it on its target, or let it end", "", ""}},
	}
}

func TestFailoverAdvisesTheGentlestWayThatWorks(t *testing.T) {
	for _, c := range failoverCases() {
		t.Run(c.name, func(t *testing.T) {
			b := newFailoverBench()
			c.bend(b)
			p, err := PlanFailover(b.s, failoverID("C1"), c.facts)
			if err != nil {
				t.Fatal(err)
			}
			advised := "none"
			if p.Advised != nil {
				advised = p.Advised.String()
			}
			if advised != c.advised || p.Why != c.why {
				t.Errorf("advised %s: %s\nwant %s: %s", advised, p.Why, c.advised, c.why)
			}
			for i, v := range p.Variants {
				if v.Disabled != c.disabled[i] {
					t.Errorf("%s is disabled by %q, want %q", v.Kind, v.Disabled, c.disabled[i])
				}
			}
			if p.Advised != nil && p.Variant(*p.Advised).Disabled != "" {
				t.Error("the advised way is disabled")
			}
		})
	}
}

func TestOnlyLossyFailoversWantTheTypedName(t *testing.T) {
	p, err := PlanFailover(newFailoverBench().s, failoverID("C1"), FailoverFacts{})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []Failover{
		{Kind: Graceful, Command: "CLUSTER FAILOVER", Risk: Disruptive},
		{Kind: Force, Command: "CLUSTER FAILOVER FORCE", Risk: Lossy, Type: "10.0.0.31:7031"},
		{Kind: Takeover, Command: "CLUSTER FAILOVER TAKEOVER", Risk: Lossy, Type: "10.0.0.31:7031"},
	} {
		got := p.Variants[i]
		if got.Price == "" {
			t.Errorf("%s has no price", got.Kind)
		}
		got.Price = ""
		if got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
}

func TestFailoverTellsItsPrice(t *testing.T) {
	b := newFailoverBench()
	b.node("C1").Stats.Offset = 2952
	b.node("C1").Stats.LinkIdle = 2 * time.Second
	b.node("C1").Config.Value["cluster-manual-failover-timeout"] = "7000"
	p, err := PlanFailover(b.s, failoverID("C1"), FailoverFacts{})
	if err != nil {
		t.Fatal(err)
	}
	if p.Behind != (Amount{N: 2048, How: Reported}) || p.Idle != 2*time.Second || !p.LinkUp || p.Epoch != 13 ||
		p.Voters != 3 || p.Need != 2 || p.Present != 3 || p.Slots != 5461 || p.Timeout != 7*time.Second {
		t.Errorf("got %+v", p)
	}
	for i, want := range []string{
		"writes to shard C pause until the replica has caught up (now 2.0 KiB behind), 14 s at most; none is lost",
		"acknowledged writes that the replica does not have are lost: 2.0 KiB at the last look, and all that the primary still takes until it steps down",
		"acknowledged writes that the replica does not have are lost: 2.0 KiB at the last look, and all that the primary still takes until it steps down; nobody is asked, so that two nodes can own the slots if the primary lives out of sight",
	} {
		if got := p.Variants[i].Price; got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	if !hasCheck(p, Warned, "replica 10.0.0.32:7032 is 2.0 KiB further ahead") {
		t.Errorf("the better replica is not named: %v", p.Checks)
	}
}

func TestFailoverOfADeadPrimaryPricesTheLastLook(t *testing.T) {
	b := newFailoverBench().kill("C0")
	p, err := PlanFailover(b.s, failoverID("C1"), FailoverFacts{})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := p.Variant(Force).Price, "acknowledged writes that the replica does not have are lost: 0 B at the last look"; got != want {
		t.Errorf("got %q", got)
	}
	b.node("C0").Info = cluster.Reading[cluster.Info]{}
	p, _ = PlanFailover(b.s, failoverID("C1"), FailoverFacts{})
	if got, want := p.Variant(Force).Price, "acknowledged writes that the replica does not have are lost; how many is not known"; got != want {
		t.Errorf("got %q", got)
	}
}

func TestFailoverWarnsOfWhatItWouldDisturb(t *testing.T) {
	b := newFailoverBench().kill("A0")
	b.s.Moves = []cluster.Move{{Slot: 11000, From: failoverID("C0"), To: failoverID("B0")}, {Slot: 1, From: failoverID("A0")}}
	b.node("C1").Stats.LinkUp = false
	p, err := PlanFailover(b.s, failoverID("C1"), FailoverFacts{})
	if err != nil {
		t.Fatal(err)
	}
	for text, state := range map[string]CheckState{
		"2 of 3 voting primaries can be reached, 2 are needed":                                                     Passed,
		"1 open slot of the shard: Redis forgets its half of the move in a failover, so finish or roll back first": Warned,
		"the replica has never been linked to its primary":                                                         Warned,
	} {
		if !hasCheck(p, state, text) {
			t.Errorf("no check %q in %v", text, p.Checks)
		}
	}
}

func hasCheck(p FailoverPlan, state CheckState, text string) bool {
	for _, c := range p.Checks {
		if c.State == state && c.Text == text {
			return true
		}
	}
	return false
}

func TestFailoverRefusesWhatIsNoReplica(t *testing.T) {
	b := newFailoverBench()
	b.s.Shards = append(b.s.Shards, cluster.Shard{Letter: "D", Primary: "d0", Replicas: []cluster.NodeID{"d1"}})
	b.s.Nodes = append(b.s.Nodes, cluster.Node{ID: "d1", Dialled: "10.0.0.41:7041"})
	for id, want := range map[cluster.NodeID]string{
		"no\x1bsuch":     `no node "no\x1bsuch" is known; give the id of a replica`,
		failoverID("A0"): "10.0.0.10:7010 is not a replica; a failover is sent to the replica that is to become primary",
		"d1":             "the primary of 10.0.0.41:7041 has no slots, so that there is nothing to take over",
	} {
		_, err := PlanFailover(b.s, id, FailoverFacts{})
		if _, ok := ReasonOf(err); !ok || err.Error() != want {
			t.Errorf("%q: %v, want %s", id, err, want)
		}
	}
	if _, err := PlanFailover(nil, "x", FailoverFacts{}); err == nil {
		t.Error("a plan without a snapshot")
	}
}

func TestFailoverPlanSurvivesJSON(t *testing.T) {
	p, err := PlanFailover(newFailoverBench().s, failoverID("C1"), FailoverFacts{})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(p)
	if err != nil || !strings.Contains(string(text), `"advised":"graceful"`) || !strings.Contains(string(text), `"risk":"lossy"`) {
		t.Fatalf("%s %v", text, err)
	}
	var back FailoverPlan
	if err := json.Unmarshal(text, &back); err != nil || *back.Advised != Graceful || len(back.Variants) != 3 {
		t.Errorf("%v %+v", err, back)
	}
}
