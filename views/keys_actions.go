package views

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"slotdeck/keyslot"
	"slotdeck/ui"
)

// keysOn is the screen with what it is shown: what its actions work on.
type keysOn struct {
	*Keys
	sc *Scene
}

// keysActions are the keys of the part that has the keyboard.
func keysActions(f keysFocus) ui.Actions[keysOn] {
	switch f {
	case onKeyField:
		return keyFieldActions()
	case onWishField:
		return wishFieldActions()
	case onTagList:
		return tagListActions()
	default:
		return keyListActions()
	}
}

func keyFieldActions() ui.Actions[keysOn] {
	return ui.Actions[keysOn]{
		{Keys: []string{"enter"}, Label: "add", Help: "Put the typed key into the list.", Do: enterTyped},
		{Keys: []string{"tab"}, Label: "find a tag", Help: "On to the search for a tag.", Do: focusOn(onWishField)},
		{Keys: []string{"down"}, Label: "list", Help: "On to the list of keys.", Do: focusOn(onKeyList), Hidden: true},
		{Keys: []string{"esc"}, Label: "leave the field", Help: "Leave the field: then letters and digits are commands again. alt+1 to alt+9 work in the field, too.", Do: focusOn(onKeyList)},
		{Keys: []string{"shift+tab"}, Label: "back", Help: "Back to the tags.", Do: focusOn(onTagList), Hidden: true},
	}
}

func keyListActions() ui.Actions[keysOn] {
	return ui.Actions[keysOn]{
		{Keys: []string{"enter", "a", "shift+tab"}, Label: "type", Help: "Type another key.", Do: focusOn(onKeyField)},
		{Keys: []string{"e"}, Label: "edit", Help: "Take the key back into the field.", Off: needsKey, Do: editKey},
		{Keys: []string{"d", "delete", "backspace"}, Label: "remove", Help: "Take the key out of the list.", Off: needsKey, Do: removeKey},
		{Keys: []string{"t"}, Label: "join", Help: "Call the keys as proposed: with the tag that joins them.", Off: needsJoining, Do: joinKeys},
		{Keys: []string{"f"}, Label: "find a tag", Help: "Find a tag; first for the slot of the key under the cursor.", Do: wishForSlot},
		{Keys: []string{"c"}, Label: "clear", Help: "Take all keys out of the list.", Off: needsKey, Do: clearKeys, Hidden: true},
		{Keys: []string{"u"}, Label: "undo", Help: "Bring the list back as it was before the last change.", Off: needsBefore, Do: undoKeys, Hidden: true},
		{Keys: []string{"tab"}, Label: "next", Help: "On to the search for a tag.", Do: focusOn(onWishField), Hidden: true},
	}
}

func wishFieldActions() ui.Actions[keysOn] {
	return ui.Actions[keysOn]{
		{Keys: []string{"enter", "down"}, Label: "choose", Help: "On to the tags that were found.", Off: needsTags, Do: focusOn(onTagList)},
		{Keys: []string{"tab"}, Label: "keys", Help: "On to the field for keys.", Do: focusOn(onKeyField)},
		{Keys: []string{"esc"}, Label: "leave the field", Help: "Leave the field: then letters and digits are commands again.", Do: focusOn(onKeyList)},
		{Keys: []string{"shift+tab"}, Label: "back", Help: "Back to the list of keys.", Do: focusOn(onKeyList), Hidden: true},
	}
}

func tagListActions() ui.Actions[keysOn] {
	return ui.Actions[keysOn]{
		{Keys: []string{"enter"}, Label: "copy", Help: "Copy the tag, in braces.", Do: copyTag},
		{Keys: []string{"f", "shift+tab"}, Label: "another slot", Help: "Ask for another slot or shard.", Do: focusOn(onWishField)},
		{Keys: []string{"a"}, Label: "type", Help: "Type a key that begins with the tag.", Do: typeWithTag},
		{Keys: []string{"tab"}, Label: "keys", Help: "On to the field for keys.", Do: focusOn(onKeyField), Hidden: true},
	}
}

// focusOn gives the keyboard to a part, or to the field above a list that is empty.
func focusOn(f keysFocus) func(keysOn) tea.Cmd {
	return func(k keysOn) tea.Cmd {
		if f == onTagList && len(k.wish.tags) == 0 {
			f = onWishField
		}
		k.focus = f
		return nil
	}
}

func needsKey(k keysOn) string {
	if len(k.rows) == 0 {
		return "no key is in the list"
	}
	return ""
}

