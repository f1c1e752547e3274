package plan

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"slotdeck/cluster"
)

// running gives every node of a picture a life: up for an hour, with a run id.
func running(s *cluster.Snapshot) *cluster.Snapshot {
	for i := range s.Nodes {
		n := &s.Nodes[i]
		n.Stats.Version = "9.1.0"
		alive(n, fmt.Sprintf("life-1-of-%s", n.Dialled), time.Hour)
	}
	return s
}

func alive(n *cluster.Node, life string, up time.Duration) {
	n.Info.Value = cluster.Info{Sections: []cluster.InfoSection{{Name: "Server", Fields: []cluster.InfoField{
		{Name: "run_id", Value: life}, {Name: "uptime_in_seconds", Value: fmt.Sprint(int(up.Seconds()))}}}}}
}

func restartText(steps []RestartStep, s *cluster.Snapshot) string {
	var out []string
	for _, step := range steps {
		for i := range s.Shards {
			for r := range 9 {
				if step.Node == id(i, r) {
					out = append(out, map[RestartAct]string{Restart: "", HandOver: ">"}[step.Act]+step.Shard+fmt.Sprint(r))
				}
			}
		}
	}
	return strings.Join(out, " ")
}

func TestRestartGoesReplicasFirstAndNeverTouchesWhoServes(t *testing.T) {
	for _, c := range []struct {
		placed string
		only   []cluster.NodeID
		want   string
	}{
		{"xy yz zx", nil, "A1 >A1 A0 B1 >B1 B0 C1 >C1 C0"},
		{"xyz yz", nil, "A1 A2 >A1 A0 B1 >B1 B0"},
		{"xyz yz", []cluster.NodeID{id(0, 2), id(0, 0)}, "A2 >A2 A0"}, // to the one that is new by then
		{"xyz yz", []cluster.NodeID{id(0, 0)}, ">A1 A0"},
		{"xyz yz", []cluster.NodeID{id(1, 1)}, "B1"},
	} {
		s := running(placed(c.placed))
		p, err := PlanRestart(s, RestartRequest{Only: c.only})
		if got := restartText(p.Steps, s); err != nil || got != c.want {
			t.Errorf("%s: %q, want %q (%v)", c.placed, got, c.want, err)
		}
	}
}

// playStep plays a step in a picture as the servers would.
func playStep(s *cluster.Snapshot, step RestartStep, at time.Time) {
	if step.Act == Restart {
		n := node(s, step.Node)
		alive(n, "another life of "+n.Dialled, 0)
		n.Info.At = at
		return
	}
	for i := range s.Shards {
		sh := &s.Shards[i]
		if clean(sh.Letter) != step.Shard {
			continue
		}
		old := node(s, sh.Primary)
		heir := node(s, step.Node)
		for k := range sh.Replicas {
			if sh.Replicas[k] == step.Node {
				sh.Replicas[k] = old.ID
			} else {
				node(s, sh.Replicas[k]).Member.Primary = heir.ID
			}
		}
		sh.Primary = heir.ID
		heir.Member.Flags, heir.Member.Primary, heir.Member.Slots, old.Member.Slots = cluster.Primary, "", old.Member.Slots, nil
		old.Member.Flags, old.Member.Primary = cluster.Replica, heir.ID
		heir.Stats.Role, old.Stats.Role, old.Stats.LinkUp = cluster.Primary, cluster.Replica, true
	}
}

// TestRestartDecidedStepByStepIsWhatWasPlanned plays whole rolling restarts,
// some of them interrupted and begun anew by the time of start.
func TestRestartDecidedStepByStepIsWhatWasPlanned(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 200 {
		var words []string
		for range 1 + r.IntN(5) {
			words = append(words, "abcd"[:2+r.IntN(3)])
		}
		s := running(placed(strings.Join(words, " ")))
		p, err := PlanRestart(s, RestartRequest{})
		if err != nil {
			t.Fatal(err)
		}
		request, done := RestartRequest{}, map[cluster.NodeID]bool{}
		for i := 0; ; i++ {
			if r.IntN(8) == 0 { // a new console, which remembers nothing
				done, request.Since = map[cluster.NodeID]bool{}, noon.Add(2*time.Second)
			}
			next, left, ok, err := NextRestart(s, request, done)
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				if i != len(p.Steps) || left != 0 {
					t.Fatalf("%v: ended after %d of %d steps", words, i, len(p.Steps))
				}
				break
			}
			if i >= len(p.Steps) || next.Node != p.Steps[i].Node || next.Act != p.Steps[i].Act || left != len(p.Steps)-i {
				t.Fatalf("%v: step %d is %s with %d left, planned %v", words, i, next.Text(), left, restartText(p.Steps, s))
			}
			if n := node(s, next.Node); next.Act == Restart && n.Member.Flags.Has(cluster.Primary) {
				t.Fatalf("%v: %s is a primary with slots", words, next.Text())
			}
			playStep(s, next, noon.Add(time.Minute))
			done[next.Node] = done[next.Node] || next.Act == Restart
		}
	}
}

