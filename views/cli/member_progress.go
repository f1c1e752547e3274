package cli

import (
	"fmt"

	engine "slotdeck/cluster/run"
)

// follow shows a job until it has ended: each step when it is done and, on a
// terminal, what is waited for.
func (m *membership) follow(job *engine.MemberJob, steps int) {
	_, tty := terminal(m.w.Err)
	told := 0
	for p := range job.Updates() {
		if tty {
			fmt.Fprint(m.w.Err, "\r\x1b[K")
		}
		for ; told < len(p.Steps) && p.Steps[told].State == engine.MemberIsDone; told++ {
			fmt.Fprintf(m.w.Err, "%d/%d  %s: done (%.1f s)\n", told+1, steps, clean(p.Steps[told].Title), p.Steps[told].Took.Seconds())
		}
		if tty && p.Step < steps {
			text := p.Steps[p.Step].Title
			if p.Text != "" {
				text = p.Text
			}
			fmt.Fprintf(m.w.Err, "%d/%d  %.70s", p.Step+1, steps, clean(text))
		}
	}
	if tty {
		fmt.Fprint(m.w.Err, "\r\x1b[K")
	}
}

// tell prints how a job ended, and makes the exit code of it.
func (m *membership) tell(r engine.MemberReport) error {
	if m.out == asJSON {
		if err := writeJSON(m.w.Out, r); err != nil {
			return err
		}
	} else if err := m.print(reportLines(r)); err != nil {
		return err
	}
	switch r.Outcome {
	case engine.MemberDone:
		return nil
	case engine.MemberInterrupted:
		return &Failure{Interrupted, errTold}
	}
	return &Failure{No, errTold}
}

func reportLines(r engine.MemberReport) (out []string) {
	for _, n := range r.Nodes {
		word := "ok    "
		if !n.OK {
			word = "failed"
		}
		out = append(out, fmt.Sprintf("  %s  %s  %s", word, n.Addr, n.Text))
	}
	for _, line := range r.Matrix {
		out = append(out, "  "+line)
	}
	if r.Outcome == engine.MemberFailed {
		done := 0
		for _, s := range r.Steps {
			if s.State == engine.MemberIsDone {
				done++
			}
		}
		out = append(out, fmt.Sprintf("FAILED at step %d of %d (%s): %s", done+1, len(r.Steps), r.Steps[min(done, len(r.Steps)-1)].Title, r.Text))
	} else {
		out = append(out, fmt.Sprintf("%s (%.1f s)", r.Text, r.Took.Seconds()))
	}
	for _, n := range r.Notes {
		out = append(out, "note: "+n)
	}
	return out
}
