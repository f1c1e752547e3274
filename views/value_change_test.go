package views

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"slotdeck/cluster"
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
		"it expires now": {func(v *keyspace.Value) { v.Rows[0].TTL = time.Hour }, false, false},
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

func TestTheTimeToLiveOfAFieldStaysWhereAllNodesCanLeaveIt(t *testing.T) {
	running := func(flavor, version string, nodes ...int) change {
		return func(s *cluster.Snapshot) {
			for i := range s.Nodes {
				if len(nodes) == 0 || slices.ContainsFunc(nodes, func(k int) bool { return s.Nodes[i].ID == sampleID(k) }) {
					s.Nodes[i].Stats.Flavor, s.Nodes[i].Stats.Version = flavor, version
				}
			}
		}
	}
	const key = "k" // of shard B: nodes 2 and 5
	expiring := keyspace.Row{Name: "f", Text: "old", TTL: time.Minute}
	for name, c := range map[string]struct {
		nodes change
		keeps bool
	}{
		"redis 8.0":               {running("redis", "8.0.0"), true},
		"redis 10":                {running("redis", "10.2.0"), true},
		"redis 7.4":               {running("redis", "7.4.5"), false},
		"valkey 9.0":              {running("valkey", "9.0.1"), true},
		"valkey 8.1":              {running("valkey", "8.1.3"), false},
		"one replica is older":    {running("redis", "7.4.5", 5), false},
		"another shard is older":  {running("redis", "7.4.5", 3), false},
		"a replica does not tell": {running("", "", 5), true},
		"the owner does not tell": {running("", "", 2), false},
	} {
		words, why := fieldChange(sampleSnapshot(c.nodes), key, expiring, "new")
		if keeps := words[0] == "HSETEX"; keeps != c.keeps || keeps != strings.Contains(why, "stays") || keeps == strings.Contains(why, "takes the field's own time to live away") {
			t.Errorf("%s: %q, %s", name, words, why)
		}
	}
	forever := keyspace.Row{Name: "f", Text: "old", TTL: keyspace.NotTold}
	if words, _ := fieldChange(sampleSnapshot(), key, forever, "new"); strings.Join(words, " ") != "HSET k f new" {
		t.Errorf("a field that lives for ever is replaced by %q", words)
	}
}
