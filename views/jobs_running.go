package views

import (
	"fmt"
	"strconv"
	"time"

	"slotdeck/ui"
)

// runningLines are a job at work.
func (j *Jobs) runningLines(sc *Scene) []string {
	t, p := sc.Theme, &j.at
	lines := []string{t.Apart("   "+t.Strong.Text(ui.Clean(p.Title)), jobStateWord(t, p)+" ", sc.W)}
	bar := max(10, sc.W-3-20)
	paint := t.Accent
	if p.State == JobPaused || p.State == JobAsking {
		paint = t.Warn
	}
	lines = append(lines, "   "+t.Line(max(0, p.Share()), bar, paint)+"  "+t.Strong.Text(t.Right(t.Percent(p.Share()), 4))+t.Dim.Text("   left ")+clockText(t, p.ETA))
	if p.Question != nil {
		lines = append(lines, "")
		lines = append(lines, j.questionLines(sc, p.Question)...)
		lines = append(lines, "")
		return append(lines, j.sumLines(sc)...)
	}
	lines = append(lines, "")
	lines = append(lines, j.sumLines(sc)...)
	message := p.Message
	if j.leaving {
		message = "leaving: the slots in hand are being finished, then the console closes"
	}
	if message != "" {
		lines = append(lines, wrapped(t, t.Note.Text(t.Glyph.Bullet), message, sc.W)...)
	}
	lines = append(lines, "")
	rest := sc.H - len(lines)
	if sc.W >= 120 {
		half := sc.W/2 - 1
		left := append(j.pairLines(sc, half, rest), "")
		left = append(left, j.latencyLines(sc, half, rest-len(left))...)
		return append(lines, t.Beside(left, j.flightLines(sc, sc.W-half-2, rest), half, 2)...)
	}
	pairs := j.pairLines(sc, sc.W, max(3, rest/3))
	nodes := j.latencyLines(sc, sc.W, max(3, rest-len(pairs)-3))
	lines = append(lines, pairs...)
	lines = append(lines, nodes...)
	return append(lines, j.flightLines(sc, sc.W, rest-len(pairs)-len(nodes))...)
}

func jobStateWord(t *ui.Theme, p *MoveProgress) string {
	switch p.State {
	case JobPaused:
		return t.WarnFill.Text(" PAUSED ")
	case JobAsking:
		return t.WarnFill.Text(" ASKS YOU ")
	case JobStopping, JobRollingBack, JobSettling:
		return t.Warn.Text(t.Glyph.Lag + " " + p.State.String())
	}
	return t.Good.Text(t.Glyph.OK + " " + p.State.String())
}

// sumLines are the numbers of a job, each at its place.
func (j *Jobs) sumLines(sc *Scene) []string {
	t, p := sc.Theme, &j.at
	of := func(name string, a Tally, show func(int64) string) string {
		total := "?"
		if a.Total > 0 || p.State > JobPreparing {
			total = show(a.Total)
		}
		if a.Total <= 0 && a.Done != 0 {
			total = "?"
		}
		return "   " + t.Dim.Text(t.Left(name, 6)) + t.Right(show(a.Done), 7) + t.Dim.Text(" of ") + t.Left(total, 9)
	}
	second := func(name, value string) string { return t.Dim.Text(t.Left(name, 9)) + t.Left(value, 22) }
	rate := t.Right(t.Count(int64(p.KeysPerSecond)), 5) + " keys/s"
	if p.BytesPerSecond > 0 {
		rate += "  " + t.Right(t.Bytes(int64(p.BytesPerSecond)), 5) + "/s"
	}
	batch, throttle, block := plural(p.BatchKeys, "key")+" a call", "none", "at most "+t.Span(p.MaxBlock)
	switch {
	case p.Driver.Atomic():
		batch, throttle, block = "the servers' own", "not possible", "not by us"
	case p.Throttle > 0:
		throttle = t.Count(int64(p.Throttle)) + " keys/s"
	}
	lines := []string{
		of("slots", p.Slots, func(n int64) string { return strconv.FormatInt(n, 10) }) + second("rate", rate) + t.Spark(j.speeds, max(0, min(len(j.speeds), 60, sc.W-62)), t.Dim),
		of("keys", p.Keys, t.Count) + second("batch", batch) + t.Dim.Text("elapsed ") + clockText(t, p.Elapsed),
		of("bytes", p.Bytes, t.Bytes) + second("throttle", throttle) + t.Dim.Text("block ") + block,
	}
	if p.DriverWhy != "" {
		lines = append(lines, "   "+t.Dim.Text("by    ")+ui.Clean(p.DriverWhy))
	}
	return lines
}

