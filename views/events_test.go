package views

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"slotdeck/cluster"
	"slotdeck/ui"
)

// sampleEvents are events as of a failover of shard C, numbered from 1, half a
// minute apart, the first an hour before sampleNow.
func sampleEvents(n int) change {
	kinds := []cluster.Event{
		{Kind: cluster.Note, Text: "connected; 6 nodes found"},
		{Kind: cluster.HealthChanged, Gravity: cluster.Notable, Node: sampleID(3), Text: "does not answer: no answer from 10.0.0.13:7003 within 1s"},
		{Kind: cluster.FlagChanged, Gravity: cluster.Bad, Node: sampleID(3), Text: "fail, agreed by 2 of 2 other primaries; slots 10923-16383 are not served until a replica takes over or the node comes back"},
		{Kind: cluster.RoleChanged, Gravity: cluster.Good, Node: sampleID(6), Text: "replica became primary of shard C"},
		{Kind: cluster.AddressChanged, Node: "0123456789abcdef0123456789abcdef01234567", Text: "bad \x1b[31m name"},
	}
	return func(s *cluster.Snapshot) {
		for i := range n {
			e := kinds[i%len(kinds)]
			e.Seq, e.At = uint64(i+1), sampleNow.Add(-time.Hour+time.Duration(i)*30*time.Second+123*time.Millisecond)
			if node, ok := s.Node(e.Node); ok {
				e.Addr, e.Shard = node.Dialled, s.Shards[node.Shard].Letter
			}
			s.Events = append(s.Events, e)
		}
	}
}

func eventsScreen(sc *Scene, keys ...string) *Events {
	e := NewEvents()
	e.Show(sc)
	e.Body(sc) // a screen is drawn before a key is pressed
	for _, k := range keys {
		e.Key(pressOf(k), sc)
	}
	return e
}

func TestEventsPictures(t *testing.T) {
	snap := sampleSnapshot(sampleEvents(40))
	screens := map[string]struct {
		snap *cluster.Snapshot
		make func(*Scene) Screen
	}{
		"events/empty":  {sampleSnapshot(), func(sc *Scene) Screen { return eventsScreen(sc) }},
		"events/newest": {snap, func(sc *Scene) Screen { return eventsScreen(sc) }},
		"events/held": {snap, func(sc *Scene) Screen {
			e := eventsScreen(sc, "n", "j", "j", "j", "j", "j")
			sc.Snap = sampleSnapshot(sampleEvents(52))
			e.Show(sc)
			return e
		}},
	}
	for name, s := range screens {
		goldenBodies(t, name, s.snap, s.make)
		fillsExactly(t, s.snap, s.make)
	}
}

func TestNewestEventIsOnTopAndFollowed(t *testing.T) {
	sc := sampleScene(sampleSnapshot(sampleEvents(10)), ui.Look{}, 80, 20)
	e := eventsScreen(sc)
	if x, _ := e.current(); x.Seq != 10 {
		t.Fatalf("the cursor is on event %d first", x.Seq)
	}
	sc.Snap = sampleSnapshot(sampleEvents(13))
	e.Show(sc)
	if x, _ := e.current(); x.Seq != 13 || e.newer != 0 {
		t.Fatalf("after three more it is on %d, with %d held back", x.Seq, e.newer)
	}
}

func TestListHoldsStillWhileTheCursorIsOnAnOlderEvent(t *testing.T) {
	sc := sampleScene(sampleSnapshot(sampleEvents(40)), ui.Look{}, 80, 20)
	e := eventsScreen(sc, "j", "j")
	before := e.Body(sc)
	sc.Snap = sampleSnapshot(sampleEvents(52))
	e.Show(sc)
	after := e.Body(sc)
	for i := 1; i < 14; i++ { // the rows below the title
		if before[i] != after[i] {
			t.Fatalf("row %d moved:\n%s\n%s", i, before[i], after[i])
		}
	}
	wantText(t, e, sc, "12 newer")
	// Up to the top of what is held, then beyond it: follows again.
	for range 2 {
		drive(t, e, sc, "k")
	}
	if x, _ := e.current(); x.Seq != 40 || e.newer != 12 {
		t.Fatalf("at the top of the held list it is on %d, %d newer", x.Seq, e.newer)
	}
	drive(t, e, sc, "k")
	if x, _ := e.current(); x.Seq != 52 || e.newer != 0 || e.held != 0 {
		t.Fatalf("beyond the top it is on %d, %d newer, held at %d", x.Seq, e.newer, e.held)
	}
}

func TestFollowKeyLetsGo(t *testing.T) {
	sc := sampleScene(sampleSnapshot(sampleEvents(40)), ui.Look{}, 80, 20)
	e := eventsScreen(sc)
	if alreadyFollows(e) == "" {
		t.Fatal("it does not follow at first")
	}
	drive(t, e, sc, "G")
	if x, _ := e.current(); x.Seq != 1 || alreadyFollows(e) != "" {
		t.Fatalf("G leads to event %d, following: %q", x.Seq, alreadyFollows(e))
	}
	sc.Snap = sampleSnapshot(sampleEvents(45))
	e.Show(sc)
	drive(t, e, sc, "f")
	if x, _ := e.current(); x.Seq != 45 || e.held != 0 {
		t.Fatalf("f leads to event %d", x.Seq)
	}
}

