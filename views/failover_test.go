package views

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/cluster/recorder"
)

func TestCockpitShowsThreeWaysWithTheAdvisedOneChosen(t *testing.T) {
	f := newFakeFailovers()
	s := failoverStage(t, f, sampleReady(), colours, 120, 40)
	s.press("f")
	s.want("Fail over shard A to 10.0.0.14:7004", "graceful", "FORCE", "TAKEOVER", "advised", "no acknowledged write is lost", "CLUSTER FAILOVER to 10.0.0.14:7004")
	s.confirmed()
	if len(f.started) != 1 || f.started[0] != plan.Graceful || f.plans[0].Replica != sampleID(4) {
		t.Fatalf("started %v", f.started)
	}
}

func TestCockpitOfAFailedPrimaryAdvisesForceAndWantsTheAddressTyped(t *testing.T) {
	f := newFakeFailovers()
	s := failoverStage(t, f, sampleReady(failPrimary("C")), colours, 120, 40)
	s.press("f") // the worst shard is first
	s.want("Fail over shard C to 10.0.0.16:7006", "held for failed", "cannot work now", "lossy")
	s.press("y")
	s.want("type 10.0.0.16:7006 to run")
	s.typed("C")
	s.press("enter")
	if len(f.started) != 0 {
		t.Fatal("a wrong name started it")
	}
	s.press("y")
	s.typed("10.0.0.16:7006")
	s.press("enter")
	if len(f.started) != 1 || f.started[0] != plan.Force {
		t.Fatalf("started %v", f.started)
	}
}

func TestWayThatCannotWorkIsShownWithItsReasonAndDoesNotRun(t *testing.T) {
	f := newFakeFailovers()
	s := failoverStage(t, f, sampleReady(failPrimary("C")), colours, 80, 24)
	s.press("f", "g")
	s.want("cannot be run: 10.0.0.13:7003 is held for failed, and the replica refuses")
	s.press("y", "y")
	if len(f.started) != 0 {
		t.Fatal("it was started")
	}
	s.press("t")
	s.want("nobody is asked", "y run (type the name)")
}

func TestCockpitChangesTheReplicaAndFollowsThePicture(t *testing.T) {
	f := newFakeFailovers()
	s := failoverStage(t, f, sampleReady(twoReplicas("A")), colours, 120, 40)
	s.press("f", "r")
	s.want("to 10.0.0.17:7007", "no link to 10.0.0.11:7001, and refuses")
	s.press("r")
	s.want("to 10.0.0.14:7004")
	next := sampleReady(failPrimary("A"))
	next.At = next.At.Add(time.Second)
	s.send(snapshotArrived{next, true})
	s.want("10.0.0.11:7001 is held for failed", "acknowledged writes can be lost")
	f.facts.Busy = "a reshard"
	s.send(snapshotArrived{sampleReady(), true})
	s.want("a reshard is running on the shard")
}

func TestChosenWayStaysWhenThePictureChanges(t *testing.T) {
	s := failoverStage(t, newFakeFailovers(), sampleReady(), colours, 120, 40)
	s.press("f", "f")
	s.want("CLUSTER FAILOVER FORCE to")
	next := sampleReady()
	next.At = next.At.Add(time.Second)
	s.send(snapshotArrived{next, true})
	s.want("CLUSTER FAILOVER FORCE to")
}

func TestFailoverIsWatchedStepByStepAndMayBeLeft(t *testing.T) {
	f := newFakeFailovers()
	s := failoverStage(t, f, sampleReady(), colours, 120, 40)
	s.press("j", "j", "f")
	s.confirmed()
	s.want("Reading the replica, its primary and all voters once more")
	s.moved(failoverHalfway())
	s.want("epoch 14, votes are asked for", "0.131 s", "Not everyone shows it yet", "112B behind", "leave, it goes on")
	s.press("esc")
	s.wantNot("votes are asked for")
	s.want("C graceful to 10.0.0.16:7006: not everyone shows it yet")
	s.press("j", "j", "f") // of the same shard: back to it, not a second one
	s.want("votes are asked for")
	s.moved(failoverVerified())
	s.want("is the primary of shard C on all 6 nodes")
	if len(f.started) != 1 {
		t.Errorf("started %d", len(f.started))
	}
}

func TestOKAloneIsNotShownAsASuccess(t *testing.T) {
	s := failoverStage(t, newFakeFailovers(), sampleReady(), colours, 120, 40)
	s.press("j", "j", "f")
	s.confirmed()
	state := failoverHalfway()
	state.Steps = state.Steps[:1]
	s.moved(state)
	s.wantNot("is the primary of", "verified")
	s.press("esc")
	s.moved(failoverTimedOut())
	s.want("failover of C: it did not happen")
	s.press("esc")
	s.want("C graceful to 10.0.0.16:7006: it did not happen")
}

