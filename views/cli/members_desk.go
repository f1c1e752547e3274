package cli

import (
	"context"
	"sync"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	engine "slotdeck/cluster/run"
	"slotdeck/cluster/spawn"
	"slotdeck/cluster/wire"
	"slotdeck/views"
)

// pastTheBan is how long the console looks out for a node that left: the
// servers bar it for 60 s, and what brings it back does so after that.
const pastTheBan = 66 * time.Second

// members lets nodes come and go for the screens. Its jobs live until leave is
// called, whatever becomes of the page that shows them.
type members struct {
	crew  *engine.MemberCrew
	seeds []string
	life  context.Context
	end   context.CancelFunc

	mu   sync.Mutex
	gone bool // leave was called: nothing may begin any more
	jobs spawn.Group
}

func newMembers(o wire.Options, seeds []string) *members {
	life, end := context.WithCancel(context.Background())
	return &members{crew: engine.NewMemberCrew(o), seeds: seeds, life: life, end: end}
}

// leave ends what runs between two commands, and waits until it has.
func (m *members) leave() {
	m.mu.Lock()
	m.gone = true
	m.mu.Unlock()
	m.end()
	m.jobs.Wait()
	m.crew.Close()
}

// where the cluster of a picture can be reached.
func (m *members) where(s *cluster.Snapshot) (addrs []string) {
	if s != nil {
		for i := range s.Nodes {
			if n := &s.Nodes[i]; n.Health == cluster.Answering && n.Dialled != "" {
				addrs = append(addrs, n.Dialled)
			}
		}
	}
	if len(addrs) == 0 {
		return m.seeds
	}
	return addrs
}

// Ground reads what a wish is planned from.
func (m *members) Ground(ctx context.Context, w plan.MemberWish, s *cluster.Snapshot) (plan.MemberGround, error) {
	m.crew.Follow(s)
	g, err := m.crew.Ground(ctx, w, m.where(s))
	if w.Kind == plan.MemberRepair {
		g.Evidence.LastKeys = lastKeys(s)
	}
	return g, err
}

// lastKeys is how many keys the nodes had that do not answer now, when they were
// last asked.
func lastKeys(s *cluster.Snapshot) map[cluster.NodeID]int64 {
	out := map[cluster.NodeID]int64{}
	if s == nil {
		return out
	}
	for i := range s.Nodes {
		if n := &s.Nodes[i]; n.Health != cluster.Answering && n.Info.Known() && n.Stats.Keys >= 0 {
			out[n.ID] = n.Stats.Keys
		}
	}
	return out
}

// Start reads it once more, and begins when that comes to the same plan.
func (m *members) Start(ctx context.Context, w plan.MemberWish, p plan.MemberPlan, s *cluster.Snapshot) (views.MemberJob, error) {
	m.crew.Follow(s)
	if err := m.crew.Recheck(ctx, w, p, m.where(s)); err != nil {
		return nil, err
	}
	if err := m.crew.Rehearse(ctx, p); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.gone {
		return nil, errLeaving
	}
	ctx, stop := context.WithCancel(m.life)
	job := engine.StartMember(ctx, m.crew, p, engine.MemberOptions{Absent: pastTheBan})
	out := &memberJob{job: job, stop: stop, updates: make(chan views.MemberProgress, 1)}
	m.jobs.Go(out.pass)
	return out, nil
}

// memberJob is a job of the engine as the screens see it.
type memberJob struct {
	job     *engine.MemberJob
	stop    context.CancelFunc
	updates chan views.MemberProgress
}

// pass hands progress on, the newest replacing one not yet taken.
func (j *memberJob) pass() {
	defer j.stop()
	defer close(j.updates)
	for p := range j.job.Updates() {
		select {
		case <-j.updates:
		default:
		}
		j.updates <- views.MemberProgress{Step: p.Step, Text: p.Text, Steps: memberSteps(p.Steps)}
	}
	j.job.Wait()
}

// Updates brings progress until the job has ended.
func (j *memberJob) Updates() <-chan views.MemberProgress { return j.updates }

// Stop ends it between two commands.
func (j *memberJob) Stop() { j.stop() }

// Report is how it ended.
func (j *memberJob) Report() views.MemberReport {
	r := j.job.Wait()
	out := views.MemberReport{
		OK: r.Outcome == engine.MemberDone, Interrupted: r.Outcome == engine.MemberInterrupted,
		Text: r.Text, Steps: memberSteps(r.Steps), Matrix: r.Matrix, Notes: r.Notes, Took: r.Took,
	}
	for _, n := range r.Nodes {
		out.Nodes = append(out.Nodes, views.MemberResult{Addr: n.Addr, OK: n.OK, Text: n.Text})
	}
	return out
}

var memberStates = map[engine.MemberState]views.MemberState{
	engine.MemberWaits: views.StepWaits, engine.MemberRuns: views.StepRuns, engine.MemberIsDone: views.StepDone, engine.MemberHasFailed: views.StepFailed,
}

func memberSteps(steps []engine.MemberStepReport) []views.MemberStep {
	out := make([]views.MemberStep, len(steps))
	for i, s := range steps {
		out[i] = views.MemberStep{Title: s.Title, State: memberStates[s.State], Text: s.Text, Took: s.Took}
	}
	return out
}
