package recorder

import (
	"testing"
	"time"

	"slotdeck/cluster"
)

// automatic plays a failover that the cluster does by itself, up to the moment
// when all agree.
func automatic(t *testing.T) *film {
	f := newFilm(t)
	f.shot(-600, func() { f.of("C0").offset = 1000 })
	f.shot(400, func() { f.of("C0").offset, f.of("C1").offset = 6120, 5000 })
	f.shot(1400, func() { f.silence("C0", 1100) })
	f.shot(3200, func() { f.of("C0").suspect = []string{"A0", "B1"} })
	f.shot(4100, func() {
		f.of("C0").suspect, f.of("C0").failed = nil, []string{"A0", "B0", "A1", "B1", "C1"}
		f.of("A0").state, f.of("B0").state, f.of("C1").state = "fail", "fail", "fail"
	})
	f.shot(4900, func() { f.of("C1").clock = 14 })
	f.shot(5000, func() { f.promote("C1", 14); f.of("A0").old = true })
	f.shot(5300, func() { f.of("C1").state = "ok" })
	f.shot(5500, func() { f.of("A0").old = false })
	return f
}

func TestAutomaticFailoverIsRecordedStageByStage(t *testing.T) {
	f := automatic(t)
	got := f.only()
	want := "last answer 1100, suspected 3200, fail agreed 4100, election 4900, new primary 5000, slots served 5300, everyone agrees 5500"
	if s := stages(got); s != want {
		t.Errorf("got  %s\nwant %s", s, want)
	}
	if got.Cause != Automatic || got.Outcome != Taken || got.Shard != "C" || got.Slots != 5461 || got.Epoch != 14 ||
		got.From.Addr != "10.0.0.13:7001" || got.To.Addr != "10.0.0.16:7001" {
		t.Errorf("got %+v", got)
	}
	if gap, ok := got.Unavailable(); !ok || gap != 4200*time.Millisecond {
		t.Errorf("unavailable for %s, %v", gap, ok)
	}
	if got.Precision != 1800*time.Millisecond {
		t.Errorf("precision %s", got.Precision)
	}
	f.shot(20000, func() { f.demote("C0", "C1"); f.of("C0").linked = false })
	if f.only().Outcome != Taken {
		t.Error("complete before the old primary's link is up")
	}
	f.shot(21000, func() { f.of("C0").linked = true })
	if got := f.only(); got.Outcome != Complete || stages(got) != want+", old primary back as replica 21000" {
		t.Errorf("%s: %s", got.Outcome, stages(got))
	}
}

func TestDataAtRiskComesFromTheLastKnownOffsets(t *testing.T) {
	got := automatic(t).only()
	// 6120 of the old primary at 400 ms, against 5000; its last answer came at 1100 ms.
	if got.AtRisk != 1120 || got.WriteRate != 5120 || got.OffsetAge != 700*time.Millisecond {
		t.Errorf("at risk %d, offset age %s, rate %d", got.AtRisk, got.OffsetAge, got.WriteRate)
	}
}

func TestGracefulFailoverHasNoGap(t *testing.T) {
	f := newFilm(t)
	f.shot(0, nil)
	f.shot(500, func() { f.promote("C1", 14); f.demote("C0", "C1") })
	got := f.only()
	if want := "election 500, new primary 500, slots served 500, everyone agrees 500, old primary back as replica 500"; stages(got) != want {
		t.Errorf("got %s", stages(got))
	}
	if gap, ok := got.Unavailable(); got.Cause != Manual || got.Outcome != Complete || !ok || gap != 0 || got.Precision != 500*time.Millisecond {
		t.Errorf("%s, %s, gap %s %v", got.Cause, got.Outcome, gap, ok)
	}
}

func TestOrderedFailoverOfASilentPrimaryIsManual(t *testing.T) {
	f := newFilm(t)
	f.shot(0, nil)
	f.shot(500, func() { f.silence("C0", 100) })
	f.r.Ordered(id("C1"), "CLUSTER FAILOVER FORCE", at(600))
	f.shot(1000, func() { f.promote("C1", 14) })
	if got := f.only(); got.Cause != Manual || got.Command != "CLUSTER FAILOVER FORCE" {
		t.Errorf("%s %q", got.Cause, got.Command)
	}
}

func TestOrdersOfOthersOrOfLongAgoExplainNothing(t *testing.T) {
	f := newFilm(t)
	f.r.Ordered(id("B1"), "CLUSTER FAILOVER", at(400))
	f.r.Ordered(id("C1"), "CLUSTER FAILOVER", at(-40_000))
	f.shot(0, nil)
	f.shot(500, func() { f.silence("C0", 100) })
	f.shot(1000, func() { f.promote("C1", 14) })
	if got := f.only(); got.Cause != Unclear || got.Command != "" {
		t.Errorf("%s %q", got.Cause, got.Command)
	}
}

func TestHiccupOfOneConsoleIsForgotten(t *testing.T) {
	f := newFilm(t)
	f.shot(0, nil)
	f.shot(500, func() { f.silence("C0", 100) })
	if len(f.r.Failovers()) != 1 {
		t.Error("the silence was not noticed")
	}
	f.shot(1000, func() { f.of("C0").health = cluster.Answering })
	if got := f.r.Failovers(); len(got) != 0 {
		t.Errorf("got %+v", got)
	}
}

func TestSuspectedPrimaryThatComesBackIsRemembered(t *testing.T) {
	f := newFilm(t)
	f.shot(0, nil)
	f.shot(500, func() { f.silence("C0", 100) })
	f.shot(4000, func() { f.of("C0").suspect = []string{"A0"} })
	f.shot(5000, func() { f.of("C0").health = cluster.Answering })
	if f.only().Outcome != Running {
		t.Error("over, though it is still suspected")
	}
	f.shot(6000, func() { f.of("C0").suspect = nil })
	if got := f.only(); got.Outcome != CameBack || stages(got) != "last answer 100, suspected 4000" || got.To.ID != "" {
		t.Errorf("%s: %s", got.Outcome, stages(got))
	}
}

