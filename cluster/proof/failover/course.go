package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/doctor"
	"slotdeck/cluster/lab"
	"slotdeck/cluster/plan"
	"slotdeck/cluster/proof"
	"slotdeck/cluster/run"
	"slotdeck/cluster/watch"
)

// row is what came of all failovers on one server.
type row struct {
	server     string
	rounds     int
	unverified []string
	pauses     []time.Duration // the longest wait of the client around each failover
	took       []time.Duration // until the failover was verified
	tally      proof.Tally
	verdict    proof.Verdict
}

// String is a line of the table.
func (r row) String() string {
	return fmt.Sprintf("| %s | %d of %d | %d | %d | %s, %s, %s | %s, %s |", r.server, r.rounds-len(r.unverified), r.rounds,
		r.tally.Acked+r.tally.Unsafe, len(r.verdict.Lost)+len(r.verdict.Wrong)+len(r.verdict.Risen),
		at(r.pauses, 50), at(r.pauses, 95), at(r.pauses, 100), at(r.took, 50), at(r.took, 100))
}

// at is a percentile in whole milliseconds.
func at(times []time.Duration, percent int) string {
	if len(times) == 0 {
		return "–"
	}
	sorted := slices.Sorted(slices.Values(times))
	return fmt.Sprintf("%d ms", sorted[min(len(sorted)-1, len(sorted)*percent/100)].Milliseconds())
}

// measure runs the whole course on a cluster of its own.
func measure(ctx context.Context, server lab.Server, s settings) (r row, err error) {
	r = row{server: server.Name, rounds: s.rounds}
	c, err := lab.Start(ctx, lab.Config{Binary: server.Path, Replicas: 1, NodeTimeout: s.timeout})
	if err != nil {
		return r, err
	}
	defer func() {
		if stopped := c.Stop(); err == nil {
			err = stopped
		}
	}()
	var addrs []string
	for _, n := range c.Nodes() {
		addrs = append(addrs, n.Addr)
	}
	judge := proof.Open(addrs, c.Password())
	defer judge.Close()
	eyes := watch.New(watch.Config{Seeds: addrs[:1], Interval: 250 * time.Millisecond, Settings: doctor.SettingNames()})
	life, leave := context.WithCancel(ctx)
	var watching sync.WaitGroup
	watching.Go(func() { _ = eyes.Run(life) }) // fails only when it is called twice
	defer watching.Wait()
	defer leave()

	load, err := judge.StartLoad(ctx, proof.LoadConfig{Rate: s.rate, Timeout: 15 * time.Second, Seed: 1})
	if err != nil {
		return r, err
	}
	defer load.Stop()
	for i := range s.rounds {
		if err := r.handOver(ctx, eyes, load, i); err != nil {
			return r, err
		}
	}
	r.tally = load.Stop()
	if err := c.AwaitSettled(ctx); err != nil {
		return r, err
	}
	r.verdict, err = load.Check(ctx)
	return r, err
}

// handOver fails one shard over, and notes what the client felt of it.
func (r *row) handOver(ctx context.Context, eyes *watch.Watch, load *proof.Load, i int) error {
	p, err := ready(ctx, eyes, i)
	if err != nil {
		return err
	}
	load.TakeTimes()
	job, err := run.StartFailover(ctx, eyes, p, plan.Graceful, run.FailoverOptions{})
	if err != nil {
		return err
	}
	began := time.Now()
	report := job.Wait()
	if report.OK() {
		r.took = append(r.took, time.Since(began))
	} else {
		r.unverified = append(r.unverified, fmt.Sprintf("failover %d: %s (%v)", i+1, report.Text, report.Why))
	}
	// Who waited longest was answered last: give it the time.
	if err := pause(ctx, 100*time.Millisecond); err != nil {
		return err
	}
	r.pauses = append(r.pauses, proof.LatencyOf(load.TakeTimes()).Worst)
	return nil
}

// ready waits until a shard, in turn, can be handed over gracefully.
func ready(ctx context.Context, eyes *watch.Watch, i int) (plan.FailoverPlan, error) {
	why := "nothing was seen"
	for limit := time.Now().Add(time.Minute); time.Now().Before(limit); {
		if p, ok, not := next(eyes.Latest(), i); ok {
			return p, nil
		} else if not != "" {
			why = not
		}
		if err := pause(ctx, 20*time.Millisecond); err != nil {
			return plan.FailoverPlan{}, err
		}
	}
	return plan.FailoverPlan{}, fmt.Errorf("failover %d could not begin for a minute: %s", i+1, why)
}

// next plans the failover whose turn it is, if all is well.
func next(s *cluster.Snapshot, i int) (p plan.FailoverPlan, ok bool, why string) {
	if v := doctor.Judge(s); v.Status != doctor.OK {
		return p, false, v.Sentence
	}
	shard := s.Shards[i%len(s.Shards)]
	if len(shard.Replicas) == 0 {
		return p, false, "shard " + shard.Letter + " has no replica"
	}
	p, err := plan.PlanFailover(s, shard.Replicas[0], plan.FailoverFacts{})
	switch {
	case err != nil:
		return p, false, err.Error()
	case p.Advised == nil || *p.Advised != plan.Graceful:
		return p, false, p.Why
	}
	return p, true, ""
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}
