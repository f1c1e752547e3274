package views

import (
	"strconv"

	"slotdeck/keyslot"
	"slotdeck/ui"
)

func slotText(s keyslot.Slot) string { return strconv.Itoa(int(s)) }

// Body draws the calculator and the search for tags, beside or below it.
func (k *Keys) Body(sc *Scene) []string {
	if sc.W >= 120 {
		right := min(60, max(42, sc.W*3/10))
		left := sc.W - right - 3
		return ui.Fill(sc.Theme.Beside(k.calculator(sc, left, sc.H), k.finder(sc, right, sc.H), left, 3), sc.H)
	}
	under := min(14, max(6, sc.H*3/10))
	lines := ui.Fill(k.calculator(sc, sc.W, sc.H-under), sc.H-under)
	return ui.Fill(append(lines, k.finderBelow(sc, sc.W, under)...), sc.H)
}

// calculator is the field, the answer for one key, the verdict on all, and the
// list. All but the list keep their places.
func (k *Keys) calculator(sc *Scene, w, h int) []string {
	t := sc.Theme
	lines := append(k.question(sc, w), "")
	lines = append(lines, k.verdict.lines(sc, k.spread, w)...)
	tb := keyTable(sc, k.verdict, w)
	lines = append(lines, "", tb.Title(t, w))
	k.height = max(1, h-len(lines))
	if len(k.rows) == 0 {
		if len(k.keys) > 0 {
			lines = append(lines, t.Cut("  "+t.Dim.Text("none of the "+plural(len(k.keys), "key")+" matches"), w))
		}
		return lines
	}
	top := k.cursor.Top(len(k.rows), k.height)
	at := k.cursor.At - top
	if k.focus != onKeyList {
		at = -1
	}
	book := newAddressBook(sc.Snap, w < 100)
	var rows []ui.Row
	for i, r := range k.rows[top:min(len(k.rows), top+k.height)] {
		rows = append(rows, keyRow(sc, book, k.verdict, r.Key, i == at))
	}
	return append(lines, tb.Lines(t, rows, 0, at, w, k.height)...)
}

// question is the field and the answer to what stands in it; while it is
// empty, the answer to the key under the cursor.
func (k *Keys) question(sc *Scene, w int) []string {
	t := sc.Theme
	label := k.label(t, "KEY", onKeyField)
	const edge = 7
	typed := readKey(k.field.text)
	line := label + "   "
	if k.field.text == "" {
		if k.focus == onKeyField {
			line += t.Cursor.Text(" ")
		}
		line += t.Dim.Text(" type or paste keys, one a line")
		if key, ok := k.current(); ok && k.focus == onKeyList {
			typed = typedKey{key: key}
			line = label + "   " + keyCell(t, key, w-edge)
		} else {
			return []string{t.Cut(line, w), "", ""}
		}
	} else {
		mark := keyslot.TagOf(typed.key)
		if typed.quoted {
			mark = keyslot.Tag{} // offsets of the key, not of the text
		}
		line += k.field.draw(t, mark, k.focus == onKeyField, w-edge)
	}
	note := tagRule(t, typed.key)
	if odd := oddities(typed); odd != "" {
		note = odd + "; " + note
	}
	home := homeOf(sc, keyslot.Of(typed.key))
	lines := []string{line, ui.Spaces(edge) + home.line(sc, sc.W-edge), ui.Spaces(edge) + t.Dim.Text(note)}
	if home.warning != "" {
		lines[2] = ui.Spaces(edge) + home.state.paint(t).Text(home.warning)
	}
	for i := range lines {
		lines[i] = t.Cut(lines[i], w)
	}
	return lines
}

// wishLine is the field of the search.
func (k *Keys) wishLine(t *ui.Theme, w int) string {
	const edge = 11
	text := k.wish.field.draw(t, keyslot.Tag{}, k.focus == onWishField, w-edge)
	return t.Cut(k.label(t, "TAG FOR", onWishField)+"   "+text, w)
}

// label is the heading of a field, in the colour of the selection while the
// field has the keyboard.
func (k *Keys) label(t *ui.Theme, text string, f keysFocus) string {
	if k.focus == f {
		return " " + t.Accent.Text(text)
	}
	return " " + t.Head.Text(text)
}

func (k *Keys) finder(sc *Scene, w, h int) []string {
	t := sc.Theme
	lines := ui.Fill([]string{k.wishLine(t, w), t.Cut(ui.Spaces(11)+k.wish.says(t), w)}, 7) // level with the list of keys
	lines = append(lines, k.wish.lines(sc, k.focus == onTagList, true, w, h-len(lines))...)
	return ui.Fill(lines, h)
}

func (k *Keys) finderBelow(sc *Scene, w, h int) []string {
	t := sc.Theme
	lines := []string{"", k.wishLine(t, w), t.Cut(ui.Spaces(11)+k.wish.says(t), w)}
	return ui.Fill(append(lines, k.wish.lines(sc, k.focus == onTagList, false, w, h-len(lines))...), h)
}