func TestBackAtTheNewestItFollowsAgain(t *testing.T) {
	sc := sampleScene(sampleSnapshot(sampleEvents(10)), ui.Look{}, 80, 20)
	e := eventsScreen(sc, "j", "k")
	sc.Snap = sampleSnapshot(sampleEvents(11))
	e.Show(sc)
	if x, _ := e.current(); x.Seq != 11 {
		t.Fatalf("the cursor is on %d", x.Seq)
	}
}

func TestForgottenEventsLetTheListGo(t *testing.T) {
	sc := sampleScene(sampleSnapshot(sampleEvents(10)), ui.Look{}, 80, 20)
	e := eventsScreen(sc, "j", "j")
	snap := sampleSnapshot(sampleEvents(100))
	snap.Events = snap.Events[50:]
	sc.Snap = snap
	e.Show(sc)
	if x, ok := e.current(); !ok || x.Seq != 100 {
		t.Fatalf("the cursor is on %d", x.Seq)
	}
}

func TestEventsAreNarrowedByFilterAndIssues(t *testing.T) {
	sc := sampleScene(sampleSnapshot(sampleEvents(50)), ui.Look{}, 80, 20)
	e := eventsScreen(sc)
	sc.Issues = true
	e.Show(sc)
	if len(e.list) != 20 {
		t.Fatalf("%d events are problems, want 20", len(e.list))
	}
	for _, x := range e.list {
		if x.Gravity < cluster.Notable {
			t.Fatalf("event %d is no problem", x.Seq)
		}
	}
	sc.Issues = false
	sc.Filter, _ = NewFilter("!10.0.0.13")
	e.Show(sc)
	if len(e.list) != 30 {
		t.Fatalf("%d events are left, want 30", len(e.list))
	}
	sc.Filter, _ = NewFilter("nothing like it")
	e.Show(sc)
	wantText(t, e, sc, "none of the 50 events matches")
	if e.Selected(sc).Text != "" {
		t.Error("something is selected in an empty list")
	}
}

func TestCopiedEventIsALineForAReport(t *testing.T) {
	sc := sampleScene(sampleSnapshot(sampleEvents(4)), ui.Look{}, 80, 20)
	got := eventsScreen(sc).Selected(sc)
	want := "2026-03-14 11:01:30.123 +00:00  C  10.0.0.16:7006  replica became primary of shard C"
	if got.Text != want || got.Node != sampleID(6) {
		t.Errorf("got %q of %s, want %q", got.Text, got.Node, want)
	}
}

func TestNextProblemFindsBadEventsOnly(t *testing.T) {
	sc := sampleScene(sampleSnapshot(sampleEvents(20)), ui.Look{}, 80, 20)
	e := eventsScreen(sc)
	for _, want := range []uint64{18, 13, 8, 3} {
		drive(t, e, sc, "n")
		if x, _ := e.current(); x.Seq != want || x.Gravity != cluster.Bad {
			t.Fatalf("n leads to %d, want %d", x.Seq, want)
		}
	}
	if noOlderProblem(e) == "" {
		t.Error("there seems to be one before the first")
	}
	drive(t, e, sc, "N")
	if x, _ := e.current(); x.Seq != 8 {
		t.Errorf("N leads to %d, want 8", x.Seq)
	}
}

func TestEarlierDaysShowTheDay(t *testing.T) {
	sc := sampleScene(nil, ui.Look{}, 80, 20)
	for at, want := range map[time.Time]string{
		sampleNow.Add(-time.Hour): "11:00:00.000", sampleNow.Add(-13 * time.Hour): "Mar 13 23:00", sampleNow.AddDate(-1, 0, 0): "Mar 14 12:00",
	} {
		if got := eventTime(sc, at); got != want || len(got) != len(eventToday) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	sc.Now = sc.Now.In(time.FixedZone("", 2*3600))
	if got := eventTime(sc, sampleNow); got != "14:00:00.000" {
		t.Errorf("two hours to the east it is %s", got)
	}
}

func TestEventsDrawOnlyWhatIsSeen(t *testing.T) {
	sc := sampleScene(sampleSnapshot(sampleEvents(5000)), ui.Look{}, 80, 20)
	e := eventsScreen(sc)
	if got := testing.AllocsPerRun(20, func() { e.Body(sc) }); got > 600 {
		t.Errorf("a picture of 14 rows takes %.0f allocations with 5000 events", got)
	}
	if got := testing.AllocsPerRun(20, func() { e.Show(sc) }); got > 5 {
		t.Errorf("a snapshot without news takes %.0f allocations", got)
	}
}

func TestEveryKindOfEventHasAWord(t *testing.T) {
	seen := map[string]cluster.EventKind{}
	for k := cluster.NodeAppeared; k <= cluster.Note; k++ {
		word := eventWord(k)
		if before, twice := seen[word]; twice || strings.TrimSpace(word) == "" {
			t.Errorf("kinds %d and %d are both %q", before, k, fmt.Sprint(word))
		}
		seen[word] = k
	}
}
