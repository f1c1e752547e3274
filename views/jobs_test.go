package views

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/keyslot"
)

func withSpare() *cluster.Snapshot { return sampleSnapshot(addShard()) }

func TestMoveFromANodeProposesWhatEvensTheTwoOut(t *testing.T) {
	s, m := newMoveStage(t, withSpare(), colours, 120, 40)
	s.press("3", "m")
	s.want("move 2731 slots from A 10.0.0.11:7001 to D 10.0.0.17:7007", "SETSLOT and MIGRATE", "no receiver holds stray keys")
	if len(m.started) != 0 {
		t.Fatal("the page alone started something")
	}
	s.press("y")
	if len(m.started) != 1 || m.started[0].Slots != 2731 || m.options[0].MaxBlock != 10*time.Millisecond {
		t.Fatalf("started %+v with %+v", m.started, m.options)
	}
	if s.app.at != onJobs {
		t.Error("the job that was started is not in front")
	}
}

func TestPlanIsMadeAnewAsParametersChange(t *testing.T) {
	s, m := newMoveStage(t, withSpare(), colours, 160, 45)
	s.press("3", "m", "4", "0", "0")
	s.want("move 400 slots from A", "5062")
	s.press("tab", "space") // A is off: from all others
	s.want("from all others")
	s.press("tab", "right") // to A, of which the sources are then the others
	s.want("to A 10.0.0.11:7001")
	s.press("y")
	p := m.started[0]
	for _, mv := range p.Moves {
		if mv.To != sampleID(1) {
			t.Errorf("a move goes to %v", mv.To)
		}
	}
	if p.Slots != 400 {
		t.Errorf("%d slots", p.Slots)
	}
}

func TestMarkedSlotsMoveExactly(t *testing.T) {
	s, m := newMoveStage(t, withSpare(), colours, 160, 45)
	s.press("2", "V", "m")
	s.want("move 5462 slots (0-5461) to D", "disruptive") // A is left without a slot
	s.press("y")
	s.send(armed{s.app.overlay.(*planPage)})
	s.press("y")
	set, want := m.started[0].Set(), keyslot.SetOf(keyslot.Range{First: 0, Last: 5461})
	if set != want {
		t.Errorf("moves %v", set)
	}
}

func TestRebalanceAndDrainOpenFromTheNodes(t *testing.T) {
	s, _ := newMoveStage(t, withSpare(), colours, 120, 40)
	s.press("3", "b")
	s.want("rebalance by slots: move 4096 slots among 4 primaries")
	s.press("right")
	s.want("rebalance by keys")
	s.press("esc", "D")
	s.want("drain A 10.0.0.11:7001", "disruptive")
}

func TestPlanThatIsRefusedSaysWhy(t *testing.T) {
	s, m := newMoveStage(t, sampleSnapshot(openSlots("A", "B", 7, 7)), colours, 120, 40)
	s.press("3", "m")
	s.want("cannot be run", "slot")
	s.press("y")
	if len(m.started) != 0 {
		t.Fatal("a refused plan was started")
	}
}

func TestStrayKeysOnTheTargetRefuseThePlan(t *testing.T) {
	s, m := newMoveStage(t, withSpare(), colours, 120, 40)
	all := keyslot.Full()
	m.stray = map[cluster.NodeID]plan.Stray{sampleID(7): {Counted: all, In: keyslot.SetOf(keyslot.Range{First: 3, Last: 3}), Keys: 5}}
	s.press("3", "m", "y")
	if len(m.started) != 0 {
		t.Fatal("slots were moved onto stray keys")
	}
	s.want("holds keys in 1 slot (3)")
}

func TestClusterThatChangedHoldsThePlanBack(t *testing.T) {
	s, m := newMoveStage(t, withSpare(), colours, 120, 40)
	s.press("3", "m")
	next := sampleSnapshot(addShard(), giveSlots("B", 0, 100))
	s.send(snapshotArrived{next, true})
	s.want("cannot be run", "not owned by A")
	s.press("y")
	if len(m.started) != 0 {
		t.Fatal("a plan for another cluster was started")
	}
	s.press("r", "y")
	if len(m.started) != 1 {
		t.Fatalf("the plan made anew did not start:\n%s", s.text())
	}
}

func TestStartThatFailsIsTold(t *testing.T) {
	s, m := newMoveStage(t, withSpare(), colours, 120, 40)
	m.refuse = errors.New("another slotdeck moves slots of this cluster")
	s.press("3", "m", "y")
	s.want("Nothing was moved: another slotdeck moves slots")
}