func TestStalePlanSaysThatNothingWasSentAndPlansAgain(t *testing.T) {
	f := newFakeFailovers()
	f.refuse = "nothing was sent: shard A has another primary now, 10.0.0.14:7004; look at the plan again"
	s := failoverStage(t, f, sampleReady(), colours, 80, 24)
	s.press("f")
	s.confirmed()
	s.want("Nothing was sent: shard A has another primary now", "plan again")
	s.press("f")
	s.want("PLAN", "Fail over shard A")
}

func TestConsoleThatOnlyLooksHasNoFailoverKey(t *testing.T) {
	s := newStageOf(t, Config{Look: colours, First: sampleReady(), Failovers: newFakeFailovers(), ReadOnly: true}, 120, 40)
	s.wantNot("fail over")
	s.press("f")
	s.wantNot("PLAN")
	s.press("3", "f")
	s.wantNot("PLAN", "fail over")
	s.press(":")
	s.typed("failover")
	s.press("enter")
	s.want("only looks")
}

func TestWithoutTheMeansTheKeySaysSo(t *testing.T) {
	s := newStage(t, sampleReady(), colours, 120, 40)
	s.press("f")
	s.want("opened without the means to fail over")
}

func TestNodesOpenTheCockpitOfTheReplicaUnderTheCursor(t *testing.T) {
	s := failoverStage(t, newFakeFailovers(), sampleReady(twoReplicas("A")), colours, 120, 40)
	s.press("3", "/")
	s.typed("7007")
	s.press("enter", "f")
	s.want("Fail over shard A to 10.0.0.17:7007")
}

func TestLastFailoverStaysInOverviewWhileItIsRecent(t *testing.T) {
	f := newFakeFailovers()
	f.records = []recorder.Failover{sampleFailover()}
	s := failoverStage(t, f, sampleReady(), colours, 120, 40)
	s.want("FAILOVER", " 36s ago  10.0.0.13:7003 → 10.0.0.16:7006, automatic, taken over, not served 4.2 s, 1.1K at risk")
	later := sampleReady()
	later.At = later.At.Add(time.Hour)
	s.send(snapshotArrived{later, true})
	s.wantNot("FAILOVER")
}

func TestFailoverIsABlockAmongTheEventsThatOpensAndIsExported(t *testing.T) {
	f := newFakeFailovers()
	f.records = []recorder.Failover{sampleFailover()}
	written := map[string]string{}
	s := newStageOf(t, Config{Look: colours, First: withHistory(sampleReady()), Failovers: f,
		Write: func(name, text string) (string, error) { written[name] = text; return name, nil }}, 120, 40)
	s.press("6", "F")
	s.want("FAILOVER from 7003, not served 4.2 s, automatic, taken over", "36s ago")
	s.press("enter")
	s.want("last answer", "2.100 s", "+0.900 s", "everyone agrees", "not served 4.2 s", "1.1K at risk", "late by up to 1.1s")
	s.press("e")
	s.want("saved as slotdeck-failover-C-20260314-115923.md and slotdeck-failover-C-20260314-115923.json")
	if !strings.Contains(written["slotdeck-failover-C-20260314-115923.md"], "| fail agreed |") || !strings.Contains(written["slotdeck-failover-C-20260314-115923.json"], `"cause": "automatic"`) {
		t.Errorf("wrote %v", written)
	}
	s.press("esc")
	s.want("FAILOVER from 7003")
}

func TestBlockStandsAmongTheEventsOfItsTimeAndNewOnesDoNotMoveAHeldList(t *testing.T) {
	f := newFakeFailovers()
	f.records = []recorder.Failover{sampleFailover()}
	s := failoverStage(t, f, withHistory(sampleReady()), colours, 120, 40)
	s.press("6")
	text := s.text()
	if newer, block, older := strings.Index(text, "epoch 1 → 7"), strings.Index(text, "FAILOVER from"), strings.Index(text, "watching 6 nodes"); newer >= block || block >= older {
		t.Fatalf("at %d, %d, %d:\n%s", newer, block, older, text)
	}
	s.press("j", "j")
	at := s.app.screens[onEvents].(*Events).cursor.Key
	second := sampleFailover()
	second.Number = 2
	for i := range second.Stages {
		second.Stages[i].At = second.Stages[i].At.Add(time.Minute)
	}
	f.records = append(f.records, second)
	next := withHistory(sampleReady())
	next.At = next.At.Add(time.Minute)
	s.send(snapshotArrived{next, true})
	if e := s.app.screens[onEvents].(*Events); e.cursor.Key != at || e.newer != 1 {
		t.Errorf("the cursor went from %s to %s, %d newer", at, e.cursor.Key, e.newer)
	}
}

