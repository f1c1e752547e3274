package keys

import (
	"testing"
	"time"

	"slotdeck/cluster/wire"
)

func several(n int, d time.Duration) []time.Duration {
	out := make([]time.Duration, n)
	for i := range out {
		out[i] = d
	}
	return out
}

func TestARoundTripTakesAsManyKeysAsTheHoldAllows(t *testing.T) {
	const calm = 50 * time.Microsecond
	for _, perKey := range []time.Duration{500 * time.Nanosecond, 3 * time.Microsecond, 20 * time.Microsecond, time.Millisecond} {
		g := newGait(0, several(calmPings, calm))
		for i := range 200 {
			b := g.batch()
			took := calm + time.Duration(b)*perKey
			if i%3 == 1 {
				took += 5 * time.Millisecond // the scheduler's
			}
			g.went(b, took, took)
		}
		held := time.Duration(g.batch()) * perKey
		if held > DefaultHold*11/10 && g.batch() > fewestBatch || held < DefaultHold/2 && g.batch() < mostBatch {
			t.Errorf("at %v a key %d keys are asked about, which hold the server for %v", perKey, g.batch(), held)
		}
	}
}

func TestTheNodeRestsInProportionAndLongerWhileItsClientsWaitForTheWalk(t *testing.T) {
	const perKey = 4 * time.Microsecond
	share := func(g *gait) float64 {
		var held, rest time.Duration
		for range 500 {
			b := g.batch()
			took := 50*time.Microsecond + time.Duration(b)*perKey
			due := g.went(b, took, took)
			g.goes(due)
			rest += due
			held += time.Duration(b) * perKey
		}
		return rest.Seconds() / held.Seconds()
	}
	fresh := func() *gait { return newGait(0, several(calmPings, 50*time.Microsecond)) }
	hear := func(g *gait, asked, alone time.Duration) {
		for range 200 {
			g.hear(asked, true)
			g.hear(alone, false)
		}
	}
	g := fresh()
	hear(g, 60*time.Microsecond, 60*time.Microsecond)
	quiet := share(g)
	if quiet < restAtLeast*0.9 || quiet > restAtLeast*1.1 {
		t.Errorf("a quiet node rests %.2f times what it was held", quiet)
	}
	hear(g, 3*time.Millisecond, 60*time.Microsecond)
	if got := share(g); got < restAtMost*0.9 {
		t.Errorf("with PINGs late only while it is asked it rests %.2f times", got)
	}
	hear(g, 60*time.Microsecond, 60*time.Microsecond)
	if got := share(g); got > quiet*1.1 {
		t.Errorf("in calm again it rests %.2f times", got)
	}
	g = fresh()
	hear(g, 3*time.Millisecond, 3*time.Millisecond)
	if got := share(g); got > quiet*1.1 {
		t.Errorf("with PINGs late all the time, whether it is asked or not, it rests %.2f times: nothing is gained by that", got)
	}
}

func TestWhatIsDoneWithTheAnswersAndASleepThatWasTooLongAreRestToo(t *testing.T) {
	const perKey = 4 * time.Microsecond
	g := newGait(0, several(calmPings, 50*time.Microsecond))
	var rest, held time.Duration
	for i := range 1000 {
		b := g.batch()
		took := 50*time.Microsecond + time.Duration(b)*perKey
		alone := g.went(b, took, took)
		if i%3 == 0 {
			alone += 500 * time.Microsecond // the scheduler's
		}
		g.goes(alone)
		rest, held = rest+alone, held+time.Duration(b)*perKey
	}
	if got := rest.Seconds() / held.Seconds(); got < restAtLeast*0.95 || got > restAtLeast*1.5 {
		t.Errorf("the node rests %.2f times what it was held", got)
	}
	g.goes(time.Minute)
	for range 20 {
		if b := g.batch(); g.went(b, time.Millisecond, time.Millisecond) > 0 {
			return
		}
		g.goes(0)
	}
	t.Error("after a minute of rest twenty round trips get none")
}

func TestABatchGrowsWhileTheFirstAnswerComesSoonAndTheRestGrowsWithAllOfIt(t *testing.T) {
	g := newGait(0, several(calmPings, 50*time.Microsecond))
	var due time.Duration
	for range 100 {
		b := g.batch()
		due = g.went(b, 50*time.Microsecond+time.Duration(b)*500*time.Nanosecond, 50*time.Microsecond+time.Duration(b)*2*time.Microsecond)
		g.goes(due)
	}
	if b := g.batch(); b < 200 || b > 300 {
		t.Errorf("%d keys are asked about, which hold the server for %v", b, time.Duration(b)*500*time.Nanosecond)
	}
	if times := due.Seconds() / (float64(g.batch()) * 2e-6); times < restAtLeast*0.9 || times > restAtLeast*1.1 {
		t.Errorf("it rests %v, %.2f times what the work took", due, times)
	}
}

func TestAConsoleFarAwayBringsMoreAtATime(t *testing.T) {
	near, far := newGait(0, several(20, 50*time.Microsecond)), newGait(0, several(1, 60*time.Millisecond))
	if near.hold != DefaultHold || far.hold != 4*DefaultHold {
		t.Errorf("near %v, far %v", near.hold, far.hold)
	}
}

func TestHalfTheNodesOfAHostAreAskedAtATime(t *testing.T) {
	var nodes []*wire.Node
	for _, addr := range []string{"10.0.0.1:1", "10.0.0.1:2", "10.0.0.1:3", "10.0.0.2:1"} {
		nodes = append(nodes, wire.Open(addr, wire.Options{}))
	}
	turns := NewTurns(nodes)
	first, second := turns.take(nodes[0]), turns.take(nodes[1])
	turns.take(nodes[3])() // another host
	third := make(chan func())
	go func() { third <- turns.take(nodes[2]) }()
	select {
	case <-third:
		t.Fatal("three of three nodes of a host have their turn at once")
	case <-time.After(20 * time.Millisecond): // that it does not come cannot be waited for
	}
	first()
	(<-third)()
	second()
}
