package views

import (
	"testing"

	tea "charm.land/bubbletea/v2"

	"slotdeck/cluster/plan"
	"slotdeck/ui"
)

// put opens a proposal of a given risk and counts how often it is run.
func put(s *stage, p Proposal) *int {
	ran := new(int)
	p.Title = "MOVE 400 SLOTS"
	p.Body = func(*ui.Theme, int) []string { return []string{" 400 slots from A to B"} }
	p.Run = func() tea.Cmd { *ran++; return nil }
	s.send(proposed{&p})
	return ran
}

func TestSafePlanRunsOnOneKeyAndLeavesOnAnother(t *testing.T) {
	s := newStage(t, sampleSnapshot(), colours, 80, 24)
	ran := put(s, Proposal{Risk: plan.Safe, Why: "no key can be lost"})
	s.want("MOVE 400 SLOTS", "400 slots from A to B", "safe: no key can be lost")
	s.press("enter", "j", "space", "q")
	if *ran != 0 {
		t.Fatal("another key than y ran the plan")
	}
	s.press("esc")
	s.wantNot("MOVE 400 SLOTS")
	ran = put(s, Proposal{Risk: plan.Safe})
	s.press("y")
	if *ran != 1 {
		t.Fatalf("y ran the plan %d times", *ran)
	}
	s.wantNot("MOVE 400 SLOTS")
}

func TestDisruptivePlanSwallowsStrayKeysForASecond(t *testing.T) {
	s := newStage(t, sampleSnapshot(), colours, 80, 24)
	ran := put(s, Proposal{Risk: plan.Disruptive, Why: "clients notice"})
	s.press("y", "y", "y")
	if *ran != 0 {
		t.Fatal("keys within the pause ran the plan")
	}
	s.want("wait a second")
	s.send(armed{s.app.overlay.(*planPage)})
	s.want("once more to run")
	s.press("y")
	if *ran != 1 {
		t.Fatalf("ran %d times", *ran)
	}
}

func TestLossyPlanWantsTheNameTyped(t *testing.T) {
	s := newStage(t, sampleSnapshot(), colours, 80, 24)
	ran := put(s, Proposal{Risk: plan.Lossy, Name: "prod-eu", Why: "acknowledged writes can be lost"})
	s.press("y")
	s.want("type prod-eu to run")
	s.typed("prod")
	s.press("enter")
	s.want("that is not prod-eu")
	s.press("y")
	s.send(tea.PasteMsg{Content: "prod-eu"})
	s.press("enter")
	if *ran != 0 {
		t.Fatal("a pasted or wrong name ran the plan")
	}
	s.press("y")
	s.typed("prod-eu")
	s.press("enter")
	if *ran != 1 {
		t.Fatalf("ran %d times", *ran)
	}
}

func TestRefusedPlanSaysWhyAndDoesNotRun(t *testing.T) {
	s := newStage(t, sampleSnapshot(), colours, 80, 24)
	ran := put(s, Proposal{Refused: "slot 7 is open"})
	s.want("cannot be run: slot 7 is open")
	s.press("y", "y")
	if *ran != 0 {
		t.Fatal("a refused plan ran")
	}
}
