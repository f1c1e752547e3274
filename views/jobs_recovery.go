package views

import (
	"context"
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/keyslot"
	"slotdeck/ui"
)

// leftovers are the slots that an interrupted move left open, as far as the
// cluster itself tells.
type leftovers struct {
	groups []OpenGroup
	Leftovers
	err     error
	at      time.Time // when they were read
	of      string    // the open slots that they were read for
	asking  bool
	seen    bool // drawn since the last beat
	beating bool
	cursor  ui.Cursor
}

type (
	recoveriesArrived struct {
		of   string
		left Leftovers
		err  error
	}
	recoveryBeat struct{}
)

// lookAgain is how often open slots are counted while they are looked at.
const lookAgain = 2 * time.Second

// ask reads the open slots, when there are some that are not this console's
// own job's.
func (l *leftovers) ask(j *Jobs, sc *Scene) tea.Cmd {
	if j.mover == nil || sc.Snap == nil || sc.Frozen || sc.Snap.Paused || l.asking {
		return l.next()
	}
	if j.job != nil {
		l.groups, l.Leftovers, l.err, l.of = nil, Leftovers{}, nil, ""
		return l.next()
	}
	l.asking = true
	mover, snap, of := j.mover, sc.Snap, openOnes(sc.Snap)
	return tea.Batch(l.next(), func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), factsPatience)
		defer cancel()
		left, err := mover.Leftovers(ctx, snap)
		return recoveriesArrived{of, left, err}
	})
}

// next keeps the questions coming; one beat is in flight at most.
func (l *leftovers) next() tea.Cmd {
	if l.beating {
		return nil
	}
	l.beating = true
	return tea.Tick(lookAgain, func(time.Time) tea.Msg { return recoveryBeat{} })
}

func (l *leftovers) beat(j *Jobs, sc *Scene) tea.Cmd {
	l.beating = false
	if !l.seen {
		return nil // nobody looks; Open begins again
	}
	l.seen = false
	if sc.Snap != nil && len(sc.Snap.Moves) == 0 && len(l.Running) == 0 && len(l.groups) == 0 {
		return l.next() // nothing is open: the watch will tell when that changes
	}
	return l.ask(j, sc)
}

func openOnes(s *cluster.Snapshot) string {
	var set keyslot.Set
	for _, m := range s.Moves {
		set.Add(m.Slot)
	}
	return set.String()
}

func (l *leftovers) take(msg recoveriesArrived, sc *Scene) {
	l.asking, l.err, l.at, l.of = false, msg.err, sc.Now, msg.of
	l.Leftovers = msg.left
	l.groups = msg.left.Groups()
	l.cursor.Follow(l.rows())
}

func (l *leftovers) rows() []ui.Row {
	rows := make([]ui.Row, len(l.groups))
	for i := range l.groups {
		rows[i].Key = fmt.Sprint(l.groups[i].First().Slot)
	}
	return rows
}

func (l *leftovers) current() (*OpenGroup, bool) {
	if l.cursor.At < len(l.groups) {
		return &l.groups[l.cursor.At], true
	}
	return nil, false
}

// settle puts one way out of the group under the cursor before the operator.
func (j *Jobs) settle(way plan.Way) tea.Cmd {
	g, ok := j.left.current()
	if why := j.notSettled(way); why != "" || !ok {
		return warn(why)
	}
	mover, set, option := j.mover, g.Slots(), g.First().Option(way)
	title := fmt.Sprintf("%s %s (%s)", way, g.Many(), shortSet(set))
	p := &Proposal{Title: title, Risk: option.Risk, Why: "no key is lost; where a key is on both sides with different values it is asked about"}
	if option.Risk == plan.Lossy {
		p.Why = "keys that are nowhere else are removed; they are saved to a file first"
	} else if option.Risk != plan.Safe {
		p.Why = "until the keys are back, clients do not find them"
	}
	group, snap := *g, j.snap
	name := func(id cluster.NodeID) string { return letterOf(snap, id) }
	p.Body = func(t *ui.Theme, w int) []string { return recoveryBody(t, &group, name, way, w) }
	p.Commands = func() string {
		var lines []string
		for _, r := range group.Open {
			for _, c := range r.Option(way).Commands {
				lines = append(lines, c.Addr+"  "+c.Text())
			}
		}
		return strings.Join(lines, "\n") + "\n"
	}
	p.Run = func() tea.Cmd {
		o := MoveOptions{Questions: true}
		return j.launch(title, func(ctx context.Context) (MoveJob, error) { return mover.Recover(ctx, set, way, o) })
	}
	return Propose(p)
}

