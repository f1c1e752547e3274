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

// DefaultSpreadPause is how long the cluster is left alone between two
// failovers: for clients to learn of the first.
const DefaultSpreadPause = 5 * time.Second

// SpreadOptions say how a spread is carried out. The zero value will do.
type SpreadOptions struct {
	Request  plan.SpreadRequest // as for the plan
	Pause    time.Duration      // between two failovers; 0: DefaultSpreadPause, less than 0: none
	Failover FailoverOptions    // of each; its facts are those of the request
}

// SpreadJob carries failovers out, one after the other. Its methods may be called
// from any goroutine, and none but Wait blocks.
type SpreadJob struct {
	cluster Cluster
	plan    plan.SpreadPlan
	options SpreadOptions

	updates chan SpreadProgress
	done    chan struct{}
	halt    chan struct{} // closed by Stop
	once    sync.Once
	began   time.Time
	report  SpreadReport // written by the job's goroutine only, before done is closed
}

// StartSpread begins a plan. Before each failover all nodes are read afresh and
// the plan is held against what they say; after each it is verified on every node,
// and the cluster is left alone for a while. It ends at the first failover that
// is not verified, or when roles have changed that the plan did not change.
//
// When the context ends, a failover under way is not watched any more.
func StartSpread(ctx context.Context, c Cluster, p plan.SpreadPlan, o SpreadOptions) *SpreadJob {
	if o.Pause == 0 {
		o.Pause = DefaultSpreadPause
	}
	o.Failover = o.Failover.withDefaults()
	j := &SpreadJob{cluster: c, plan: p, options: o, updates: make(chan SpreadProgress, 1), done: make(chan struct{}), halt: make(chan struct{}), began: time.Now()}
	for _, s := range p.Steps {
		j.report.Steps = append(j.report.Steps, SpreadStepReport{SpreadStep: s, State: MemberWaits})
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
func (j *SpreadJob) Updates() <-chan SpreadProgress { return j.updates }

// Done is closed when the job has ended.
func (j *SpreadJob) Done() <-chan struct{} { return j.done }

// Stop ends the job before the next failover. One that is under way is watched
// to its end: it cannot be taken back.
func (j *SpreadJob) Stop() { j.once.Do(func() { close(j.halt) }) }

// Wait waits for the end.
func (j *SpreadJob) Wait() SpreadReport {
	<-j.done
	return j.report
}

// errHalted means that the operator stopped the job.
var errHalted = errors.New("stopped")

func (j *SpreadJob) run(ctx context.Context) {
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
	for i := range j.plan.Steps {
		step := &j.report.Steps[i]
		if err := j.step(ctx, between, i, step); err != nil {
			j.report.Outcome, j.report.Text = MemberFailed, err.Error()
			switch {
			case between.Err() != nil && step.Failover == nil:
				step.State, j.report.Outcome = MemberWaits, MemberInterrupted
			case step.Failover != nil && step.Failover.Outcome == FailoverLeft:
				step.State, step.Text, j.report.Outcome = MemberHasFailed, err.Error(), MemberInterrupted
			default:
				step.State, step.Text = MemberHasFailed, err.Error()
			}
			break
		}
	}
	j.report.Took = time.Since(j.began)
	n := fmt.Sprintf("%d of %s", j.report.Done(), count(len(j.plan.Steps), "failover"))
	switch j.report.Outcome {
	case MemberDone:
		j.report.Text = fmt.Sprintf("done: %s carried out and verified on every node that answers", count(len(j.plan.Steps), "failover"))
	case MemberInterrupted:
		j.report.Text = fmt.Sprintf("stopped after %s; planning again does the rest", n)
	default:
		j.report.Text = fmt.Sprintf("ended after %s: %s", n, j.report.Text)
	}
	j.say(len(j.plan.Steps), "", nil, &j.report)
	j.cluster.Refresh()
}

func (j *SpreadJob) say(step int, text string, failover *FailoverProgress, report *SpreadReport) {
	p := SpreadProgress{Step: step, Text: text, Steps: slices.Clone(j.report.Steps), Failover: failover, Elapsed: time.Since(j.began), Report: report}
	select {
	case <-j.updates:
	default:
	}
	j.updates <- p // only this goroutine sends, so there is room
}

// step does one failover: pause, look, send, verify.
func (j *SpreadJob) step(ctx, between context.Context, i int, step *SpreadStepReport) error {
	say := func(text string) { j.say(i, text, nil, nil) }
	if i > 0 && j.report.Steps[i-1].Failover != nil {
		if err := countDown(between, j.options.Pause, "the next failover", say); err != nil {
			return err
		}
	}
	step.State = MemberRuns
	next, already, err := j.ready(between, i, say)
	if err != nil {
		return err
	}
	if already {
		step.State, step.Text = MemberIsDone, step.Addr+" is the primary already"
		return nil
	}
	o := j.options.Failover
	if j.options.Request.Failovers != nil {
		o.Facts = j.options.Request.Failovers(step.Shard)
	}
	job, err := StartFailover(ctx, j.cluster, next, plan.Graceful, o)
	if err != nil {
		return err
	}
	for p := range job.Updates() {
		j.say(i, p.Message, &p, nil)
	}
	r := job.Wait()
	step.Failover, step.Text = &r, r.Text
	if !r.OK() {
		return errors.New(failoverEnd(r))
	}
	step.State = MemberIsDone
	j.say(i, "", nil, nil)
	return nil
}

// failoverEnd is what came of a failover that was not verified, with the first
// reason and what to do.
func failoverEnd(r FailoverReport) string {
	text := r.Text
	for _, more := range [][]string{r.Why, r.Remains} {
		if len(more) > 0 {
			text += "; " + more[0]
		}
	}
	return text
}

// ready reads the cluster until it is fit for a step, or time runs out: after a
// failover the nodes need a moment to agree.
func (j *SpreadJob) ready(ctx context.Context, i int, say func(string)) (next plan.FailoverPlan, already bool, err error) {
	began := time.Now()
	for {
		say("reading all nodes before anything is sent")
		snap, err := readAll(ctx, j.cluster)
		if err != nil {
			return next, false, err
		}
		request := j.options.Request
		request.Facts = MigrationFacts(ctx, j.cluster)
		next, already, err = plan.RecheckSpread(j.plan, i, snap, request)
		reason, _ := plan.ReasonOf(err)
		switch {
		case already:
			return next, true, nil
		case err != nil && (reason == plan.NotPrimary || time.Since(began) > j.options.Failover.Settle):
			return next, false, err
		case err == nil && next.Wait == 0:
			return next, false, nil
		case err == nil:
			began = time.Now()
			if err := countDown(ctx, next.Wait, "old votes of the shard to expire", say); err != nil {
				return next, false, err
			}
			continue
		}
		say("not yet: " + err.Error())
		if err := pause(ctx, 200*time.Millisecond); err != nil {
			return next, false, err
		}
	}
}

// readAll makes a picture in which every node was read just now.
func readAll(ctx context.Context, c Cluster) (*cluster.Snapshot, error) {
	last := c.Latest()
	if last == nil {
		return nil, errNoFailoverPicture
	}
	ids := make([]cluster.NodeID, len(last.Nodes))
	for i := range last.Nodes {
		ids[i] = last.Nodes[i].ID
	}
	s := readAfresh(ctx, c, last, ids)
	return s, ctx.Err()
}

// countDown waits, and tells every second for how long still.
func countDown(ctx context.Context, d time.Duration, what string, say func(string)) error {
	for end := time.Now().Add(d); ; {
		left := time.Until(end)
		if left <= 0 {
			return ctx.Err()
		}
		say(fmt.Sprintf("waiting %.0f s for %s", max(1, left.Seconds()), what))
		if err := pause(ctx, min(left, time.Second)); err != nil {
			return err
		}
	}
}
