package plan

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"slotdeck/cluster"
)

// placed is a healthy cluster whose nodes stand as a text says: a word for each
// shard, a letter for each node's host, the primary first. "xy yx" is two shards,
// A on host x with a replica on y, B the other way round.
func placed(text string, bend ...func(*cluster.Snapshot)) *cluster.Snapshot {
	words := strings.Fields(text)
	w := &world{replicas: 0}
	for i := range words {
		w.sets = append(w.sets, set(memberShare(i, len(words)).String()))
		w.replicas = max(w.replicas, len(words[i])-1)
	}
	s := w.snapshot()
	view := s.Nodes[0].View.Value
	view.Members = nil
	var nodes []cluster.Node
	for i, word := range words {
		s.Shards[i].Replicas = nil
		for r := range word {
			n := *node(s, id(i, r))
			n.Member.Endpoint.IP = "10.0.0." + fmt.Sprint(word[r]-'a'+1)
			n.Member.Endpoint.Port = 7000 + 10*i + r
			n.Dialled = n.Member.Endpoint.Addr()
			n.Stats.Offset, n.Stats.Role, n.Stats.Flavor = 5000, cluster.Primary, "valkey"
			n.ClusterInfo.Value.Size = len(words)
			if r > 0 {
				n.Stats.Role = cluster.Replica
				s.Shards[i].Replicas = append(s.Shards[i].Replicas, n.ID)
			}
			nodes = append(nodes, n)
			view.Members = append(view.Members, n.Member)
		}
	}
	s.Nodes = nodes
	for _, f := range bend {
		f(s)
	}
	return s
}

// lettered are hosts by their letters.
func lettered() cluster.Zones {
	var rules []cluster.ZoneRule
	for c := 'a'; c <= 'z'; c++ {
		rules = append(rules, cluster.ZoneRule{Of: "10.0.0." + fmt.Sprint(c-'a'+1), Zone: string(c)})
	}
	z, err := cluster.NewZones(rules)
	if err != nil {
		panic(err)
	}
	return z
}

func spreadOf(t *testing.T, s *cluster.Snapshot) SpreadPlan {
	t.Helper()
	p, err := PlanSpread(s, SpreadRequest{Zones: lettered()})
	if reason, refused := ReasonOf(err); err != nil && (!refused || reason != NothingToMove) {
		t.Fatal(err)
	}
	return p
}

func stepsText(p SpreadPlan) string {
	var out []string
	for _, s := range p.Steps {
		out = append(out, s.Shard+s.Out+s.In)
	}
	return strings.Join(out, " ")
}

func TestSpreadTakesTheFewestFailovers(t *testing.T) {
	for _, c := range []struct {
		placed string
		steps  int
		after  string // primaries by zone
	}{
		{"xy yz zx", 0, "x1 y1 z1"},
		{"xy xz zx", 1, "x1 y1 z1"},
		{"xy xz yx", 1, "x1 y1 z1"},
		{"xyz xyz xyz", 2, "x1 y1 z1"},
		{"xx xx yx", 0, "x2 y1"}, // the replicas are on the wrong host
		{"xy xy xz xz", 2, "x2 y1 z1"},
		{"xy yz yz zx", 0, "x1 y2 z1"},    // as even as four over three can be
		{"xy xy yz yw", 3, "w1 x1 y1 z1"}, // one goes on to y, because y is left
		{"x xy", 1, "x1 y1"},              // a shard without a replica stays
		{"xy xy xy", 1, "x2 y1"},
		{"xy yx xy yx", 0, "x2 y2"},
		{"xyy xzz xyz yx zx", 1, "x2 y2 z1"},
		{"xx xx xy yz zx", 1, "x2 y2 z1"}, // of three one can go
		{"xy xy yx yx zx zx", 0, "x2 y2 z2"},
		{"xy xy xz yx yz zx", 1, "x2 y2 z2"},
		{"xy xy xy xz yx yz", 3, "x2 y2 z2"}, // two to z, one of them by way of y
		{"xy xy xy xy yx yz", 2, "x3 y2 z1"}, // only one can reach z
		{"xyz yxz zxy wxyz", 0, "w1 x1 y1 z1"},
	} {
		p := spreadOf(t, placed(c.placed))
		after := ""
		for _, z := range p.Zones {
			after += fmt.Sprintf(" %s%d", z.Zone, z.After.Primaries)
		}
		if len(p.Steps) != c.steps || after[1:] != c.after {
			t.Errorf("%q: %d steps (%s) to%s, want %d to %s", c.placed, len(p.Steps), stepsText(p), after, c.steps, c.after)
		}
	}
}

