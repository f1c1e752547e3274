package views

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"

	"slotdeck/ui"
)

// factsPatience bounds what is read for a plan: counts of every slot from every
// primary.
const factsPatience = 20 * time.Second

// startPatience bounds the checks before the first slot.
const startPatience = time.Minute

// propose opens the page of a move and asks for what it wants to know.
func (j *Jobs) propose(msg moveWanted, sc *Scene) tea.Cmd {
	if why := j.busy(); why != "" {
		return warn(why)
	}
	if sc.Snap == nil || len(sc.Snap.Shards) == 0 {
		return warn("there is no cluster to move slots in yet")
	}
	f := newMoveForm(msg.kind, sc.Snap, msg.about, msg.slots)
	f.aim(msg.to)
	f.evenOut(msg.by)
	f.p = &Proposal{Body: f.body}
	f.p.Keys = moveActions(f, j)
	f.p.Run = func() tea.Cmd { return j.begin(f) }
	f.show()
	j.form = f
	return tea.Batch(Propose(f.p), j.readFacts(f))
}

// anew makes the plan on the newest picture, with everything read again.
func (j *Jobs) anew(f *moveForm) tea.Cmd {
	f.read, f.moveFacts = false, moveFacts{}
	return func() tea.Msg { return formRenewed{f} }
}

// formRenewed asks for a form's plan on the newest picture.
type formRenewed struct{ form *moveForm }

func (j *Jobs) renew(f *moveForm, sc *Scene) tea.Cmd {
	if f != j.form || sc.Snap == nil {
		return nil
	}
	f.snap = sc.Snap
	f.rework()
	f.show()
	return j.readFacts(f)
}

func (j *Jobs) readFacts(f *moveForm) tea.Cmd {
	mover, snap := j.mover, f.snap
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), factsPatience)
		defer cancel()
		facts, err := mover.Facts(ctx, snap)
		return moveFactsArrived{f, facts, err}
	}
}

func (j *Jobs) takeFacts(msg moveFactsArrived) tea.Cmd {
	f := msg.form
	if f != j.form {
		return nil
	}
	f.facts, f.factsErr, f.read = msg.facts, msg.err, true
	return j.reworked(f)
}

// reworked makes the plan anew after a change, and has the slots looked at that
// it wants to move.
func (j *Jobs) reworked(f *moveForm) tea.Cmd {
	f.rework()
	f.show()
	of := f.toSurvey()
	if !f.read || of == "" || of == f.surveyOf || f.asking != "" {
		return nil
	}
	f.asking = of
	mover, p, driver, block := j.mover, f.plan, f.choice.Driver, f.options().MaxBlock
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), factsPatience)
		defer cancel()
		survey, err := mover.Survey(ctx, p, driver, block)
		return surveyArrived{f, of, survey, err}
	}
}

func (j *Jobs) takeSurvey(msg surveyArrived) tea.Cmd {
	f := msg.form
	if f != j.form {
		return nil
	}
	f.asking, f.surveyOf, f.facts.Stray, f.facts.Weights = "", msg.of, msg.survey.Stray, msg.survey.Weights
	if msg.err != nil {
		f.factsErr = msg.err
	}
	return j.reworked(f) // the plan may have changed meanwhile: then it is asked again
}

func (j *Jobs) savePlan(f *moveForm) tea.Cmd {
	mover, p := j.mover, f.plan
	return func() tea.Msg {
		path, err := mover.SavePlan(p)
		return planSaved{path, err}
	}
}

// begin starts what the page shows.
func (j *Jobs) begin(f *moveForm) tea.Cmd {
	mover, p, o := j.mover, f.plan, f.options()
	return j.launch(p.Title, func(ctx context.Context) (MoveJob, error) { return mover.Start(ctx, p, o) })
}

// launch starts a job off the screen's goroutine and brings this screen to the
// front.
func (j *Jobs) launch(title string, start func(context.Context) (MoveJob, error)) tea.Cmd {
	j.starting, j.report, j.failed, j.form, j.text = true, nil, nil, nil, scroller{}
	j.at, j.speeds = MoveProgress{Title: title, ETA: -1}, nil
	return tea.Batch(
		func() tea.Msg { return screenWanted{onJobs} },
		func() tea.Msg {
			ctx, cancel := context.WithTimeout(context.Background(), startPatience)
			defer cancel()
			job, err := start(ctx)
			return jobStarted{job, err}
		})
}

func (j *Jobs) started(msg jobStarted) tea.Cmd {
	j.starting = false
	if msg.err != nil {
		j.failed = msg.err
		return warn("nothing was moved: " + ui.Clean(msg.err.Error()))
	}
	j.job = msg.job
	return nextProgress(msg.job)
}

// nextProgress waits for one progress of a job, or for its end. Exactly one
// such wait is in flight.
func nextProgress(job MoveJob) tea.Cmd {
	return func() tea.Msg {
		if at, ok := <-job.Updates(); ok {
			return jobProgressed{job, at}
		}
		return jobsEnded{job, job.Report()}
	}
}

// jobBeat is how often a job's progress is drawn: its own pace would flicker,
// and be traffic.
const jobBeat = 200 * time.Millisecond

func (j *Jobs) progressed(msg jobProgressed) tea.Cmd {
	if msg.job != j.job {
		return nil
	}
	j.at = msg.at
	j.speeds = append(j.speeds, msg.at.KeysPerSecond)
	if len(j.speeds) > 200 {
		j.speeds = j.speeds[len(j.speeds)-200:]
	}
	if q := msg.at.Question; q != nil && q.ID != j.asked {
		j.putCursor(q)
		return tea.Batch(j.due(), func() tea.Msg { return screenWanted{onJobs} })
	}
	return j.due()
}

func (j *Jobs) due() tea.Cmd {
	job := j.job
	return tea.Tick(jobBeat, func(time.Time) tea.Msg { return jobDue{job} })
}

func (j *Jobs) ended(msg jobsEnded, sc *Scene) tea.Cmd {
	if msg.job != j.job {
		return nil
	}
	j.job, j.report, j.text = nil, &msg.report, scroller{}
	if j.leaving {
		return tea.Quit
	}
	sentence := ui.Clean(msg.report.Title) + ": " + msg.report.Outcome
	tell := say(sentence)
	if !msg.report.OK {
		tell = warn(sentence)
	}
	return tea.Batch(tell, func() tea.Msg { return refreshWanted{} }, j.left.ask(j, sc))
}

// refreshWanted asks for a new picture at once.
type refreshWanted struct{}
