package views

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	tea "charm.land/bubbletea/v2"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/ui"
)

// purgeRate is how many keys a second are deleted at most: UNLINK gives the
// memory back beside the server's work, but not for nothing.
const purgeRate = 1000

// purgePatience is for one step of a deletion, with all values saved.
const purgePatience = 60 * time.Second

// purgeSample is how many keys a plan names: on 24 lines its risk is seen, too.
const purgeSample = 6

// purge is the deletion of all keys of a query, a step at a time.
type purge struct {
	nr      int
	nodes   []cluster.NodeID
	node    int
	ask     BrowseAsk
	note    PurgeNote
	stopped bool
	done    bool
	err     error
}

// purgeStepped is one step of a deletion.
type purgeStepped struct {
	nr            int
	next          string
	found         int
	removed, left int
	err           error
}

// purgeLeft is a deletion that was broken off, as it was written down.
type purgeLeft struct {
	note  PurgeNote
	known bool
}

func (p *browsePage) purging() bool { return p.purge != nil && !p.purge.done }

func purgeOff(p browseOn) string {
	q := p.query
	switch {
	case p.only:
		return readOnly
	case p.nr == 0 || p.list.total == 0:
		return "no key was found"
	case p.purge != nil:
		return "look for the keys once more first"
	case !p.done():
		return "count the keys first (c): nothing is deleted that was not counted"
	case q.match == "" && len(q.types) == 0 && q.slots == nil && q.keep.Needs() == 0 && q.shard == "":
		return "a pattern or another limit is needed; all keys of a cluster are not deleted here"
	}
	return ""
}

// proposePurge puts the deletion before the operator.
func (p *browsePage) proposePurge() tea.Cmd {
	count := p.list.total
	var sample []string
	for i := 0; i < count && len(sample) < purgeSample; i++ {
		if e := p.list.at(i * max(1, count/purgeSample)); e != nil {
			sample = append(sample, e.Key)
		}
	}
	nr := p.nr
	return p.proposeDeletion(deletion{
		title: fmt.Sprintf("DELETE %d KEYS", count), sample: sample, nodes: p.nodes, note: PurgeNote{Query: p.field.text, Want: count},
		stale: func() bool { return nr != p.nr || p.purge != nil },
	})
}

// lookBack asks whether a deletion was broken off.
func (p *browsePage) lookBack() tea.Cmd {
	if p.desk == nil || p.purging() {
		return nil
	}
	desk := p.desk
	return func() tea.Msg {
		note, known := desk.LeftPurge()
		return purgeLeft{note, known}
	}
}

func goOnOff(p browseOn) string {
	switch {
	case p.only:
		return readOnly
	case p.left == nil:
		return "no deletion was broken off"
	case p.purging():
		return "keys are being deleted; esc stops that"
	}
	return ""
}

// proposeGoOn puts the rest of a deletion that was broken off before the operator.
func (p *browsePage) proposeGoOn(sc *Scene) tea.Cmd {
	note := *p.left
	p.field.set(note.Query)
	if cmd := p.begin(sc); p.said != "" {
		return cmd
	}
	p.stopped = true // what is left is found while it is deleted
	nodes := slices.DeleteFunc(slices.Clone(p.nodes), func(id cluster.NodeID) bool { return slices.Contains(note.Done, id) })
	if len(nodes) == 0 {
		nodes = p.nodes
	}
	nr := p.nr
	return p.proposeDeletion(deletion{title: "GO ON DELETING KEYS", nodes: nodes, note: note, fixed: true, stale: func() bool { return nr != p.nr || p.purge != nil }})
}

// deletion is what the operator is asked about.
type deletion struct {
	title  string
	sample []string
	nodes  []cluster.NodeID
	note   PurgeNote
	fixed  bool // it goes on with one that was begun
	save   bool
	stale  func() bool
}

func (p *browsePage) proposeDeletion(d deletion) tea.Cmd {
	d.save = d.note.Save != ""
	proposal := &Proposal{
		Title: d.title,
		Body:  func(t *ui.Theme, w int) []string { return d.draw(t, w) },
		Risk:  plan.Lossy, Why: "what the keys hold is gone, and nothing brings it back",
		Name: strconv.Itoa(d.note.Want),
	}
	proposal.Keys = ui.Actions[*Proposal]{
		{Keys: []string{"d"}, Label: "save values", Help: "Save every value to a file before it is deleted (DUMP), or not.",
			Off: func(*Proposal) string {
				if d.fixed {
					return "that was decided when it was begun"
				}
				return ""
			},
			Do: func(pr *Proposal) tea.Cmd {
				d.save = !d.save
				pr.Why = "what the keys hold is gone, and nothing brings it back"
				if d.save {
					pr.Why = "the keys are gone for their clients; slotdeck restore brings the saved values back"
				}
				return nil
			}},
	}
	proposal.Run = func() tea.Cmd {
		if d.stale() {
			return warn("nothing was deleted: the list is another one by now")
		}
		p.left = nil
		p.purge = &purge{nr: p.nr, nodes: d.nodes, note: d.note, ask: p.ask(d.nodes[0], "", false)}
		return p.beginPurge(d.save)
	}
	return Propose(proposal)
}