func (j *Jobs) notSettled(way plan.Way) string {
	if why := j.busy(); why != "" {
		return why
	}
	g, ok := j.left.current()
	if !ok {
		return "no slot is open"
	}
	if o := g.First().Option(way); !o.Possible {
		return o.Text
	}
	return ""
}

// goOn opens the page for what an interrupted plan has yet to move.
func (j *Jobs) goOn() tea.Cmd {
	rest := j.left.Rest[0]
	return func() tea.Msg { return moveWanted{kind: moveExactly, to: rest.To, slots: rest.Slots} }
}

// goBack opens the page for the way back of what an interrupted plan has moved.
func (j *Jobs) goBack() tea.Cmd {
	given := j.left.Given[0]
	return func() tea.Msg { return moveWanted{kind: moveExactly, to: given.To, slots: given.Slots} }
}

// given is how many slots an interrupted plan has moved.
func (l *leftovers) given() (n int) {
	for _, m := range l.Given {
		n += m.Slots.Len()
	}
	return n
}

func (j *Jobs) noRest() string {
	if len(j.left.Open) > 0 {
		return "settle the open slots first"
	}
	return j.busy()
}

// cancel puts the end of a migration that the servers run before the operator.
func (j *Jobs) cancel() tea.Cmd {
	mover, r := j.mover, j.left.Running[0]
	p := &Proposal{Title: "cancel the migration " + ui.Clean(r.Name), Risk: plan.Disruptive,
		Why: "no key is lost: the slots stay with their owner; whoever began the migration will find it cancelled"}
	p.Body = func(t *ui.Theme, w int) []string {
		return wrapped(t, t.Note.Text(t.Glyph.Bullet), "It moves "+plural(r.Slots.Len(), "slot")+" ("+shortSet(r.Slots)+") and says that it is: "+r.State+".", w)
	}
	p.Run = func() tea.Cmd {
		return func() tea.Msg {
			ctx, cancel := context.WithTimeout(context.Background(), factsPatience)
			defer cancel()
			if err := mover.Cancel(ctx, r.Name); err != nil {
				return toastShown{text: "not cancelled: " + ui.Clean(err.Error()), bad: true}
			}
			return toastShown{text: "cancelled"}
		}
	}
	return Propose(p)
}

// recoveryBody is a way out: how the slots stand, what becomes of them, told by
// the first where they are many, and what is sent for it.
func recoveryBody(t *ui.Theme, g *OpenGroup, name func(cluster.NodeID) string, way plan.Way, w int) []string {
	first := g.First()
	lines := wrapped(t, t.Note.Text(t.Glyph.Bullet), g.Text(name), w)
	if more := len(g.Open) - 1; more > 0 {
		lines = append(lines, wrapped(t, t.Note.Text(t.Glyph.Bullet), fmt.Sprintf("For slot %d, and for %s in the same way:", first.Slot, plural(more, "more slot")), w)...)
	}
	lines = append(lines, wrapped(t, t.Accent.Text(t.Glyph.Cursor), first.Option(way).Text, w)...)
	lines = append(lines, "", t.Heading("will send", "", w))
	lines = append(lines, planCommands(t, first.Option(way).Commands, w)...)
	if more := len(g.Open) - 1; more > 0 {
		lines = append(lines, "   "+t.Dim.Text("and the same for "+plural(more, "more slot")))
	}
	return lines
}

// shortSet names slots, not too many of them.
func shortSet(s keyslot.Set) string {
	text := s.String()
	if ranges := s.Ranges(); len(text) > 40 && len(ranges) > 1 {
		return fmt.Sprintf("%v and more", ranges[0])
	}
	return text
}
