package cli

import engine "slotdeck/cluster/run"

// reportConduct prints what became of a spread or a rolling restart, as an answer for
// programs or as lines, and makes its outcome the exit code.
func reportConduct(w *World, out format, answer any, lines []string, outcome engine.MemberOutcome) error {
	var err error
	if out == asJSON {
		err = writeJSON(w.Out, answer)
	} else {
		err = printLines(w, lines)
	}
	switch {
	case err != nil || outcome == engine.MemberDone:
		return err
	case outcome == engine.MemberInterrupted:
		return &Failure{Interrupted, errTold}
	}
	return &Failure{No, errTold}
}
