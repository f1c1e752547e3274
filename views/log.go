package views

import (
	"strconv"

	tea "charm.land/bubbletea/v2"

	"slotdeck/ui"
)

// Log answers "what has slotdeck sent?": every command that may have changed
// something, newest first, and how many that only read.
type Log struct {
	source LogSource
	read   bool // the source was asked at least once

	sent   []SentCommand // as filtered, newest first
	all    int           // how many there are without a filter
	rows   []ui.Row      // of sent, with nothing but Key
	cursor ui.Cursor
	height int

	reads   logReads
	onReads bool // keys move the lower table
}

// NewLog makes the screen. A nil source keeps no record.
func NewLog(source LogSource) *Log { return &Log{source: source} }

// Name is the screen's word.
func (l *Log) Name() string { return "log" }

func logActions() ui.Actions[*Log] {
	return ui.Actions[*Log]{
		{Keys: []string{"tab", "shift+tab"}, Label: "other table", Help: "Move the keys between what was sent and what was read.", Do: do(func(l *Log) { l.onReads = !l.onReads })},
		{Keys: []string{"s"}, Label: "sort", Help: "Order the nodes by name, or by how much was asked of them.", Do: do(func(l *Log) { l.reads.most = !l.reads.most; l.reads.order() })},
	}
}

// Hints are the screen's own actions.
func (l *Log) Hints(*Scene) []ui.Hint { return logActions().Hints(l) }

// Key handles the screen's own keys, then moving.
func (l *Log) Key(k tea.KeyPressMsg, _ *Scene) (tea.Cmd, bool) {
	key := k.String()
	if cmd, known, _ := logActions().Run(key, l); known {
		return cmd, true
	}
	if l.onReads {
		return nil, moveCursor(&l.reads.cursor, l.reads.rows, l.reads.height, key)
	}
	return nil, moveCursor(&l.cursor, l.rows, l.height, key)
}

// Show copies the record.
func (l *Log) Show(sc *Scene) {
	l.read = true
	if l.source == nil {
		return
	}
	sent := l.source.Sent()
	newest := l.cursor.At == 0
	l.sent, l.rows, l.all = l.sent[:0], l.rows[:0], len(sent)
	for i := len(sent) - 1; i >= 0; i-- {
		c := sent[i]
		if sc.Issues && c.Err == nil || !sc.Filter.Keeps(ui.Clean(c.Addr+" "+c.Command+" "+outcomeText(c))) {
			continue
		}
		l.sent = append(l.sent, c)
		l.rows = append(l.rows, ui.Row{Key: strconv.FormatUint(c.Seq, 10)})
	}
	if newest {
		l.cursor.Move(-len(l.rows), l.rows)
	}
	l.cursor.Follow(l.rows)
	l.reads.take(l.source.Reads(), sc)
}

func outcomeText(c SentCommand) string {
	if c.Err == nil {
		return "ok"
	}
	return c.Err.Error()
}

// Selected is the command under the cursor, to be pasted in a runbook; among
// the readings it is the node.
func (l *Log) Selected(*Scene) Selection {
	if l.onReads {
		return Selection{Text: l.reads.current()}
	}
	if l.cursor.At < len(l.sent) {
		return Selection{Text: l.sent[l.cursor.At].Command}
	}
	return Selection{}
}
