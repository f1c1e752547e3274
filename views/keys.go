package views

import (
	"fmt"
	"slices"
	"strconv"

	tea "charm.land/bubbletea/v2"

	"slotdeck/keyslot"
	"slotdeck/ui"
)

// maxKeys bounds the list.
const maxKeys = 1000

// keysFocus is the part of the screen that has the keyboard.
type keysFocus uint8

const (
	onKeyField keysFocus = iota
	onKeyList
	onWishField
	onTagList
)

// Keys answers "where is my key?": slot, tag and owner of typed and pasted
// keys, what they are together, and tags for a wanted slot. All of it is
// computed here; only the owners come from the cluster.
type Keys struct {
	focus   keysFocus
	field   keyField
	keys    []string // as entered, each once
	before  []string // what undo brings back
	rows    []ui.Row // of the keys that the filter keeps, with nothing but Key
	cursor  ui.Cursor
	height  int
	verdict keyVerdict
	spread  string // over how many shards the keys are
	wish    tagWish
}

// NewKeys makes the screen.
func NewKeys() *Keys { return &Keys{} }

// Name is the screen's word.
func (k *Keys) Name() string { return "keys" }

// Typing reports whether one of the fields has the keyboard.
func (k *Keys) Typing() bool { return k.focus == onKeyField || k.focus == onWishField }

// Show looks the owners up anew.
func (k *Keys) Show(sc *Scene) {
	k.narrow(sc)
	k.wish.answer(sc)
	if k.focus == onTagList && len(k.wish.tags) == 0 {
		k.focus = onWishField
	}
}

// narrow finds the keys to list.
func (k *Keys) narrow(sc *Scene) {
	k.spread = shardsOf(sc, k.keys)
	k.rows = k.rows[:0]
	for _, key := range k.keys {
		if sc.Issues && homeOf(sc, keyslot.Of(key)).warning == "" || !sc.Filter.Keeps(ui.Clean(key)) {
			continue
		}
		k.rows = append(k.rows, ui.Row{Key: key})
	}
	k.cursor.Follow(k.rows)
}

// keep takes a new list, and remembers the one before for undo.
func (k *Keys) keep(keys []string, sc *Scene) {
	k.before, k.keys = k.keys, keys
	k.verdict = judgeKeys(keys)
	k.narrow(sc)
}

// add puts keys into the list and the cursor on the last of them. It reports
// how many were new, and why the others were not taken.
func (k *Keys) add(keys []string, sc *Scene) (added int, why string) {
	known := make(map[string]bool, len(k.keys)+len(keys))
	for _, key := range k.keys {
		known[key] = true
	}
	list := slices.Clone(k.keys)
	twice, full, long := 0, 0, 0
	for _, key := range keys {
		switch {
		case known[key]:
			twice++
		case len(key) > maxKeyLen:
			long++
		case len(list) >= maxKeys:
			full++
		default:
			known[key] = true
			list = append(list, key)
			added++
		}
	}
	k.cursor.Key = keys[len(keys)-1]
	if added > 0 {
		k.keep(list, sc)
	} else {
		k.cursor.Follow(k.rows)
	}
	for _, reason := range []struct {
		n    int
		text string
	}{
		{twice, "%s there already"},
		{full, "%s left out: the list holds " + strconv.Itoa(maxKeys)},
		{long, "%s left out: longer than " + strconv.Itoa(maxKeyLen) + " bytes"},
	} {
		if reason.n > 0 {
			why += ", " + fmt.Sprintf(reason.text, plural(reason.n, "key"))
		}
	}
	return added, why
}

// Paste takes pasted text: one line goes to where the cursor is; several lines
// are several keys.
func (k *Keys) Paste(text string, sc *Scene) tea.Cmd {
	lines, ended := pastedKeys(text)
	switch {
	case len(lines) == 0:
		return nil
	case k.focus == onWishField:
		k.wish.field.insert(lines[0])
		k.wish.answer(sc)
		return nil
	case len(lines) == 1 && !ended:
		k.focus = onKeyField
		if !k.field.insert(lines[0]) {
			return warn(fmt.Sprintf("the pasted text is longer than a key may be here (%d bytes)", maxKeyLen))
		}
		return nil
	}
	if k.field.text != "" { // what was being typed goes on in the first line
		lines[0] = k.field.text[:k.field.at] + lines[0] + k.field.text[k.field.at:]
		k.field.set("")
	}
	for i := range lines {
		lines[i] = readKey(lines[i]).key
	}
	added, why := k.add(lines, sc)
	return say(plural(added, "key") + " added" + why)
}

// Selected is the key or the tag under the cursor.
func (k *Keys) Selected(sc *Scene) Selection {
	if k.focus == onTagList {
		return Selection{Text: k.wish.chosen()}
	}
	key, ok := k.current()
	if !ok {
		return Selection{}
	}
	s := Selection{Text: key}
	if h := homeOf(sc, keyslot.Of(key)); h.primary != nil {
		s.Node = h.primary.ID
	}
	return s
}

func (k *Keys) current() (string, bool) {
	if k.cursor.At < len(k.rows) {
		return k.rows[k.cursor.At].Key, true
	}
	return "", false
}

// Leave takes the keyboard back from the tags.
func (k *Keys) Leave(*Scene) bool {
	if k.focus == onTagList {
		k.focus = onKeyList
		return true
	}
	return false
}

// Receive has nothing to take: all that the page shows is worked out here.
func (k *Keys) Receive(tea.Msg, *Scene) tea.Cmd { return nil }
