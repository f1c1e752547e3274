package views

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"slotdeck/cluster/keyspace"
	"slotdeck/ui"
)

func keyStage(t *testing.T, d *fakeDesk, look ui.Look, w, h int) *stage {
	t.Helper()
	s := newStageOf(t, Config{Context: "prod-eu", Version: "test", Look: look, First: sampleSnapshot(), Keys: d}, w, h)
	s.press("4")
	return s
}

func newFakeDesk() *fakeDesk {
	return &fakeDesk{count: 500, batch: 200, values: map[string]keyspace.Value{
		"user:{0}:": {},
	}}
}

func moved(slot int, to string) keyspace.Hop {
	return keyspace.Hop{Took: 420 * time.Microsecond, Redirect: keyspace.Redirect{Outcome: keyspace.Moved, Slot: 866, To: to}, Err: fmt.Errorf("GET hello on x: it answered MOVED %d %s", slot, to)}
}

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

func TestKeyPagesLookAsTheyShould(t *testing.T) {
	drives := map[string]func(*stage, *fakeDesk){
		"keys/trace": func(s *stage, d *fakeDesk) {
			d.hops = []keyspace.Hop{moved(866, sampleAddr(3)), {Took: time.Millisecond, Redirect: keyspace.Redirect{Outcome: keyspace.Ask, Slot: 866, To: sampleAddr(2)}, Err: errors.New("GET hello on x: it answered ASK 866 " + sampleAddr(2))}}
			s.press("ctrl+right")
			s.typed("GET hello")
			s.press("enter")
		},
		"keys/crossing": func(s *stage, d *fakeDesk) {
			d.hops = []keyspace.Hop{{Took: time.Millisecond, Redirect: keyspace.Redirect{Outcome: keyspace.CrossSlot}, Err: errors.New("MGET on x: it answered CROSSSLOT Keys in request don't hash to the same slot")}}
			s.press("ctrl+right")
			s.typed("MGET user:7:a log:user:7")
			s.press("enter")
		},
		"keys/trace-plan": func(s *stage, _ *fakeDesk) { s.press("ctrl+right"); s.typed("SET hello x"); s.press("enter") },
		"keys/browse": func(s *stage, _ *fakeDesk) {
			s.press("ctrl+right", "ctrl+right")
			s.typed("user:* ttl>1m")
			s.press("enter", "j", "j")
		},
		"keys/hash": func(s *stage, d *fakeDesk) { withValue(s, d, hashValue()); s.press("j") },
		"keys/json": func(s *stage, d *fakeDesk) {
			withValue(s, d, keyspace.Value{Entry: keyspace.Entry{Type: "string", TTL: keyspace.NoTTL, Bytes: 96, Elements: 31, Encoding: "embstr"}, Text: `{"name":"Ada","tags":["a","b"]}`})
			s.press("v")
		},
		"keys/hex": func(s *stage, d *fakeDesk) {
			withValue(s, d, keyspace.Value{Entry: keyspace.Entry{Type: "string", TTL: keyspace.NoTTL, Bytes: 96, Elements: 31, Encoding: "raw"}, Text: "\x89PNG\r\n\x1a\n" + strings.Repeat("ab\x00", 12)})
			s.press("v", "v")
		},
		"keys/edit": func(s *stage, d *fakeDesk) {
			withValue(s, d, hashValue())
			s.press("j", "e", "ctrl+u")
			s.typed("new")
			s.press("enter")
		},
		"keys/biggest": func(s *stage, d *fakeDesk) { biggest(s, d); s.press("tab") },
		"keys/hottest": func(s *stage, d *fakeDesk) {
			a, b := s.app.snap.Shards[0].Primary, s.app.snap.Shards[1].Primary
			d.hot = []HotPart{
				{Node: a, Slots: []keyspace.SlotLoad{{Slot: 866, Keys: 12, CPU: 81234, In: 91234, Out: 712345}}, Way: keyspace.ByTouched, Keys: []keyspace.HotKey{{Key: "{hello}:a", Slot: 866, Type: "hash", Score: 8, Of: 8}, {Key: "{hello}:b\x1b", Slot: 866, Type: "string", Score: 7, Of: 8}}},
				{Node: b, Err: errors.New("CLUSTER SLOT-STATS on 10.0.0.12:7002: no answer in time")},
			}
			s.press("ctrl+left", "enter", "j")
		},
		"keys/slots": func(s *stage, d *fakeDesk) { biggest(s, d); s.press("tab", "tab", "tab", "tab") },
	}
	for name, drive := range drives {
		for look, l := range looks {
			for _, size := range sizes[:2] {
				file := fmt.Sprintf("%s/%s-%dx%d", name, look, size[0], size[1])
				t.Run(file, func(t *testing.T) {
					t.Parallel()
					d := newFakeDesk()
					s := keyStage(t, d, l, size[0], size[1])
					drive(s, d)
					s.app.toast = toastShown{}
					lines := strings.Split(s.raw(), "\n")
					for i := range lines {
						lines[i] = strings.TrimRight(lines[i], " ")
					}
					golden(t, file, strings.Join(lines, "\n")+"\n")
				})
			}
		}
	}
}

