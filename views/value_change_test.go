package views

import (
	"errors"
	"strings"
	"testing"

	"slotdeck/cluster/keyspace"
	"slotdeck/ui"
)

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
