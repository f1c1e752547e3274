package run_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
	"slotdeck/cluster/plan"
	"slotdeck/cluster/run"
)

// slow is a pace at which a job can be watched.
var slow = run.Options{Driver: plan.Legacy, KeysPerSecond: 400}

// until takes progress until it fits.
func until(t *testing.T, j *run.Job, what string, fits func(run.Progress) bool) run.Progress {
	t.Helper()
	limit := time.After(2 * time.Minute)
	for {
		select {
		case p, ok := <-j.Updates():
			if !ok {
				t.Fatalf("it ended before: %s: %v", what, j.Wait().Sentences)
			}
			if fits(p) {
				return p
			}
		case <-limit:
			t.Fatalf("not in time: %s", what)
		}
	}
}

func someMoved(p run.Progress) bool { return p.Slots.Done > 20 }

func TestJobPausesGoesOnAndStopsBetweenSlots(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "redis-7.0", lab.Config{})
	w.fill(9000)
	before := w.digest()
	j := w.start(w.plan(plan.MoveCount{To: w.id(0), Slots: 2000}), slow)
	until(t, j, "some slots moved", someMoved)
	j.Pause()
	p := until(t, j, "it pauses", func(p run.Progress) bool { return p.State == run.Paused })
	w.nothingOpen()
	if len(p.InFlight) != 0 {
		t.Errorf("paused with %v in flight", p.InFlight)
	}
	j.Resume()
	until(t, j, "it goes on", func(q run.Progress) bool { return q.Slots.Done > p.Slots.Done })
	j.StopAtBoundary()
	r := j.Wait()
	w.wants(r, run.Stopped)
	if r.Moved.Empty() || r.Left.Empty() || r.Moved.Len()+r.Left.Len() != 2000 {
		t.Errorf("moved %d, left %d", r.Moved.Len(), r.Left.Len())
	}
	w.nothingOpen()
	same(t, before, w.digest())

	found, err := run.Find(context.Background(), w.watch, w.state)
	if err != nil || len(found.Open) != 0 || found.Checkpoint == nil {
		t.Fatalf("%v %+v", err, found)
	}
	rest := found.Rest()
	n := 0
	for _, m := range rest {
		n += m.Slots.Len()
	}
	if n != r.Left.Len() {
		t.Errorf("the checkpoint tells of %d slots to go on with, want %d", n, r.Left.Len())
	}
}

func TestThrottleBoundsKeysASecondInTime(t *testing.T) {
	w := newWorld(t, "redis-7.0", lab.Config{})
	w.fill(6000)
	p := w.plan(plan.MoveCount{To: w.id(0), Slots: 800})
	j := w.start(p, run.Options{Driver: plan.Legacy, KeysPerSecond: 100})
	began := time.Now()
	until(t, j, "it runs for a while", func(run.Progress) bool { return time.Since(began) > 2*time.Second })
	j.StopAtBoundary()
	r := j.Wait()
	if rate := float64(r.Keys) / time.Since(began).Seconds(); rate > 200 || rate < 30 {
		t.Errorf("%.0f keys a second at a throttle of 100", rate)
	}
}

func TestRollBackBringsEverythingBack(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		version string
		driver  plan.Driver
	}{{"valkey-8.1", plan.Legacy}, {"redis-8.6", plan.AtomicRedis}} {
		t.Run(c.version, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, c.version, lab.Config{})
			w.fill(6000)
			before, own := w.digest(), w.ownedBy(1)
			p := w.plan(plan.MoveCount{To: w.id(0), Slots: 1000})
			j := w.start(p, run.Options{Driver: c.driver, KeysPerSecond: 600})
			if c.driver == plan.Legacy {
				until(t, j, "some slots moved", someMoved)
			}
			j.RollBack()
			r := j.Wait()
			w.wants(r, run.RolledBack)
			if c.driver == plan.Legacy && (r.Back.Empty() || !r.Moved.Empty() || !r.Back.Minus(p.Set()).Empty() || !strings.Contains(r.Sentences[0], "rolled back, with")) {
				t.Errorf("what went back is not told: %v %v", r.Back, r.Sentences)
			}
			if got := w.ownedBy(1); got != own {
				t.Errorf("B owns %v, before %v", got, own)
			}
			w.nothingOpen()
			same(t, before, w.digest())
		})
	}
}