// bestSpread tries everything: the least sum of squares, and the fewest changes
// that bring it.
func bestSpread(berths []berth, zones int) (squares, changes int) {
	squares, changes = 1<<30, 1<<30
	load := make([]int, zones)
	var walk func(i, changed int)
	walk = func(i, changed int) {
		if i == len(berths) {
			sum := 0
			for _, n := range load {
				sum += n * n
			}
			if sum < squares || sum == squares && changed < changes {
				squares, changes = sum, changed
			}
			return
		}
		for _, z := range berths[i] {
			load[z]++
			more := 0
			if z != berths[i][0] {
				more = 1
			}
			walk(i+1, changed+more)
			load[z]--
		}
	}
	walk(0, 0)
	return squares, changes
}

func TestNoOtherSpreadIsMoreEvenOrTakesFewerFailovers(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		zones, berths := 1+r.IntN(5), make([]berth, 1+r.IntN(7))
		for i := range berths {
			for range 1 + r.IntN(3) {
				berths[i] = append(berths[i], r.IntN(zones))
			}
		}
		got := assign(berths, zones)
		load, changed, squares := make([]int, zones), 0, 0
		for i, z := range got {
			if !slices.Contains(berths[i], z) {
				t.Fatalf("%v: shard %d is sent to %d", berths, i, z)
			}
			load[z]++
			if z != berths[i][0] {
				changed++
			}
		}
		for _, n := range load {
			squares += n * n
		}
		if s, c := bestSpread(berths, zones); s != squares || c != changed {
			t.Fatalf("%v: %v has squares %d by %d changes, best are %d and %d", berths, got, squares, changed, s, c)
		}
	}
}

// TestSpreadKeepsWhatItPromises draws clusters, some of whose replicas are not fit.
func TestSpreadKeepsWhatItPromises(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 400 {
		var words []string
		for range 1 + r.IntN(8) {
			word := ""
			for range 1 + r.IntN(3) {
				word += string(rune('a' + r.IntN(4)))
			}
			words = append(words, word)
		}
		s := placed(strings.Join(words, " "))
		for i := range s.Nodes {
			if n := &s.Nodes[i]; n.Member.Flags.Has(cluster.Replica) && r.IntN(4) == 0 {
				n.Stats.LinkUp = false
			}
		}
		p, err := PlanSpread(s, SpreadRequest{Zones: lettered()})
		reason, _ := ReasonOf(err)
		if (len(p.Steps) == 0) != (reason == NothingToMove) {
			t.Fatalf("%v: %d steps and %v", words, len(p.Steps), err)
		}
		load := map[string]int{}
		for _, z := range p.Zones {
			load[z.Zone] = z.Before.Primaries
		}
		highest := func() (most int) {
			for _, n := range load {
				most = max(most, n)
			}
			return most
		}
		for _, step := range p.Steps {
			before, n := highest(), node(s, step.Replica)
			if !n.Stats.LinkUp || n.Member.Primary != step.Primary || step.Plan.Variant(Graceful).Disabled != "" {
				t.Fatalf("%v: %s is not fit", words, step.Text())
			}
			load[step.Out]--
			load[step.In]++
			if highest() > before {
				t.Fatalf("%v: on the way it gets worse: %s", words, stepsText(p))
			}
		}
		for _, z := range p.Zones {
			if load[z.Zone] != z.After.Primaries {
				t.Fatalf("%v: %s has %d primaries after the steps, %d as told", words, z.Zone, load[z.Zone], z.After.Primaries)
			}
			if z.Before.LostSlots != z.After.LostSlots {
				t.Fatalf("%v: failovers change what is lost with %s, from %d to %d slots", words, z.Zone, z.Before.LostSlots, z.After.LostSlots)
			}
		}
	}
}

