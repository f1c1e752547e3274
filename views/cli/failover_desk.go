package cli

import (
	"context"
	"slices"
	"time"

	"slotdeck/cluster/plan"
	"slotdeck/cluster/recorder"
	engine "slotdeck/cluster/run"
	"slotdeck/cluster/spawn"
	"slotdeck/views"
)

// failovers carries failovers out for the screens. They are watched until leave
// is called, whatever becomes of the page that shows them.
type failovers struct {
	watching *watching
	moves    *mover // what this console moves; nil: nothing
	life     context.Context
	end      context.CancelFunc
	jobs     spawn.Group
}

func newFailovers(w *watching, moves *mover) *failovers {
	life, end := context.WithCancel(context.Background())
	return &failovers{watching: w, moves: moves, life: life, end: end}
}

// leave ends all watching, and waits until it has.
func (f *failovers) leave() {
	f.end()
	f.jobs.Wait()
}

// Facts is what a plan for a shard needs besides the picture: when it last
// changed its primary, and whether a job of this console moves slots of it.
func (f *failovers) Facts(shard string) plan.FailoverFacts {
	facts := failoverFacts(f.watching.records.all(), shard)
	if s := f.watching.Latest(); s != nil && f.moves != nil {
		for i := range s.Shards {
			if sh := &s.Shards[i]; sh.Letter == shard && f.moves.moving(append(slices.Clone(sh.Replicas), sh.Primary)) {
				facts.Busy = "a job that moves its slots"
			}
		}
	}
	return facts
}

func failoverFacts(records []recorder.Failover, shard string) (facts plan.FailoverFacts) {
	for i := range records {
		if s, ok := records[i].Stage(recorder.Promoted); ok && records[i].Shard == shard && s.At.After(facts.LastElection) {
			facts.LastElection = s.At
		}
	}
	return facts
}

// Records are the failovers seen so far.
func (f *failovers) Records() []recorder.Failover { return f.watching.records.all() }

// Start holds the plan against a fresh read, sends the command, and passes on
// what comes of it.
func (f *failovers) Start(p plan.FailoverPlan, kind plan.FailoverKind) (<-chan views.FailoverState, error) {
	job, err := engine.StartFailover(f.life, f.watching, p, kind, engine.FailoverOptions{Facts: f.Facts(p.Shard)})
	if err != nil {
		return nil, err
	}
	f.watching.records.ordered(p.Replica, p.Variant(kind).Command, time.Now())
	states := make(chan views.FailoverState, 1)
	f.jobs.Go(func() {
		defer close(states)
		for progress := range job.Updates() {
			select {
			case <-states:
			default:
			}
			states <- failoverState(progress) // only this goroutine sends, so there is room
		}
	})
	return states, nil
}

// failoverState is an engine's progress as the screens show it: the steps that
// were seen, then those that are to come.
func failoverState(p engine.FailoverProgress) views.FailoverState {
	s := views.FailoverState{
		Shard: p.Shard, Kind: p.Kind, Command: p.Command, Replica: p.Replica, To: p.To, From: p.From, Sent: p.Sent, Elapsed: p.Elapsed,
		Behind: p.Behind, Message: p.Message, Missing: p.Missing, Silent: p.Silent,
	}
	seen := map[engine.FailoverStep]bool{}
	for _, stage := range p.Stages {
		seen[stage.Step] = true
		s.Steps = append(s.Steps, views.FailoverStep{Name: stage.Step.String(), Seen: true, At: stage.At, Took: stage.Took, Note: stage.Note})
	}
	for step := engine.FailoverAccepted; step <= engine.FailoverLinked; step++ {
		if !seen[step] && step != engine.FailoverPaused { // few servers tell of a pause, and it is short
			s.Steps = append(s.Steps, views.FailoverStep{Name: step.String()})
		}
	}
	if r := p.Report; r != nil {
		s.Done, s.OK, s.Text, s.Why, s.Remains = true, r.OK(), r.Text, r.Why, r.Remains
	}
	return s
}