func TestEndOfTheContextFinishesTheSlotsInHandInTime(t *testing.T) {
	for _, c := range []struct {
		version string
		driver  plan.Driver
	}{{"redis-7.0", plan.Legacy}, {"valkey-9.1", plan.Legacy}, {"redis-8.6", plan.AtomicRedis}, {"valkey-9.1", plan.AtomicValkey}} {
		t.Run(c.version+" "+c.driver.String(), func(t *testing.T) {
			w := newWorld(t, c.version, lab.Config{Replicas: 1})
			w.fill(9000)
			before := w.digest()
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			j, err := run.Start(ctx, w.watch, w.plan(plan.MoveCount{To: w.id(0), Slots: 3000}),
				run.Options{Driver: c.driver, KeysPerSecond: 200, StateDir: w.state})
			if err != nil {
				t.Fatal(err)
			}
			if c.driver == plan.Legacy { // the others may be done before anybody looks
				until(t, j, "it works", someMoved)
			}
			cancel()
			began := time.Now()
			r := j.Wait()
			if took := time.Since(began); took > 3*time.Second {
				t.Errorf("it took %v", took)
			}
			if r.Outcome != run.Stopped && r.Outcome != run.Completed || !r.Open.Empty() {
				t.Errorf("%v %v", r.Outcome, r.Sentences)
			}
			w.nothingOpen()
			same(t, before, w.digest())
		})
	}
}

func TestSecondSlotdeckIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "redis-7.0", lab.Config{})
	w.fill(3000)
	p := w.plan(plan.MoveCount{To: w.id(0), Slots: 400})
	other := w.plan(plan.MoveExactly{Slots: slots("16000-16100"), To: w.id(1)})
	j := w.start(p, run.Options{Driver: plan.Legacy, KeysPerSecond: 50})
	defer func() { j.StopAtBoundary(); j.Wait() }()
	_, err := run.Start(context.Background(), w.watch, other, run.Options{StateDir: w.state})
	var taken *run.Taken
	var refusal *plan.Refusal
	var changed *plan.Changed
	if !errors.As(err, &taken) && !errors.As(err, &refusal) && !errors.As(err, &changed) {
		t.Fatalf("a second mover was let in: %v", err)
	}
	// Between groups no slot is open, and the lease alone has to tell.
	j.Pause()
	labtest.Until(t, 10*time.Second, "no slot is open", func() bool { s := w.fresh(); return len(s.Moves) == 0 })
	other = w.plan(plan.MoveExactly{Slots: slots("16000-16100"), To: w.id(1)})
	if _, err = run.Start(context.Background(), w.watch, other, run.Options{StateDir: w.state}); !errors.As(err, &taken) {
		t.Errorf("a second mover was not told of the first: %v", err)
	}
	j.Resume()
}

func TestOfJobsThatStartTogetherOneAtTheMostGoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "valkey-8.1", lab.Config{})
	w.fill(6000)
	a, b := w.plan(plan.MoveExactly{Slots: slots("0-1000"), To: w.id(1)}), w.plan(plan.MoveExactly{Slots: slots("15000-16000"), To: w.id(1)})
	for range 3 {
		started := make(chan *run.Job, 2)
		for _, p := range []plan.Plan{a, b} {
			go func() { // each would take seconds
				j, _ := run.Start(context.Background(), w.watch, p, run.Options{Driver: plan.Legacy, KeysPerSecond: 50, StateDir: w.state})
				started <- j
			}()
		}
		running := 0
		var jobs []*run.Job
		for range 2 {
			if j := <-started; j != nil {
				jobs = append(jobs, j)
				running++
			}
		}
		for _, j := range jobs {
			j.RollBack()
		}
		for _, j := range jobs {
			j.Wait()
		}
		if running > 1 {
			t.Fatal("both jobs were let in")
		}
		a, b = w.plan(plan.MoveExactly{Slots: slots("0-1000"), To: w.id(1)}), w.plan(plan.MoveExactly{Slots: slots("15000-16000"), To: w.id(1)})
	}
}

func TestForeignMoverIsNoticedBeforeTheNextSlot(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"redis-7.0", "valkey-9.1"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, version, lab.Config{})
			w.fill(9000)
			before := w.digest()
			j := w.start(w.plan(plan.MoveExactly{Slots: slots("0-3000"), To: w.id(1)}), slow)
			until(t, j, "some slots moved", someMoved)
			// The server's own tool would begin like this, on a slot of the source.
			w.do(2, "CLUSTER", "SETSLOT", 5000, "IMPORTING", string(w.id(0)))
			w.do(0, "CLUSTER", "SETSLOT", 5000, "MIGRATING", string(w.id(2)))
			r := j.Wait()
			var changed *run.Changed
			if r.Outcome != run.Failed || !errors.As(r.Err, &changed) || !changed.Slots.Has(5000) || !r.Open.Empty() {
				t.Fatalf("%v", r.Sentences)
			}
			w.do(0, "CLUSTER", "SETSLOT", 5000, "STABLE")
			w.do(2, "CLUSTER", "SETSLOT", 5000, "STABLE")
			w.nothingOpen()
			same(t, before, w.digest())
		})
	}
}
