package doctor_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/doctor"
	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
	"slotdeck/cluster/plan"
	"slotdeck/cluster/recorder"
	"slotdeck/cluster/watch"
	"slotdeck/cluster/wire"
)

// eye watches a real cluster, and feeds what it sees to a recorder.
type eye struct {
	mu     sync.Mutex
	latest *cluster.Snapshot
	rec    recorder.Recorder
	drawn  []picture
	said   []string // every verdict, once in a row, without what merely counts on
}

// picture is when a snapshot was made, and when the nodes that answer were read.
type picture struct {
	at   time.Time
	read map[cluster.NodeID]time.Time
}

func pictureOf(s *cluster.Snapshot) picture {
	p := picture{s.At, map[cluster.NodeID]time.Time{}}
	for i := range s.Nodes {
		if n := &s.Nodes[i]; n.Health == cluster.Answering && n.View.Known() {
			p.read[n.ID] = n.View.At
		}
	}
	return p
}

func open(t *testing.T, seed string) *eye {
	return openEvery(t, seed, 150*time.Millisecond, 400*time.Millisecond)
}

// openEvery has a pace and a patience of its own: a busy machine makes nodes
// slow, and who is patient does not take them for dead.
func openEvery(t *testing.T, seed string, interval, patience time.Duration) *eye {
	w := watch.New(watch.Config{
		Seeds: []string{seed}, Interval: interval, Settings: doctor.SettingNames(),
		Options: wire.Options{CallTimeout: patience},
	})
	ctx, stop := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() {
		if err := w.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	e := &eye{}
	done.Go(func() {
		for s := range w.Updates() {
			e.mu.Lock()
			e.latest = s
			e.rec.Feed(s)
			e.drawn = append(e.drawn, pictureOf(s))
			v := doctor.Judge(s)
			if text := v.Status.String() + ": " + v.Sentence; len(e.said) == 0 || counting.ReplaceAllString(text, "#") != counting.ReplaceAllString(e.said[len(e.said)-1], "#") {
				e.said = append(e.said, text)
			}
			e.mu.Unlock()
		}
	})
	t.Cleanup(func() { stop(); done.Wait() })
	return e
}

func (e *eye) verdict() doctor.Verdict {
	e.mu.Lock()
	defer e.mu.Unlock()
	return doctor.Judge(e.latest)
}

func (e *eye) records() []recorder.Failover {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.rec.Failovers()
}

func (e *eye) plan(t *testing.T, replica cluster.NodeID) plan.FailoverPlan {
	e.mu.Lock()
	defer e.mu.Unlock()
	p, err := plan.PlanFailover(e.latest, replica, plan.FailoverFacts{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (e *eye) well() bool {
	v := e.verdict()
	return v.Status == doctor.OK && len(v.SayOK) == 6 && v.FullCoverage != 0
}

func TestVerdictAndRecordFollowARealPrimaryThroughItsDeath(t *testing.T) {
	labtest.EachVersion(t, func(t *testing.T, server lab.Server) {
		c := labtest.Start(t, lab.Config{Binary: server.Path, Primaries: 3, Replicas: 1, NodeTimeout: 2 * time.Second})
		e := open(t, c.Seed())
		labtest.Until(t, 20*time.Second, "a verdict of OK from all six nodes", e.well)
		primary, replica := c.Nodes()[2], c.Nodes()[5]

		if err := primary.Kill(); err != nil {
			t.Fatal(err)
		}
		var due time.Duration
		labtest.Until(t, 2*time.Second, "the dead primary named, with its replica to heal it", func() bool {
			v := e.verdict()
			if v.Heals != nil {
				due = v.Heals.Within
			}
			return len(v.Affected) > 0 && v.Affected[0].Node == primary.ID && v.Served < 16384 && v.Heals != nil && v.Heals.Replica == replica.ID
		})
		labtest.Until(t, due+3*time.Second, "the replica in charge, as foretold", func() bool {
			v := e.verdict()
			all := e.records()
			return v.Served == 16384 && v.Status == doctor.Degraded && len(all) == 1 && all[0].Outcome == recorder.Taken
		})
		checkAutomatic(t, e.records()[0], primary.ID, replica.ID)

		if err := primary.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		labtest.Until(t, 20*time.Second, "a verdict of OK, and a complete record", func() bool {
			return e.well() && e.records()[0].Outcome == recorder.Complete
		})
		handOver(t, c, e)
	})
}

func checkAutomatic(t *testing.T, f recorder.Failover, from, to cluster.NodeID) {
	t.Helper()
	if f.From.ID != from || f.To.ID != to || f.Slots == 0 || f.Cause == recorder.Manual {
		t.Errorf("got %+v", f)
	}
	for _, k := range []recorder.StageKind{recorder.LastAnswer, recorder.Suspected, recorder.Promoted, recorder.Served, recorder.Agreed} {
		if _, ok := f.Stage(k); !ok {
			t.Errorf("%s was not seen:\n%s", k, f.Markdown())
		}
	}
	if gap, ok := f.Unavailable(); !ok || gap < 2*time.Second || gap > time.Minute {
		t.Errorf("unavailable for %s, %v, at a node timeout of 2 s", gap, ok)
	}
}

// handOver plans and orders a graceful failover of another shard.
func handOver(t *testing.T, c *lab.Cluster, e *eye) {
	t.Helper()
	replica := c.Nodes()[4]
	p := e.plan(t, replica.ID)
	if p.Advised == nil || *p.Advised != plan.Graceful {
		t.Fatalf("advised %v: %s", p.Advised, p.Why)
	}
	if err := replica.Do(t.Context(), "CLUSTER", "FAILOVER").Err(); err != nil {
		t.Fatal(err)
	}
	labtest.Until(t, 10*time.Second, "a complete record of the ordered failover", func() bool {
		all := e.records()
		return len(all) == 2 && all[1].Outcome == recorder.Complete
	})
	f := e.records()[1]
	if gap, ok := f.Unavailable(); f.Cause != recorder.Manual || f.To.ID != replica.ID || !ok || gap != 0 {
		t.Errorf("%s, gap %s %v:\n%s", f.Cause, gap, ok, f.Markdown())
	}
	if v := e.verdict(); v.Status != doctor.OK || v.Served != 16384 {
		t.Errorf("after a clean failover: %s: %s", v.Status, v.Sentence)
	}
}
