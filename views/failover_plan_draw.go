package views

import (
	"fmt"
	"slices"
	"strings"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/cluster/quorum"
	"slotdeck/ui"
)

// wayNames are the ways as operators call them.
var wayNames = [...]string{"graceful", "FORCE", "TAKEOVER"}

// draw is the page's body: who, how, what was looked at, what will be sent.
func (c *failoverCockpit) draw(t *ui.Theme, w int) []string {
	lines := c.who(t, w)
	if c.err != nil {
		return lines
	}
	lines = append(lines, "")
	if w >= 100 {
		lines = append(append(lines, c.columns(t, w)...), "")
	} else {
		lines = append(lines, c.rows(t, w)...)
	}
	lines = append(lines, labelled(t, "advice", []string{c.plan.Why}, t.Strong, w)...)
	for i, check := range c.plan.Checks {
		mark, label := t.Good.Text(t.Glyph.OK), ""
		if check.State != plan.Passed {
			mark = t.Warn.Text(t.Glyph.Suspect)
		}
		if i == 0 {
			label = "checks"
		}
		for k, l := range ui.Wrap(ui.Clean(check.Text), max(20, w-14)) {
			if k > 0 {
				mark, label = " ", ""
			}
			lines = append(lines, " "+t.Dim.Text(t.Left(label, labelWidth))+mark+" "+l)
		}
	}
	send := t.Strong.Text(c.plan.Variant(c.kind).Command) + t.Dim.Text(" to ") + c.plan.Addr +
		t.Dim.Text(", once, valid for "+t.Span(c.plan.Timeout))
	return append(lines, " "+t.Dim.Text(t.Left("sends", labelWidth))+t.Cut(send, w-labelWidth-1))
}

const labelWidth = 9

// labelled is a label and a text that is wrapped beside it.
func labelled(t *ui.Theme, label string, texts []string, p ui.Paint, w int) (lines []string) {
	for _, text := range texts {
		for _, l := range ui.Wrap(ui.Clean(text), max(20, w-labelWidth-2)) {
			lines = append(lines, " "+t.Dim.Text(t.Left(label, labelWidth))+p.Text(l))
			label = ""
		}
	}
	return lines
}

// who is the shard, its primary and its replicas.
func (c *failoverCockpit) who(t *ui.Theme, w int) []string {
	sc := &Scene{Snap: c.snap, Now: c.snap.At, Theme: t, W: w}
	i := slices.IndexFunc(c.snap.Shards, func(s cluster.Shard) bool { return s.Letter == c.shard })
	if i < 0 {
		return []string{" " + t.Dim.Text("shard "+c.shard+" is gone")}
	}
	sh := &c.snap.Shards[i]
	var ranges []string
	for _, r := range sh.Slots {
		ranges = append(ranges, r.String())
	}
	share := fmt.Sprintf("%d slots, %d%% of the key space: %s", sh.SlotLen, (sh.SlotLen*100+8192)/16384, strings.Join(ranges, ", "))
	lines := []string{" " + t.Dim.Text(t.Left("shard", labelWidth)) + t.Shard(sh.Hue).Text.Text(sh.Letter) + "  " + t.Cut(share, w-labelWidth-5)}
	if p, ok := c.snap.Node(sh.Primary); ok {
		st := nodeState(sc, p)
		lines = append(lines, " "+t.Dim.Text(t.Left("primary", labelWidth))+t.Left(addressOf(p), 22)+"  "+st.paint(t).Text(st.text()))
	} else {
		lines = append(lines, " "+t.Dim.Text(t.Left("primary", labelWidth))+t.Bad.Text("none"))
	}
	label := "replica"
	if len(c.candidates) > 1 {
		label = "replicas"
	}
	for _, x := range c.candidates {
		lines = append(lines, t.Cut(" "+t.Dim.Text(t.Left(label, labelWidth))+c.candidate(sc, x), w))
		label = ""
	}
	return lines
}