func needsBefore(k keysOn) string {
	if k.before == nil {
		return "the list was not changed yet"
	}
	return ""
}

func needsTags(k keysOn) string {
	if len(k.wish.tags) == 0 {
		return "type a slot, ranges of slots or a shard's letter first"
	}
	return ""
}

func needsJoining(k keysOn) string {
	switch {
	case k.verdict.keys < 2:
		return "it takes two keys to join them"
	case k.verdict.slots == 1:
		return "the keys are in the same slot already"
	case k.verdict.joined == nil:
		return "there is no tag that would join these keys"
	}
	return ""
}

func enterTyped(k keysOn) tea.Cmd {
	if k.field.text == "" {
		return nil
	}
	added, why := k.add([]string{readKey(k.field.text).key}, k.sc)
	k.field.set("")
	if added == 0 {
		return say("not added" + why)
	}
	return nil
}

func editKey(k keysOn) tea.Cmd {
	key, _ := k.current()
	removeKey(k)
	k.field.set(writeKey(key))
	k.focus = onKeyField
	return nil
}

func removeKey(k keysOn) tea.Cmd {
	key, _ := k.current()
	list := slices.Clone(k.keys)
	k.keep(slices.DeleteFunc(list, func(s string) bool { return s == key }), k.sc)
	return nil
}

func clearKeys(k keysOn) tea.Cmd {
	k.keep([]string{}, k.sc)
	return say("the list is empty; u brings it back")
}

func undoKeys(k keysOn) tea.Cmd {
	k.keep(k.before, k.sc)
	return nil
}

func joinKeys(k keysOn) tea.Cmd {
	list := k.verdict.joining.Keys
	at := k.cursor.At
	k.cursor.Key = ""
	k.keep(list, k.sc)
	k.cursor.Move(at-k.cursor.At, k.rows)
	return say("the keys are named with the tag; u brings the old names back")
}

func wishForSlot(k keysOn) tea.Cmd {
	if key, ok := k.current(); ok && k.wish.field.text == "" {
		k.wish.field.set(slotText(keyslot.Of(key)))
		k.wish.answer(k.sc)
	}
	k.focus = onWishField
	return nil
}

func copyTag(k keysOn) tea.Cmd {
	tag := k.wish.chosen()
	return tea.Batch(tea.SetClipboard(tag), say("copied "+tag))
}

func typeWithTag(k keysOn) tea.Cmd {
	k.field.set(k.wish.chosen() + ":")
	k.focus = onKeyField
	return nil
}

// Hints are the actions of the part that has the keyboard.
func (k *Keys) Hints(sc *Scene) []ui.Hint { return keysActions(k.focus).Hints(keysOn{k, sc}) }

// Key handles the actions of the focused part, then typing or moving in it.
func (k *Keys) Key(press tea.KeyPressMsg, sc *Scene) (tea.Cmd, bool) {
	key := press.String()
	if cmd, known, off := keysActions(k.focus).Run(key, keysOn{k, sc}); known {
		if off != "" {
			return say(off), true
		}
		return cmd, true
	}
	switch k.focus {
	case onKeyField:
		return k.typeKey(press, sc), true
	case onWishField:
		if k.wish.field.press(press) {
			k.wish.answer(sc)
		}
		return nil, true
	case onTagList:
		if key == "up" && k.wish.cursor.At == 0 {
			k.focus = onWishField
			return nil, true
		}
		return nil, moveCursor(&k.wish.cursor, k.wish.rows, k.wish.height, key)
	default:
		if key == "up" && k.cursor.At == 0 {
			k.focus = onKeyField
			return nil, true
		}
		return nil, moveCursor(&k.cursor, k.rows, k.height, key)
	}
}

// typeKey edits the field. Backspace in the empty field takes the last key of
// the list back into it.
func (k *Keys) typeKey(press tea.KeyPressMsg, sc *Scene) tea.Cmd {
	if key := press.String(); (key == "backspace" || key == "ctrl+h") && k.field.text == "" && len(k.keys) > 0 {
		last := k.keys[len(k.keys)-1]
		k.keep(k.keys[:len(k.keys)-1:len(k.keys)-1], sc)
		k.field.set(writeKey(last))
		return nil
	}
	before := len(k.field.text)
	changed := k.field.press(press)
	if !changed && press.Text != "" && before+len(press.Text) > maxKeyLen {
		return warn("the field holds no more than a key of 16384 bytes")
	}
	return nil
}
