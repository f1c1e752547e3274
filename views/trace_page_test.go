package views

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"slotdeck/cluster/keyspace"
	"slotdeck/ui"
)

func moved(slot int, to string) keyspace.Hop {
	return keyspace.Hop{Took: 420 * time.Microsecond, Redirect: keyspace.Redirect{Outcome: keyspace.Moved, Slot: 866, To: to}, Err: fmt.Errorf("GET hello on x: it answered MOVED %d %s", slot, to)}
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
