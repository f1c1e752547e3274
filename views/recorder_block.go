package views

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"slotdeck/cluster/recorder"
	"slotdeck/ui"
)

// blockLines is a failover opened: what it cost, and when each stage was.
func blockLines(sc *Scene, f *recorder.Failover, run *failoverRun, w int) []string {
	t := sc.Theme
	p, glyph := recordPaint(t, f)
	at, _ := recordTime(f)
	lines := []string{
		t.Apart(" "+p.Text(glyph)+" "+t.Strong.Text("failover of shard "+ui.Clean(f.Shard)), t.Dim.Text(sc.Age(at)+" ago "), w),
		t.Cut("   "+recordRoute(t, f), w),
	}
	head := []string{f.Cause.String() + ", " + f.Outcome.String()}
	if f.To.ID == "" {
		head[0] = f.Outcome.String()
	}
	if f.To.ID != "" {
		head = append(head, "not served "+recordGap(f), recordRisk(t, f))
	}
	for _, l := range flow(head, w-4) {
		lines = append(lines, "   "+l)
	}
	if f.Command != "" {
		lines = append(lines, t.Cut("   "+t.Dim.Text("ordered here: ")+ui.Clean(f.Command), w))
	}
	lines = append(append(lines, ""), stageLines(t, recordRows(t, f), w)...)
	lines = append(lines, t.Cut("   "+t.Dim.Text(firstStage(sc, f)+"late by up to "+t.Span(f.Precision)), w))
	if run == nil {
		return lines
	}
	lines = append(lines, "", " "+t.Head.Text("WATCHED CLOSELY, FROM THE COMMAND ON"))
	lines = append(lines, stageLines(t, stepRows(t, run.state), w)...)
	return append(lines, sentence(t, t.Good, t.Glyph.OK, run.state.Text, w)...)
}

// firstStage says when the clock of the stages began.
func firstStage(sc *Scene, f *recorder.Failover) string {
	if len(f.Stages) == 0 {
		return ""
	}
	return "from " + f.Stages[0].At.In(sc.Now.Location()).Format("15:04:05.000") + " on, as polled, "
}

// recordRows are a record's stages as lines.
func recordRows(t *ui.Theme, f *recorder.Failover) []stageRow {
	rows := make([]stageRow, 0, len(f.Stages))
	for _, s := range f.Stages {
		r := stageRow{glyph: t.Glyph.OK, paint: t.Note, name: s.Kind.String(), at: s.At.Sub(f.Stages[0].At), note: s.Note}
		switch s.Kind {
		case recorder.LastAnswer, recorder.FailAgreed:
			r.paint = t.Bad
		case recorder.Suspected:
			r.paint = t.Warn
		case recorder.Served, recorder.Agreed, recorder.OldBack:
			r.paint = t.Good
		}
		rows = append(rows, r)
	}
	return rows
}

// export writes a record as Markdown and as JSON.
func (d *failoverDesk) export(f recorder.Failover, run *failoverRun) tea.Cmd {
	write := d.write
	return func() tea.Msg {
		json, err := f.JSON()
		if err != nil {
			return recordSaved{err: err}
		}
		at, _ := recordTime(&f)
		name := "slotdeck-failover-" + f.Shard + "-" + at.UTC().Format("20060102-150405")
		var saved recordSaved
		for _, file := range []struct{ ext, text string }{{".md", f.Markdown() + closely(run)}, {".json", string(json) + "\n"}} {
			path, err := write(name+file.ext, file.text)
			if err != nil {
				saved.err = err
				break
			}
			saved.paths = append(saved.paths, path)
		}
		return saved
	}
}

// closely is what this console saw of its own failover, for the postmortem.
func closely(run *failoverRun) string {
	if run == nil {
		return ""
	}
	var b strings.Builder
	b.WriteString("\n### Watched closely, from the command on\n\n" + ui.Clean(run.state.Text) + ".\n\n| step | after the command | note |\n|---|---:|---|\n")
	for _, s := range run.state.Steps {
		if s.Seen {
			b.WriteString("| " + s.Name + " | " + secondsText(s.Took) + " | " + strings.ReplaceAll(ui.Clean(s.Note), "|", "·") + " |\n")
		}
	}
	return b.String()
}

func toldSaved(msg recordSaved) tea.Cmd {
	if msg.err != nil {
		return warn("the record could not be saved: " + ui.Clean(msg.err.Error()))
	}
	return say("saved as " + ui.Clean(strings.Join(msg.paths, " and ")))
}