func TestRestartWaitsWhileTheClusterOrTheShardIsNotWell(t *testing.T) {
	for _, c := range []struct {
		name   string
		bend   func(*cluster.Snapshot)
		reason Reason
		says   string
	}{
		{"replica away", func(s *cluster.Snapshot) { node(s, id(0, 1)).Health = cluster.Refused }, NodeDown, "10.0.0.25:7001 does not answer; bring it back"},
		{"replica syncing", func(s *cluster.Snapshot) { node(s, id(0, 1)).Stats.Syncing = true }, NodeDown, "copying all data"},
		{"replica without link", func(s *cluster.Snapshot) { node(s, id(0, 1)).Stats.LinkUp = false }, NodeDown, "not linked"},
		{"another primary away", func(s *cluster.Snapshot) { node(s, id(2, 0)).Health = cluster.NoAnswer }, NodeDown, "does not answer"},
		{"a hole", func(s *cluster.Snapshot) { s.Owner[7] = cluster.NoShard }, Uncovered, "served by no primary"},
		{"no replica", func(s *cluster.Snapshot) { s.Shards[0].Replicas = nil }, NoReceiver, "has no replica that could take over"},
		{"a stubborn replica", func(s *cluster.Snapshot) { node(s, id(0, 1)).Member.Flags |= cluster.NoFailover }, NoReceiver, "has no replica that could take over"},
	} {
		s := running(placed("xy yz zx", c.bend))
		p, err := PlanRestart(s, RestartRequest{})
		r := checkRefusal(t, c.reason, err, p.Title)
		if !strings.Contains(r.Text, c.says) {
			t.Errorf("%s: %s", c.name, r.Text)
		}
		if _, _, _, err := NextRestart(s, RestartRequest{}, nil); err == nil {
			t.Errorf("%s: a next step is given all the same", c.name)
		}
	}
	all := running(placed("xy yz"))
	_, err := PlanRestart(all, RestartRequest{Since: noon.Add(-2 * time.Hour)})
	checkRefusal(t, NothingToMove, err, "")
}

func TestNodesThatWereRestartedSinceAreSkipped(t *testing.T) {
	s := running(placed("xy yz"))
	alive(node(s, id(0, 1)), "new", 10*time.Minute)
	alive(node(s, id(1, 0)), "new", 30*time.Minute) // just as long ago: may have been before
	p, err := PlanRestart(s, RestartRequest{Since: noon.Add(-30 * time.Minute)})
	if got := restartText(p.Steps, s); err != nil || got != ">A1 A0 B1 >B1 B0" || len(p.Skipped) != 1 || p.Skipped[0].Node != id(0, 1) {
		t.Errorf("%q, skipped %v (%v)", got, p.Skipped, err)
	}
}

func TestRestartIsSeenByRunIDOrUptime(t *testing.T) {
	at := func(life string, started time.Duration) ServerRun {
		return ServerRun{ID: life, Started: noon.Add(started)}
	}
	for _, c := range []struct {
		a, b ServerRun
		want bool
	}{
		{at("a", 0), at("b", 0), true},
		{at("a", 0), at("a", time.Hour), false}, // a clock that jumped
		{at("", 0), at("", time.Minute), true},
		{at("", 0), at("", time.Second), false}, // whole seconds only
		{at("a", 0), ServerRun{}, false},
	} {
		if got := c.a.Other(c.b); got != c.want {
			t.Errorf("%+v, then %+v: %v", c.a, c.b, got)
		}
	}
}

func TestNodeThatCameBackIsHeldUntilItIsInSync(t *testing.T) {
	for _, c := range []struct {
		bend func(n *cluster.Node)
		want string
	}{
		{func(n *cluster.Node) {}, ""},
		{func(n *cluster.Node) { n.Health = cluster.Refused }, "it does not answer"},
		{func(n *cluster.Node) { n.Health = cluster.Loading }, "loading"},
		{func(n *cluster.Node) { n.FailBy = []cluster.NodeID{id(1, 0)} }, "1 of the voting primaries still holds it for failed"},
		{func(n *cluster.Node) { n.Stats.Syncing = true }, "copying"},
		{func(n *cluster.Node) { n.Stats.LinkUp = false }, "not linked"},
		{func(n *cluster.Node) { n.ClusterInfo.Value.State = "fail" }, "cluster state"},
		{func(n *cluster.Node) { n.Stats.Offset = -1 }, "not known"},
	} {
		s := running(placed("xy yz zx"))
		n := node(s, id(0, 1))
		c.bend(n)
		if got := RestartMissing(s, n.ID); c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
	if got := RestartMissing(placed("xy"), "nobody"); got == "" {
		t.Error("a node that is gone is in sync")
	}
}
