package views

import (
	"errors"
	"testing"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/cluster/recorder"
	"slotdeck/ui"
)

// fakeFailovers starts failovers whose states a test sends by hand.
type fakeFailovers struct {
	facts   plan.FailoverFacts
	records []recorder.Failover
	refuse  string
	started []plan.FailoverKind
	plans   []plan.FailoverPlan
	states  chan FailoverState
}

func newFakeFailovers() *fakeFailovers { return &fakeFailovers{states: make(chan FailoverState, 1)} }

func (f *fakeFailovers) Facts(string) plan.FailoverFacts { return f.facts }
func (f *fakeFailovers) Records() []recorder.Failover    { return f.records }
func (f *fakeFailovers) Start(p plan.FailoverPlan, kind plan.FailoverKind) (<-chan FailoverState, error) {
	if f.refuse != "" {
		return nil, errors.New(f.refuse)
	}
	f.started, f.plans = append(f.started, kind), append(f.plans, p)
	return f.states, nil
}

// failoverStage is an App that can fail over.
func failoverStage(t *testing.T, f Failovers, snap *cluster.Snapshot, look ui.Look, w, h int) *stage {
	t.Helper()
	return newStageOf(t, Config{Context: "prod-eu", Version: "test", Look: look, First: snap, Failovers: f,
		Write: func(name, _ string) (string, error) { return name, nil }}, w, h)
}

// moved hands a state of the newest run to the App.
func (s *stage) moved(state FailoverState) {
	s.t.Helper()
	runs := s.app.screens[onOverview].(*Overview).failovers.runs
	if len(runs) == 0 {
		s.t.Fatal("nothing runs")
	}
	s.send(failoverMoved{runs[len(runs)-1], state, true})
}

// confirmed confirms the disruptive plan that is open.
func (s *stage) confirmed() {
	s.press("y")
	s.send(armed{s.app.overlay.(*planPage)})
	s.press("y")
}

// sampleReady is a sample whose replicas can take over.
func sampleReady(changes ...change) *cluster.Snapshot {
	s := sampleSnapshot(changes...)
	for i := range s.Nodes {
		s.Nodes[i].Config = s.Nodes[i].Config.Succeed(map[string]string{
			"cluster-node-timeout": "5000", "cluster-replica-validity-factor": "10", "cluster-require-full-coverage": "yes",
		}, sampleNow)
		s.Nodes[i].ClusterInfo.Value.Size, s.Nodes[i].ClusterInfo.Value.CurrentEpoch = len(s.Shards), 13
	}
	return s
}

// twoReplicas gives a shard one more replica, far behind and without its link.
func twoReplicas(letter string) change {
	return func(s *cluster.Snapshot) {
		i, k := shardAt(s, letter), len(s.Nodes)+1
		n := sampleNode(k, i, cluster.Replica)
		n.Stats.Offset, n.Stats.LinkUp, n.Member.Primary = 4_000_000, false, s.Shards[i].Primary
		s.Nodes = append(s.Nodes, n)
		s.Shards[i].Replicas = append(s.Shards[i].Replicas, n.ID)
	}
}

func failoverHalfway() FailoverState {
	return FailoverState{
		Shard: "C", Command: "CLUSTER FAILOVER", Replica: sampleID(6), To: sampleAddr(6), From: sampleAddr(3),
		Sent: sampleNow.Add(-2 * time.Second), Elapsed: 1240 * time.Millisecond, Behind: 112,
		Message: "not everyone shows it yet: " + sampleAddr(1) + ", " + sampleAddr(2),
		Steps: []FailoverStep{
			{Name: "accepted", Seen: true, Took: time.Millisecond, Note: "by " + sampleAddr(6)},
			{Name: "election", Seen: true, Took: 104 * time.Millisecond, Note: "epoch 14, votes are asked for"},
			{Name: "won", Seen: true, Took: 131 * time.Millisecond, Note: sampleAddr(6) + ", epoch 14"},
			{Name: "holds"}, {Name: "slots served"}, {Name: "everyone agrees"}, {Name: "old primary follows"}, {Name: "replicas linked"},
		},
	}
}

func failoverVerified() FailoverState {
	s := failoverHalfway()
	s.Steps = s.Steps[:3:3]
	for i, step := range []FailoverStep{
		{Name: "slots served", Note: "5461 slots by " + sampleAddr(6)}, {Name: "everyone agrees", Note: "6 nodes"},
		{Name: "old primary follows", Note: sampleAddr(3)}, {Name: "replicas linked", Note: sampleAddr(3)}, {Name: "holds", Note: "epoch 14, above 3"},
	} {
		step.Seen, step.Took = true, time.Duration(131+i*160)*time.Millisecond
		s.Steps = append(s.Steps, step)
	}
	s.Done, s.OK, s.Behind = true, true, -1
	s.Text = sampleAddr(6) + " is the primary of shard C on all 6 nodes, 0.29 s after the command; all its replicas are linked"
	return s
}

func failoverTimedOut() FailoverState {
	s := failoverHalfway()
	s.Steps = append(s.Steps[:1:1], FailoverStep{Name: "election"}, FailoverStep{Name: "won"}, FailoverStep{Name: "holds"},
		FailoverStep{Name: "slots served"}, FailoverStep{Name: "everyone agrees"}, FailoverStep{Name: "old primary follows"}, FailoverStep{Name: "replicas linked"})
	s.Done = true
	s.Text = "it did not happen: " + sampleAddr(6) + " is still a replica, and its time of 5 s is over"
	s.Why = []string{sampleAddr(3) + " did not answer: the replica waited for it to pause and to tell its offset", "of the 2 other voters that answer, 0 hold it for failed and 0 suspect it"}
	s.Remains = []string{"nothing has changed, and the server will not go on by itself; remove the reason before the next try"}
	return s
}

// sampleFailover is an automatic failover of shard C that ended 35 s ago.
func sampleFailover() recorder.Failover {
	at := func(ms int) time.Time {
		return sampleNow.Add(-40*time.Second + time.Duration(ms)*time.Millisecond)
	}
	return recorder.Failover{
		Number: 1, Shard: "C", Slots: 5461, From: recorder.Node{ID: sampleID(3), Addr: sampleAddr(3)}, To: recorder.Node{ID: sampleID(6), Addr: sampleAddr(6)},
		Cause: recorder.Automatic, Outcome: recorder.Taken, Epoch: 14, Precision: 1100 * time.Millisecond, AtRisk: 1120, OffsetAge: 700 * time.Millisecond, WriteRate: 5120,
		Stages: []recorder.Stage{
			{Kind: recorder.LastAnswer, At: at(0), Note: "of " + sampleAddr(3)},
			{Kind: recorder.Suspected, At: at(2100), Note: "by " + sampleAddr(1)},
			{Kind: recorder.FailAgreed, At: at(3000), Note: "2 of 2 other voting primaries say so"},
			{Kind: recorder.Election, At: at(3800), Note: "epoch 14, " + sampleAddr(6)},
			{Kind: recorder.Promoted, At: at(3900), Note: sampleAddr(6) + ", epoch 14"},
			{Kind: recorder.Served, At: at(4200), Note: "5461 slots by " + sampleAddr(6)},
			{Kind: recorder.Agreed, At: at(4400), Note: "5 nodes that answer"},
		},
	}
}
