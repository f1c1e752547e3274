package views

import (
	"fmt"
	"strings"

	"slotdeck/keyslot"
	"slotdeck/ui"
)

// maxTags is how many tags are looked for. A single slot has some forty of up
// to four letters; finding them takes a few milliseconds.
const maxTags = 40

// tagWish is the question "which tag lands there?" and its answer.
type tagWish struct {
	field  keyField
	want   keyslot.Set
	tags   []string
	wrong  string // why the wish cannot be read
	rows   []ui.Row
	cursor ui.Cursor
	height int
}

// answer reads the wish and finds the tags, unless they are known already.
func (w *tagWish) answer(sc *Scene) {
	want, wrong := readWish(w.field.text, sc)
	w.wrong = wrong
	if want == w.want && (w.tags != nil || want.Empty()) {
		return
	}
	w.want = want
	w.tags, _ = keyslot.FindTag(want, keyslot.TagSearch{Count: maxTags}) // fails for a prefix only
	w.rows = make([]ui.Row, len(w.tags))
	for i, tag := range w.tags {
		w.rows[i].Key = tag
	}
	w.cursor.Move(-len(w.rows), w.rows)
	w.cursor.Follow(w.rows)
}

// readWish reads slots, ranges of slots, or the letter of a shard.
func readWish(text string, sc *Scene) (keyslot.Set, string) {
	text = strings.TrimSpace(text)
	letter := strings.ToUpper(text)
	if text == "" || strings.Trim(letter, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		set, err := keyslot.ParseSet(text)
		if err != nil {
			return set, ui.Clean(err.Error())
		}
		return set, ""
	}
	if sc.Snap == nil {
		return keyslot.Set{}, "the shards are not known yet; slots such as 0-99 can be asked for without them"
	}
	var letters []string
	for i := range sc.Snap.Shards {
		sh := &sc.Snap.Shards[i]
		if sh.Letter == letter {
			if sh.SlotLen == 0 {
				return keyslot.Set{}, "shard " + letter + " owns no slot"
			}
			return keyslot.SetOf(sh.Slots...), ""
		}
		letters = append(letters, sh.Letter)
	}
	if len(letters) > 8 {
		letters = append(letters[:7], "and so on")
	}
	return keyslot.Set{}, "there is no shard " + letter + "; there are " + strings.Join(letters, " ")
}

// says is the line under the field: what was found, or why not.
func (w *tagWish) says(t *ui.Theme) string {
	switch {
	case w.wrong != "":
		return t.Bad.Text(w.wrong)
	case w.want.Empty():
		return t.Dim.Text("a slot, a range, or a shard")
	case w.want.Len() == 1:
		return t.Dim.Text("tags that land in this slot")
	}
	return t.Dim.Text(fmt.Sprintf("tags that land in these %d slots", w.want.Len()))
}

// chosen is the tag under the cursor, in braces as it stands in a key.
func (w *tagWish) chosen() string {
	if w.cursor.At < len(w.tags) {
		return "{" + w.tags[w.cursor.At] + "}"
	}
	return ""
}

func (w *tagWish) table(sc *Scene, width int) ui.Table {
	aw := newAddressBook(sc.Snap, false).width(8, 21)
	return ui.Table{Sorted: -1, Columns: []ui.Column{
		{Title: "tag", Width: 7}, {Title: "slot", Width: 5, Right: true}, {Title: "shard", Width: 5},
		{Title: "primary", Width: aw, Drop: 1},
	}}
}

// lines are the rows on the screen, with their titles where titled.
func (w *tagWish) lines(sc *Scene, focused, titled bool, width, h int) []string {
	if len(w.tags) == 0 || h <= 0 {
		return nil
	}
	t := sc.Theme
	tb := w.table(sc, width)
	var lines []string
	if titled {
		lines = append(lines, tb.Title(t, width))
	}
	w.height = max(1, h-len(lines))
	top := w.cursor.Top(len(w.tags), w.height)
	book := newAddressBook(sc.Snap, false)
	var rows []ui.Row
	for _, tag := range w.tags[top:min(len(w.tags), top+w.height)] {
		row := keyRow(sc, book, keyVerdict{}, "{"+tag+"}", false)
		row.Cells = row.Cells[:len(tb.Columns)]
		row.Cells[0] = ui.Cell{Text: "{" + tag + "}"} // underlining every one of them would shout
		rows = append(rows, row)
	}
	at := -1
	if focused {
		at = w.cursor.At - top
	}
	return append(lines, tb.Lines(t, rows, 0, at, width, w.height)...)
}
