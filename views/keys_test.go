package views

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"slotdeck/cluster"
	"slotdeck/keyslot"
	"slotdeck/ui"
)

// drive presses keys by name on a screen and answers the last one's command.
func drive(t *testing.T, s Screen, sc *Scene, keys ...string) tea.Cmd {
	t.Helper()
	var cmd tea.Cmd
	for _, key := range keys {
		var taken bool
		if cmd, taken = s.Key(pressOf(key), sc); !taken {
			t.Fatalf("the key %s means nothing here", key)
		}
	}
	return cmd
}

func typeInto(t *testing.T, s Screen, sc *Scene, text string) {
	t.Helper()
	for _, r := range text {
		drive(t, s, sc, string(r))
	}
}

func bodyText(s Screen, sc *Scene) string { return ansi.Strip(strings.Join(s.Body(sc), "\n")) }

func wantText(t *testing.T, s Screen, sc *Scene, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if text := bodyText(s, sc); !strings.Contains(text, p) {
			t.Fatalf("the screen does not show %q:\n%s", p, text)
		}
	}
}

// goldenBodies compares a screen's bodies at the usual sizes and looks. The
// screen is made anew for each.
func goldenBodies(t *testing.T, name string, snap *cluster.Snapshot, make func(*Scene) Screen) {
	t.Helper()
	for look, l := range map[string]ui.Look{"colour": sampleLook, "plain": {}, "ascii": {ASCII: true}} {
		for _, size := range [][2]int{{80, 20}, {120, 36}, {200, 56}} {
			sc := sampleScene(snap, l, size[0], size[1])
			s := make(sc)
			golden(t, fmt.Sprintf("%s-%s-%dx%d", name, look, size[0], size[1]+frameLines), strings.Join(s.Body(sc), "\n")+"\n")
		}
	}
}

// fillsExactly checks that a body has its size at any size.
func fillsExactly(t *testing.T, snap *cluster.Snapshot, make func(*Scene) Screen) {
	t.Helper()
	for _, w := range []int{1, 8, 20, 40, 60, 79, 80, 100, 119, 120, 140, 160, 200, 500} {
		for _, h := range []int{1, 2, 5, 6, 8, 10, 20, 36, 200} {
			sc := sampleScene(snap, ui.Look{}, w, h)
			s := make(sc)
			lines := s.Body(sc)
			if len(lines) != h {
				t.Fatalf("at %dx%d the body has %d lines", w, h, len(lines))
			}
			for _, l := range lines {
				if got := ui.Width(l); got > w {
					t.Fatalf("at %dx%d the line %q is %d wide", w, h, l, got)
				}
			}
		}
	}
}

// keysWith is a screen with keys in its list.
func keysWith(sc *Scene, keys ...string) *Keys {
	k := NewKeys()
	k.Show(sc)
	k.Paste(strings.Join(keys, "\n")+"\n", sc)
	return k
}

func TestKeysPictures(t *testing.T) {
	wounded := sampleSnapshot(failPrimary("C"), openSlots("A", "B", 1649, 1649), giveSlots("", 12527, 12600))
	screens := map[string]struct {
		snap *cluster.Snapshot
		make func(*Scene) Screen
	}{
		"keys/empty":   {sampleSnapshot(), func(sc *Scene) Screen { return keysWith(sc) }},
		"keys/unknown": {nil, func(sc *Scene) Screen { return keysWith(sc, "user:1", "{user:1}:cart") }},
		"keys/typing": {wounded, func(sc *Scene) Screen {
			k := keysWith(sc, "user:1000")
			k.field.set("cart:{user:1000}:items")
			return k
		}},
		"keys/crossslot": {sampleSnapshot(), crossslotScreen},
		"keys/wounded": {wounded, func(sc *Scene) Screen {
			return keysWith(sc, "{user:1000}:cart", "user:a", "session:{}x", "{broken", "bin\x00\xff{t}", strings.Repeat("long:", 20)+"{tag}:"+strings.Repeat("tail", 20))
		}},
	}
	for name, s := range screens {
		goldenBodies(t, name, s.snap, s.make)
		fillsExactly(t, s.snap, s.make)
	}
}

