package views

import (
	"fmt"

	"slotdeck/cluster"
	"slotdeck/keyslot"
	"slotdeck/ui"
)

// maxJoined is up to how many keys a common tag is looked for.
const maxJoined = 100

// keyVerdict is what can be said of several keys together.
type keyVerdict struct {
	keys, slots int
	slot        keyslot.Slot // when there is but one
	tags        int          // how many different hash tags the keys have
	joining     keyslot.Joining
	joined      map[string]string // what each key would be called
}

// judgeKeys works the verdict out. It depends on the keys alone, so that it
// need not be done again when the cluster changes.
func judgeKeys(keys []string) keyVerdict {
	v := keyVerdict{keys: len(keys)}
	var slots keyslot.Set
	tags := map[string]bool{}
	for _, key := range keys {
		v.slot = keyslot.Of(key)
		slots.Add(v.slot)
		if tag := keyslot.TagOf(key); tag.Real {
			tags[tag.In(key)] = true
		}
	}
	v.slots, v.tags = slots.Len(), len(tags)
	if v.slots < 2 || len(keys) > maxJoined {
		return v
	}
	if j, ok := keyslot.TagJoining(keys...); ok {
		v.joining, v.joined = j, make(map[string]string, len(keys))
		for i, key := range keys {
			v.joined[key] = j.Keys[i]
		}
	}
	return v
}

// lines are the verdict in two lines, always two, so that the rows below keep
// their place.
func (v keyVerdict) lines(sc *Scene, spread string, w int) []string {
	t := sc.Theme
	lines := []string{"", ""}
	switch {
	case v.keys == 0:
		lines[0] = t.Dim.Text("The list is empty. Enter adds the typed key; of a paste every line is a key.")
	case v.keys == 1:
		lines[0] = t.Dim.Text("One key. Add others to see whether one command can use them together.")
	case v.slots == 1:
		lines[0] = t.Good.Text(t.Glyph.OK) + " " + t.Strong.Text(fmt.Sprintf("same slot: MGET, MULTI and scripts work with these %d keys", v.keys))
		if h := homeOf(sc, v.slot); h.warning != "" {
			lines[1] = h.state.paint(t).Text(h.warning)
		}
	default:
		lines[0] = t.Bad.Text(t.Glyph.Fail+" CROSSSLOT") + t.Strong.Text(fmt.Sprintf(": %d keys, %d slots%s: MGET and MULTI are refused", v.keys, v.slots, spread))
		lines[1] = v.advice(sc)
	}
	for i := range lines {
		lines[i] = t.Cut(" "+lines[i], w)
	}
	return lines
}

func (v keyVerdict) advice(sc *Scene) string {
	t := sc.Theme
	switch {
	case v.joined != nil:
		where := fmt.Sprintf(" joins them in slot %d", v.joining.Slot)
		if h := homeOf(sc, v.joining.Slot); h.shard != nil {
			where += ", shard " + t.Shard(h.shard.Hue).Text.Text(h.shard.Letter)
		}
		return "  the tag " + t.Mark.Text(tagName(t, v.joining.Tag)) + where
	case v.keys > maxJoined:
		return t.Dim.Text(fmt.Sprintf("  a tag that joins them is proposed for up to %d keys", maxJoined))
	case v.tags > 1:
		return t.Dim.Text("  they have different tags; keys that belong together need the same one")
	default:
		return t.Dim.Text("  their names have no part in common; the same {tag} in each would join them")
	}
}

// shardsOf tells how many shards the keys are spread over, when that is known.
func shardsOf(sc *Scene, keys []string) string {
	if sc.Snap == nil || sc.Snap.Owner == nil {
		return ""
	}
	seen := map[int16]bool{}
	for _, key := range keys {
		if owner := sc.Snap.Owner[keyslot.Of(key)]; owner != cluster.NoShard {
			seen[owner] = true
		}
	}
	switch len(seen) {
	case 0:
		return ", no shard"
	case 1:
		return ", one shard"
	}
	return fmt.Sprintf(", %d shards", len(seen))
}

// keyCell shows a key in at most w cells with its tag underlined. What does
// not fit is taken from behind the tag first, then from before it.
func keyCell(t *ui.Theme, key string, w int) string {
	if w <= 0 {
		return ""
	}
	tag := keyslot.TagOf(key)
	bound := func(s string) string { return ui.Clean(s[:min(len(s), 4*w)]) }
	if !tag.Real {
		return t.Left(bound(key), w)
	}
	before, after := key[:tag.Start], bound(key[tag.End:])
	before = ui.Clean(before[max(0, len(before)-4*w):])
	mid := t.Cut(bound(tag.In(key)), w-2)
	room := w - ui.Width(mid)
	if extra := ui.Width(before) + min(ui.Width(after), 2) - room; extra > 0 {
		before = cutStart(t, before, max(1, ui.Width(before)-extra))
	}
	return t.Left(before+t.Mark.Text(mid)+t.Cut(after, room-ui.Width(before)), w)
}