func TestFailoverIsNotTakenUntilEveryNodeThatAnswersAgrees(t *testing.T) {
	f := newFilm(t)
	f.shot(0, nil)
	f.shot(500, func() { f.promote("C1", 14); f.demote("C0", "C1"); f.of("B1").old = true })
	if got := f.only(); got.Outcome != Running {
		t.Errorf("%s, though B1 still shows the old primary", got.Outcome)
	}
	f.shot(1000, func() { f.silence("B1", 700) })
	if got := f.only(); got.Outcome != Complete {
		t.Errorf("%s, though all that answer agree", got.Outcome)
	}
}

func TestNewPrimaryThatSaysFailDoesNotServe(t *testing.T) {
	f := newFilm(t)
	f.shot(0, nil)
	f.shot(500, func() { f.promote("C1", 14); f.of("C1").state = "fail" })
	if got := f.only(); got.reached(Served) {
		t.Errorf("got %s", stages(got))
	}
}

func TestSecondFailureOfAShardIsARecordOfItsOwn(t *testing.T) {
	f := automatic(t)
	f.shot(6000, func() { f.silence("C1", 5800) })
	all := f.r.Failovers()
	if len(all) != 2 || all[0].Outcome != Superseded || all[1].Outcome != Running || all[1].From.ID != id("C1") || all[1].Number != 2 {
		t.Fatalf("got %+v", all)
	}
	if stages(all[1]) != "last answer 5800" {
		t.Errorf("got %s", stages(all[1]))
	}
}

func TestTwoShardsAreRecordedApart(t *testing.T) {
	f := newFilm(t)
	f.shot(0, nil)
	f.shot(500, func() { f.silence("C0", 100); f.silence("B0", 200) })
	f.shot(1000, func() { f.promote("B1", 14) })
	all := f.r.Failovers()
	if len(all) != 2 || all[0].Shard != "B" || all[0].To.ID != id("B1") || all[1].To.ID != "" {
		t.Errorf("got %+v", all)
	}
}

func TestFailoverIsCompleteWhenTheOldPrimaryIsForgotten(t *testing.T) {
	f := automatic(t)
	f.shot(9000, func() { f.of("C0").gone = true })
	if got := f.only(); got.Outcome != Complete || got.reached(OldBack) {
		t.Errorf("%s: %s", got.Outcome, stages(got))
	}
}

func TestHealthyClusterLeavesNoRecord(t *testing.T) {
	f := newFilm(t)
	for ms := range 5 {
		f.shot(ms*1000, nil)
	}
	f.shot(6000, func() { f.silence("C1", 5500) }) // a replica
	if got := f.r.Failovers(); len(got) != 0 {
		t.Errorf("got %+v", got)
	}
}

func TestOldSnapshotsAreLeftOut(t *testing.T) {
	f := newFilm(t)
	f.shot(1000, nil)
	f.shot(500, func() { f.silence("C0", 100) })
	f.r.Feed(nil)
	if got := f.r.Failovers(); len(got) != 0 {
		t.Errorf("got %+v", got)
	}
}

func TestRecordsThatWereHandedOutDoNotChange(t *testing.T) {
	f := newFilm(t)
	f.shot(0, nil)
	f.shot(500, func() { f.silence("C0", 100) })
	before := f.only()
	f.shot(1000, func() { f.of("C0").suspect = []string{"A0"} })
	if stages(before) != "last answer 100" {
		t.Errorf("got %s", stages(before))
	}
}

func TestFailingBackAtOnceIsARecordOfItsOwn(t *testing.T) {
	f := newFilm(t)
	f.shot(0, nil)
	f.shot(500, func() { f.promote("C1", 14); f.of("C0").primary = "C1" }) // not linked yet
	f.of("C0").linked = false
	f.shot(1000, func() { f.promote("C0", 15); f.demote("C1", "C0") })
	all := f.r.Failovers()
	if len(all) != 2 || all[0].Outcome == Running || all[1].From.ID != id("C1") || all[1].To.ID != id("C0") || all[1].Outcome != Complete {
		t.Errorf("got %+v", all)
	}
}

func TestStagesStandInTheOrderOfTheirTimes(t *testing.T) {
	f := newFilm(t)
	f.shot(0, nil)
	f.shot(500, func() { f.promote("C1", 14); f.demote("C0", "C1"); f.of("B1").old = true })
	f.shot(700, func() { f.of("B1").old = false })
	if got, want := stages(f.only()), "election 500, new primary 500, slots served 500, old primary back as replica 500, everyone agrees 700"; got != want {
		t.Errorf("got %s", got)
	}
}

func TestElectionOfAnotherShardIsNotCounted(t *testing.T) {
	f := newFilm(t)
	f.shot(0, nil)
	f.shot(500, func() { f.silence("C0", 100); f.of("B1").clock = 20 })
	if got := f.only(); got.reached(Election) {
		t.Errorf("got %s", stages(got))
	}
}

func TestRestartOfAPrimaryGivesNoWriteRate(t *testing.T) {
	f := newFilm(t)
	f.shot(0, nil)
	f.shot(500, func() { f.of("C0").offset = 10 }) // went back
	f.shot(1000, func() { f.silence("C0", 700) })
	f.shot(1500, func() { f.promote("C1", 14) })
	if got := f.only(); got.WriteRate != -1 {
		t.Errorf("rate %d", got.WriteRate)
	}
}