// clockText is a length of time as 1:05 or 1:02:03, at its full precision: what
// counts down must not jump.
func clockText(t *ui.Theme, d time.Duration) string {
	if d < 0 {
		return t.Glyph.None
	}
	s := int(d.Round(time.Second) / time.Second)
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}

func (j *Jobs) pairLines(sc *Scene, w, h int) []string {
	t := sc.Theme
	lines := []string{t.Heading("pairs", "", w)}
	bar := max(6, min(40, w-52))
	for i, p := range j.at.Pairs {
		if len(lines) == h-1 && i < len(j.at.Pairs)-1 {
			return append(lines, "   "+t.Dim.Text(fmt.Sprintf("%d more", len(j.at.Pairs)-i)))
		}
		paint := t.Accent
		if p.State == "done" {
			paint = t.Good
		}
		lines = append(lines, fmt.Sprintf("   %s %s %s slots %s keys  %s", t.Left(pairName(t, sc.Snap, p.From, p.To), 6),
			t.Line(max(0, p.Slots.share()), bar, paint), t.Right(fmt.Sprintf("%d/%d", p.Slots.Done, p.Slots.Total), 9),
			t.Right(t.Count(p.Keys.Done)+"/"+t.Count(p.Keys.Total), 11), p.State))
	}
	return lines
}

// latencyLines are how long calls hold each node, against the budget.
func (j *Jobs) latencyLines(sc *Scene, w, h int) []string {
	t := sc.Theme
	if h < 2 || len(j.at.Latency) == 0 {
		return nil
	}
	lines := []string{t.Heading("nodes answer in", t.Dim.Text("last     worst of 10 s "), w)}
	book := newAddressBook(sc.Snap, w < 100)
	aw := book.width(8, 22)
	bar := max(6, min(40, w-24-aw))
	for i, l := range j.at.Latency {
		if len(lines) == h-1 && i < len(j.at.Latency)-1 {
			return append(lines, "   "+t.Dim.Text(fmt.Sprintf("%d more", len(j.at.Latency)-i)))
		}
		paint, budget := t.Good, j.at.MaxBlock
		share := -1.0
		if budget > 0 {
			share = float64(l.Worst) / float64(budget)
		}
		if share > 1 {
			paint = t.Warn
		}
		lines = append(lines, t.Apart("   "+shadeOf(t, sc.Snap, l.Node).Text(t.Left(letterOf(sc.Snap, l.Node), 2))+" "+t.Left(book.name(l.Node), aw)+" "+t.Line(share, bar, paint),
			t.Right(t.Span(l.Last), 6)+"   "+paint.Text(t.Right(t.Span(l.Worst), 6))+" ", min(w, 92)))
	}
	return lines
}

func (j *Jobs) flightLines(sc *Scene, w, h int) []string {
	t := sc.Theme
	if h < 2 {
		return nil
	}
	flight := j.at.InFlight
	lines := []string{t.Heading("slots in flight", t.Dim.Text(fmt.Sprint(len(flight), " ")), w)}
	if len(flight) == 0 {
		return append(lines, "   "+t.Dim.Text("none: nothing is open at this moment"))
	}
	columns := max(1, (w-2)/38)
	cell := (w - 2) / columns
	rows := min(h-1, (len(flight)+columns-1)/columns)
	for r := range rows {
		line := "  "
		for c := range columns {
			i := c*rows + r
			if i >= len(flight) {
				break
			}
			f := flight[i]
			left := t.Glyph.None
			if f.KeysLeft >= 0 {
				left = t.Count(f.KeysLeft)
			}
			line += t.Left(fmt.Sprintf(" %5d  %s  %s %s left", f.Slot, pairName(t, sc.Snap, f.From, f.To), t.Left(ui.Clean(f.Step), 12), t.Right(left, 5)), cell)
		}
		lines = append(lines, line)
	}
	return lines
}
