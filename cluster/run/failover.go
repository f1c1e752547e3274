package run

import (
	"context"
	"errors"
	"fmt"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/cluster/spawn"
	"slotdeck/cluster/wire"
)

// What holds when FailoverOptions leaves it open.
const (
	DefaultFailoverPoll   = 50 * time.Millisecond
	DefaultFailoverSettle = 20 * time.Second
	DefaultFailoverLink   = 60 * time.Second
)

// FailoverOptions say how a failover is watched. The zero value will do.
type FailoverOptions struct {
	Facts  plan.FailoverFacts // as for the plan
	Poll   time.Duration      // between two looks at the nodes that take part; 0: DefaultFailoverPoll
	Settle time.Duration      // how long nodes may take to show a won failover; 0: DefaultFailoverSettle
	Link   time.Duration      // how long replicas may take to link, once all agree; 0: DefaultFailoverLink
}

func (o FailoverOptions) withDefaults() FailoverOptions {
	if o.Poll <= 0 {
		o.Poll = DefaultFailoverPoll
	}
	if o.Settle <= 0 {
		o.Settle = DefaultFailoverSettle
	}
	if o.Link <= 0 {
		o.Link = DefaultFailoverLink
	}
	return o
}

// FailoverStale says that a plan does not fit what the nodes say now. Nothing
// was sent.
type FailoverStale struct {
	Text  string // a sentence
	Fresh plan.FailoverPlan
}

// Error is the sentence.
func (e *FailoverStale) Error() string { return e.Text }

// FailoverJob is a failover that was ordered and is being watched. Its methods may
// be called from any goroutine, and none but Wait blocks.
type FailoverJob struct {
	cluster Cluster
	plan    plan.FailoverPlan
	kind    plan.FailoverKind
	options FailoverOptions

	updates chan FailoverProgress
	done    chan struct{}
	report  FailoverReport // written once, before done is closed
}

// StartFailover reads the replica, its primary and all voters afresh, holds the
// plan against them, sends the one command to the replica, and watches what
// comes of it until it is certain. It never sends the command again. The
// context bounds the watching; the command itself cannot be taken back.
//
// The error is a *FailoverStale when the plan does not fit any more, a
// *plan.Refusal when there is nothing left to plan, or says why nothing could be
// read. In all of these cases nothing was sent.
func StartFailover(ctx context.Context, c Cluster, p plan.FailoverPlan, kind plan.FailoverKind, o FailoverOptions) (*FailoverJob, error) {
	o = o.withDefaults()
	ground, err := failoverGround(ctx, c, p, kind, o.Facts)
	if err != nil {
		return nil, err
	}
	node, ok := c.Node(p.Replica)
	if !ok {
		return nil, fmt.Errorf("nothing was sent: nobody knows where replica %s lives", p.Addr)
	}
	if err := rehearse(ctx, node, p.Replica, []string{"CLUSTER FAILOVER"}); err != nil {
		return nil, fmt.Errorf("nothing was sent: %w", err)
	}
	j := &FailoverJob{cluster: c, plan: ground.plan, kind: kind, options: o, updates: make(chan FailoverProgress, 1), done: make(chan struct{})}
	tale := newFailoverTale(ground, kind, o)
	spawn.Go(func() {
		j.report = j.carryOut(ctx, node, tale)
		j.publish(tale, &j.report)
		c.Refresh()
		close(j.updates) // not deferred: what panics has not ended
		close(j.done)
	})
	return j, nil
}

// Updates brings the progress. One that was not taken is replaced by the next.
// The last one carries the report; then it is closed.
func (j *FailoverJob) Updates() <-chan FailoverProgress { return j.updates }

// Done is closed when the watching has ended.
func (j *FailoverJob) Done() <-chan struct{} { return j.done }

// Wait waits until the watching has ended.
func (j *FailoverJob) Wait() FailoverReport {
	<-j.done
	return j.report
}

// carryOut sends the command, beside the first looks, and watches.
func (j *FailoverJob) carryOut(ctx context.Context, node *wire.Node, tale *failoverTale) FailoverReport {
	ctx, cancel := context.WithCancel(wire.Under(ctx, "failover "+time.Now().UTC().Format("20060102T150405")))
	var calls spawn.Group
	defer calls.Wait()
	defer cancel()
	type reply struct {
		err error
		at  time.Time
	}
	replied := make(chan reply, 1)
	tale.sent = time.Now()
	calls.Go(func() {
		ask, stop := context.WithTimeout(ctx, failoverPatience)
		defer stop()
		_, err := node.Do(ask, failoverWords(j.kind)...)
		replied <- reply{err, time.Now()}
	})
	eyes := &failoverEyes{cluster: j.cluster, calls: &calls, poll: j.options.Poll, sights: make(chan failoverSight, len(tale.nodes)), due: map[cluster.NodeID]time.Time{}}
	tick := time.NewTicker(max(j.options.Poll/5, time.Millisecond))
	defer tick.Stop()
	told, last := -1, time.Time{} // what was published last
	for {
		eyes.look(ctx, tale, time.Now())
		select {
		case r := <-replied:
			tale.reply(r.err, r.at)
		case s := <-eyes.sights:
			eyes.back(s, tale)
			tale.see(s)
		case <-tick.C:
		case <-ctx.Done():
			return tale.end(FailoverLeft, time.Now())
		}
		if outcome, over := tale.verdict(time.Now()); over {
			return tale.end(outcome, time.Now())
		}
		if now := time.Now(); len(tale.stages) > told || now.Sub(last) >= 100*time.Millisecond {
			told, last = len(tale.stages), now
			j.publish(tale, nil)
		}
	}
}

func (j *FailoverJob) publish(tale *failoverTale, report *FailoverReport) {
	p := tale.progress(time.Now())
	p.Report = report
	select {
	case <-j.updates:
	default:
	}
	j.updates <- p // only this goroutine sends, so there is room
}

func failoverWords(kind plan.FailoverKind) []any {
	switch kind {
	case plan.Force:
		return []any{"CLUSTER", "FAILOVER", "FORCE"}
	case plan.Takeover:
		return []any{"CLUSTER", "FAILOVER", "TAKEOVER"}
	}
	return []any{"CLUSTER", "FAILOVER"}
}

// errNoFailoverPicture means that the cluster was not looked at yet.
var errNoFailoverPicture = errors.New("nothing was sent: the cluster has not been read yet; wait for the first picture")
