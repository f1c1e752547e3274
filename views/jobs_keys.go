package views

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"slotdeck/cluster/plan"
	"slotdeck/ui"
)

// startActions begin something; they are not there in a console that only looks.
var startActions = ui.Actions[*Jobs]{
	{Keys: []string{"m"}, Label: "move slots", Help: "Plan a move of a number of slots.", Off: (*Jobs).busy, Do: want[*Jobs](moveCount)},
	{Keys: []string{"b"}, Label: "rebalance", Help: "Plan a rebalance by slots, keys, memory or traffic.", Off: (*Jobs).busy, Do: want[*Jobs](moveRebalance)},
	{Keys: []string{"D"}, Label: "drain", Help: "Plan to take all slots from a primary.", Off: (*Jobs).busy, Do: want[*Jobs](moveDrain)},
	{Keys: []string{"f"}, Label: "finish", Help: "Finish the open slots under the cursor: the rest of their keys moves, then the slot changes hands.",
		Off: func(j *Jobs) string { return j.notSettled(plan.Finish) }, Do: func(j *Jobs) tea.Cmd { return j.settle(plan.Finish) }},
	{Keys: []string{"u"}, Label: "undo", Help: "Roll the open slots under the cursor back: their keys return to the owner, then the slot is closed.",
		Off: func(j *Jobs) string { return j.notSettled(plan.RollBack) }, Do: func(j *Jobs) tea.Cmd { return j.settle(plan.RollBack) }},
}

// leftActions are about what an interrupted move left behind, besides open slots.
var (
	goOnAction = ui.Action[*Jobs]{Keys: []string{"c"}, Label: "continue", Help: "Plan what an interrupted move has yet to move.",
		Off: (*Jobs).noRest, Do: (*Jobs).goOn}
	goBackAction = ui.Action[*Jobs]{Keys: []string{"U"}, Label: "move back", Help: "Plan the way back of what an interrupted move has moved.",
		Off: (*Jobs).noRest, Do: (*Jobs).goBack}
	cancelAction = ui.Action[*Jobs]{Keys: []string{"C"}, Label: "cancel", Help: "Cancel the migration that the servers run by themselves.",
		Off: (*Jobs).busy, Do: (*Jobs).cancel}
	setBackAction = ui.Action[*Jobs]{Keys: []string{"t"}, Label: "set back", Help: "Set node timeouts back that an interrupted move raised.",
		Off: (*Jobs).busy, Do: (*Jobs).setBack}
)

// putAway closes the report of the last job.
var putAway = ui.Action[*Jobs]{Keys: []string{"esc"}, Label: "close", Help: "Put the report away.", Do: do(func(j *Jobs) { j.Leave(nil) })}

// memberAction opens the page of the last change of who belongs to the cluster.
var memberAction = ui.Action[*Jobs]{Keys: []string{"w"}, Label: "nodes' change", Help: "The last change of who belongs to the cluster, step by step.",
	Do: func(j *Jobs) tea.Cmd { return j.members.page(j.members.last()) }}

// jobActions are about the job at work.
var jobActions = ui.Actions[*Jobs]{
	{Keys: []string{"enter"}, Label: "answer", Help: "Give the answer under the cursor.", Off: (*Jobs).notAsked, Do: (*Jobs).answer},
	{Keys: []string{"p"}, Label: "pause", Now: labelWhen("go on", func(j *Jobs) bool { return j.at.State == JobPaused }), Help: "Pause after the slots in hand, or go on.", Do: (*Jobs).pauseOrNot},
	{Keys: []string{"<"}, Label: "slower", Help: "Bound the keys a second more tightly.", Off: (*Jobs).notThrottled, Do: func(j *Jobs) tea.Cmd { return j.throttle(-1) }},
	{Keys: []string{">"}, Label: "faster", Help: "Let more keys a second through, in the end as many as the budget allows.", Off: (*Jobs).notThrottled, Do: func(j *Jobs) tea.Cmd { return j.throttle(1) }},
	{Keys: []string{"s"}, Label: "stop", Help: "End at the next slot boundary: the slots in hand are finished, nothing stays open, the rest stays where it is.", Off: (*Jobs).ending, Do: (*Jobs).stop},
	{Keys: []string{"u"}, Label: "roll back", Help: "Move everything back to where it was.", Off: (*Jobs).ending, Do: (*Jobs).askRollBack},
}

// want asks for the page of a move.
func want[T any](kind moveKind) func(T) tea.Cmd {
	return func(T) tea.Cmd {
		return func() tea.Msg { return moveWanted{kind: kind} }
	}
}

