package views

import (
	tea "charm.land/bubbletea/v2"

	"slotdeck/ui"
)

// badge is the job in the header of every screen: one word and the percent.
func (j *Jobs) badge(t *ui.Theme) string {
	if j.job == nil {
		if j.starting {
			return t.Note.Text("preparing")
		}
		return ""
	}
	p := &j.at
	percent := t.Right(t.Percent(max(0, p.Share())), 4)
	switch p.State {
	case JobAsking:
		return t.WarnFill.Text(" JOB ASKS, 5 ")
	case JobPaused:
		return t.WarnFill.Text(" job paused " + percent + " ")
	case JobStopping, JobRollingBack, JobSettling, JobVerifying:
		return t.Warn.Text(p.State.String() + " " + percent)
	case JobPreparing:
		return t.Note.Text(p.State.String())
	}
	return t.Accent.Text(p.State.String()+percent) + t.Dim.Text(" left ") + t.Right(clockText(t, p.ETA), 4)
}

// titleWord is the job in the terminal's title.
func (j *Jobs) titleWord(t *ui.Theme) string {
	if j.job == nil {
		return ""
	}
	return t.Percent(max(0, j.at.Share())) + " " + j.at.State.String() + " - "
}

// bar is the terminal's own progress bar, where it has one.
func (j *Jobs) bar() *tea.ProgressBar {
	if j.job == nil {
		return nil
	}
	state := tea.ProgressBarDefault
	switch j.at.State {
	case JobPaused, JobAsking:
		state = tea.ProgressBarWarning
	}
	return tea.NewProgressBar(state, int(100*max(0, j.at.Share())))
}