func crossslotScreen(sc *Scene) Screen {
	k := keysWith(sc, "user:7:cart", "log:user:7", "user:7:seen")
	k.focus = onWishField
	k.wish.field.set("b")
	k.wish.answer(sc)
	k.focus = onKeyList
	return k
}

func TestTypedKeyIsAnsweredAtOnce(t *testing.T) {
	sc := sampleScene(sampleSnapshot(), sampleLook, 100, 20)
	k := NewKeys()
	if !k.Typing() {
		t.Fatal("the field does not have the keyboard at first")
	}
	typeInto(t, k, sc, "q{user:1000}1")
	wantText(t, k, sc, "slot 1649", "A  10.0.0.11:7001", "replicas 1 of 1", "10.0.0.14:7004", "only the tag {user:1000} counts")
	drive(t, k, sc, "enter")
	if !slices.Equal(k.keys, []string{"q{user:1000}1"}) || k.field.text != "" {
		t.Fatalf("after enter the list is %q and the field holds %q", k.keys, k.field.text)
	}
}

func TestPasteKeepsEveryByte(t *testing.T) {
	sc := sampleScene(nil, sampleLook, 100, 20)
	k := NewKeys()
	k.Paste("with blank \ta \xff\x00\r\n\rmac\nlast\n", sc)
	if want := []string{"with blank \ta \xff\x00", "mac", "last"}; !slices.Equal(k.keys, want) {
		t.Fatalf("got %q, want %q", k.keys, want)
	}
	wantText(t, k, sc, `with blank \ta \xff\x00`)
	k.Paste("one line \x01", sc)
	drive(t, k, sc, "enter")
	if got := k.keys[len(k.keys)-1]; got != "one line \x01" {
		t.Fatalf("got %q", got)
	}
}

func TestPasteGoesOnWithWhatWasTyped(t *testing.T) {
	sc := sampleScene(nil, sampleLook, 100, 20)
	k := NewKeys()
	typeInto(t, k, sc, "pre:")
	k.Paste("a\nb", sc)
	if want := []string{"pre:a", "b"}; !slices.Equal(k.keys, want) || k.field.text != "" {
		t.Fatalf("got %q and %q in the field, want %q", k.keys, k.field.text, want)
	}
}

func TestSameKeyIsListedOnceAndTheListIsBounded(t *testing.T) {
	sc := sampleScene(nil, sampleLook, 100, 20)
	k := keysWith(sc, "a", "b", "a")
	if len(k.keys) != 2 || k.cursor.Key != "a" {
		t.Fatalf("the list is %q with the cursor on %q", k.keys, k.cursor.Key)
	}
	var many []string
	for i := range maxKeys + 5 {
		many = append(many, fmt.Sprint("key", i))
	}
	added, why := k.add(many, sc)
	if added != maxKeys-2 || !strings.Contains(why, "7 keys left out") {
		t.Fatalf("%d were added %s", added, why)
	}
	if added, why = k.add([]string{strings.Repeat("x", maxKeyLen+1)}, sc); added != 0 || !strings.Contains(why, "longer than 16384 bytes") {
		t.Fatalf("%d were added %s", added, why)
	}
}

func TestVerdictTellsSameSlotFromCrossslot(t *testing.T) {
	sc := sampleScene(sampleSnapshot(), sampleLook, 120, 36)
	k := keysWith(sc, "{user:1}:a", "{user:1}:b")
	wantText(t, k, sc, "same slot: MGET, MULTI and scripts work with these 2 keys")
	k.Paste("user:1:c\n", sc)
	wantText(t, k, sc, "CROSSSLOT: 3 keys, 2 slots", "the tag {user:1} joins them in slot 10778, shard B", "{user:1}:c")
	k.Paste("{other}\n", sc)
	wantText(t, k, sc, "they have different tags")
	k = keysWith(sc, "alpha", "beta")
	wantText(t, k, sc, "no part in common")
}

func TestJoinRenamesAndUndoBringsBack(t *testing.T) {
	sc := sampleScene(sampleSnapshot(), sampleLook, 120, 36)
	k := keysWith(sc, "user:7:cart", "log:user:7")
	drive(t, k, sc, "esc", "t")
	if want := []string{"{user:7}:cart", "log:{user:7}"}; !slices.Equal(k.keys, want) {
		t.Fatalf("got %q, want %q", k.keys, want)
	}
	wantText(t, k, sc, "same slot")
	if off := needsJoining(keysOn{k, sc}); off == "" {
		t.Fatal("keys of one slot can be joined again")
	}
	drive(t, k, sc, "u")
	if want := []string{"user:7:cart", "log:user:7"}; !slices.Equal(k.keys, want) {
		t.Fatalf("after undo: %q, want %q", k.keys, want)
	}
}

