package views

import (
	tea "charm.land/bubbletea/v2"

	"slotdeck/ui"
)

// questionLines are what a job cannot decide: both sides in full, and what
// each answer leads to.
func (j *Jobs) questionLines(sc *Scene, q *MoveQuestion) []string {
	t := sc.Theme
	lines := wrapped(t, t.Warn.Text(t.Glyph.Suspect), q.Text, sc.W)
	for i := range lines {
		lines[i] = t.Strong.Text(lines[i])
	}
	lines = append(lines, "")
	for _, d := range q.Details {
		for i, l := range ui.Wrap(ui.Clean(d), max(20, sc.W-10)) {
			mark := "  "
			if i == 0 {
				mark = t.Dim.Text(t.Glyph.Bullet) + " "
			}
			lines = append(lines, "      "+mark+l)
		}
	}
	if len(q.Details) > 0 {
		lines = append(lines, "")
	}
	for i, c := range q.Choices {
		mark, name := "     ", t.Left(ui.Clean(c.Name), 10)
		if i == j.answers.At {
			mark, name = "   "+t.Accent.Text(t.Glyph.Cursor)+" ", t.Accent.Text(name)
		}
		text := ui.Clean(c.Text)
		if c.Name == q.Default {
			text += " (the safe answer)"
		}
		for n, l := range ui.Wrap(text, max(20, sc.W-18)) {
			if n == 0 {
				lines = append(lines, mark+name+" "+l)
			} else {
				lines = append(lines, ui.Spaces(16)+l)
			}
		}
	}
	return append(lines, "", "   "+t.Dim.Text("j k choose, enter answers; the job waits"))
}

// putCursor begins a new question at its safe answer.
func (j *Jobs) putCursor(q *MoveQuestion) {
	j.asked, j.answers = q.ID, ui.Cursor{}
	for i, c := range q.Choices {
		if c.Name == q.Default {
			j.answers.At = i
		}
	}
}

// answer gives the answer under the cursor.
func (j *Jobs) answer() tea.Cmd {
	q := j.at.Question
	if q == nil || j.job == nil || j.answers.At >= len(q.Choices) {
		return nil
	}
	choice := q.Choices[j.answers.At]
	if err := j.job.Answer(q.ID, choice.Name); err != nil {
		return warn(ui.Clean(err.Error()))
	}
	j.at.Question, j.at.State = nil, JobMoving
	return say("answered: " + ui.Clean(choice.Name))
}