func biggest(s *stage, d *fakeDesk) {
	d.state = SurveyState{Tally: sampleTally(), Met: 600, Total: 600, Nodes: 3, Took: 1200 * time.Millisecond, Done: true}
	s.press("ctrl+left", "ctrl+left", "enter")
	p := s.app.screens[onKeys].(*KeyPages).pages[3].(*biggestPage)
	s.send(surveyLooked{p.nr, d.state})
}

func TestAMillionKeysStayScrollableInBoundedMemory(t *testing.T) {
	d := &fakeDesk{count: 334_000, batch: 1000}
	p := newBrowsePage(d, false)
	sc := &Scene{Snap: sampleSnapshot(), W: 120, H: 40, Theme: ui.NewTheme(ui.Look{})}
	p.Body(sc)
	run := func(press string) {
		cmd, _ := p.Key(pressOf(press), sc)
		for _, msg := range messagesOf(cmd) {
			for pending := []tea.Msg{msg}; len(pending) > 0; {
				next := p.Receive(pending[0], sc)
				pending = pending[1:]
				pending = append(pending, messagesOf(next)...)
			}
		}
	}
	run("enter")
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	run("c")
	runtime.GC()
	runtime.ReadMemStats(&after)
	if p.list.total != 1_002_000 || !p.done() {
		t.Fatalf("%d keys were counted, at the end: %v", p.list.total, p.done())
	}
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 4<<20 {
		t.Errorf("a million keys hold %d KiB", grown>>10)
	}
	for _, key := range []string{"G", "g", "pgdown", "G", "pgup"} {
		run(key)
		if p.list.at(p.row) == nil {
			t.Errorf("after %s the row %d is not there", key, p.row)
		}
		if body := strings.Join(p.Body(sc), "\n"); !strings.Contains(body, "user:{") || !strings.Contains(body, "hash") {
			t.Errorf("after %s the rows are not drawn, or not described", key)
		}
	}
	if p.row < 1_001_000 {
		t.Errorf("the end is row %d", p.row)
	}
}

func TestWhatMayChangeSomethingIsAskedAboutAndNeverSentByAConsoleThatOnlyLooks(t *testing.T) {
	d := newFakeDesk()
	s := keyStage(t, d, ui.Look{}, 120, 40)
	s.press("ctrl+right")
	s.typed("SET hello x")
	s.press("enter")
	if len(d.sent) != 0 || !strings.Contains(s.raw(), "The command is really carried out") {
		t.Fatalf("%q was sent before it was confirmed", d.sent)
	}
	s.press("esc")
	if len(d.sent) != 0 {
		t.Fatalf("%q was sent though the plan was left", d.sent)
	}
	looking := newStageOf(t, Config{Look: ui.Look{}, First: sampleSnapshot(), Keys: d, ReadOnly: true}, 120, 40)
	looking.press("4", "ctrl+right")
	looking.typed("SET hello x")
	looking.press("enter")
	if len(d.sent) != 0 || !strings.Contains(looking.raw(), "only looks") {
		t.Fatalf("%q was sent by a console that only looks", d.sent)
	}
}

