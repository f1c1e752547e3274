package views

import (
	"slotdeck/cluster"
	"slotdeck/cluster/keyspace"
)

// browseList is a list of any number of keys in bounded memory: of what is far
// from the cursor only the places are kept where SCAN told it, and it is read
// again when the cursor comes back.
type browseList struct {
	batches []browseBatch
	total   int // rows in all batches
}

// browseBatch is what one step over the keys brought.
type browseBatch struct {
	node   cluster.NodeID
	cursor string           // where the step began
	n      int              // rows
	rows   []keyspace.Entry // nil: dropped
	asked  bool             // on its way back
}

// keptRows is how many rows to each side of the cursor are kept.
const keptRows = 3000

func (l *browseList) add(node cluster.NodeID, cursor string, rows []keyspace.Entry) {
	if len(rows) > 0 {
		l.batches = append(l.batches, browseBatch{node: node, cursor: cursor, n: len(rows), rows: rows})
		l.total += len(rows)
	}
}

// at is a row; nil when it was dropped.
func (l *browseList) at(row int) *keyspace.Entry {
	for i := range l.batches {
		b := &l.batches[i]
		if row < b.n {
			if row < 0 || b.rows == nil {
				return nil
			}
			return &b.rows[row]
		}
		row -= b.n
	}
	return nil
}

// drop forgets the rows that are far from one.
func (l *browseList) drop(row int) {
	begin := 0
	for i := range l.batches {
		b := &l.batches[i]
		if begin > row+keptRows || begin+b.n < row-keptRows {
			b.rows = nil
		}
		begin += b.n
	}
}

// missing is the first batch within the rows that was dropped and is not on its
// way; -1 for none.
func (l *browseList) missing(from, to int) int {
	begin := 0
	for i := range l.batches {
		b := &l.batches[i]
		if begin+b.n > from && begin < to && b.rows == nil && !b.asked {
			return i
		}
		begin += b.n
	}
	return -1
}

// refill takes a batch that was read again. Keys may have come and gone.
func (l *browseList) refill(i int, rows []keyspace.Entry) {
	if i >= len(l.batches) {
		return
	}
	b := &l.batches[i]
	if len(rows) == 0 {
		rows = []keyspace.Entry{}
	}
	l.total += len(rows) - b.n
	b.rows, b.n, b.asked = rows, len(rows), false
}
