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

// What holds when MemberOptions leaves it open.
const (
	DefaultMemberJoin   = 30 * time.Second
	DefaultMemberSettle = 30 * time.Second
	DefaultMemberSync   = 60 * time.Second
	DefaultMemberAbsent = 10 * time.Second
	DefaultMemberPoll   = 50 * time.Millisecond
)

// pollOf is the time between two looks at so many nodes: a few can be looked at
// oftener, and whoever changes a small cluster waits for little else.
func pollOf(nodes int) time.Duration {
	return min(max(time.Duration(nodes)*2*time.Millisecond, 8*time.Millisecond), DefaultMemberPoll)
}

// MemberOptions bound the waiting. The zero value will do.
type MemberOptions struct {
	Join   time.Duration // for nodes to know each other; 0: DefaultMemberJoin
	Settle time.Duration // for all nodes to show the same; 0: DefaultMemberSettle
	Sync   time.Duration // for a first sync that makes no progress; 0: DefaultMemberSync
	Absent time.Duration // how long a node that left is looked out for; 0: DefaultMemberAbsent, less than 0: not at all
	Poll   time.Duration // between two looks; 0: by the number of nodes, DefaultMemberPoll at most

	// StateDir is the folder of checkpoints and saved values; see Options.
	StateDir string
}

func (o MemberOptions) withDefaults() MemberOptions {
	for _, d := range []struct {
		value *time.Duration
		usual time.Duration
	}{{&o.Join, DefaultMemberJoin}, {&o.Settle, DefaultMemberSettle}, {&o.Sync, DefaultMemberSync}, {&o.Absent, DefaultMemberAbsent}} {
		if *d.value == 0 {
			*d.value = d.usual
		}
	}
	return o
}

// MemberJob carries a plan out. Its methods may be called from any goroutine,
// and none but Wait blocks.
type MemberJob struct {
	crew    *MemberCrew
	plan    plan.MemberPlan
	options MemberOptions

	updates chan MemberProgress
	done    chan struct{}
	report  MemberReport // written by the job's goroutine only, before done is closed

	letIn map[cluster.NodeID]time.Time // who listed the node that the plan lets in, and since when
}

// StartMember begins a plan. It stops at the first step that fails, and between
// two commands when the context ends; the cluster is then in a state from which
// the same request, planned anew, does the rest.
func StartMember(ctx context.Context, c *MemberCrew, p plan.MemberPlan, o MemberOptions) *MemberJob {
	j := &MemberJob{crew: c, plan: p, options: o.withDefaults(), updates: make(chan MemberProgress, 1), done: make(chan struct{}), letIn: map[cluster.NodeID]time.Time{}}
	if j.options.Poll == 0 {
		most := 0
		for _, s := range p.Steps {
			most = max(most, len(s.Among))
		}
		j.options.Poll = pollOf(most)
	}
	j.report = MemberReport{Kind: p.Kind, Title: p.Title, Steps: make([]MemberStepReport, len(p.Steps)), Notes: append([]string(nil), p.Notes...)}
	for i, s := range p.Steps {
		j.report.Steps[i] = MemberStepReport{Title: s.Title, State: MemberWaits}
	}
	spawn.Go(func() {
		j.run(wire.Under(ctx, fmt.Sprintf("%v %s", p.Kind, time.Now().UTC().Format("20060102T150405"))))
		close(j.updates) // not deferred: what panics has not ended
		close(j.done)
	})
	return j
}

// Updates brings progress. One that was not taken is replaced by the next.
func (j *MemberJob) Updates() <-chan MemberProgress { return j.updates }

// Done is closed when the job has ended.
func (j *MemberJob) Done() <-chan struct{} { return j.done }

// Wait waits for the end.
func (j *MemberJob) Wait() MemberReport {
	<-j.done
	return j.report
}

