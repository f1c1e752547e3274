package views

import (
	"testing"

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
	s.want("by HOTKEYS", "4711")
	if len(d.watched) != 2 || !d.watched[1] {
		t.Errorf("after it was agreed to: %v", d.watched)
	}
	looking := newStageOf(t, Config{Look: ui.Look{}, First: sampleSnapshot(), Keys: newFakeDesk(), ReadOnly: true}, 120, 40)
	looking.press("4", "ctrl+left", "w")
	looking.wantNot("HOTKEYS START")
}
