package cli

import (
	"bufio"
	"fmt"
	"strings"

	"slotdeck/cluster/spawn"
	"slotdeck/keyslot"
	"slotdeck/ui"
	"slotdeck/views"

	engine "slotdeck/cluster/run"
)

// What a job asks is answered by a flag; without one on the terminal; without
// a terminal, or with --yes, it gets the safe answer, with which nothing is lost
// and nothing stays open.

// answerWords are the words that flags have for the choices of a kind of
// question.
var answerWords = map[string]map[string]string{
	engine.Conflict.String():     {"leave": engine.Skip, "source": engine.TakeSource, "target": engine.TakeTarget, "stop": engine.Stop},
	engine.StrayKeys.String():    {"leave": engine.Skip, "remove": engine.Flush, "move": engine.Anyway, "stop": engine.Stop},
	engine.AtomicFailed.String(): {"again": engine.Again, "migrate": engine.Migrate, "stop": engine.Stop},
}

// checkAnswers refuses words that are no answer.
func (f *moveFlags) checkAnswers() error {
	for _, flag := range []struct{ name, value, kind, words string }{
		{"--on-conflict", f.onConflict, engine.Conflict.String(), "leave, source, target or stop"},
		{"--on-stray", f.onStray, engine.StrayKeys.String(), "leave, remove, move or stop"},
		{"--on-failure", f.onFailure, engine.AtomicFailed.String(), "again, migrate or stop"},
	} {
		if flag.value == "" {
			continue
		}
		choice, known := answerWords[flag.kind][flag.value]
		if !known {
			return usage("%s is %s, not %q", flag.name, flag.words, flag.value)
		}
		if f.answers == nil {
			f.answers = map[string]string{}
		}
		f.answers[flag.kind] = choice
	}
	if f.replace && f.answers[engine.Conflict.String()] != "" && f.onConflict != "source" {
		return usage("--replace and --on-conflict %s exclude each other", f.onConflict)
	}
	return nil
}

// asker puts the questions of a job before whoever is there.
type asker struct {
	m    *moving
	job  views.MoveJob
	show *moveProgress
	q    *views.MoveQuestion // the newest
	wait bool                // for a line
}

// take looks at progress, and is true while a question stands on the terminal:
// then nothing is drawn over it.
func (a *asker) take(p views.MoveProgress) bool {
	q := p.Question
	if q == nil {
		a.wait = false
		return false
	}
	if a.q != nil && a.q.ID == q.ID {
		return a.wait
	}
	a.q = q
	choice, known := a.m.answers[q.Kind]
	if !known && !a.m.interactive() {
		choice, known = q.Default, true
	}
	if known {
		a.show.say(fmt.Sprintf("%s: %s", ui.Clean(q.Text), ui.Clean(choice)))
		a.answer(choice)
		return false
	}
	a.wait = true
	a.show.say(ui.Clean(q.Text))
	for _, d := range q.Details {
		a.show.say("  " + ui.Clean(d))
	}
	for _, c := range q.Choices {
		mark := " "
		if c.Name == q.Default {
			mark = "*"
		}
		a.show.say(fmt.Sprintf("  %s %-8s %s", mark, ui.Clean(c.Name), ui.Clean(c.Text)))
	}
	a.prompt()
	return true
}

func (a *asker) prompt() {
	fmt.Fprintf(a.m.w.Err, "which one (enter: %s)? ", ui.Clean(a.q.Default))
}

// line takes what was typed: a choice, or any unique beginning of one. It is true
// when that was none.
func (a *asker) line(text string) (again bool) {
	if !a.wait {
		return false
	}
	if text == "" {
		text = a.q.Default
	}
	var fits []string
	for _, c := range a.q.Choices {
		if c.Name == text {
			fits = []string{c.Name}
			break
		}
		if strings.HasPrefix(c.Name, text) {
			fits = append(fits, c.Name)
		}
	}
	if len(fits) != 1 {
		a.show.say("that is none of the choices")
		a.prompt()
		return true
	}
	a.wait = false
	a.answer(fits[0])
	return false
}

func (a *asker) answer(choice string) {
	if err := a.job.Answer(a.q.ID, choice); err != nil {
		a.show.say(ui.Clean(err.Error()))
	}
}

// interactive reports whether questions can be put to somebody.
func (m *moving) interactive() bool {
	_, in := terminal(m.w.In)
	_, out := terminal(m.w.Err)
	return in && out && !m.yes && m.out != asJSON
}

// typed brings the next line of standard input. Whoever reads it ends with the
// line, or with the program: so only one at a time is read, when it is wanted.
func (m *moving) typed() <-chan string {
	if m.line == nil {
		if m.in == nil {
			m.in = bufio.NewReader(m.w.In)
		}
		line := make(chan string, 1)
		m.line = line
		spawn.Go(func() {
			text, _ := m.in.ReadString('\n')
			line <- strings.ToLower(strings.TrimSpace(text))
		})
	}
	return m.line
}

// bigKeyText says what becomes of slots with a key that holds its node too long.
func (m *moving) bigKeyText(slots keyslot.Set) string {
	what := fmt.Sprintf("slots %s", slots)
	switch m.options.BigKeys {
	case views.MoveBigKeys:
		return what + " move all the same (--big-keys move)"
	case views.RaiseTimeout:
		return what + " move with a longer node timeout on all nodes, set back after that (--big-keys raise-timeout)"
	case views.AskAboutBigKeys:
		if m.interactive() {
			return what + ": each is asked about when its turn comes; --big-keys leave, move or raise-timeout answers beforehand"
		}
	}
	return what + " stay where they are; --big-keys move or raise-timeout takes them along"
}
