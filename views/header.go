package views

import (
	"cmp"
	"fmt"
	"strconv"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/doctor"
	"slotdeck/ui"
)

// totals are the cluster's sums over the nodes that answer.
type totals struct {
	answering, known int
	keys             int64
	used, limit      int64
	ops              int64
}

func totalsOf(s *cluster.Snapshot) totals {
	t := totals{known: len(s.Nodes), keys: -1, used: -1, ops: -1}
	for i := range s.Nodes {
		n := &s.Nodes[i]
		if n.Health == cluster.Answering {
			t.answering++
		}
		if !n.Info.Known() || n.Health != cluster.Answering {
			continue
		}
		add(&t.ops, n.Stats.OpsPerSec)
		if n.Member.Flags.Has(cluster.Primary) {
			add(&t.keys, n.Stats.Keys)
			add(&t.used, n.Stats.UsedMemory)
			t.limit += max(0, n.Stats.MaxMemory)
		}
	}
	return t
}

func add(sum *int64, v int64) {
	if v >= 0 {
		*sum = max(0, *sum) + v
	}
}

func statusPaint(t *ui.Theme, s doctor.Status) (ui.Paint, string) {
	switch s {
	case doctor.OK:
		return t.Good, t.Glyph.OK
	case doctor.Degraded:
		return t.Warn, t.Glyph.Suspect
	case doctor.Forming:
		return t.Note, t.Glyph.Lag
	case doctor.NoContact:
		return t.Bad, t.Glyph.Silent
	default:
		return t.Bad, t.Glyph.Fail
	}
}

// header is the one line that is the same on every screen. Its parts have
// fixed widths, so that only digits change; the least needed go first when the
// terminal is narrow.
func (a *App) header(sc *Scene) string {
	t := sc.Theme
	v := sc.Verdict
	p, glyph := statusPaint(t, v.Status)
	brief := " " + t.Named(a.cfg.Colour).Text(t.Cut(ui.Clean(a.cfg.Context), 24)) + "  " + p.Text(glyph+" "+v.Status.String())
	full := " " + t.Strong.Text("slotdeck") + " " + brief
	right := a.clock(sc)
	if sc.Snap == nil {
		return t.Apart(full, right, a.w)
	}
	sum := totalsOf(sc.Snap)
	mem := t.Bytes(sum.used)
	if sum.limit > 0 {
		mem += "/" + t.Bytes(sum.limit)
	}
	parts := []struct {
		text string
		drop int
	}{
		{fmt.Sprintf("%d/%d nodes", sum.answering, sum.known), 0},
		{fmt.Sprintf("%5d/16384 slots", v.Served), 1},
		{fmt.Sprintf("%5s keys", t.Count(sum.keys)), 2},
		{fmt.Sprintf("%5s mem", mem), 4},
		{fmt.Sprintf("%5s ops/s", t.Count(sum.ops)), 3},
	}
	// Rather than the slots the program's name is left out.
	for _, try := range [...]struct {
		left  string
		least int
	}{{full, 2}, {brief, 0}} {
		room := a.w - ui.Width(try.left) - ui.Width(right) - 2
		for worst := 5; worst >= try.least; worst-- {
			line := ""
			for _, part := range parts {
				if part.drop < worst {
					line += "   " + part.text
				}
			}
			if ui.Width(line) <= room {
				return t.Apart(try.left+line, right, a.w)
			}
		}
	}
	return t.Apart(brief, right, a.w)
}

// clock is the right end of the header: badges, and how old the newest reading is.
func (a *App) clock(sc *Scene) string {
	t := sc.Theme
	badge := cmp.Or(a.jobs().badge(t), a.conduct().badge(t))
	if change := a.members.badge(t); change != "" && badge == "" {
		badge = change
	}
	if badge != "" {
		badge += "  "
	}
	badge += findingsBadge(sc)
	if a.cfg.ReadOnly {
		badge += t.Dim.Text("READ-ONLY") + " "
	} else if a.cfg.Protected {
		badge += t.Warn.Text("PROTECTED") + " "
	}
	switch {
	case sc.Frozen:
		return badge + t.WarnFill.Text(" HELD "+t.Span(a.now.Sub(a.held.At).Round(1e9))+" ") + " "
	case a.paused:
		return badge + t.WarnFill.Text(" PAUSED ") + " "
	case sc.Snap == nil:
		return badge + t.Dim.Text("connecting") + " "
	}
	var newest time.Time
	for i := range sc.Snap.Nodes {
		if seen := sc.Snap.Nodes[i].LastSeen; seen.After(newest) {
			newest = seen
		}
	}
	switch {
	case newest.IsZero():
		return badge + t.Bad.Text("no answer yet") + " "
	case sc.Stale(newest):
		return badge + t.Bad.Text("last answer "+sc.Age(newest)+" ago") + " "
	}
	return badge + t.Dim.Text(t.Glyph.Refresh+" "+t.Span(sc.Snap.Interval)) + " "
}

// findingsBadge counts what is urgent and what should be looked into, with the
// signs that they have on the screen of health; notes and what is muted do not
// count.
func findingsBadge(sc *Scene) string {
	var count [doctor.Urgent + 1]int
	for _, f := range sc.Findings {
		count[f.Severity]++
	}
	out := ""
	for _, s := range []doctor.Severity{doctor.Urgent, doctor.Look} {
		if p, glyph := severityPaint(sc.Theme, s); count[s] > 0 {
			out += p.Text(glyph+strconv.Itoa(count[s])) + " "
		}
	}
	return out
}

// title is the terminal's title.
func (a *App) title(sc *Scene) string {
	return "slotdeck " + ui.Clean(a.cfg.Context) + ": " + sc.Verdict.Status.String()
}
