package views

import (
	"errors"
	"strings"
	"testing"

	"slotdeck/cluster"
	"slotdeck/cluster/keyspace"
	"slotdeck/ui"
)

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
	s.want("by HOTKEYS", "4.7ms")
	if len(d.watched) != 2 || !d.watched[1] {
		t.Errorf("after it was agreed to: %v", d.watched)
	}
	looking := newStageOf(t, Config{Look: ui.Look{}, First: sampleSnapshot(), Keys: newFakeDesk(), ReadOnly: true}, 120, 40)
	looking.press("4", "ctrl+left", "w")
	looking.wantNot("HOTKEYS START")
}

func TestEveryHeadingOfTheHottestSaysWhatIsUnderIt(t *testing.T) {
	const why = "load by slot is not counted"
	said := func(parts ...HotPart) string {
		var heads []string
		for _, r := range hotRows(sampleScene(sampleSnapshot(), sampleLook, 80, 20), parts) {
			heads = append(heads, strings.TrimSpace(r.head+" "+r.dim+r.key))
		}
		return strings.Join(heads, "|")
	}
	node := func(i int) cluster.NodeID { return sampleID(i) }
	for _, c := range []struct {
		parts []HotPart
		want  string
	}{
		{[]HotPart{{Node: node(1), Why: why, Way: keyspace.ByTouched}},
			"slots " + why + "|keys none was seen in use, by " + keyspace.ByTouched.String()},
		{[]HotPart{{Node: node(1), Slots: []keyspace.SlotLoad{{CPU: 1}}, Way: keyspace.ByLFU}, {Node: node(2), Why: why, Way: keyspace.ByLFU}},
			"slots by CLUSTER SLOT-STATS, in 2.0s; B: " + why + "||keys none was seen in use, by " + keyspace.ByLFU.String()},
		{[]HotPart{{Node: node(1), Err: errors.New("gone")}}, "slots by CLUSTER SLOT-STATS, in 2.0s"},
		{[]HotPart{{Node: node(1), Way: keyspace.ByLFU, Keys: []keyspace.HotKey{{Key: "a", Score: 200}}}, {Node: node(2), Way: keyspace.ByTouched, Keys: []keyspace.HotKey{{Key: "b", Score: 8, Of: 8}}}},
			"slots by CLUSTER SLOT-STATS, in 2.0s|keys by " + keyspace.ByLFU.String() + "|a|keys by " + keyspace.ByTouched.String() + "|b"},
	} {
		if got := said(c.parts...); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
