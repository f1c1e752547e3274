package views

import (
	tea "charm.land/bubbletea/v2"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/keyslot"
	"slotdeck/ui"
)

// Jobs answers "what is running?": the job with its bars, rates and questions;
// how the last one ended; else what can be started, and what an interrupted
// move left open.
type Jobs struct {
	mover Mover
	off   string // why nothing can be started; empty when it can
	looks bool   // a console that only looks: there are no verbs
	form  *moveForm
	snap  *cluster.Snapshot // the newest

	starting bool // a job was asked for and has not answered yet
	job      MoveJob
	at       MoveProgress
	speeds   []float64 // keys a second, oldest first
	answers  ui.Cursor // on the choices of a question
	asked    int       // the question that the cursor was put on the safe answer of
	report   *MoveReport
	failed   error // why the last job did not begin
	leaving  bool  // the console goes once the job has ended

	members *memberDesk

	left leftovers
	text scroller // the report
}

// NewJobs makes the screen. Without a mover nothing can be started, and off
// says why.
func NewJobs(mover Mover, off string) *Jobs {
	j := &Jobs{mover: mover, off: off}
	if mover == nil && off == "" {
		j.off = "this console was opened without the means to move slots"
	}
	return j
}

// Name is the screen's word.
func (j *Jobs) Name() string { return "jobs" }

// The messages of jobs.
type (
	// moveWanted asks for the page of a move; about is what was pointed at.
	moveWanted struct {
		kind  moveKind
		about cluster.NodeID
		to    cluster.NodeID // empty: whoever has the fewest slots
		by    plan.Objective // of moveRebalance
		slots keyslot.Set
	}
	moveFactsArrived struct {
		form  *moveForm
		facts MoveFacts
		err   error
	}
	surveyArrived struct {
		form   *moveForm
		of     string
		survey MoveSurvey
		err    error
	}
	jobStarted struct {
		job MoveJob
		err error
	}
	jobProgressed struct {
		job MoveJob
		at  MoveProgress
	}
	jobDue    struct{ job MoveJob }
	jobsEnded struct {
		job    MoveJob
		report MoveReport
	}
	planSaved struct {
		path string
		err  error
	}
	// screenWanted brings a screen to the front.
	screenWanted struct{ screen int }
)

// Show looks for what a new picture brings.
func (j *Jobs) Show(sc *Scene) {
	j.snap = sc.Snap
	if f := j.form; f != nil && sc.Snap != nil && f.p != nil && f.snap != sc.Snap && f.read && f.refused == nil {
		if err := plan.Recheck(f.plan, sc.Snap); err != nil {
			f.p.Refused = err.Error() + " (r)"
		}
	}
}

// Open looks for open slots, and for a job that was begun elsewhere.
func (j *Jobs) Open(sc *Scene) tea.Cmd { return j.left.ask(j, sc) }

// Receive takes what was asked for, and what jobs tell.
func (j *Jobs) Receive(msg tea.Msg, sc *Scene) tea.Cmd {
	switch msg := msg.(type) {
	case moveWanted:
		return j.propose(msg, sc)
	case moveFactsArrived:
		return j.takeFacts(msg)
	case surveyArrived:
		return j.takeSurvey(msg)
	case formRenewed:
		return j.renew(msg.form, sc)
	case jobStarted:
		return j.started(msg)
	case jobProgressed:
		return j.progressed(msg)
	case jobDue:
		if msg.job == j.job && j.job != nil {
			return nextProgress(msg.job)
		}
	case jobsEnded:
		return j.ended(msg, sc)
	case recoveriesArrived:
		j.left.take(msg, sc)
	case leftAtStart:
		return j.takeStart(msg)
	case timeoutsSetBack:
		return j.tookBack(msg, sc)
	case recoveryBeat:
		return j.left.beat(j, sc)
	case planSaved:
		if msg.err != nil {
			return warn("the plan could not be saved: " + ui.Clean(msg.err.Error()))
		}
		return say("the plan is saved as " + ui.Clean(msg.path))
	}
	return nil
}

// busy is why no other job can begin now.
func (j *Jobs) busy() string {
	switch {
	case j.off != "":
		return j.off
	case j.job != nil || j.starting:
		return "a job is running; one at a time (5 shows it)"
	}
	if j.members != nil {
		if r := j.members.running(); r != nil && !r.watching() {
			return "nodes are coming or going; one thing at a time: " + ui.Clean(r.plan.Title)
		}
	}
	return ""
}

// running reports whether a job is at work.
func (j *Jobs) running() bool { return j.job != nil }

// Leave closes the report.
func (j *Jobs) Leave(*Scene) bool {
	was := j.report != nil || j.failed != nil
	if j.job == nil {
		j.report, j.failed, j.text = nil, nil, scroller{}
	}
	return was && j.job == nil
}

// Selected is the open slot under the cursor.
func (j *Jobs) Selected(*Scene) Selection {
	if r, ok := j.left.current(); ok && j.job == nil && j.report == nil {
		return Selection{Text: r.Slots().String(), Node: r.First().Owner}
	}
	return Selection{}
}

// Body draws what the screen is about now.
func (j *Jobs) Body(sc *Scene) []string {
	var lines []string
	switch {
	case j.job != nil:
		lines = j.runningLines(sc)
	case j.report != nil:
		lines = j.reportLines(sc)
	default:
		lines = j.homeLines(sc)
	}
	for i := range lines {
		lines[i] = sc.Theme.Cut(lines[i], sc.W)
	}
	return ui.Fill(lines, sc.H)
}