func TestLossOfAHostIsToldAsItWouldBe(t *testing.T) {
	for _, c := range []struct{ name, placed, zone, want string }{
		{"one of three", "xy yz zx", "x", "5461 slots of shard A are not served until the replicas have taken over; shard C is left without a replica"},
		{"two of three voters", "xy xz zx", "x", "10923 slots of shards A and B are not served until somebody orders a takeover; the majority of the voting primaries is gone, so that nobody can be elected; shard C is left without a replica"},
		{"a whole shard", "xx yz zy", "x", "5461 slots of shard A are gone with their data"},
		{"a replica of two", "xyz yz zy", "y", "5462 slots of shard B are not served until the replicas have taken over; shard C is left without a replica"},
		{"replicas only", "xy zy wy", "y", "shards A, B and C are left without a replica"},
		{"nothing", "xy yx zxw wxz", "v", ""},
	} {
		for _, l := range Losses(placed(c.placed), lettered()) {
			if l.Zone == c.zone && l.Text() != c.want {
				t.Errorf("%s: %s\nwant %s", c.name, l.Text(), c.want)
			}
		}
	}
	dead := placed("xy yz zx", func(s *cluster.Snapshot) { node(s, id(0, 1)).Health = cluster.Refused })
	if l := Losses(dead, lettered())[0]; l.Zone != "x" || l.LostSlots != 5461 {
		t.Errorf("a dead replica counts as one that could take over: %+v", l)
	}
	if l := Losses(placed("xy yz zx"), cluster.Zones{})[0]; l.Zone != "10.0.0.24" {
		t.Errorf("without a map the zones are not hosts: %+v", l)
	}
}

func TestSpreadSaysWhatFailoversCannotDo(t *testing.T) {
	for _, c := range []struct {
		name, placed string
		bend         func(*cluster.Snapshot)
		want         []string
	}{
		{"replicas on the wrong host", "xx xx yx zx wx", func(*cluster.Snapshot) {},
			[]string{"shard A is lost with x: all its 2 nodes are there", "shard B is lost with x"}},
		{"crowded", "xy xy xy xy zw", func(*cluster.Snapshot) {}, nil},
		{"crowded for good", "xx xx xx yz zy", func(*cluster.Snapshot) {},
			[]string{"x keeps 3 primaries, where an even spread has 2: no fit replica of shards A, B and C is outside of x; replicas have to be placed elsewhere"}},
		{"crowded for now", "xy xy zy", func(s *cluster.Snapshot) {
			node(s, id(0, 1)).Stats.LinkUp, node(s, id(1, 1)).Stats.Syncing = false, true
		}, []string{"x keeps 2 primaries, where an even spread has 1: no fit replica of shards A and B is outside of x; replicas that are not fit now could help"}},
		{"one host", "xx xx", func(*cluster.Snapshot) {}, []string{"all nodes are on one zone, x"}},
		{"two hosts", "xy yx", func(*cluster.Snapshot) {}, []string{"with two zones the loss of the one with more primaries"}},
	} {
		p := spreadOf(t, placed(c.placed, c.bend))
		text := strings.Join(p.Cannot, "\n")
		if len(c.want) == 0 && text != "" {
			t.Errorf("%s: %s", c.name, text)
		}
		for _, want := range c.want {
			if !strings.Contains(text, want) {
				t.Errorf("%s: it does not say %q:\n%s", c.name, want, text)
			}
		}
	}
}