func TestJobShowsOnEveryScreen(t *testing.T) {
	s, _ := begun(t, colours, 120, 40, halfway())
	s.want("312 of 400", "4.1k keys/s", "0:06", "D answers slowly", "giving away", "12ms")
	for _, key := range []string{"1", "2", "3", "4", "esc", "6"} {
		s.press(key)
		s.want("moving 79% left 0:06")
	}
	if v := s.app.View(); !strings.HasPrefix(v.WindowTitle, "79% moving") || v.ProgressBar == nil || v.ProgressBar.Value != 78 && v.ProgressBar.Value != 79 {
		t.Errorf("title %q, bar %+v", v.WindowTitle, v.ProgressBar)
	}
	s.press("2", "]", "]")
	s.want("A → D 6", "B → D 1")
}

func TestJobIsSteered(t *testing.T) {
	s, m := begun(t, colours, 120, 40, halfway())
	s.press("p", "<", "s")
	at := halfway()
	at.State, at.Throttle = JobPaused, 2000
	s.tell(m, at)
	s.want("PAUSED", "job paused")
	s.press("p", ">", "u")
	s.want("roll back move 400 slots")
	s.press("y")
	want := []string{"pause", "throttle 2000", "stop", "resume", "throttle 5000", "roll back"}
	if !slices.Equal(m.job.calls, want) {
		t.Errorf("the job was told %q, want %q", m.job.calls, want)
	}
}

func TestAtomicJobCannotBeThrottled(t *testing.T) {
	at := halfway()
	at.Driver = plan.AtomicValkey
	s, m := begun(t, colours, 120, 40, at)
	s.press("<")
	s.want("cannot be slowed")
	if len(m.job.calls) != 0 {
		t.Errorf("the job was told %q", m.job.calls)
	}
}

func TestQuestionComesToTheFrontAtItsSafeAnswer(t *testing.T) {
	s, m := begun(t, colours, 120, 40, halfway())
	s.press("1")
	s.tell(m, asking())
	s.want("user:8812", "2026-03-14 shipped", "2026-03-13 packing", "▸ skip")
	s.press("enter")
	if !slices.Equal(m.job.calls, []string{"answer skip"}) {
		t.Fatalf("the job was told %q", m.job.calls)
	}
	s, m = begun(t, colours, 120, 40, asking())
	s.press("k", "k", "enter")
	if !slices.Equal(m.job.calls, []string{"answer source"}) {
		t.Errorf("the job was told %q", m.job.calls)
	}
}

func TestReportIsShownInFull(t *testing.T) {
	s, m := begun(t, colours, 120, 40, halfway())
	s.end(m, finished())
	s.want("completed", "0-249 5462-5611", "7 OF 7 AGREE", "24380 keys")
	if s.ctl.refreshed == 0 {
		t.Error("no new picture was asked for after the move")
	}
	s.press("esc")
	s.want("Nothing runs")
	s, m = begun(t, colours, 80, 24, halfway())
	s.end(m, halted())
	s.want("failed", "LEFT TO DO", "slot 210 is open")
	s.press("G")
	s.want("refused the connection")
}

func TestQuittingWhileAJobRunsAsks(t *testing.T) {
	for _, key := range []string{"q", "ctrl+c"} {
		s, m := begun(t, colours, 80, 24, halfway())
		_, cmd := s.app.Update(pressOf(key))
		if cmd != nil {
			t.Fatalf("%s did something at once", key)
		}
		s.want("a job is running", "312 of 400 slots have moved, 7 are in hand", "nothing stays open")
		s.press("esc")
		s.wantNot("a job is running")
		s.press(key, "y")
		if !slices.Equal(m.job.calls, []string{"stop"}) {
			t.Errorf("the job was told %q", m.job.calls)
		}
		_, cmd = s.app.Update(jobsEnded{m.job, finished()})
		if _, quit := cmd().(tea.QuitMsg); !quit {
			t.Error("the console stays open after the job has stopped")
		}
	}
}

// open is an interrupted move, as the cluster tells of it.
func open(t *testing.T, s *cluster.Snapshot) Leftovers {
	t.Helper()
	counts := plan.KeyCounts{}
	for _, m := range s.Moves {
		counts[m.Slot] = map[cluster.NodeID]int64{m.From: 41, m.To: 32}
	}
	list, err := plan.Triage(s, counts, plan.Facts{JobsAsked: true})
	if err != nil {
		t.Fatal(err)
	}
	return Leftovers{Open: list, Keys: counts}
}

func TestOpenSlotsAreOfferedWithTheirConsequences(t *testing.T) {
	snap := sampleSnapshot(openSlots("A", "B", 100, 101))
	s, m := newMoveStage(t, snap, colours, 120, 40)
	m.left = open(t, snap)
	s.press("5")
	s.want("2 slots are open", "A → B", "100-101", "A holds 82 keys, B holds 64 keys", "finish", "roll back", "leave")
	s.press("f")
	s.want("finish 2 open slots (100-101)", "SETSLOT 100 NODE")
	s.press("y")
	if !slices.Equal(m.recovered, []string{"finish 100-101"}) {
		t.Fatalf("recovered %q", m.recovered)
	}
}