func (j *MemberJob) run(ctx context.Context) {
	began := time.Now()
	j.report.Outcome = MemberDone
	for i := range j.plan.Steps {
		if ctx.Err() != nil {
			j.report.Outcome = MemberInterrupted
			break
		}
		step := &j.report.Steps[i]
		step.State = MemberRuns
		j.say(i, "")
		start := time.Now()
		err := j.step(ctx, i, &j.plan.Steps[i])
		step.Took = time.Since(start)
		if err == nil {
			step.State = MemberIsDone
			j.say(i, "")
			continue
		}
		step.State, step.Text, j.report.Outcome = MemberHasFailed, err.Error(), MemberFailed
		if errors.Is(err, context.Canceled) && ctx.Err() != nil {
			step.Text, j.report.Outcome = "interrupted", MemberInterrupted
		}
		break
	}
	j.report.Took = time.Since(began)
	j.report.Text = j.verdict()
	j.say(len(j.plan.Steps), "")
}

// say publishes how far it is.
func (j *MemberJob) say(step int, text string) {
	p := MemberProgress{Step: step, Text: text, Steps: append([]MemberStepReport(nil), j.report.Steps...)}
	select {
	case <-j.updates:
	default:
	}
	j.updates <- p // only this goroutine sends, so there is room
}

func (j *MemberJob) step(ctx context.Context, i int, s *plan.MemberStep) error {
	say := func(text string) { j.say(i, text) }
	switch s.Act {
	case plan.ActSet:
		return j.set(ctx, s)
	case plan.ActMeet:
		return j.meet(ctx, s, say)
	case plan.ActFunctions:
		return j.functions(ctx, s)
	case plan.ActFollow:
		return j.follow(ctx, s, say)
	case plan.ActSync:
		return j.sync(ctx, s, say)
	case plan.ActForget:
		return j.forget(ctx, s)
	case plan.ActReset:
		return j.reset(ctx, s, say)
	case plan.ActAbsent:
		return j.absent(ctx, s, say)
	case plan.ActSettle:
		return j.settle(ctx, s, say)
	case plan.ActCover:
		return j.cover(ctx, s)
	case plan.ActHome:
		return j.bringHome(ctx, s, say)
	case plan.ActOpenSlots:
		return j.settleOpen(ctx, s, say)
	case plan.ActRemove:
		return j.removeStrays(ctx, s, say)
	}
	return firstOf(j.sendAll(ctx, s.Commands, nil))
}

// verdict is the report in a sentence.
func (j *MemberJob) verdict() string {
	done := 0
	for _, s := range j.report.Steps {
		if s.State == MemberIsDone {
			done++
		}
	}
	switch j.report.Outcome {
	case MemberDone:
		return "done: " + j.plan.Title
	case MemberInterrupted:
		return fmt.Sprintf("interrupted after %d of %d steps; the same command does the rest", done, len(j.plan.Steps))
	}
	for _, s := range j.report.Steps {
		if s.State == MemberHasFailed {
			return s.Text
		}
	}
	return "it failed"
}

// byNode groups commands by node, both in their order.
func byNode(cmds []plan.Command) (out [][]plan.Command) {
	index := map[string]int{}
	for _, c := range cmds {
		at, ok := index[c.Addr]
		if !ok {
			at = len(out)
			index[c.Addr] = at
			out = append(out, nil)
		}
		out[at] = append(out[at], c)
	}
	return out
}

func memberWords(c plan.Command) []any {
	out := make([]any, len(c.Args))
	for i, a := range c.Args {
		out[i] = a
	}
	return out
}

// sendAll sends commands to all nodes at once, to each in order, up to the first
// that fails and is not forgiven. The answer is one error for each node, nil
// for those that did all.
func (j *MemberJob) sendAll(ctx context.Context, cmds []plan.Command, forgive func(error) bool) []error {
	groups := byNode(cmds)
	errs := make([]error, len(groups))
	inTurns(len(groups), func(i int) {
		for _, c := range groups[i] {
			if errs[i] = ctx.Err(); errs[i] != nil {
				return
			}
			err := j.crew.ask(ctx, c.Addr, callTimeout, memberWords(c))[0].Err
			if err != nil && (forgive == nil || !forgive(err)) {
				errs[i] = err
				return
			}
		}
	})
	return errs
}

func firstOf(errs []error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// nodeOf finds a node of a step; its id alone when it is not there.
func nodeOf(s *plan.MemberStep, id cluster.NodeID) plan.MemberNode {
	for _, n := range s.Among {
		if n.ID == id {
			return n
		}
	}
	return plan.MemberNode{ID: id, Addr: plain(id.Short())}
}
