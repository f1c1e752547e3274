package views

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"slotdeck/cluster"
	"slotdeck/keyslot"
	"slotdeck/ui"
)

// part is one section of the details: a title and lines of name and value.
type part struct {
	title string
	rows  [][2]string
	lines []string // instead of rows
}

// detail is the pane of one node: the sections' names in a line, then the
// chosen section, scrolled.
func (n *Nodes) detail(sc *Scene, node *cluster.Node, w, h int) []string {
	t := sc.Theme
	parts := partsOf(sc, node, w)
	n.parts = len(parts)
	n.section = min(n.section, len(parts)-1)
	p := parts[n.section]

	mark := t.Dim
	if n.focus {
		mark = t.Accent
	}
	head := t.Apart(" "+mark.Text(t.Glyph.Cursor)+" "+t.Strong.Text(addressOf(node))+" "+roleWord(node),
		t.Dim.Text(fmt.Sprintf("%d/%d ", n.section+1, len(parts))), w)
	lines := []string{head, sectionBar(t, parts, n.section, w), ""}

	text := p.lines
	if text == nil {
		nw := 10
		for _, r := range p.rows {
			nw = min(30, max(nw, ui.Width(r[0])))
		}
		for _, r := range p.rows {
			text = append(text, " "+t.Dim.Text(t.Left(r[0], nw))+"  "+t.Cut(r[1], max(1, w-nw-4)))
		}
	}
	for _, l := range n.pane.window(text, h-len(lines)) {
		lines = append(lines, t.Cut(l, w))
	}
	return ui.Fill(lines, h)
}

// sectionBar names the sections around the chosen one.
func sectionBar(t *ui.Theme, parts []part, at, w int) string {
	first := 0
	for {
		line, used := " ", 1
		seen := false
		for i := first; i < len(parts); i++ {
			n := ui.Width(parts[i].title) + 2
			if used+n > w {
				break
			}
			p := t.Dim
			if i == at {
				p, seen = t.Accent, true
			}
			line += p.Text(parts[i].title) + "  "
			used += n
		}
		if seen || first >= at {
			return line
		}
		first++
	}
}

func partsOf(sc *Scene, n *cluster.Node, w int) []part {
	parts := []part{aboutPart(sc, n)}
	if n.Info.Known() {
		for _, s := range n.Info.Value.Sections {
			p := part{title: strings.ToLower(ui.Clean(s.Name))}
			for _, f := range s.Fields {
				p.rows = append(p.rows, [2]string{ui.Clean(f.Name), ui.Clean(f.Value)})
			}
			if len(p.rows) > 0 {
				parts = append(parts, p)
			}
		}
	}
	if n.ClusterInfo.Known() {
		p := part{title: "cluster info"}
		for _, f := range n.ClusterInfo.Value.Fields {
			p.rows = append(p.rows, [2]string{ui.Clean(f.Name), ui.Clean(f.Value)})
		}
		parts = append(parts, p)
	}
	if n.View.Known() {
		parts = append(parts, part{title: "its view", lines: viewLines(sc, n, w)})
	}
	return parts
}

// aboutPart is what the console itself can say of a node.
func aboutPart(sc *Scene, n *cluster.Node) part {
	t := sc.Theme
	p := part{title: "about"}
	row := func(name, value string) { p.rows = append(p.rows, [2]string{name, value}) }
	st := nodeState(sc, n)
	row("state", st.paint(t).Text(st.text()))
	if n.Err != nil {
		for i, l := range ui.Wrap(ui.Clean(n.Err.Error()), 60) {
			name := ""
			if i == 0 {
				name = "because"
			}
			row(name, l)
		}
	}
	row("id", ui.Clean(string(n.ID)))
	row("announced", addressOf(n))
	if n.Member.Endpoint.Hostname != "" {
		row("hostname", ui.Clean(n.Member.Endpoint.Hostname))
	}
	if n.Member.Endpoint.BusPort != 0 {
		row("bus port", strconv.Itoa(n.Member.Endpoint.BusPort))
	}
	row("dialled", ui.Clean(n.Dialled))
	row("flags", ui.Clean(n.Member.Flags.String()))
	if n.Member.Primary != "" {
		row("replica of", newAddressBook(sc.Snap, false).name(n.Member.Primary))
	}
	row("epoch", strconv.FormatUint(n.Member.Epoch, 10))
	row("version", versionOf(n))
	if slots := slotCount(n); slots > 0 {
		row("slots", strconv.Itoa(slots)+" in "+plural(len(n.Member.Slots), "range"))
		for i, text := range ui.Wrap(rangesText(n.Member.Slots), 50) {
			name := ""
			if i == 0 {
				name = "ranges"
			}
			row(name, text)
		}
	}
	row("answered", howLongAgo(sc, n.LastSeen))
	row("INFO read", howLongAgo(sc, n.Info.At))
	row("view read", howLongAgo(sc, n.View.At))
	if n.Latency.Known() {
		row("ping", t.Span(n.Latency.Value))
	}
	if len(n.PFailBy)+len(n.FailBy) > 0 {
		row("suspected by", names(sc, n.PFailBy))
		row("held failed by", names(sc, n.FailBy))
	}
	return p
}

// howLongAgo tells the age of a reading; what came within the tick is new, and
// its milliseconds would only flicker.
func howLongAgo(sc *Scene, at time.Time) string {
	if at.IsZero() {
		return "never"
	}
	return ago(sc, at)
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	if rest, ok := strings.CutSuffix(word, "ry"); ok {
		word = rest + "rie"
	}
	return strconv.Itoa(n) + " " + word + "s"
}

func names(sc *Scene, ids []cluster.NodeID) string {
	book := newAddressBook(sc.Snap, true)
	var out []string
	for _, id := range ids {
		out = append(out, book.name(id))
	}
	if len(out) == 0 {
		return sc.Theme.Glyph.None
	}
	return strings.Join(out, " ")
}

func rangesText(ranges []keyslot.Range) string {
	words := make([]string, len(ranges))
	for i, r := range ranges {
		words[i] = r.String()
	}
	return strings.Join(words, " ")
}

// viewLines are what this node says of every node: the place to look when
// nodes do not agree.
func viewLines(sc *Scene, n *cluster.Node, w int) []string {
	t := sc.Theme
	book := newAddressBook(sc.Snap, w < 100)
	aw := book.width(8, 24)
	lines := []string{t.Dim.Text(fmt.Sprintf(" %s  %-22s %5s %-5s  %s", t.Left("node", aw), "flags", "epoch", "link", "slots"))}
	for _, m := range n.View.Value.Members {
		link := "up"
		if !m.Linked {
			link = "down"
		}
		if m.ID == n.View.Value.Myself {
			link = "self"
		}
		lines = append(lines, fmt.Sprintf(" %s  %s %5d %-5s  %s", t.Left(book.name(m.ID), aw),
			t.Left(ui.Clean(m.Flags.String()), 22), m.Epoch, link, t.Cut(rangesText(m.Slots), max(4, w-aw-42))))
	}
	return lines
}