func TestRollingBackIsDisruptiveWhenKeysAreAway(t *testing.T) {
	snap := sampleSnapshot(openSlots("A", "B", 100, 100))
	s, m := newMoveStage(t, snap, colours, 120, 40)
	m.left = open(t, snap)
	s.press("5", "u")
	s.want("roll back 1 open slot (100)", "disruptive")
	s.press("y")
	if len(m.recovered) != 0 {
		t.Fatal("a stray key rolled back")
	}
}

func TestConsoleThatOnlyLooksHasNoVerbs(t *testing.T) {
	s := newStageOf(t, Config{Context: "prod-eu", Look: colours, First: withSpare(), Mover: &fakeMover{}, ReadOnly: true}, 120, 40)
	for _, key := range []string{"1", "2", "3", "5"} {
		s.press(key, "m", "b", "D")
		s.wantNot("PLAN")
		for _, h := range s.app.screen().Hints(s.app.scene()) {
			if h.Key == "m" || h.Key == "b" || h.Key == "D" {
				t.Errorf("%s offers %q", s.app.screen().Name(), h.Label)
			}
		}
	}
}

func TestWithoutAMoverTheKeysSayWhy(t *testing.T) {
	s := newStage(t, withSpare(), colours, 120, 40)
	s.press("3", "m")
	s.want("without the means to move slots")
	s.wantNot("PLAN")
}

func TestHostileNamesInJobsNeverReachTheTerminal(t *testing.T) {
	evil := "\x1b]0;owned\x07\x1b[31m\u202e"
	at := asking()
	at.Title, at.Message, at.DriverWhy = evil, evil, evil
	at.Question.Text, at.Question.Details, at.Question.Choices[0] = evil, []string{evil}, MoveChoice{evil, evil}
	at.InFlight[0].Step = evil
	s, m := begun(t, colours, 120, 40, at)
	check := func() {
		t.Helper()
		if text := s.text(); strings.ContainsAny(text, "\x1b\x07\u202e") || strings.Contains(s.raw(), "\x1b]0;owned") {
			t.Fatalf("an escape sequence from outside is on the screen: %q", text)
		}
	}
	check()
	at.Question = nil
	s.tell(m, at)
	check()
	s.press("q")
	check()
	s.press("esc")
	r := halted()
	r.Title, r.Outcome, r.Err, r.Remains, r.Saved, r.Sentences = evil, "failed", errors.New(evil), []string{evil}, []string{evil}, []string{evil}
	r.Nodes[0].Addr, r.Nodes[0].Text, r.Nodes[0].Node = evil, evil, "nobody"
	s.end(m, r)
	check()
}

func TestJobsFillAnySize(t *testing.T) {
	for _, size := range [][2]int{{40, 10}, {60, 20}, {80, 24}, {120, 40}, {200, 60}} {
		for _, at := range []MoveProgress{halfway(), asking(), {ETA: -1}} {
			s, m := begun(t, colours, size[0], size[1], at)
			for range 3 {
				lines := strings.Split(s.raw(), "\n")
				if len(lines) != size[1] {
					t.Fatalf("%v: %d lines\n%s", size, len(lines), s.text())
				}
				s.press("q")
			}
			s.press("esc")
			s.end(m, halted())
			if n := len(strings.Split(s.raw(), "\n")); n != size[1] {
				t.Fatalf("%v: the report has %d lines", size, n)
			}
		}
	}
}

// TestSlotWithoutOwnerIsShownAndSettled: none is open, and still there is
// something to settle.
func TestSlotWithoutOwnerIsShownAndSettled(t *testing.T) {
	snap := sampleSnapshot()
	s, m := newMoveStage(t, snap, colours, 120, 40)
	m.left = Leftovers{Open: []plan.Recovery{{Slot: 100, To: sampleID(2), Unowned: true, Suggested: plan.Finish, Text: "nobody owns slot 100",
		Options: []plan.Option{
			{Way: plan.Finish, Possible: true, Text: "it gets the slot", Commands: []plan.Command{{Node: sampleID(2), Addr: "10.0.0.12:7002", Args: []string{"CLUSTER", "SETSLOT", "100", "NODE", "x"}}}},
			{Way: plan.RollBack, Text: "not possible: nobody owns the slot"},
			{Way: plan.Leave, Possible: true, Text: "nothing changes"}}}}}
	s.press("5")
	s.want("SLOTS WITHOUT OWNER", "a slot has no owner", "slot 100", "nobody owns slot 100", "it gets the slot")
	s.press("u")
	if len(m.recovered) != 0 {
		t.Fatal("what nobody owns was rolled back")
	}
	s.press("f")
	s.want("finish 1 slot without owner (100)", "SETSLOT 100 NODE")
	s.press("y")
	if !slices.Equal(m.recovered, []string{"finish 100"}) {
		t.Fatalf("recovered %q", m.recovered)
	}
}