func TestBackspaceOnAnEmptyFieldTakesTheLastKeyBack(t *testing.T) {
	sc := sampleScene(nil, sampleLook, 80, 20)
	k := keysWith(sc, "a", "bin\xff")
	drive(t, k, sc, "backspace")
	if want := []string{"a"}; !slices.Equal(k.keys, want) || k.field.text != `"bin\xff"` {
		t.Fatalf("the list is %q, the field %q", k.keys, k.field.text)
	}
	drive(t, k, sc, "enter")
	if want := []string{"a", "bin\xff"}; !slices.Equal(k.keys, want) {
		t.Fatalf("put back it is %q", k.keys)
	}
}

func TestListRemovesEditsClearsAndChooses(t *testing.T) {
	sc := sampleScene(sampleSnapshot(), sampleLook, 80, 20)
	k := keysWith(sc, "a", "b", "c")
	drive(t, k, sc, "esc")
	if k.Typing() {
		t.Fatal("esc does not leave the field")
	}
	drive(t, k, sc, "g", "j")
	if got := k.Selected(sc); got.Text != "b" || got.Node != sampleID(1) {
		t.Fatalf("y would copy %q of node %s", got.Text, got.Node)
	}
	drive(t, k, sc, "d")
	if want := []string{"a", "c"}; !slices.Equal(k.keys, want) || k.cursor.Key != "c" {
		t.Fatalf("the list is %q with the cursor on %q", k.keys, k.cursor.Key)
	}
	drive(t, k, sc, "e")
	if k.field.text != "c" || !k.Typing() || len(k.keys) != 1 {
		t.Fatalf("e leaves %q in the field and %q in the list", k.field.text, k.keys)
	}
	drive(t, k, sc, "esc", "c")
	if len(k.keys) != 0 || k.Selected(sc).Text != "" {
		t.Fatalf("after c: %q", k.keys)
	}
	drive(t, k, sc, "u")
	if want := []string{"a"}; !slices.Equal(k.keys, want) {
		t.Fatalf("after u: %q", k.keys)
	}
}

func TestFilterAndIssuesNarrowTheListOnly(t *testing.T) {
	snap := sampleSnapshot(failPrimary("C"))
	sc := sampleScene(snap, sampleLook, 100, 30)
	k := keysWith(sc, "user:a", "user:b", "{user:1}") // in C, A and B
	sc.Filter, _ = NewFilter("user:[ab]")
	k.Show(sc)
	if len(k.rows) != 2 || k.verdict.keys != 3 {
		t.Fatalf("%d rows, a verdict on %d keys", len(k.rows), k.verdict.keys)
	}
	sc.Filter, sc.Issues = Filter{}, true
	k.Show(sc)
	for _, r := range k.rows {
		if sh, _ := snap.ShardOf(keyslot.Of(r.Key)); sh.Letter != "C" {
			t.Errorf("%q lives in the healthy shard %s", r.Key, sh.Letter)
		}
	}
	if len(k.rows) == 0 {
		t.Fatal("the key in the failed shard is not shown")
	}
}

func TestTagsLandWhereWished(t *testing.T) {
	snap := sampleSnapshot()
	for wish, lands := range map[string]func(keyslot.Slot) bool{
		"5474":     func(s keyslot.Slot) bool { return s == 5474 },
		"0-9, 300": func(s keyslot.Slot) bool { return s <= 9 || s == 300 },
		"b":        func(s keyslot.Slot) bool { sh, _ := snap.ShardOf(s); return sh.Letter == "B" },
	} {
		sc := sampleScene(snap, sampleLook, 120, 36)
		k := NewKeys()
		drive(t, k, sc, "tab")
		typeInto(t, k, sc, wish)
		if len(k.wish.tags) < 5 {
			t.Fatalf("%s: only %d tags", wish, len(k.wish.tags))
		}
		for _, tag := range k.wish.tags {
			if slot := keyslot.Of("{" + tag + "}:x"); !lands(slot) {
				t.Errorf("%s: {%s} lands in %d", wish, tag, slot)
			}
		}
		drive(t, k, sc, "enter", "j")
		want := "{" + k.wish.tags[1] + "}"
		if got := k.Selected(sc).Text; got != want {
			t.Errorf("y would copy %q, want %q", got, want)
		}
		if cmd := drive(t, k, sc, "enter"); cmd == nil {
			t.Error("enter copies nothing")
		}
		if !k.Leave(sc) || k.Leave(sc) {
			t.Error("esc does not lead out of the tags once")
		}
	}
}