func TestServersCannotWriteOnTheFailoverPages(t *testing.T) {
	evil := "\x1b]0;owned\x07\u202e"
	f := newFakeFailovers()
	r := sampleFailover()
	r.From.Addr, r.To.Addr = evil, evil
	r.Stages[0].Note = evil
	f.records = []recorder.Failover{r}
	snap := sampleReady()
	for i := range snap.Nodes {
		snap.Nodes[i].Member.Endpoint.IP, snap.Nodes[i].Dialled = evil, evil
	}
	s := failoverStage(t, f, snap, colours, 120, 40)
	check := func(where string) {
		t.Helper()
		if strings.ContainsAny(s.text(), "\x1b\x07\u202e") || strings.Contains(s.raw(), "]0;owned\x07") {
			t.Fatalf("%s: %q", where, s.text())
		}
	}
	check("overview")
	s.press("f")
	check("cockpit")
	s.confirmed()
	state := failoverTimedOut()
	state.To, state.Text, state.Why, state.Steps[0].Note = evil, evil, []string{evil}, evil
	s.moved(state)
	check("page")
	s.press("6")
	check("events")
	s.press("enter")
	check("block")
}

func TestFailoverPagesFillEverySize(t *testing.T) {
	f := newFakeFailovers()
	f.records = []recorder.Failover{sampleFailover()}
	for _, size := range [][2]int{{40, 10}, {60, 20}, {80, 24}, {99, 30}, {120, 40}, {200, 60}} {
		s := failoverStage(t, f, sampleReady(failPrimary("C"), twoReplicas("C")), colours, size[0], size[1])
		check := func(where string) {
			t.Helper()
			lines := strings.Split(s.raw(), "\n")
			for i, l := range lines {
				if w := ansi.StringWidth(l); w > size[0] || len(lines) != size[1] {
					t.Fatalf("%v, %s: line %d of %d is %d wide: %q", size, where, i, len(lines), w, ansi.Strip(l))
				}
			}
		}
		check("overview")
		s.press("f")
		for _, key := range []string{"l", "l", "l", "r"} {
			check("cockpit " + key)
			s.press(key)
		}
		s.press("esc", "j", "f")
		s.confirmed()
		for i, state := range []FailoverState{failoverHalfway(), failoverVerified(), failoverTimedOut()} {
			s.moved(state)
			check(fmt.Sprint("page ", i))
		}
		s.press("6", "F")
		check("events")
		s.press("enter")
		check("block")
	}
}

func TestFailoverPagesLookAsTheyShould(t *testing.T) {
	shots := []struct {
		name  string
		snap  func() *cluster.Snapshot
		drive func(*stage)
	}{
		{"graceful", func() *cluster.Snapshot { return sampleReady(twoReplicas("A")) }, func(s *stage) { s.press("f") }},
		{"force", func() *cluster.Snapshot { return sampleReady(failPrimary("C")) }, func(s *stage) { s.press("f") }},
		{"refused", func() *cluster.Snapshot { return sampleReady(failPrimary("C")) }, func(s *stage) { s.press("f", "g") }},
		{"running", func() *cluster.Snapshot { return sampleReady() }, func(s *stage) { s.press("j", "j", "f"); s.confirmed(); s.moved(failoverHalfway()) }},
		{"verified", func() *cluster.Snapshot { return sampleReady() }, func(s *stage) { s.press("j", "j", "f"); s.confirmed(); s.moved(failoverVerified()) }},
		{"timed-out", func() *cluster.Snapshot { return sampleReady() }, func(s *stage) { s.press("j", "j", "f"); s.confirmed(); s.moved(failoverTimedOut()) }},
		{"overview", func() *cluster.Snapshot { return withHistory(sampleReady()) }, func(*stage) {}},
		{"events", func() *cluster.Snapshot { return withHistory(sampleReady()) }, func(s *stage) { s.press("6", "F") }},
		{"block", func() *cluster.Snapshot { return withHistory(sampleReady()) }, func(s *stage) { s.press("6", "F", "enter") }},
	}
	for _, shot := range shots {
		for look, l := range looks {
			for _, size := range sizes {
				f := newFakeFailovers()
				f.records = []recorder.Failover{sampleFailover()}
				s := failoverStage(t, f, shot.snap(), l, size[0], size[1])
				shot.drive(s)
				lines := strings.Split(s.raw(), "\n")
				for i := range lines {
					lines[i] = strings.TrimRight(lines[i], " ")
				}
				golden(t, fmt.Sprintf("failover/%s/%s-%dx%d", shot.name, look, size[0], size[1]), strings.Join(lines, "\n")+"\n")
			}
		}
	}
}
