package cli

import (
	"context"
	"fmt"

	"slotdeck/views"
)

// reportAnswer is how a job ended, for programs.
type reportAnswer struct {
	Job       string          `json:"job"`
	Title     string          `json:"title"`
	Outcome   string          `json:"outcome"`
	OK        bool            `json:"ok"`
	Error     string          `json:"error,omitempty"`
	Driver    string          `json:"driver"`
	Moved     string          `json:"moved"`                 // slots as "0-99,200"
	Back      string          `json:"rolled_back,omitempty"` // slots that are with the owner they had, and closed
	Left      string          `json:"not_moved"`
	Open      string          `json:"open"`
	Skipped   string          `json:"left_out"`
	Keys      int64           `json:"keys"`
	Bytes     int64           `json:"bytes"` // -1: not known
	Seconds   float64         `json:"seconds"`
	Nodes     []verdictNode   `json:"nodes"`
	Saved     []string        `json:"saved_values,omitempty"`
	Remains   []string        `json:"left_to_do,omitempty"`
	Sentences []string        `json:"sentences,omitempty"`
	WorstMS   []worstOfAnswer `json:"longest_calls,omitempty"`
}

type verdictNode struct {
	Addr   string `json:"addr"`
	Agrees bool   `json:"agrees"`
	Error  string `json:"error,omitempty"`
	Text   string `json:"text,omitempty"`
}

type worstOfAnswer struct {
	Node string  `json:"node"`
	MS   float64 `json:"ms"`
}

// tell prints how a job ended, and makes the exit code of it.
func (m *moving) tell(ctx context.Context, r views.MoveReport) error {
	if m.out == asJSON {
		if err := writeJSON(m.w.Out, answerReport(r)); err != nil {
			return err
		}
	} else {
		m.print(r)
	}
	switch {
	case ctx.Err() != nil && !r.OK || ctx.Err() != nil && !r.Left.Empty():
		return &Failure{Interrupted, errTold}
	case !r.OK:
		return &Failure{No, errTold}
	}
	return nil
}

func (m *moving) print(r views.MoveReport) {
	say := func(format string, args ...any) { fmt.Fprintln(m.w.Out, clean(fmt.Sprintf(format, args...))) }
	for _, s := range r.Sentences {
		say("%s", s)
	}
	for _, n := range r.Nodes {
		switch {
		case n.Err != nil:
			say("  %s could not be asked: %v", n.Addr, n.Err)
		case !n.Agrees:
			say("  %s does not agree: %s", n.Addr, n.Text)
		}
	}
	for _, s := range r.Saved {
		say("saved values: %s", s)
	}
	for _, s := range r.Remains {
		say("left to do: %s", s)
	}
	if !r.Open.Empty() {
		say("%d slots are open (%s); to settle them: slotdeck resume %s", r.Open.Len(), r.Open, m.seed)
	} else if !r.Left.Empty() && r.Back.Empty() {
		say("%d slots were not moved; nothing is open. To go on:", r.Left.Len())
		for _, mv := range m.plan.Moves {
			rest := mv.Set()
			if rest = rest.Intersect(r.Left); !rest.Empty() {
				say("  slotdeck reshard %s --to %s --slot-ranges %s", m.seed, mv.To.Short(), rest)
			}
		}
	}
	switch {
	case r.OK && r.Moved.Empty() && !r.Back.Empty():
		say("[OK] %d slots and %d keys are back with the owner they had, in %.1f s; every node that was asked agrees.", r.Back.Len(), r.Keys, r.Took.Seconds())
	case r.OK && r.Left.Empty() && !r.Back.Empty():
		say("[OK] %d slots moved and %d rolled back, with %d keys, in %.1f s; every node that was asked agrees.", r.Moved.Len(), r.Back.Len(), r.Keys, r.Took.Seconds())
	case r.OK && r.Left.Empty():
		say("[OK] %d slots and %d keys moved in %.1f s; every node that was asked agrees.", r.Moved.Len(), r.Keys, r.Took.Seconds())
	case r.Err != nil:
		say("[ERR] %s: %v", r.Outcome, r.Err)
	case r.OK:
		say("[WARNING] %s: %d slots moved, %d not.", r.Outcome, r.Moved.Len(), r.Left.Len())
	default:
		say("[ERR] %s: %d slots moved, %d not, %d open.", r.Outcome, r.Moved.Len(), r.Left.Len(), r.Open.Len())
	}
}

func answerReport(r views.MoveReport) reportAnswer {
	a := reportAnswer{
		Job: r.Job, Title: r.Title, Outcome: r.Outcome, OK: r.OK, Driver: r.Driver.String(), Moved: r.Moved.String(), Back: r.Back.String(), Left: r.Left.String(),
		Open: r.Open.String(), Skipped: r.Skipped.String(), Keys: r.Keys, Bytes: r.Bytes, Seconds: r.Took.Seconds(),
		Nodes: []verdictNode{}, Saved: r.Saved, Remains: r.Remains, Sentences: r.Sentences,
	}
	if r.Err != nil {
		a.Error = r.Err.Error()
	}
	for _, n := range r.Nodes {
		v := verdictNode{Addr: n.Addr, Agrees: n.Agrees, Text: n.Text}
		if n.Err != nil {
			v.Error = n.Err.Error()
		}
		a.Nodes = append(a.Nodes, v)
	}
	for _, l := range r.Worst {
		a.WorstMS = append(a.WorstMS, worstOfAnswer{string(l.Node), float64(l.Worst.Microseconds()) / 1000})
	}
	return a
}
