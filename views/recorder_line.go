package views

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"slotdeck/cluster/recorder"
	"slotdeck/ui"
)

// recent is for how long Overview shows a failover.
const recent = 10 * time.Minute

// lines are the failovers that Overview shows: one of this console that runs
// or did not end well, and the newest record, while they are recent.
func (d *failoverDesk) lines(sc *Scene) []string {
	if d == nil {
		return nil
	}
	t := sc.Theme
	var lines []string
	if n := len(d.runs); n > 0 {
		if l := runLine(sc, d.runs[n-1]); l != "" {
			lines = append(lines, l)
		}
	}
	for _, f := range slices.Backward(d.records) {
		if at, ok := recordTime(&f); ok && sc.Now.Sub(at) < recent {
			if f.Outcome != recorder.Running || f.To.ID != "" { // trouble alone is in the verdict already
				lines = append(lines, recordLine(sc, &f, at))
			}
			break
		}
	}
	if len(lines) == 0 {
		return nil
	}
	return append(append([]string{t.Heading("failover", "", sc.W)}, lines...), "")
}

// runLine is a failover of this console while it is not told by its record.
func runLine(sc *Scene, r *failoverRun) string {
	t, s := sc.Theme, r.state
	what := t.Shard(hueOf(sc, r.plan.Shard)).Text.Text(r.plan.Shard) + " " + wayNames[r.kind] + " to " + ui.Clean(r.plan.Addr) + ": "
	switch {
	case r.err != nil, s.Done && s.OK, s.Done && sc.Now.Sub(s.Sent) > recent:
		return ""
	case s.Done:
		return t.Cut(" "+t.Bad.Text(t.Glyph.Fail)+" "+what+ui.Clean(s.Text), sc.W)
	}
	return t.Cut(" "+t.Note.Text(t.Glyph.Lag)+" "+what+ui.Clean(s.Message)+t.Dim.Text(" (f)"), sc.W)
}

// recordLine is a record in one line.
func recordLine(sc *Scene, f *recorder.Failover, at time.Time) string {
	t := sc.Theme
	p, glyph := recordPaint(t, f)
	head := " " + p.Text(glyph) + " " + t.Shard(hueOf(sc, f.Shard)).Text.Text(ui.Clean(f.Shard)) + " " + t.Dim.Text(t.Right(sc.Age(at), 4)+" ago") + "  "
	for said := 2; said > 0; said-- { // what was lost is worth more than why, and how far it is
		if line := head + recordText(sc, f, said); ui.Width(line) <= sc.W {
			return line
		}
	}
	return t.Cut(head+recordText(sc, f, 0), sc.W)
}

// recordText tells a record in a line: who, for how long, at what price; from 1
// on also how far it is, from 2 on why it came.
func recordText(sc *Scene, f *recorder.Failover, said int) string {
	t, book := sc.Theme, newAddressBook(sc.Snap, sc.W < 100)
	route := book.name(f.From.ID) + " in trouble"
	if f.To.ID != "" {
		route = book.name(f.From.ID) + " " + t.Glyph.Arrow + " " + book.name(f.To.ID)
	}
	parts := []string{route}
	if said > 1 && f.Cause != recorder.Unclear {
		parts = append(parts, f.Cause.String())
	}
	if said > 0 && f.Outcome != recorder.Complete {
		parts = append(parts, f.Outcome.String())
	}
	if f.To.ID != "" {
		parts = append(parts, "not served "+recordGap(f))
		if f.Cause != recorder.Manual || f.AtRisk > 0 {
			parts = append(parts, recordRisk(t, f))
		}
	}
	return strings.Join(parts, ", ")
}

func recordRoute(t *ui.Theme, f *recorder.Failover) string {
	if f.To.ID == "" {
		return ui.Clean(f.From.Addr) + " in trouble"
	}
	return ui.Clean(f.From.Addr) + " " + t.Glyph.Arrow + " " + ui.Clean(f.To.Addr)
}

func recordGap(f *recorder.Failover) string {
	gap, ok := f.Unavailable()
	switch {
	case !ok:
		return "for an unknown time"
	case gap == 0:
		return fmt.Sprintf("under %.1f s", f.Precision.Seconds())
	}
	return fmt.Sprintf("%.1f s", gap.Seconds())
}

func recordRisk(t *ui.Theme, f *recorder.Failover) string {
	if f.AtRisk < 0 {
		return "data at risk unknown"
	}
	return t.Bytes(f.AtRisk) + " at risk"
}

// recordTime is the moment that a record is told under: when there was a new
// primary, else when it began.
func recordTime(f *recorder.Failover) (time.Time, bool) {
	if s, ok := f.Stage(recorder.Promoted); ok {
		return s.At, true
	}
	if len(f.Stages) == 0 {
		return time.Time{}, false
	}
	return f.Stages[0].At, true
}

func recordPaint(t *ui.Theme, f *recorder.Failover) (ui.Paint, string) {
	switch f.Outcome {
	case recorder.Running:
		return t.Bad, t.Glyph.Lag
	case recorder.Superseded:
		return t.Bad, t.Glyph.Fail
	case recorder.Taken:
		return t.Warn, t.Glyph.Suspect
	}
	if f.Cause == recorder.Manual {
		return t.Good, t.Glyph.OK
	}
	return t.Warn, t.Glyph.OK
}

func hueOf(sc *Scene, letter string) int {
	for i := range sc.Snap.Shards {
		if sc.Snap.Shards[i].Letter == letter {
			return sc.Snap.Shards[i].Hue
		}
	}
	return 0
}
