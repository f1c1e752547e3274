package run

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/cluster/spawn"
)

// What holds when RollingOptions leaves it open.
const (
	DefaultRollingPause = 5 * time.Second
	DefaultRollingBack  = 5 * time.Minute
	DefaultRollingSync  = 2 * time.Minute
)

// RollingOptions say how a rolling restart is carried out. The zero value will do.
type RollingOptions struct {
	Request plan.RestartRequest
	// Restart restarts one node, or has it restarted; it may return before the
	// node is back. Nil: the operator does it, and is waited for.
	Restart  func(ctx context.Context, step plan.RestartStep) error
	Pause    time.Duration // between two steps; 0: DefaultRollingPause, less than 0: none
	Back     time.Duration // for a node to come back, once it is away or the hook has ended; 0: DefaultRollingBack
	Sync     time.Duration // for a node that came back and makes no progress; 0: DefaultRollingSync
	Failover FailoverOptions
}

func (o RollingOptions) withDefaults() RollingOptions {
	for _, d := range []struct {
		value *time.Duration
		usual time.Duration
	}{{&o.Pause, DefaultRollingPause}, {&o.Back, DefaultRollingBack}, {&o.Sync, DefaultRollingSync}} {
		if *d.value == 0 {
			*d.value = d.usual
		}
	}
	o.Failover = o.Failover.withDefaults()
	return o
}

// RollingJob conducts a rolling restart. Its methods may be called from any
// goroutine, and none but Wait blocks.
type RollingJob struct {
	cluster Cluster
	options RollingOptions

	updates chan RollingProgress
	done    chan struct{}
	halt    chan struct{} // closed by Stop
	once    sync.Once
	over    map[cluster.NodeID]bool   // nodes that were restarted
	leaders map[string]cluster.NodeID // by shard, as this job knows them
	left    int                       // steps
	now     plan.RestartStep          // the step at work
	report  RollingReport             // written by the job's goroutine only, before done is closed
}

// StartRolling begins a rolling restart. Every step is decided on a fresh read of
// all nodes, and verified before the next: a node that was restarted has another
// run id, is linked to its primary and in sync; a failover shows on every node.
// It ends at the first step that is not verified. What was done stays done; a
// request with Since set to the report's Began does the rest.
func StartRolling(ctx context.Context, c Cluster, o RollingOptions) *RollingJob {
	j := &RollingJob{
		cluster: c, options: o.withDefaults(), updates: make(chan RollingProgress, 1), done: make(chan struct{}), halt: make(chan struct{}),
		over: map[cluster.NodeID]bool{}, leaders: map[string]cluster.NodeID{}, left: -1, report: RollingReport{Began: time.Now()},
	}
	spawn.Go(func() {
		j.run(ctx)
		close(j.updates) // not deferred: what panics has not ended
		close(j.done)
	})
	return j
}

// Updates brings the progress. One that was not taken is replaced by the next.
// The last one carries the report; then it is closed.
func (j *RollingJob) Updates() <-chan RollingProgress { return j.updates }

// Done is closed when the job has ended.
func (j *RollingJob) Done() <-chan struct{} { return j.done }

// Stop ends the job before the next step; while the operator is waited for,
// at once. A node that is away is waited for all the same, and a failover under
// way is watched to its end.
func (j *RollingJob) Stop() { j.once.Do(func() { close(j.halt) }) }

// Wait waits for the end.
func (j *RollingJob) Wait() RollingReport {
	<-j.done
	return j.report
}

func (j *RollingJob) run(ctx context.Context) {
	between, cancel := context.WithCancelCause(ctx) // ends with Stop, too
	defer cancel(nil)
	spawn.Go(func() {
		select {
		case <-j.halt:
			cancel(errHalted)
		case <-between.Done():
		}
	})
	j.report.Outcome = MemberDone
	err := j.steps(ctx, between)
	j.report.Took = time.Since(j.report.Began)
	done := count(j.report.Nodes(), "node") + " restarted and verified"
	again := "to go on, run it again with --since " + j.report.Began.UTC().Format(time.RFC3339)
	switch {
	case err == nil:
		j.report.Text = "done: " + done
	case between.Err() != nil && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)):
		j.report.Outcome, j.report.Text = MemberInterrupted, "stopped: "+done+"; "+again
	default:
		j.report.Outcome, j.report.Text = MemberFailed, fmt.Sprintf("ended, %s: %s; nothing else was touched; %s", done, err, again)
	}
	j.now, j.left = plan.RestartStep{}, max(0, j.left)
	j.say("", false, nil, &j.report)
	j.cluster.Refresh()
}