func TestSpreadOfAClusterThatIsNotFitIsRefused(t *testing.T) {
	for _, c := range []struct {
		name string
		bend func(*cluster.Snapshot)
		want Reason
		says string
	}{
		{"a primary is silent", func(s *cluster.Snapshot) { node(s, id(2, 0)).Health = cluster.NoAnswer }, NodeDown, "does not answer"},
		{"a primary is suspected", func(s *cluster.Snapshot) { node(s, id(2, 0)).PFailBy = []cluster.NodeID{id(1, 0)} }, NodeDown, "suspected"},
		{"a hole", func(s *cluster.Snapshot) { s.Owner[7] = cluster.NoShard }, Uncovered, "served by no primary"},
		{"an open slot", func(s *cluster.Snapshot) {
			s.Moves = []cluster.Move{{Slot: 9, From: id(0, 0), To: id(1, 0), FromSeen: []cluster.NodeID{id(0, 0)}}}
		}, OpenSlots, "is open"},
		{"no agreement", func(s *cluster.Snapshot) {
			s.Disputes = []cluster.Dispute{{Says: []cluster.Claim{{Owner: id(0, 0)}, {Owner: id(1, 0)}}}}
		}, NotConverged, "do not agree"},
		{"state fail", func(s *cluster.Snapshot) { node(s, id(1, 0)).ClusterInfo.Value.State = "fail" }, StateFail, "cluster state"},
		{"even already", func(s *cluster.Snapshot) { *s = *placed("xy yz zx") }, NothingToMove, "no failover makes the spread over zones more even"},
	} {
		p, err := PlanSpread(placed("xy xz zx", c.bend), SpreadRequest{Zones: lettered()})
		checkRefusal(t, c.want, err, stepsText(p))
		if err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.name, err)
		}
		if len(p.Zones) != 3 {
			t.Errorf("%s: a refused plan does not tell the zones: %v", c.name, p.Zones)
		}
	}
	if _, err := PlanSpread(nil, SpreadRequest{}); err == nil {
		t.Error("nothing was planned upon")
	}
}

func TestSpreadWaitsForAShardThatJustHadAnElection(t *testing.T) {
	s := placed("xy xz zx", func(s *cluster.Snapshot) {
		for i := range s.Nodes {
			s.Nodes[i].Stats.Flavor = "redis"
		}
	})
	facts := func(string) FailoverFacts { return FailoverFacts{LastElection: noon.Add(-3 * time.Second)} }
	p, err := PlanSpread(s, SpreadRequest{Zones: lettered(), Failovers: facts})
	if err != nil || len(p.Steps) != 1 || p.Steps[0].Plan.Wait == 0 {
		t.Errorf("got %+v, %v", p.Steps, err)
	}
	facts = func(string) FailoverFacts { return FailoverFacts{Busy: "a reshard"} }
	p, err = PlanSpread(s, SpreadRequest{Zones: lettered(), Failovers: facts})
	checkRefusal(t, NothingToMove, err, stepsText(p))
	if !strings.Contains(strings.Join(CheckLines(p.Checks), "\n"), "a reshard is running") {
		t.Errorf("it does not say what is running: %v", p.Checks)
	}
}

func TestSpreadOfThreeHundredNodesIsPlanned(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	var words []string
	for range 100 {
		words = append(words, string([]byte{'a' + byte(r.IntN(3)), 'a' + byte(r.IntN(20)), 'a' + byte(r.IntN(20))}))
	}
	began := time.Now()
	p := spreadOf(t, placed(strings.Join(words, " ")))
	t.Logf("%d steps in %v", len(p.Steps), time.Since(began))
	for _, z := range p.Zones {
		if z.After.Primaries > 8 {
			t.Errorf("%s keeps %d of 100 primaries", z.Zone, z.After.Primaries)
		}
	}
}
