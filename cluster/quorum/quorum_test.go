package quorum

import (
	"testing"
	"time"

	"slotdeck/cluster"
)

func withConfig(pairs ...string) *cluster.Node {
	n := &cluster.Node{Config: cluster.Reading[map[string]string]{At: time.Unix(1, 0), Value: map[string]string{}}}
	for i := 0; i < len(pairs); i += 2 {
		n.Config.Value[pairs[i]] = pairs[i+1]
	}
	return n
}

func TestSettingsAreReadOrNotKnown(t *testing.T) {
	unknown := Settings{ValidityFactor: -1}
	for name, n := range map[string]*cluster.Node{
		"no node": nil, "never asked": {}, "nothing told": withConfig(),
		"nonsense": withConfig("cluster-node-timeout", "soon", "cluster-replica-validity-factor", "-3", "cluster-require-full-coverage", "perhaps"),
	} {
		if got := SettingsOf(n); got != unknown {
			t.Errorf("%s: got %+v", name, got)
		}
	}
	got := SettingsOf(withConfig("cluster-node-timeout", "15000", "cluster-slave-validity-factor", "10", "repl-ping-slave-period", "7",
		"cluster-manual-failover-timeout", "6000", "cluster-require-full-coverage", "no", "cluster-slave-no-failover", "yes"))
	want := Settings{NodeTimeout: 15 * time.Second, ValidityFactor: 10, PingPeriod: 7 * time.Second, ManualTimeout: 6 * time.Second, FullCoverage: No, NoFailover: Yes}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestAgeLimitIsTheServersOwn(t *testing.T) {
	for _, c := range []struct {
		s     Settings
		limit time.Duration
		ok    bool
	}{
		{Settings{NodeTimeout: 15 * time.Second, ValidityFactor: 10, PingPeriod: 10 * time.Second}, 175 * time.Second, true},
		{Settings{NodeTimeout: 15 * time.Second, ValidityFactor: 10}, 175 * time.Second, true}, // the default period
		{Settings{ValidityFactor: 0}, 0, true},
		{Settings{NodeTimeout: 15 * time.Second, ValidityFactor: -1}, 0, false},
		{Settings{ValidityFactor: 10}, 0, false},
	} {
		if limit, ok := c.s.AgeLimit(); limit != c.limit || ok != c.ok {
			t.Errorf("%+v: %s %v", c.s, limit, ok)
		}
	}
}

func TestElectionIsForetoldFromWhatIsKnown(t *testing.T) {
	const sec = time.Second
	for _, c := range []struct {
		silent  time.Duration
		agreed  bool
		timeout time.Duration
		rank    int
		want    time.Duration
	}{
		{0, false, 2 * sec, 0, 5 * sec},
		{2 * sec, false, 2 * sec, 0, 3 * sec},
		{60 * sec, false, 2 * sec, 0, 2 * sec},
		{60 * sec, true, 0, 0, 2 * sec},
		{0, true, 2 * sec, 2, 4 * sec},
		{0, false, 0, 0, -1},
	} {
		if got := Within(c.silent, c.agreed, c.timeout, c.rank); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

func TestVotePauseIsTwiceTheServersElectionTimeout(t *testing.T) {
	for timeout, want := range map[time.Duration]time.Duration{
		500 * time.Millisecond: 4 * time.Second,
		3 * time.Second:        12 * time.Second,
		0:                      60 * time.Second,
	} {
		if got := VotePause(timeout); got != want {
			t.Errorf("%s: %s", timeout, got)
		}
	}
}

// five primaries, the last of them without slots; so many answer.
func five(answering int) *cluster.Snapshot {
	s := &cluster.Snapshot{}
	for i, id := range []cluster.NodeID{"a", "b", "c", "d", "e"} {
		n := cluster.Node{ID: id, Health: cluster.NoAnswer}
		if i < answering {
			n.Health = cluster.Answering
		}
		s.Nodes = append(s.Nodes, n)
		slots := 4096
		if id == "e" {
			slots = 0
		}
		s.Shards = append(s.Shards, cluster.Shard{Primary: id, SlotLen: slots})
	}
	return s
}

func TestOnlyPrimariesWithSlotsVote(t *testing.T) {
	v := VotersOf(five(5))
	if len(v.IDs) != 4 || v.Size != 4 || v.Need != 3 || v.Has("e") || v.Others("a") != 3 || v.Others("e") != 4 || v.Among([]cluster.NodeID{"a", "e"}) != 1 {
		t.Errorf("got %+v", v)
	}
	if v := VotersOf(&cluster.Snapshot{}); v.Need != 0 || v.CanElect("a") {
		t.Errorf("nobody can elect: %+v", v)
	}
}

func TestTheServersCountOfVotersDecides(t *testing.T) {
	s := five(5)
	s.Nodes[0].ClusterInfo = cluster.Reading[cluster.ClusterInfo]{At: time.Unix(1, 0), Value: cluster.ClusterInfo{Size: 7}}
	if v := VotersOf(s); v.Size != 7 || v.Need != 4 {
		t.Errorf("got %+v", v)
	}
	s.Nodes[0].Health = cluster.NoAnswer // its word is old
	if v := VotersOf(s); v.Size != 4 {
		t.Errorf("got %+v", v)
	}
}

func TestTheDeadDoNotVoteForTheirSuccessor(t *testing.T) {
	if v := VotersOf(five(3)); !v.CanElect("d") || v.CanElect("a") {
		t.Error("3 of 4 answer: they elect d's successor, and not one of their own")
	}
	if v := VotersOf(five(2)); v.CanElect("d") {
		t.Error("2 of 4 elected somebody")
	}
}

func TestCoverageIsRequiredWhenOneNodeSaysSo(t *testing.T) {
	s := five(5)
	if got := FullCoverage(s); got != NotKnown {
		t.Errorf("got %d", got)
	}
	s.Nodes[0].Config = withConfig("cluster-require-full-coverage", "no", "cluster-node-timeout", "1000").Config
	if got := FullCoverage(s); got != No {
		t.Errorf("got %d", got)
	}
	s.Nodes[1].Config = withConfig("cluster-require-full-coverage", "yes", "cluster-node-timeout", "5000").Config
	if got := FullCoverage(s); got != Yes {
		t.Errorf("got %d", got)
	}
	if got := NodeTimeout(s); got != 5*time.Second {
		t.Errorf("got %s", got)
	}
}