func TestWishThatCannotBeReadSaysWhy(t *testing.T) {
	for wish, why := range map[string]string{
		"99999": "beyond the last slot", "9-1": "backwards", "5x": "is not a slot", "z": "there is no shard Z; there are A B C",
	} {
		sc := sampleScene(sampleSnapshot(), sampleLook, 200, 36)
		k := NewKeys()
		drive(t, k, sc, "tab")
		typeInto(t, k, sc, wish)
		if !strings.Contains(k.wish.wrong, why) || len(k.wish.tags) != 0 {
			t.Errorf("%q: %q and %d tags, want %q", wish, k.wish.wrong, len(k.wish.tags), why)
		}
	}
	_, why := readWish("a", sampleScene(nil, sampleLook, 80, 20))
	if !strings.Contains(why, "not known yet") {
		t.Errorf("without a cluster: %q", why)
	}
}

func TestTagsFollowAShardThatChanges(t *testing.T) {
	sc := sampleScene(sampleSnapshot(), sampleLook, 120, 36)
	k := NewKeys()
	drive(t, k, sc, "tab", "a")
	before := slices.Clone(k.wish.tags)
	sc.Snap = sampleSnapshot(giveSlots("B", 0, 5000))
	k.Show(sc)
	if slices.Equal(before, k.wish.tags) {
		t.Fatal("the tags are the same as before the slots went")
	}
	for _, tag := range k.wish.tags {
		if sh, _ := sc.Snap.ShardOf(keyslot.Of(tag)); sh.Letter != "A" {
			t.Errorf("%s is in %s now", tag, sh.Letter)
		}
	}
}

func TestEveryKeyOfTheFootersWorks(t *testing.T) {
	for _, f := range []keysFocus{onKeyField, onKeyList, onWishField, onTagList} {
		sc := sampleScene(sampleSnapshot(), sampleLook, 120, 36)
		for _, h := range func() []ui.Hint { k := crossslotScreen(sc).(*Keys); k.focus = f; return k.Hints(sc) }() {
			k := crossslotScreen(sc).(*Keys)
			k.focus = f
			if _, taken := k.Key(pressOf(h.Press), sc); !taken {
				t.Errorf("focus %d: %s is shown but means nothing", f, h.Key)
			}
		}
	}
}

func TestSlotThatIsNotSettledSaysWhy(t *testing.T) {
	key := "{user:1000}" // slot 1649, shard A
	for want, c := range map[string]change{
		"the slot is moving to 10.0.0.12:7002":              openSlots("A", "B", 1649, 1649),
		"half open: only 10.0.0.12:7002 shows":              openSlots("", "B", 1649, 1649),
		"the nodes do not agree who owns this slot":         dispute("A", "B", 1600, 1700),
		"nobody owns this slot":                             giveSlots("", 1649, 1649),
		"the primary of this slot is not well: no answer 4": suspectPrimary("A"),
	} {
		h := homeOf(sampleScene(sampleSnapshot(c), sampleLook, 80, 20), keyslot.Of(key))
		if !strings.Contains(h.warning, want) || h.state.gravity == calm {
			t.Errorf("got %q, %q; want %q", h.warning, h.state.word, want)
		}
		if ui.Width(h.warning) > 73 {
			t.Errorf("%q does not fit into 80 columns", h.warning)
		}
	}
	if h := homeOf(sampleScene(sampleSnapshot(), sampleLook, 80, 20), keyslot.Of(key)); h.warning != "" {
		t.Errorf("a slot that is served well warns: %q", h.warning)
	}
}
