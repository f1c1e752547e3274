package views

import (
	"cmp"
	"slices"
	"strconv"

	tea "charm.land/bubbletea/v2"

	"slotdeck/cluster"
	"slotdeck/cluster/recorder"
	"slotdeck/ui"
)

// failoverEvent is the kind of a block: a whole failover among the events. No
// watch makes events of this kind.
const failoverEvent cluster.EventKind = 255

// blocks are the failovers among the events, by the numbers of their events.
type blocks map[uint64]*recorder.Failover

// blockSeq numbers blocks apart from all events.
const blockSeq = 1 << 62

// weave puts a block into the events for every failover that is told, at the
// moment of the new primary. Events come oldest first.
func (e *Events) weave(events []cluster.Event) []cluster.Event {
	e.blocks = blocks{}
	if e.failovers == nil || len(e.failovers.records) == 0 {
		return events
	}
	out := slices.Clone(events)
	for i := range e.failovers.records {
		f := &e.failovers.records[i]
		at, ok := recordTime(f)
		if !ok {
			continue
		}
		x := cluster.Event{
			Seq: blockSeq + uint64(f.Number), At: at, Kind: failoverEvent, Gravity: cluster.Notable,
			Node: f.To.ID, Shard: f.Shard, Addr: f.To.Addr, Text: "FAILOVER " + recordSummary(f),
		}
		switch {
		case f.To.ID == "":
			x.Node, x.Addr, x.Gravity = f.From.ID, f.From.Addr, cluster.Bad
		case f.Cause == recorder.Manual && f.Outcome == recorder.Complete:
			x.Gravity = cluster.Good
		}
		e.blocks[x.Seq] = f
		place, _ := slices.BinarySearchFunc(out, x, func(a, b cluster.Event) int { return cmp.Or(a.At.Compare(b.At), -1) })
		out = slices.Insert(out, place, x)
	}
	return out
}

// recordSummary is a block's line in the list; who took over stands beside it.
func recordSummary(f *recorder.Failover) string {
	text := f.Outcome.String()
	if f.Cause != recorder.Unclear {
		text = f.Cause.String() + ", " + text
	}
	if f.To.ID == "" {
		return text
	}
	return "from " + shortAddr(f.From.Addr) + ", not served " + recordGap(f) + ", " + text
}

// marks tells whether the blocks have changed: how many stages there are.
func (e *Events) marks() string {
	if e.failovers == nil {
		return ""
	}
	n := 0
	for i := range e.failovers.records {
		n += len(e.failovers.records[i].Stages)*8 + int(e.failovers.records[i].Outcome)
	}
	return strconv.Itoa(len(e.failovers.records)) + ":" + strconv.Itoa(n)
}

// newestSeq is the newest event that is no block.
func newestSeq(list []cluster.Event) uint64 {
	for _, x := range list {
		if x.Kind != failoverEvent {
			return x.Seq
		}
	}
	return 0
}

// later reports whether an event came after the list was held: a block is as
// old as the events around it.
func (e *Events) later(x cluster.Event, held cluster.Event) bool {
	if x.Kind == failoverEvent {
		return x.At.After(held.At)
	}
	return x.Seq > e.held
}

// block is the failover under the cursor; nil when it is another event.
func (e *Events) block() *recorder.Failover {
	x, ok := e.current()
	if !ok {
		return nil
	}
	return e.blocks[x.Seq]
}

// blockActions are the keys for failovers among the events.
func blockActions() ui.Actions[*Events] {
	return ui.Actions[*Events]{
		{Keys: []string{"enter"}, Label: "open", Now: labelWhen("close", func(e *Events) bool { return e.open && e.block() != nil }), Help: "Open the failover under the cursor: its stages, and what it cost.", Off: noBlock, Do: do(func(e *Events) { e.open = !e.open; e.text = scroller{} })},
		{Keys: []string{"e"}, Label: "export", Help: "Write the failover under the cursor into files, as Markdown and as JSON.", Off: noExport, Do: exportBlock},
		{Keys: []string{"F"}, Label: "next failover", Help: "On to the next older failover.", Off: noOlderBlock, Do: do((*Events).toBlock)},
	}
}

func noBlock(e *Events) string {
	if e.block() == nil {
		return "this event is no failover; F goes to one"
	}
	return ""
}

func noExport(e *Events) string {
	if e.failovers == nil || e.failovers.write == nil {
		return "there is nowhere to write to"
	}
	return noBlock(e)
}

func exportBlock(e *Events) tea.Cmd {
	f := e.block()
	return e.failovers.export(*f, e.failovers.runOf(f))
}

func (e *Events) olderBlock() int {
	for i := e.cursor.At + 1; i < len(e.list); i++ {
		if e.list[i].Kind == failoverEvent {
			return i
		}
	}
	return -1
}

func noOlderBlock(e *Events) string {
	if e.olderBlock() < 0 {
		return "no older failover is recorded"
	}
	return ""
}

func (e *Events) toBlock() {
	if i := e.olderBlock(); i >= 0 {
		e.cursor.Move(i-e.cursor.At, e.rows)
	}
}

// opened draws the failover under the cursor on the whole screen, scrolled.
func (e *Events) opened(sc *Scene, f *recorder.Failover) []string {
	lines := blockLines(sc, f, e.failovers.runOf(f), sc.W)
	return e.text.window(lines, sc.H)
}

// Leave closes an opened failover.
func (e *Events) Leave(*Scene) bool {
	was := e.open
	e.open = false
	return was
}