func TestAChangeIsNotSentWhenTheKeyHasChangedMeanwhile(t *testing.T) {
	for name, c := range map[string]struct {
		now  func(v *keyspace.Value)
		gone bool
		sent bool
	}{
		"as shown":       {func(*keyspace.Value) {}, false, true},
		"another field":  {func(v *keyspace.Value) { v.Rows[2].Text = "Oslo" }, false, true},
		"the same field": {func(v *keyspace.Value) { v.Rows[0].Text = "Grace" }, false, false},
		"another type":   {func(v *keyspace.Value) { v.Type, v.Rows = "string", nil }, false, false},
		"gone":           {nil, true, false},
	} {
		d := &fakeDesk{values: map[string]keyspace.Value{"k": hashValue()}}
		before := hashValue()
		before.Key = "k"
		if c.gone {
			delete(d.values, "k")
		} else {
			now := hashValue()
			c.now(&now)
			d.values["k"] = now
		}
		text, err := carryOut(t.Context(), d, before, keyspace.ValueAsk{}, []string{"HSET", "k", "name", "new"})
		if (err == nil) != c.sent || (len(d.sent) == 1) != c.sent {
			t.Errorf("%s: sent %q, said %q, %v", name, d.sent, text, err)
		}
	}
	d := &fakeDesk{values: map[string]keyspace.Value{"k": hashValue()}}
	for _, failure := range []string{"OOM command not allowed", "NOPERM this user has no permissions", "WRONGTYPE Operation against a key"} {
		d.hops = []keyspace.Hop{{Redirect: keyspace.Redirect{Outcome: keyspace.Failed}, Err: errors.New(failure)}}
		before := hashValue()
		before.Key = "k"
		if _, err := carryOut(t.Context(), d, before, keyspace.ValueAsk{}, []string{"HSET", "k", "f", "v"}); err == nil || !strings.Contains(err.Error(), "nothing was changed: "+failure) {
			t.Errorf("%s: %v", failure, err)
		}
	}
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

func valueOf(s *stage) *valuePage {
	return s.app.screens[onKeys].(*KeyPages).pages[onBrowse].(*browsePage).value
}

func TestWhatWasTypedIsThereAgainWhenAPlanIsLeftOrAChangeFails(t *testing.T) {
	d := newFakeDesk()
	s := keyStage(t, d, ui.Look{}, 120, 40)
	withValue(s, d, hashValue())
	s.press("e", "ctrl+u")
	s.typed("a long text, with care")
	s.press("enter")
	s.want("HSET")
	s.press("esc")
	s.want("NEW VALUE OF name", "a long text, with care")
	for _, failure := range []string{"OOM command not allowed when used memory > 'maxmemory'.", "NOPERM User ann has no permissions to run the 'hset' command", "WRONGTYPE Operation against a key holding the wrong kind of value"} {
		d.hops = []keyspace.Hop{{Redirect: keyspace.Redirect{Outcome: keyspace.Failed}, Err: errors.New(failure)}}
		s.press("enter", "y")
		s.send(armed{s.app.overlay.(*planPage)})
		s.press("y")
		s.want("nothing was changed: "+failure, "NEW VALUE OF name", "a long text, with care")
	}
	s.press("enter", "y")
	s.send(armed{s.app.overlay.(*planPage)})
	s.press("y")
	s.wantNot("NEW VALUE OF name", "nothing was changed")
	if last := d.sent[len(d.sent)-1]; !strings.HasSuffix(last, "name a long text, with care") {
		t.Errorf("sent was %q", last)
	}
}

func TestADocumentIsEditedAsJSON(t *testing.T) {
	d := newFakeDesk()
	s := keyStage(t, d, ui.Look{}, 120, 40)
	withValue(s, d, keyspace.Value{Entry: keyspace.Entry{Type: "ReJSON-RL", TTL: keyspace.NoTTL, Bytes: 96, Elements: keyspace.Unknown}, Text: `{"a":[1,2]}`})
	s.want(`"a": [`)
	s.press("e", "ctrl+u")
	s.typed(`{"a":`)
	s.press("enter")
	s.want("that is no JSON")
	s.typed(`3}`)
	s.press("enter")
	s.want("JSON.SET", "the whole document is replaced")
}

func TestServersCountCommandsOnlyAfterThatWasAgreedTo(t *testing.T) {
	d := newFakeDesk()
	d.hot = []HotPart{{Node: sampleSnapshot().Shards[0].Primary, Way: keyspace.ByHotkeys, Keys: []keyspace.HotKey{{Key: "{hello}:a", Slot: 866, Score: 4711}}}}
	s := keyStage(t, d, ui.Look{}, 120, 40)
	s.press("ctrl+left", "enter", "w")
	s.want("HOTKEYS START", "HOTKEYS RESET")
	if len(d.watched) != 1 || d.watched[0] {
		t.Fatalf("before it was agreed to: %v", d.watched)
	}
	s.press("y")
	s.want("by HOTKEYS", "4711")
	if len(d.watched) != 2 || !d.watched[1] {
		t.Errorf("after it was agreed to: %v", d.watched)
	}
	looking := newStageOf(t, Config{Look: ui.Look{}, First: sampleSnapshot(), Keys: newFakeDesk(), ReadOnly: true}, 120, 40)
	looking.press("4", "ctrl+left", "w")
	looking.wantNot("HOTKEYS START")
}

func TestTheListInFrontIsAlwaysAmongTheNamesThatAreSeen(t *testing.T) {
	p := &biggestPage{}
	for i := range 30 {
		p.lists = append(p.lists, bigList{title: fmt.Sprintf("module-type-%d", i)})
	}
	for p.list = range p.lists {
		theme := ui.NewTheme(ui.Look{})
		if seen := ansi.Strip(theme.Cut(p.names(theme, 76), 76)); !slices.Contains(strings.Fields(strings.TrimSuffix(seen, theme.Glyph.Ellipsis)), theme.Glyph.Cursor+p.lists[p.list].title) {
			t.Fatalf("%s is not seen in %q", p.lists[p.list].title, seen)
		}
	}
}

func TestQueriesAreRead(t *testing.T) {
	q, err := readQuery(`"user: *" type=hash,set slot=0-9 shard=b ttl<1h mem>2k size>3m`)
	if err != nil || q.match != "user: *" || len(q.types) != 2 || q.slots.Len() != 10 || q.shard != "B" || q.keep.MaxTTL != time.Hour || q.keep.MinBytes != 2048 || q.keep.MinElements != 3_000_000 {
		t.Errorf("%+v, %v", q, err)
	}
	for _, text := range []string{"a b", "ttl=soon", "slot=x", "mem=5", "mem>x", `"open`, "size<5"} {
		if q, err := readQuery(text); err == nil {
			t.Errorf("%s is read as %+v", text, q)
		}
	}
}

// messagesOf are the messages of a command, those of a batch one by one.
func messagesOf(cmd tea.Cmd) []tea.Msg {
	if cmd == nil {
		return nil
	}
	msg := cmd()
	batch, is := msg.(tea.BatchMsg)
	if !is {
		return []tea.Msg{msg}
	}
	var out []tea.Msg
	for _, c := range batch {
		out = append(out, messagesOf(c)...)
	}
	return out
}

func TestKeysAreDeletedInBulkOnlyAfterTheyWereCountedAndTheNumberTyped(t *testing.T) {
	d := newFakeDesk() // 500 keys on each of three primaries
	s := keyStage(t, d, ui.Look{}, 120, 40)
	s.press("ctrl+right", "ctrl+right")
	s.typed("user:*")
	s.press("enter")
	p := s.app.screens[onKeys].(*KeyPages).pages[onBrowse].(*browsePage)
	p.slower = time.Hour
	if s.press("U"); p.purge != nil || !strings.Contains(s.raw(), "count the keys first") {
		t.Fatal("what was not counted can be deleted")
	}
	s.press("c", "U")
	if !strings.Contains(s.raw(), "DELETE 1500 KEYS") {
		t.Fatalf("no plan is shown:\n%s", s.raw())
	}
	s.press("y")
	s.typed("150")
	s.press("enter")
	if d.unlinked != 0 {
		t.Fatalf("%d keys were deleted by a wrong number", d.unlinked)
	}
	s.press("esc", "esc")
	s.press("U", "y")
	s.typed("1500")
	s.press("enter")
	for i := 0; p.purging() && i < 100; i++ { // what only time brings is not followed
		for _, msg := range messagesOf(p.purgeStep(0)) {
			p.Receive(msg, s.app.scene())
		}
	}
	if d.unlinked < 1500 || !p.purge.done || p.purge.err != nil {
		t.Errorf("%d keys were deleted: %+v", d.unlinked, p.purge)
	}
	all := keyStage(t, newFakeDesk(), ui.Look{}, 120, 40)
	all.press("ctrl+right", "ctrl+right", "enter", "c", "U")
	if !strings.Contains(all.raw(), "a pattern or another limit is needed") {
		t.Error("all keys of a cluster can be deleted")
	}
}

func TestADeletionThatWasBrokenOffIsGoneOnWith(t *testing.T) {
	d := newFakeDesk() // 500 keys on each of three primaries
	page := func(s *stage) *browsePage { return s.app.screens[onKeys].(*KeyPages).pages[onBrowse].(*browsePage) }
	steps := func(s *stage, enough func() bool) {
		p := page(s)
		for i := 0; p.purging() && i < 1000 && !enough(); i++ {
			for _, msg := range messagesOf(p.purgeStep(0)) {
				if cmd := p.Receive(msg, s.app.scene()); !p.purging() {
					messagesOf(cmd)
				}
			}
		}
	}
	s := keyStage(t, d, ui.Look{}, 120, 40)
	page(s).slower = time.Hour
	s.press("ctrl+right", "ctrl+right")
	s.typed("user:*")
	s.press("enter", "c", "U", "d")
	s.want("every value in a file first", "slotdeck restore")
	s.press("y")
	s.typed("1500")
	s.press("enter")
	steps(s, func() bool { return len(d.note.Done) > 0 })
	if d.note == nil || d.note.Removed == 0 || d.note.Removed >= 1500 || len(d.note.Done) == 0 || d.savedTo == "" || d.note.Save != d.savedTo {
		t.Fatalf("in the middle this was written down: %+v, saved to %q", d.note, d.savedTo)
	}
	before, done := d.note.Removed, len(d.note.Done)

	d.savedTo = ""
	after := keyStage(t, d, ui.Look{}, 120, 40) // the first console was killed
	page(after).slower = time.Hour
	after.press("ctrl+right", "ctrl+right")
	after.want(fmt.Sprintf("%d of 1500 keys for user:* were deleted", before), "u goes on")
	after.press("esc", "down", "u")
	after.want("GO ON DELETING KEYS", fmt.Sprintf("deleted        %d", before), fmt.Sprintf("where          %s", plural(3-done, "primary")))
	if n := d.unlinked; n != before {
		t.Fatalf("%d keys were deleted before anybody agreed", n-before)
	}
	after.press("y")
	after.typed("1500")
	after.press("enter")
	steps(after, func() bool { return false })
	if p := page(after); p.purge == nil || !p.purge.done || p.purge.err != nil || len(p.purge.note.Done) != 3 || d.savedTo == "" {
		t.Errorf("it ended like this: %+v", p.purge)
	}
	if d.note != nil {
		t.Errorf("what has ended is still remembered: %+v", d.note)
	}
}

func TestADeletionThatIsStoppedOrFailsIsOfferedAgain(t *testing.T) {
	for name, broken := range map[string]bool{"stopped": false, "failed": true} {
		d := newFakeDesk()
		s := keyStage(t, d, ui.Look{}, 120, 40)
		s.app.screens[onKeys].(*KeyPages).pages[onBrowse].(*browsePage).slower = time.Hour
		s.press("ctrl+right", "ctrl+right")
		s.typed("user:*")
		s.press("enter", "c", "U", "y")
		s.typed("1500")
		s.press("enter")
		p := s.app.screens[onKeys].(*KeyPages).pages[onBrowse].(*browsePage)
		p.purge.stopped = !broken
		msg := purgeStepped{nr: p.purge.nr, next: "100", removed: 50}
		if broken {
			msg.err = errors.New("the node is gone")
		}
		s.send(msg)
		if !p.purge.done || p.left == nil || goOnOff(browseOn{p, s.app.scene()}) != "" {
			t.Errorf("%s: %+v, left %+v", name, p.purge, p.left)
		}
	}
}