// candidate is one replica: how far behind, and whether it could stand by itself.
func (c *failoverCockpit) candidate(sc *Scene, x quorum.Candidate) string {
	t := sc.Theme
	n, ok := c.snap.Node(x.Node)
	if !ok {
		return ""
	}
	name := t.Left(addressOf(n), 20)
	mark := "  "
	if x.Node == c.replica {
		mark, name = t.Accent.Text(t.Glyph.Cursor)+" ", t.Strong.Text(name)
	}
	behind := "behind by an unknown amount"
	if x.Behind >= 0 {
		behind = t.Bytes(x.Behind) + " behind"
	}
	text := mark + name + "  " + t.Left(behind, 12) + "  "
	switch {
	case x.Why != "":
		return text + t.Warn.Text(t.Glyph.Suspect) + " " + ui.Clean(x.Why)
	case x.Doubt != "":
		return text + t.Note.Text(t.Glyph.Idle) + " " + ui.Clean(x.Doubt)
	}
	return text + t.Good.Text(t.Glyph.OK) + " " + t.Dim.Text("can take over")
}

// verdictOf is whether a way can be gone, in a few words.
func (c *failoverCockpit) verdictOf(t *ui.Theme, v plan.Failover) (glyph, text string, p ui.Paint) {
	advised := c.plan.Advised != nil && *c.plan.Advised == v.Kind
	switch {
	case v.Disabled != "":
		return t.Glyph.Fail, "cannot work now", t.Bad
	case advised:
		return t.Glyph.OK, "advised", t.Good
	}
	return t.Glyph.Idle, "possible", t.Note
}

// columns sets the three ways side by side.
func (c *failoverCockpit) columns(t *ui.Theme, w int) []string {
	const gap = 3
	each := (w - 2 - 2*gap) / 3
	var out []string
	for i, v := range c.plan.Variants {
		col := c.column(t, v, each)
		if i == 0 {
			out = indented(col)
			continue
		}
		out = t.Beside(out, col, 1+i*each+(i-1)*gap, gap)
	}
	return out
}

func indented(lines []string) []string {
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = " " + l
	}
	return out
}

func (c *failoverCockpit) column(t *ui.Theme, v plan.Failover, w int) []string {
	glyph, word, p := c.verdictOf(t, v)
	chosen := v.Kind == c.kind
	mark, name, rule := "  ", wayNames[v.Kind], t.Dim
	if chosen {
		mark, rule = t.Accent.Text(t.Glyph.Cursor)+" ", t.Accent
		name = t.Strong.Text(name)
	}
	lines := []string{
		t.Apart(mark+name, p.Text(glyph+" "+word), w),
		rule.Text(strings.Repeat(t.Glyph.Rule, w)),
	}
	if v.Disabled != "" {
		for _, l := range ui.Wrap(ui.Clean(v.Disabled), w) {
			lines = append(lines, t.Strong.Text(l))
		}
		return lines
	}
	lines = append(lines, riskPaint(t, v.Risk).Text(v.Risk.String())+t.Dim.Text(", asks "+asks(c.plan, v.Kind)))
	return append(lines, ui.Wrap(ui.Clean(v.Price), w)...)
}

// asks is whose consent a way needs.
func asks(p plan.FailoverPlan, k plan.FailoverKind) string {
	votes := fmt.Sprintf("%d of %d votes", p.Need, p.Voters)
	switch k {
	case plan.Graceful:
		return "the primary and " + votes
	case plan.Force:
		return votes
	}
	return "nobody"
}

// rows sets the three ways one below the other, with the chosen one's price.
func (c *failoverCockpit) rows(t *ui.Theme, w int) []string {
	var lines []string
	for _, v := range c.plan.Variants {
		glyph, word, p := c.verdictOf(t, v)
		mark, name := "  ", t.Left(wayNames[v.Kind], 10)
		if v.Kind == c.kind {
			mark, name = t.Accent.Text(t.Glyph.Cursor)+" ", t.Strong.Text(name)
		}
		text := riskPaint(t, v.Risk).Text(v.Risk.String()) + t.Dim.Text(", asks "+asks(c.plan, v.Kind))
		if v.Disabled != "" {
			text = ui.Clean(v.Disabled)
		}
		lines = append(lines, t.Cut(" "+mark+name+" "+p.Text(t.Left(glyph+" "+word, 17))+" "+text, w))
	}
	lines = append(lines, "")
	if v := c.plan.Variant(c.kind); v.Disabled == "" {
		lines = append(lines, labelled(t, "price", []string{v.Price}, t.Plain, w)...)
	}
	return lines
}
