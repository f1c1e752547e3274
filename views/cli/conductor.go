package cli

import (
	"context"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	engine "slotdeck/cluster/run"
	"slotdeck/cluster/spawn"
	"slotdeck/ui"
	"slotdeck/views"
)

// conductor carries spreads and rolling restarts out for the screens. They go on
// until leave is called, whatever becomes of the page that shows them.
type conductor struct {
	watching *watching
	life     context.Context
	end      context.CancelFunc
	jobs     spawn.Group
}

func newConductor(w *watching) *conductor {
	life, end := context.WithCancel(context.Background())
	return &conductor{watching: w, life: life, end: end}
}

// leave ends what runs before its next step, and waits until it has.
func (c *conductor) leave() {
	c.end()
	c.jobs.Wait()
}

// Failovers is what a failover plan for a shard needs besides the picture.
func (c *conductor) Failovers(shard string) plan.FailoverFacts {
	return c.watching.failoverFacts(shard)
}

// StartSpread begins a spread.
func (c *conductor) StartSpread(p plan.SpreadPlan, zones cluster.Zones) views.ConductRun {
	job := engine.StartSpread(c.life, c.watching, p, engine.SpreadOptions{Request: plan.SpreadRequest{Zones: zones, Failovers: c.watching.failoverFacts}})
	return conduct(c, job.Updates(), job.Stop, spreadState)
}

// StartRolling begins a rolling restart in which the operator restarts.
func (c *conductor) StartRolling(r plan.RestartRequest) views.ConductRun {
	r.Failovers = c.watching.failoverFacts
	job := engine.StartRolling(c.life, c.watching, engine.RollingOptions{Request: r})
	return conduct(c, job.Updates(), job.Stop, rollingState)
}

// conducted is a job as the screens see it.
type conducted struct {
	states chan views.ConductState
	stop   func()
}

// conduct passes a job's progress on, the newest replacing one not yet taken.
func conduct[P any](c *conductor, from <-chan P, stop func(), state func(P) views.ConductState) *conducted {
	out := &conducted{states: make(chan views.ConductState, 1), stop: stop}
	c.jobs.Go(func() {
		defer close(out.states)
		for p := range from {
			select {
			case <-out.states:
			default:
			}
			out.states <- state(p) // only this goroutine sends, so there is room
		}
	})
	return out
}

// States brings the newest state until the job has ended.
func (c *conducted) States() <-chan views.ConductState { return c.states }

// Stop ends it before the next step.
func (c *conducted) Stop() { c.stop() }

func spreadState(p engine.SpreadProgress) views.ConductState {
	s := views.ConductState{Text: p.Text, Elapsed: p.Elapsed, Left: max(0, len(p.Steps)-p.Step)}
	for _, step := range p.Steps {
		s.Steps = append(s.Steps, views.ConductStep{Name: step.SpreadStep.Text(), State: memberStates[step.State], Note: step.Text})
	}
	if r := p.Report; r != nil {
		s.Done, s.OK, s.End = true, r.Outcome == engine.MemberDone, r.Text
	}
	return s
}

func rollingState(p engine.RollingProgress) views.ConductState {
	s := views.ConductState{Text: p.Text, Elapsed: p.Elapsed, Left: p.Left}
	for _, step := range p.Done {
		c := views.ConductStep{Name: step.RestartStep.Text(), State: views.StepDone, Note: step.Text}
		if !step.OK {
			c.State = views.StepFailed
		}
		if step.Foreign != "" {
			c.Note = step.Foreign + "; " + c.Note
		}
		s.Steps = append(s.Steps, c)
	}
	if p.Step.Addr != "" && p.Report == nil {
		s.Steps = append(s.Steps, views.ConductStep{Name: p.Step.Text(), State: views.StepRuns})
	}
	if p.Wanted {
		s.Wanted = "restart " + ui.Clean(p.Step.Addr) + " now: replica of shard " + p.Step.Shard + ", " + p.Step.Run.String() + "; it is noticed by itself"
		if p.Step.Shard == "" {
			s.Wanted = "restart " + ui.Clean(p.Step.Addr) + " now; it is noticed by itself"
		}
	}
	if r := p.Report; r != nil {
		s.Done, s.OK, s.End = true, r.Outcome == engine.MemberDone, r.Text
	}
	return s
}