func (d *deletion) draw(t *ui.Theme, w int) []string {
	n := &d.note
	rest := max(0, n.Want-n.Removed)
	lines := []string{
		"  all keys for   " + t.Strong.Text(t.Cut(ui.Clean(n.Query), w-20)),
		fmt.Sprintf("  counted        %d", n.Want),
	}
	if d.fixed {
		lines = append(lines, fmt.Sprintf("  deleted        %d, until %s", n.Removed, n.At.Format("2006-01-02 15:04")))
	}
	lines = append(lines,
		fmt.Sprintf("  where          %s", plural(len(d.nodes), "primary")),
		fmt.Sprintf("  how            each by UNLINK, at most %d a second; about %s", purgeRate, t.Span(time.Duration(rest/purgeRate+1)*time.Second)),
		"  saved          "+map[bool]string{true: "every value in a file first; a key of more than 16 MiB is not deleted", false: "no; d saves every value in a file first"}[d.save],
		"  keys that have come since are deleted too when they match; esc stops it,",
		"  and after that, or after a crash, u on this page goes on with it")
	if len(d.sample) > 0 {
		lines = append(lines, "", "  some of them")
	}
	for _, key := range d.sample {
		lines = append(lines, "    "+keyCell(t, key, w-6))
	}
	return lines
}

// purgeBegun is what had to be there before the first key is deleted.
type purgeBegun struct {
	nr   int
	save string
	err  error
}

// beginPurge writes the deletion down before anything is deleted.
func (p *browsePage) beginPurge(save bool) tea.Cmd {
	desk, note, nr := p.desk, p.purge.note, p.purge.nr
	return func() tea.Msg {
		if save && note.Save == "" {
			var err error
			if note.Save, err = desk.SaveFile(); err != nil {
				return purgeBegun{nr, "", err}
			}
		}
		return purgeBegun{nr, note.Save, desk.NotePurge(note)}
	}
}

// purgeStep deletes what the next step over the keys finds, after a pause, and
// writes down how far it is.
func (p *browsePage) purgeStep(after time.Duration) tea.Cmd {
	ask, desk, nr, note := p.purge.ask, p.desk, p.purge.nr, p.purge.note
	return tea.Tick(after, func(time.Time) tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), purgePatience)
		defer cancel()
		part, err := desk.Browse(ctx, ask)
		out := purgeStepped{nr: nr, next: part.Next, found: len(part.Keys), err: err}
		if err == nil && len(part.Keys) > 0 {
			names := make([]string, len(part.Keys))
			for i, e := range part.Keys {
				names[i] = e.Key
			}
			out.removed, out.left, out.err = desk.Unlink(ctx, ask.Node, names, note.Save)
		}
		if out.err == nil {
			note.Removed, note.Left = note.Removed+out.removed, note.Left+out.left
			if out.next == "" {
				note.Done = append(slices.Clone(note.Done), ask.Node)
			}
			out.err = desk.NotePurge(note)
		}
		return out
	})
}

// breath is how long the servers are left alone after that many keys.
func (p *browsePage) breath(keys int) time.Duration {
	if p.slower > 0 {
		return p.slower
	}
	return time.Duration(keys) * time.Second / purgeRate
}

// purged takes a step and goes on with the next.
func (p *browsePage) purged(msg purgeStepped) tea.Cmd {
	g := p.purge
	if g == nil || msg.nr != g.nr {
		return nil
	}
	g.note.Removed += msg.removed
	g.note.Left += msg.left
	g.err = msg.err
	if g.ask.Cursor = msg.next; msg.next == "" && g.err == nil {
		g.note.Done = append(slices.Clone(g.note.Done), g.ask.Node)
		g.node++
	}
	switch {
	case g.err != nil || g.stopped && g.node < len(g.nodes):
		g.done = true
		return p.lookBack()
	case g.node >= len(g.nodes):
		g.done, g.note.Ended = true, true
		desk, note := p.desk, g.note
		return func() tea.Msg {
			_ = desk.NotePurge(note) // at worst it is offered once more, and finds nothing
			return nil
		}
	}
	g.ask.Node = g.nodes[g.node]
	return p.purgeStep(p.breath(msg.found))
}

// leftSays is what there is to go on with.
func (p *browsePage) leftSays(t *ui.Theme) string {
	n := p.left
	return t.Warn.Text(fmt.Sprintf("a deletion was broken off: %d of %d keys for %s were deleted", n.Removed, n.Want, t.Cut(ui.Clean(n.Query), 30))) + t.Dim.Text("  u goes on with it")
}

// says is how far the deletion is, or how it ended.
func (g *purge) says(t *ui.Theme) string {
	count := fmt.Sprintf("%d of %d keys deleted", g.note.Removed, g.note.Want)
	if g.note.Left > 0 {
		count += fmt.Sprintf(", %d too big to be saved are left", g.note.Left)
	}
	if g.note.Save != "" {
		count += ", values in " + ui.Clean(g.note.Save)
	}
	switch {
	case g.err != nil:
		return t.Bad.Text(count + ", then it stopped: " + ui.Clean(g.err.Error()))
	case g.stopped:
		return t.Note.Text(count+", stopped") + t.Dim.Text("; u goes on with it")
	case g.done:
		if g.note.Save != "" {
			count += "; slotdeck restore brings them back"
		}
		return t.Good.Text(count) + "; r looks what is left"
	}
	return t.Warn.Text(count+" ") + t.Dim.Text("(esc stops)")
}