// actions are those that mean something now.
func (j *Jobs) actions() ui.Actions[*Jobs] {
	switch {
	case j.looks:
		return nil
	case j.job != nil && j.at.Question == nil:
		return jobActions[1:]
	case j.job != nil:
		return jobActions
	}
	actions := slices.Clone(startActions[:3])
	if len(j.left.groups) > 0 {
		actions = slices.Clone(startActions)
	}
	if j.members != nil && j.members.last() != nil {
		actions = append(actions, memberAction)
	}
	if len(j.left.Rest) > 0 {
		actions = append(actions, goOnAction)
	}
	if len(j.left.Given) > 0 && len(j.left.Rest) > 0 {
		actions = append(actions, goBackAction)
	}
	if len(j.left.Raised) > 0 {
		actions = append(actions, setBackAction)
	}
	if len(j.left.Running) > 0 {
		actions = append(actions, cancelAction)
	}
	if j.report != nil || j.failed != nil {
		actions = append(actions, putAway)
	}
	return actions
}

// Hints are the actions as they stand now.
func (j *Jobs) Hints(*Scene) []ui.Hint { return j.actions().Hints(j) }

// Key does what the table says, and moves the cursor.
func (j *Jobs) Key(k tea.KeyPressMsg, sc *Scene) (tea.Cmd, bool) {
	key := k.String()
	if cmd, known, off := j.actions().Run(key, j); known {
		if off != "" {
			return warn(off), true
		}
		return cmd, true
	}
	switch {
	case j.job != nil && j.at.Question != nil:
		rows := make([]ui.Row, len(j.at.Question.Choices))
		return nil, moveCursor(&j.answers, rows, len(rows), key)
	case j.job != nil:
		return nil, false
	case j.report != nil:
		return nil, j.text.scroll(key)
	}
	return nil, moveCursor(&j.left.cursor, j.left.rows(), 4, key)
}

func (j *Jobs) notAsked() string {
	if j.at.Question == nil {
		return "the job asks nothing"
	}
	return ""
}

func (j *Jobs) ending() string {
	switch j.at.State {
	case JobStopping, JobRollingBack, JobVerifying, JobEnded:
		return "the job is " + j.at.State.String() + " already"
	}
	return ""
}

func (j *Jobs) notThrottled() string {
	if j.at.Driver.Atomic() {
		return "the servers move the slots by themselves and cannot be slowed; s stops"
	}
	return ""
}

func (j *Jobs) pauseOrNot() tea.Cmd {
	if j.at.State == JobPaused {
		j.job.Resume()
		return say("going on")
	}
	j.job.Pause()
	return say("pausing after the slots in hand")
}

// throttle takes a step: down from none begins at what was seen.
func (j *Jobs) throttle(by int) tea.Cmd {
	now := j.at.Throttle
	to := now
	switch {
	case by < 0 && now == 0:
		to = throttles[1]
		for _, r := range throttles[1:] {
			if float64(r) < j.at.KeysPerSecond {
				to = r
			}
		}
	case by < 0:
		for _, r := range throttles[1:] {
			if r < now {
				to = r
			}
		}
	case now > 0:
		to = 0
		for _, r := range throttles[1:] {
			if r > now {
				to = r
				break
			}
		}
	}
	j.job.Throttle(to)
	j.at.Throttle = to
	if to == 0 {
		return say("no throttle: as fast as the latency budget allows")
	}
	return say("at most " + plural(to, "key") + " a second")
}

func (j *Jobs) stop() tea.Cmd {
	j.job.StopAtBoundary()
	j.at.State = JobStopping
	return say("stopping at the slot boundary: the slots in hand are finished first")
}

// askRollBack puts the way back before the operator: it is work like the way there.
func (j *Jobs) askRollBack() tea.Cmd {
	job, done := j.job, j.at.Slots.Done
	p := &Proposal{Title: "roll back " + j.at.Title, Risk: plan.Safe, Why: "no key can be lost; clients are redirected once more"}
	p.Body = func(t *ui.Theme, w int) []string {
		text := "The slots in hand are finished. Then the " + plural(int(done), "slot") + " that moved so far, and those in hand, move back to where they were, in the same way and under the same latency budget."
		return wrapped(t, t.Note.Text(t.Glyph.Bullet), text, w)
	}
	p.Run = func() tea.Cmd {
		job.RollBack()
		return say("rolling back")
	}
	return Propose(p)
}