func (j *RollingJob) say(text string, wanted bool, failover *FailoverProgress, report *RollingReport) {
	p := RollingProgress{Step: j.now, Left: j.left, Wanted: wanted, Text: text, Done: slices.Clone(j.report.Steps), Failover: failover,
		Elapsed: time.Since(j.report.Began), Report: report}
	select {
	case <-j.updates:
	default:
	}
	j.updates <- p // only this goroutine sends, so there is room
}

func (j *RollingJob) tell(text string) { j.say(text, false, nil, nil) }

// steps does one step after the other until none is left.
func (j *RollingJob) steps(ctx, between context.Context) error {
	for {
		if n := len(j.report.Steps); n > 0 && j.report.Steps[n-1].OK {
			if err := countDown(between, j.options.Pause, "the next step", j.tell); err != nil {
				return err
			}
		}
		step, more, foreign, err := j.next(between)
		if err != nil || !more {
			return err
		}
		j.now = step
		record := RollingStep{RestartStep: step, Foreign: foreign}
		if step.Act == plan.HandOver {
			err = j.handOver(ctx, &record)
		} else {
			err = j.restart(ctx, between, &record)
		}
		if errors.Is(err, errRolesChanged) {
			j.tell(err.Error())
			continue
		}
		if record.OK || record.Text != "" {
			j.report.Steps = append(j.report.Steps, record)
		}
		if err != nil {
			return err
		}
	}
}

// next reads the cluster until it is fit for the next step, or time runs out.
func (j *RollingJob) next(ctx context.Context) (step plan.RestartStep, more bool, foreign string, err error) {
	j.now = plan.RestartStep{}
	for began := time.Now(); ; {
		j.tell("reading all nodes")
		snap, err := readAll(ctx, j.cluster)
		if err != nil {
			return step, false, "", err
		}
		request := j.options.Request
		request.Facts = MigrationFacts(ctx, j.cluster)
		step, j.left, more, err = plan.NextRestart(snap, request, j.over)
		if ctx.Err() != nil {
			return step, false, "", ctx.Err()
		}
		reason, _ := plan.ReasonOf(err)
		switch {
		case err == nil && (!more || step.Failover.Wait == 0):
			return step, more, j.foreign(snap), nil
		case err == nil:
			began = time.Now()
			if err := countDown(ctx, step.Failover.Wait, "old votes of the shard to expire", j.tell); err != nil {
				return step, false, "", err
			}
			continue
		case reason == plan.NoReceiver || time.Since(began) > j.options.Failover.Settle:
			return step, false, "", err
		}
		j.tell("not yet: " + err.Error())
		if err := pause(ctx, 200*time.Millisecond); err != nil {
			return step, false, "", err
		}
	}
}

// foreign tells of primaries that this job did not make, and learns them.
func (j *RollingJob) foreign(s *cluster.Snapshot) (text string) {
	first := len(j.leaders) == 0
	for i := range s.Shards {
		sh := &s.Shards[i]
		if sh.SlotLen == 0 {
			continue
		}
		if was := j.leaders[sh.Letter]; !first && was != "" && was != sh.Primary {
			if n, ok := s.Node(sh.Primary); ok {
				text = fmt.Sprintf("%s became the primary of shard %s, which was not of this job's doing", plain(n.Dialled), plain(sh.Letter))
			}
		}
		j.leaders[sh.Letter] = sh.Primary
	}
	return text
}

// handOver has the replica take over, and verifies it.
func (j *RollingJob) handOver(ctx context.Context, record *RollingStep) error {
	o := j.options.Failover
	if j.options.Request.Failovers != nil {
		o.Facts = j.options.Request.Failovers(record.Shard)
	}
	job, err := StartFailover(ctx, j.cluster, record.RestartStep.Failover, plan.Graceful, o)
	if err != nil {
		return err
	}
	for p := range job.Updates() {
		j.say(p.Message, false, &p, nil)
	}
	r := job.Wait()
	record.Failover, record.Text, record.OK = &r, r.Text, r.OK()
	if r.Outcome == FailoverLeft {
		return context.Canceled
	}
	if !r.OK() {
		return errors.New(failoverEnd(r))
	}
	for letter := range j.leaders {
		if plain(letter) == record.Shard {
			j.leaders[letter] = record.Node
		}
	}
	return nil
}
