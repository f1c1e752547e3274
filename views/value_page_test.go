package views

import (
	"slices"
	"strings"
	"testing"
	"time"

	"slotdeck/cluster/keyspace"
	"slotdeck/ui"
)

// withValue opens the first key of a browse, which holds the value.
func withValue(s *stage, d *fakeDesk, v keyspace.Value) {
	s.press("ctrl+right", "ctrl+right")
	s.typed("user:*")
	s.press("enter")
	key := s.app.screens[onKeys].(*KeyPages).pages[2].(*browsePage).list.at(0).Key
	d.values = map[string]keyspace.Value{key: v}
	s.press("enter")
}

func hashValue() keyspace.Value {
	v := keyspace.Value{Entry: keyspace.Entry{Type: "hash", TTL: 5 * time.Hour, Bytes: 412, Elements: 3, Encoding: "hashtable"}}
	v.Rows = []keyspace.Row{{Name: "name", Text: "Ada", TTL: keyspace.NotTold}, {Name: "token", Text: "\x00\xff\x1b[2J", TTL: 90 * time.Second}, {Name: "city", Text: "Zürich", TTL: keyspace.NotTold}}
	return v
}

func valueOf(s *stage) *valuePage {
	return s.app.screens[onKeys].(*KeyPages).pages[onBrowse].(*browsePage).value
}

func TestKeysThatVanishOrChangeTheirTypeWhileShownAreSaidToHaveDoneSo(t *testing.T) {
	d := newFakeDesk()
	s := keyStage(t, d, ui.Look{}, 120, 40)
	withValue(s, d, hashValue())
	var key string
	for key = range d.values {
	}
	d.values[key] = keyspace.Value{Entry: keyspace.Entry{Type: "string", TTL: keyspace.NoTTL, Elements: 1}, Text: "x"}
	s.press("r")
	if !strings.Contains(s.raw(), "string") {
		t.Error("the new type is not shown")
	}
	was := d.values[key]
	delete(d.values, key)
	s.press("r")
	s.want("not there", "below is what was read before", "x")
	if page := valueOf(s); valueNoEdit(valueOn{page, s.app.scene()}) == "" || page.Selected(nil).Text != "x" {
		t.Error("what was read of a key that is gone can be changed, or not be copied")
	}
	d.values[key] = was
	s.press("r")
	s.wantNot("not there")
	withheld := hashValue()
	withheld.Rows, withheld.Withheld = nil, "each of its 3 elements has some 10 MiB: nothing is fetched unasked"
	d.values[key] = withheld
	s.press("r")
	if !strings.Contains(s.raw(), "W fetches it") {
		t.Error("what is withheld is not said")
	}
}

func TestAPageIsTurnedOnceHoweverOftenThatIsAskedAndStaysWhenTheNextIsNotRead(t *testing.T) {
	first := hashValue()
	first.Next = "17"
	d := &fakeDesk{values: map[string]keyspace.Value{"k": first}}
	p := newValuePage(d, false, "k")
	wants := func(parts int, from string) {
		t.Helper()
		if len(p.before) != parts || p.value.From != from {
			t.Errorf("%d parts before the one from %q, want %d and %q", len(p.before), p.value.From, parts, from)
		}
	}
	p.Receive(p.read(keyspace.ValueAsk{})(), nil)
	once, twice := p.turn(1), p.turn(1)
	wants(0, "")
	p.Receive(once(), nil)
	p.Receive(twice(), nil)
	wants(1, "17")
	delete(d.values, "k")
	p.Receive(p.turn(1)(), nil)
	wants(1, "17")
	d.values["k"] = first
	p.Receive(p.readAt(p.value.From)(), nil)
	wants(1, "17")
	p.Receive(p.turn(-1)(), nil)
	wants(0, "")
}

func TestTheCursorStaysOnItsElementWhenTheyComeInAnotherOrder(t *testing.T) {
	was := hashValue()
	d := &fakeDesk{values: map[string]keyspace.Value{"k": was}}
	p := newValuePage(d, false, "k")
	p.Receive(p.read(keyspace.ValueAsk{})(), nil)
	p.row = 1
	now := hashValue()
	slices.Reverse(now.Rows)
	now.Rows = now.Rows[1:] // city is gone
	d.values["k"] = now
	p.Receive(p.readAt("")(), nil)
	if name := p.value.Rows[p.row].Name; name != was.Rows[1].Name {
		t.Errorf("the cursor is on %q and was on %q", name, was.Rows[1].Name)
	}
	now.Rows = now.Rows[1:]
	d.values["k"] = now
	p.Receive(p.readAt("")(), nil)
	if p.row != 0 {
		t.Errorf("the cursor is on row %d of one", p.row)
	}
}

func TestTextsAreShownWholeAndBytesWhereTheyStandInTheValue(t *testing.T) {
	if got := strings.Join(textLines("Zürich 値段\x1b\nnext line\n", 11), "|"); got != "Zürich 値段|\\x1b|next line" {
		t.Errorf("the text is %q", got)
	}
	long := strings.Repeat("0123456789", 9)
	laid := jsonLines(ui.NewTheme(ui.Look{}), keyspace.Value{Text: `{"a":"` + long + `"}`}, 40)
	if !strings.Contains(strings.Join(laid, ""), long) {
		t.Errorf("the document is %q", laid)
	}
	if got := hexLines("ab", 16384, 100)[0]; !strings.HasPrefix(got, "00004000  61 62") {
		t.Errorf("the bytes are %q", got)
	}
}
