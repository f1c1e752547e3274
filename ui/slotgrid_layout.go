package ui

import (
	"math/bits"

	"slotdeck/keyslot"
)

// SlotLabel is how many cells the number at the head of each line takes.
const SlotLabel = 7

// SlotLayout tells which slots lie in which cell. Lines follow one another in
// slot order. Each cell holds one part, or two of them, one above the other,
// when it is drawn as two halves; each part holds Per slots. Columns and slots
// per part are powers of two, so that the numbers at the head of the lines are
// round.
type SlotLayout struct {
	Cols  int  // cells in a line; 0: there is no room for a map
	Lines int  // lines shown
	Per   int  // slots in a part
	Half  bool // a cell has an upper and a lower part
	Top   int  // the first line shown; above 0 only when zoomed
}

// FitSlots is the finest layout that shows all slots in w by h cells, heads of
// lines included.
func FitSlots(w, h int, half bool) SlotLayout {
	cols, lines := floorPow2(w-SlotLabel), floorPow2(h)
	if cols == 0 || lines == 0 {
		return SlotLayout{}
	}
	cols = min(cols, keyslot.Count)
	if cols*lines >= keyslot.Count {
		return SlotLayout{Cols: cols, Lines: keyslot.Count / cols, Per: 1}
	}
	if !half {
		return SlotLayout{Cols: cols, Lines: lines, Per: keyslot.Count / (cols * lines)}
	}
	lines = min(lines, keyslot.Count/(2*cols))
	return SlotLayout{Cols: cols, Lines: lines, Per: keyslot.Count / (2 * cols * lines), Half: true}
}

// ZoomSlots is a layout of one slot a cell, scrolled so that a slot is in
// sight. The top line stays where it was if it can.
func ZoomSlots(w, h, top int, slot keyslot.Slot) SlotLayout {
	cols := floorPow2(w - SlotLabel)
	if cols == 0 || h < 1 {
		return SlotLayout{}
	}
	cols = min(cols, keyslot.Count)
	all := keyslot.Count / cols
	lines := min(h, all)
	at := int(slot) / cols
	margin := min(2, (lines-1)/2)
	top = min(top, at-margin)
	top = max(top, at+margin-lines+1)
	return SlotLayout{Cols: cols, Lines: lines, Per: 1, Top: min(max(0, top), all-lines)}
}

func floorPow2(n int) int {
	if n < 1 {
		return 0
	}
	return 1 << (bits.Len(uint(n)) - 1)
}

// rows is how many parts stand one above the other in a cell.
func (l SlotLayout) rows() int {
	if l.Half {
		return 2
	}
	return 1
}

// PerLine is how many slots a line holds.
func (l SlotLayout) PerLine() int { return l.Cols * l.rows() * l.Per }

// Width is how many cells a line takes, its head included.
func (l SlotLayout) Width() int {
	if l.Cols == 0 {
		return 0
	}
	return SlotLabel + l.Cols
}

// Cell is where a slot is drawn: line and column from 0, and whether in the
// lower half. shown is false when the slot is scrolled out of sight.
func (l SlotLayout) Cell(slot keyslot.Slot) (line, col int, lower, shown bool) {
	if l.Cols == 0 {
		return 0, 0, false, false
	}
	part := int(slot) / l.Per
	row := part / l.Cols
	line = row/l.rows() - l.Top
	return line, part % l.Cols, row%l.rows() == 1, line >= 0 && line < l.Lines
}

// Part is the slots drawn in a cell: in its upper half, or its lower one.
func (l SlotLayout) Part(line, col int, lower bool) keyslot.Range {
	row := (line + l.Top) * l.rows()
	if lower && l.Half {
		row++
	}
	first := (row*l.Cols + col) * l.Per
	return keyslot.Range{First: keyslot.Slot(first), Last: keyslot.Slot(first + l.Per - 1)}
}

// Around is the slots that share a part with a slot.
func (l SlotLayout) Around(slot keyslot.Slot) keyslot.Range {
	per := max(1, l.Per)
	first := int(slot) / per * per
	return keyslot.Range{First: keyslot.Slot(first), Last: keyslot.Slot(first + per - 1)}
}

// Move is the slot some parts to the right and some rows of parts down
// (negative: left, up). It stops at the ends; a move that leads nowhere leaves
// the slot as it is.
func (l SlotLayout) Move(slot keyslot.Slot, right, down int) keyslot.Slot {
	if l.Cols == 0 {
		return slot
	}
	all := keyslot.Count / l.Per
	part := int(slot) / l.Per
	to := part + down*l.Cols
	for down > 0 && to >= all {
		to -= l.Cols
	}
	for down < 0 && to < 0 {
		to += l.Cols
	}
	to = min(max(0, to+right), all-1)
	if to == part {
		return slot
	}
	return keyslot.Slot(to * l.Per)
}
