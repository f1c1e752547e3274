package views

import (
	"context"
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"slotdeck/cluster/plan"
	"slotdeck/ui"
)

// leftAtStart is what the console found when it began.
type leftAtStart struct{ left Leftovers }

// lookAtStart asks once, when the console begins, for what an interrupted move
// left: open slots are seen by everybody, raised node timeouts by nobody.
func (j *Jobs) lookAtStart(sc *Scene) tea.Cmd {
	if j.mover == nil || j.looks || sc.Snap == nil {
		return nil
	}
	mover, snap := j.mover, sc.Snap
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), factsPatience)
		defer cancel()
		left, err := mover.Leftovers(ctx, snap)
		if err != nil {
			return nil // the jobs screen asks again, and tells
		}
		return leftAtStart{left}
	}
}

func (j *Jobs) takeStart(msg leftAtStart) tea.Cmd {
	if len(msg.left.Raised) == 0 || j.job != nil {
		return nil
	}
	j.left.Raised = msg.left.Raised
	return warn("an interrupted move raised the node timeout of " + plural(len(msg.left.Raised), "node") + ": 5 tells, and sets it back")
}

// raisedLines are node timeouts that an interrupted move raised.
func (j *Jobs) raisedLines(sc *Scene) []string {
	t := sc.Theme
	if len(j.left.Raised) == 0 {
		return nil
	}
	text := fmt.Sprintf("An interrupted move raised the node timeout, by which nodes take each other for dead, of %s (%s). t sets it back.",
		plural(len(j.left.Raised), "node"), j.raisedText())
	lines := append([]string{t.Heading("node timeouts", "", sc.W)}, wrapped(t, t.Warn.Text(t.Glyph.Suspect), text, sc.W)...)
	return append(lines, "")
}

// raisedText names the values, each once: "1s before, 4s now".
func (j *Jobs) raisedText() string {
	var parts []string
	seen := map[string]bool{}
	for _, r := range j.left.Raised {
		text := fmt.Sprintf("%v before", r.Was)
		if r.Is > 0 {
			text += fmt.Sprintf(", %v now", r.Is)
		}
		if !seen[text] {
			parts = append(parts, text)
		}
		seen[text] = true
	}
	return strings.Join(parts, "; ")
}

// setBack puts the old timeouts before the operator.
func (j *Jobs) setBack() tea.Cmd {
	mover, raised, snap := j.mover, j.left.Raised, j.snap
	book := newAddressBook(snap, false)
	p := &Proposal{Title: "set back the node timeout of " + plural(len(raised), "node"), Risk: plan.Safe,
		Why: "nodes are taken for dead as soon as they were before the move; a node that was set otherwise since is left alone"}
	commands := func() (lines []plan.Command) {
		for _, r := range raised {
			lines = append(lines, plan.Command{Node: r.Node, Addr: book.name(r.Node), Args: []string{"CONFIG", "SET", "cluster-node-timeout", fmt.Sprint(r.Was.Milliseconds())}})
		}
		return lines
	}
	p.Body = func(t *ui.Theme, w int) []string {
		return append(append(wrapped(t, t.Note.Text(t.Glyph.Bullet), "An interrupted move raised it: "+j.raisedText()+".", w), "", t.Heading("will send", "", w)), planCommands(t, commands(), w)...)
	}
	p.Commands = func() string {
		var lines []string
		for _, c := range commands() {
			lines = append(lines, c.Addr+"  "+c.Text())
		}
		return strings.Join(lines, "\n") + "\n"
	}
	p.Run = func() tea.Cmd {
		return func() tea.Msg {
			ctx, cancel := context.WithTimeout(context.Background(), factsPatience)
			defer cancel()
			if err := mover.SetBack(ctx); err != nil {
				return timeoutsSetBack{err}
			}
			return timeoutsSetBack{}
		}
	}
	return Propose(p)
}

// timeoutsSetBack tells how setting back went.
type timeoutsSetBack struct{ err error }

func (j *Jobs) tookBack(msg timeoutsSetBack, sc *Scene) tea.Cmd {
	if msg.err != nil {
		return tea.Batch(warn(ui.Clean(msg.err.Error())), j.left.ask(j, sc))
	}
	j.left.Raised = nil
	return say("the node timeouts are set back")
}
