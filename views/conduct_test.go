package views

import (
	"strings"
	"testing"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/ui"
)

// fakeConductor begins runs whose states a test sends by hand.
type fakeConductor struct {
	spreads  []plan.SpreadPlan
	restarts []plan.RestartRequest
	states   chan ConductState
	stopped  bool
}

func newFakeConductor() *fakeConductor { return &fakeConductor{states: make(chan ConductState, 1)} }

func (f *fakeConductor) Failovers(string) plan.FailoverFacts { return plan.FailoverFacts{} }
func (f *fakeConductor) StartSpread(p plan.SpreadPlan, _ cluster.Zones) ConductRun {
	f.spreads = append(f.spreads, p)
	return f
}
func (f *fakeConductor) StartRolling(r plan.RestartRequest) ConductRun {
	f.restarts = append(f.restarts, r)
	return f
}
func (f *fakeConductor) States() <-chan ConductState { return f.states }
func (f *fakeConductor) Stop()                       { f.stopped = true }

// racks is a map of the six sample nodes: a word for each.
func racks(t *testing.T, words string) cluster.Zones {
	t.Helper()
	var rules []cluster.ZoneRule
	for i, word := range strings.Fields(words) {
		rules = append(rules, cluster.ZoneRule{Of: sampleAddr(i + 1), Zone: "rack-" + word})
	}
	z, err := cluster.NewZones(rules)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// conductStage is an App that can conduct: all primaries in rack 1, and one
// replica, too.
func conductStage(t *testing.T, f Conductor, look ui.Look, w, h int) *stage {
	t.Helper()
	return newStageOf(t, Config{Context: "prod-eu", Version: "test", Look: look, First: sampleReady(living), Conductor: f, Zones: racks(t, "1 1 1 2 3 1")}, w, h)
}

// living gives every node a run id and makes the cluster one that can be judged.
func living(s *cluster.Snapshot) {
	for i := range s.Nodes {
		n := &s.Nodes[i]
		n.Info.Value = cluster.Info{Sections: []cluster.InfoSection{{Name: "Server", Fields: []cluster.InfoField{
			{Name: "run_id", Value: "life of " + n.Dialled}, {Name: "uptime_in_seconds", Value: "144000"}}}}}
	}
}

func (s *stage) conducted(state ConductState) {
	s.t.Helper()
	run := s.app.conduct().run
	if run == nil {
		s.t.Fatal("nothing runs")
	}
	s.send(conductMoved{run, state, true})
}

func TestHostsPageTellsTheLossesAndRunsTheFewestFailovers(t *testing.T) {
	f := newFakeConductor()
	s := conductStage(t, f, colours, 120, 40)
	s.press("H")
	s.want("spread the primaries over zones by 2 failovers", "rack-1", "3 → 1", "majority lost", "slots gone with their data (C)", "no replica left for A",
		"shard C is lost with rack-1", "10.0.0.14:7004", "no acknowledged write is lost")
	s.press("y")
	if len(f.spreads) != 0 {
		t.Fatal("one key was enough")
	}
	s.send(armed{s.app.overlay.(*planPage)})
	s.press("y")
	if len(f.spreads) != 1 || len(f.spreads[0].Steps) != 2 {
		t.Fatalf("begun: %v", f.spreads)
	}
	s.conducted(ConductState{Left: 2, Text: "waiting for votes", Steps: []ConductStep{{Name: "shard A: x", State: StepRuns}, {Name: "shard B: y"}}})
	s.want("STEP BY STEP", "Waiting for votes", "2 steps left", "shard B: y")
	s.press("s")
	if !f.stopped {
		t.Error("it cannot be stopped")
	}
	s.press("esc")
	s.want("2 steps left", "overview")
	s.press("H") // the run, not another plan
	s.want("STEP BY STEP", "shard A: x")
	s.press("esc", "q")
	s.want("if you leave, no further step begins")
	s.press("esc")
	s.conducted(ConductState{Done: true, End: "ended after 1 of 2 failovers: 10.0.0.5:7 is a primary now"})
	s.want("ended after 1 of 2 failovers")
}

func TestHostsPageRefusesWithTheReasonAndStillShowsTheTable(t *testing.T) {
	f := newFakeConductor()
	s := newStageOf(t, Config{Context: "c", First: sampleReady(), Conductor: f}, 120, 40)
	s.press("H")
	s.want("cannot be run: nothing to gain", "host", "10.0.0.11", "slots interrupted until a failover (A)")
	s.press("y", "y")
	if len(f.spreads) != 0 {
		t.Error("it was begun")
	}
	s.press("esc")
	s = newStageOf(t, Config{Context: "c", First: sampleReady(failPrimary("C")), Conductor: f, Zones: racks(t, "1 1 1 2 3 1")}, 120, 40)
	s.press("H")
	s.want("cannot be run: ", "10.0.0.13:7003")
	s = newStageOf(t, Config{Context: "c", First: sampleReady(living), Conductor: f, Zones: racks(t, "1 1 1 2 3 1"), ReadOnly: true}, 120, 40)
	s.press("H")
	s.want("only looks", "rack-1")
}

func TestRestartPageSaysWhichNodeIsWantedNow(t *testing.T) {
	f := newFakeConductor()
	s := conductStage(t, f, colours, 120, 40)
	s.press("T")
	s.want("restart 6 nodes, one after the other", "hand over  10.0.0.11:7001", "redis 8.0.3, up 40h0m0s", "left out")
	s.press("u", "u", "u", "u") // the last day
	s.want("those started within 24h")
	s.press("u")
	s.confirmed()
	if len(f.restarts) != 1 || !f.restarts[0].Since.IsZero() {
		t.Fatalf("begun: %+v", f.restarts)
	}
	state := ConductState{Left: 9, Wanted: "restart 10.0.0.14:7004 now: replica of shard A; it is noticed by itself", Steps: []ConductStep{{Name: "shard A: restart 10.0.0.14:7004", State: StepRuns}}}
	s.press("esc")
	s.conducted(state)
	s.want("WAITS FOR YOU", "restart 10.0.0.14:7004 now")
	s.press("T")
	s.want("Restart 10.0.0.14:7004 now: replica of shard A", "9 steps left", "stop before the next step")
	s.conducted(ConductState{Done: true, OK: true, End: "done: 6 nodes restarted and verified"})
	s.want("Done: 6 nodes restarted and verified")
	s.press("esc", "T")
	s.want("restart 6 nodes, one after the other")
}

func TestLongRunsScrollToTheStepAtWork(t *testing.T) {
	f := newFakeConductor()
	s := conductStage(t, f, colours, 80, 24)
	s.press("T")
	s.confirmed()
	state := ConductState{Left: 1, Text: "it is away"}
	for range 40 {
		state.Steps = append(state.Steps, ConductStep{Name: "one that is done", State: StepDone})
	}
	state.Steps = append(state.Steps, ConductStep{Name: "the one at work", State: StepRuns})
	s.conducted(state)
	s.want("It is away", "the one at work")
}

func TestNodesAreGroupedByTheZonesOfTheMap(t *testing.T) {
	s := conductStage(t, newFakeConductor(), colours, 120, 40)
	s.press("3", "t")
	s.want("zone    address", "rack-2  10.0.0.14:7004")
	screen := s.text()
	if strings.Index(screen, "10.0.0.16:7006") > strings.Index(screen, "10.0.0.14:7004") {
		t.Errorf("rack-1 is not together:\n%s", screen)
	}
}

func TestConductLooksAsItShould(t *testing.T) {
	for look, l := range looks {
		for _, size := range [][2]int{{80, 24}, {160, 45}} {
			shot := func(name string, drive func(*stage)) {
				s := conductStage(t, newFakeConductor(), l, size[0], size[1])
				drive(s)
				golden(t, "conduct/"+name+"/"+look+"-"+map[int]string{80: "80x24", 160: "160x45"}[size[0]], s.raw()+"\n")
			}
			shot("hosts", func(s *stage) { s.press("H") })
			shot("restart", func(s *stage) { s.press("3", "T") })
			shot("wanted", func(s *stage) {
				s.press("T")
				s.confirmed()
				s.conducted(ConductState{Left: 7, Elapsed: time.Minute, Wanted: "restart 10.0.0.11:7001 now: replica of shard A, redis 8.0.3, up 40h0m0s; it is noticed by itself", Steps: []ConductStep{
					{Name: "shard A: restart 10.0.0.14:7004 (redis 8.0.3, up 40h0m0s)", State: StepDone, Note: "10.0.0.14:7004 was restarted: redis 8.0.3, then redis 8.2.1; away 2.1 s, in sync 1.4 s later"},
					{Name: "shard A: 10.0.0.14:7004 takes over from 10.0.0.11:7001", State: StepDone, Note: "10.0.0.14:7004 is the primary of shard A on all 6 nodes, 0.21 s after the command; all its replicas are linked"},
					{Name: "shard A: restart 10.0.0.11:7001 (redis 8.0.3, up 40h0m0s)", State: StepRuns},
				}})
			})
		}
	}
}
