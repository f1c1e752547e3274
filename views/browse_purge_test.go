package views

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"slotdeck/ui"
)

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
