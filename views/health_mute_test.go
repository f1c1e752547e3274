package views

import (
	"errors"
	"strings"
	"testing"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/doctor"
	"slotdeck/ui"
)

// fakeMutes keeps what is muted.
type fakeMutes struct {
	list []doctor.Mute
	err  error
}

func (f *fakeMutes) Load(*cluster.Snapshot) []doctor.Mute { return f.list }

func (f *fakeMutes) Keep(_ *cluster.Snapshot, list []doctor.Mute) error {
	if f.err == nil {
		f.list = list
	}
	return f.err
}

func muteStage(t *testing.T, kept *fakeMutes) *stage {
	t.Helper()
	s := newStage(t, ailing(), ui.Look{}, 120, 40)
	s.app.cfg.Mutes = kept
	s.follow(s.app.loadMutes())
	s.press("7")
	return s
}

func TestAFindingIsMutedWithAReasonAndToldAgain(t *testing.T) {
	kept := &fakeMutes{}
	s := muteStage(t, kept)
	before := len(s.app.scene().Findings)
	first := s.app.scene().Findings[0]
	header := strings.Split(s.text(), "\n")[0]

	s.press("M")
	s.want("enter mute", "esc leave it")
	s.wantNot("r repair")
	s.typed("for ever")
	s.press("enter")
	s.want("it begins with a time")
	if len(kept.list) != 0 {
		t.Fatal("muted without a time")
	}
	s.press("esc", "M")
	s.typed("7d waiting for the q rack") // q is a letter here
	s.press("enter")
	if len(kept.list) != 1 || kept.list[0].Reason != "waiting for the q rack" || kept.list[0].Until.Sub(s.app.now) != 7*24*time.Hour {
		t.Fatalf("kept: %+v", kept.list)
	}
	sc := s.app.scene()
	if len(sc.Findings) != before-1 || len(sc.Muted) != 1 || sc.Muted[0].ID != first.ID {
		t.Errorf("%d of %d are told, muted is %+v", len(sc.Findings), before, sc.Muted)
	}
	if got := strings.Split(s.text(), "\n")[0]; got == header {
		t.Errorf("the header counts what is muted: %s", got)
	}
	s.press("G")
	s.want("muted", "waiting for the q rack", "tell of it again")

	again := muteStage(t, kept) // another console
	if len(again.app.scene().Muted) != 1 {
		t.Error("the next console tells of it")
	}
	again.press("G", "M")
	if len(kept.list) != 0 || len(again.app.scene().Findings) != before {
		t.Errorf("after M on it: kept %+v", kept.list)
	}

	broken := muteStage(t, &fakeMutes{err: errors.New("no space left")})
	broken.press("M")
	broken.typed("1h x")
	broken.press("enter")
	broken.want("no space left")
	if len(broken.app.scene().Muted) != 0 {
		t.Error("what could not be kept is muted")
	}
}

func TestAMuteEndsByItself(t *testing.T) {
	kept := &fakeMutes{}
	s := muteStage(t, kept)
	s.press("M")
	s.typed("1h later")
	s.press("enter")
	s.app.now = s.app.now.Add(59 * time.Minute)
	if len(s.app.scene().Muted) != 1 {
		t.Error("told again before its time")
	}
	s.app.now = s.app.now.Add(time.Minute)
	if len(s.app.scene().Muted) != 0 {
		t.Error("muted beyond its time")
	}
}

func TestTheMatrixNamesWhoDissents(t *testing.T) {
	s := newStage(t, ailing(), ui.Look{}, 160, 45)
	s.press("7", "v")
	s.want("WHO SAYS WHAT", "most say", "owner", "7000-7003")
	s.want("v findings")
	s.wantNot("M mute")
	s.press("M", "r") // about a finding that nobody sees
	if s.want("WHO SAYS WHAT"); s.app.screens[onHealth].(*Health).prompt != nil || s.app.overlay != nil {
		t.Error("a key acted on a finding that is not in sight")
	}
	rows := s.app.scene().Snap.Matrix()
	if len(rows.Dissenters()) == 0 {
		t.Fatal("the sample has no dissenter")
	}
	s.press("esc")
	s.wantNot("WHO SAYS WHAT")
	for _, size := range [][2]int{{80, 20}, {160, 41}} {
		sc := sampleScene(ailing(), ui.Look{}, size[0], size[1])
		h := NewHealth()
		h.Show(sc)
		h.matrix = true
		for i, line := range h.Body(sc) {
			if ui.Width(line) > size[0] {
				t.Errorf("line %d is %d cells wide: %s", i, ui.Width(line), line)
			}
		}
	}
	fine := newStage(t, healthy(), ui.Look{}, 120, 40)
	fine.press("7", "v")
	fine.want("say the same")
}
