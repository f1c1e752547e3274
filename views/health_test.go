package views

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"slotdeck/cluster"
	"slotdeck/cluster/doctor"
	"slotdeck/cluster/plan"
	"slotdeck/ui"
)

// ailing is a cluster with findings of every severity.
func ailing() *cluster.Snapshot {
	s := sampleReady(failPrimary("C"), openSlots("A", "B", 100, 103), dispute("A", "B", 7000, 7003))
	s.Nodes[0].Stats.MaxMemory = s.Nodes[0].Stats.UsedMemory * 100 / 85
	s.Nodes[1].Stats.Version = "9.9.9"
	return s
}

func TestHealthLooksAsItShould(t *testing.T) {
	for _, picture := range []struct {
		name string
		snap func() *cluster.Snapshot
		keys []string
	}{
		{"healthy", healthy, []string{"7"}},
		{"ailing", ailing, []string{"7"}},
		{"grouped", ailing, []string{"7", "t", "t", "j", "j"}},
	} {
		for look, l := range looks {
			for _, size := range [][2]int{{80, 24}, {160, 45}} {
				s := failoverStage(t, newFakeFailovers(), picture.snap(), l, size[0], size[1])
				s.press(picture.keys...)
				lines := strings.Split(s.raw(), "\n")
				for i := range lines {
					lines[i] = strings.TrimRight(lines[i], " ")
				}
				golden(t, fmt.Sprintf("health/%s/%s-%dx%d", picture.name, look, size[0], size[1]), strings.Join(lines, "\n")+"\n")
			}
		}
	}
	fillsExactly(t, ailing(), func(sc *Scene) Screen { h := NewHealth(); h.Show(sc); return h })
	fillsExactly(t, sampleSnapshot(), func(sc *Scene) Screen { h := NewHealth(); h.Show(sc); return h })
}

// What to do next is the point of the screen: it must not be cut off, however
// long the sentences of a rule are.
func TestEveryRuleIsReadableInTheSmallestTerminal(t *testing.T) {
	for _, rule := range doctor.Rules() {
		sc := sampleScene(sampleSnapshot(), ui.Look{}, 80, 20)
		sc.Findings = []doctor.Finding{{ID: rule.ID, Severity: rule.Most, Text: strings.Repeat("a long finding ", 20), Shard: "A", Node: sampleID(1)}}
		h := NewHealth()
		h.repair = func(doctor.Rule, doctor.Finding) tea.Cmd { return nil }
		h.Show(sc)
		body := strings.Join(h.Body(sc), "\n")
		shown := strings.Join(strings.Fields(body), "") // lines break at hyphens, too
		for _, text := range []string{rule.Means, rule.Next} {
			if !strings.Contains(shown, strings.Join(strings.Fields(text), "")) {
				t.Errorf("%s: %q is not all shown:\n%s", rule.ID, text, body)
			}
		}
		if !strings.Contains(shown, "repair") {
			t.Errorf("%s: whether it can be repaired is not shown:\n%s", rule.ID, body)
		}
	}
}

func TestHealthPutsTheWorstFirstAndGroups(t *testing.T) {
	sc := sampleScene(ailing(), ui.Look{}, 160, 41)
	h := NewHealth()
	for _, by := range []healthGrouping{bySeverity, byShard, byNode} {
		h.by = by
		h.Show(sc)
		if len(h.list) != len(sc.Findings) || len(h.list) < 5 {
			t.Fatalf("by %s %d of %d findings are listed", by, len(h.list), len(sc.Findings))
		}
		if h.list[0].Severity != doctor.Urgent {
			t.Errorf("by %s the first is %v", by, h.list[0])
		}
		done := map[string]bool{}
		for i, g := range h.groups {
			if i > 0 && g == h.groups[i-1] {
				if h.list[i].Severity > h.list[i-1].Severity {
					t.Errorf("by %s, in %s, %v comes after %v", by, g, h.list[i], h.list[i-1])
				}
				continue
			}
			if done[g] {
				t.Errorf("by %s the group %s comes twice", by, g)
			}
			done[g] = true
		}
	}
}

func TestHealthKeepsTheFindingUnderTheCursor(t *testing.T) {
	s := failoverStage(t, newFakeFailovers(), ailing(), ui.Look{}, 160, 45)
	s.press("7", "j", "j", "j")
	h := s.app.screens[onHealth].(*Health)
	was, _, _ := h.current()
	s.press("t")
	if is, _, _ := h.current(); !reflect.DeepEqual(is, was) {
		t.Errorf("after grouping the cursor is on %v, it was on %v", is, was)
	}
	s.press("t", "t", "i")
	if was.Severity != doctor.Note {
		if is, _, _ := h.current(); !reflect.DeepEqual(is, was) {
			t.Errorf("with problems only the cursor is on %v, it was on %v", is, was)
		}
	}
}

// Who looks further down a long list has to learn of what has come in above it.
func TestHealthTellsOfWorseFindingsOutOfSight(t *testing.T) {
	sc := sampleScene(sampleSnapshot(), ui.Look{}, 80, 20)
	for i := range 20 {
		sc.Findings = append(sc.Findings, doctor.Finding{ID: "keys-evicted", Severity: doctor.Note, Text: "x", Node: sampleID(i)})
	}
	h := NewHealth()
	h.Show(sc)
	body := func() (heading, rest string) {
		lines := h.Body(sc)
		return lines[0], strings.Join(lines[1:], "\n")
	}
	if heading, rest := body(); strings.Contains(heading, "above") || !strings.Contains(rest, "↓") || strings.Contains(rest, "urgent") {
		t.Errorf("at the top: %s\n%s", heading, rest)
	}
	h.Key(tea.KeyPressMsg{Code: 'G', Text: "G"}, sc)
	sc.Findings = append([]doctor.Finding{{ID: "link-down", Severity: doctor.Urgent, Text: "y"}, {ID: "save-failed", Severity: doctor.Urgent, Text: "z"}}, sc.Findings...)
	h.Show(sc)
	if f, _, _ := h.current(); f.Severity != doctor.Note {
		t.Fatalf("the cursor has left its finding: %v", f)
	}
	heading, rest := body()
	if !strings.Contains(heading, "findings above") || !strings.Contains(heading, "2 urgent") || strings.Contains(rest, "↓") {
		t.Errorf("at the bottom: %s\n%s", heading, rest)
	}
	for range 10 {
		h.Key(tea.KeyPressMsg{Code: 'k', Text: "k"}, sc)
	}
	heading, rest = body()
	if !strings.Contains(heading, "2 urgent") || !strings.Contains(rest, "↓") {
		t.Errorf("in the middle: %s\n%s", heading, rest)
	}
	h.Key(tea.KeyPressMsg{Code: 'g', Text: "g"}, sc)
	if heading, _ := body(); strings.Contains(heading, "above") {
		t.Errorf("back at the top: %s", heading)
	}
}

func TestHealthShowsWhatTheFilterKeeps(t *testing.T) {
	s := failoverStage(t, newFakeFailovers(), ailing(), ui.Look{}, 160, 45)
	s.press("7", "/")
	s.typed("memory-full")
	s.press("enter")
	h := s.app.screens[onHealth].(*Health)
	if len(h.list) != 1 || h.list[0].ID != "memory-full" {
		t.Fatalf("listed are %v", h.list)
	}
	s.press("esc", "/")
	s.typed("no such thing")
	s.press("enter")
	s.want("no finding matches")
}

// repairs are what leads where: a finding is put under the cursor by its ID.
func TestRepairIsOneKeyAway(t *testing.T) {
	for id, tells := range map[string][]string{
		"slots-unserved":      {"graceful", "TAKEOVER"},
		"slots-open":          {"4 slots are open"},
		"versions-mixed":      {"restart 6 nodes"},
		"slots-claimed-twice": {"without the means to change who belongs"},
	} {
		t.Run(id, func(t *testing.T) {
			s := failoverStage(t, newFakeFailovers(), ailing(), ui.Look{}, 160, 45)
			s.press("7", "/")
			s.typed(id)
			s.press("enter", "r")
			s.want(tells...)
		})
	}
}

func TestSettingIsFilledIn(t *testing.T) {
	s, _ := memberStage(t, ailing(), ui.Look{}, 160, 45)
	s.press("7", "/")
	s.typed("memory-full")
	s.press("enter", "r")
	s.want("setting", "maxmemory")
}

func TestUnevenPrimariesOpenARebalanceByWhatTheyDifferIn(t *testing.T) {
	for id, by := range map[string]plan.Objective{"slots-uneven": plan.Slots, "keys-uneven": plan.Keys, "memory-uneven": plan.Memory, "traffic-uneven": plan.Traffic} {
		rule, _ := doctor.RuleOf(id)
		s, _ := newMoveStage(t, healthy(), ui.Look{}, 160, 45)
		s.press("7")
		s.follow(s.app.repair(rule, doctor.Finding{ID: id}))
		s.want("rebalance", "‹ "+by.String()+" ›")
	}
}

// What most nodes have is proposed; a secret never is.
func TestSettingThatDiffersIsFilledInWithWhatMostHave(t *testing.T) {
	snap := ailing()
	for i := range snap.Nodes {
		timeout, secret := "0", cluster.Hidden("one")
		if i == 0 {
			timeout, secret = "900", cluster.Hidden("two")
		}
		snap.Nodes[i].Checkup = cluster.Reading[*cluster.Checkup]{At: snap.At, Value: &cluster.Checkup{SlowLogged: -1, Settings: map[string]string{"timeout": timeout, "masterauth": secret}}}
	}
	for name, proposed := range map[string]string{"timeout": "0", "masterauth": ""} {
		var f doctor.Finding
		for _, g := range doctor.Findings(snap) {
			if g.Setting == name {
				f = g
			}
		}
		rule, _ := doctor.RuleOf(f.ID)
		rule.Setting = f.Setting
		s, _ := memberStage(t, snap, ui.Look{}, 160, 45)
		s.press("7")
		s.follow(s.app.repair(rule, f))
		if form := s.app.members.form; form == nil || form.setting.value != name || form.value.value != proposed || f.ID != "settings-differ" {
			t.Errorf("%s: %+v of %v", name, form, f)
		}
	}
}

func TestNodeOfAFindingIsOneKeyAway(t *testing.T) {
	s := failoverStage(t, newFakeFailovers(), ailing(), ui.Look{}, 160, 45)
	s.press("7", "/")
	s.typed("memory-full")
	s.press("enter", "o")
	if s.app.at != onNodes || !s.app.screens[onNodes].(*Nodes).open {
		t.Error("the node's details are not open")
	}
}

func TestConsoleThatOnlyLooksRepairsNothing(t *testing.T) {
	s := newStageOf(t, Config{Context: "prod-eu", Version: "test", First: ailing(), ReadOnly: true}, 160, 45)
	s.press("7", "r")
	s.want(readOnly)
}

// A repair that a rule names and the App does not know would be a dead key.
func TestEveryRepairOfTheRulesLeadsSomewhere(t *testing.T) {
	for _, rule := range doctor.Rules() {
		if rule.Repair == doctor.NoRepair {
			continue
		}
		s, _ := memberStage(t, ailing(), ui.Look{}, 160, 45)
		s.press("7")
		cmd := s.app.repair(rule, doctor.Finding{})
		if cmd == nil && s.app.at == onHealth {
			t.Errorf("%s: %s leads nowhere", rule.ID, rule.Repair)
		}
		s.follow(cmd)
		if s.app.overlay == nil && s.app.at == onHealth && s.app.toast.text == "" {
			t.Errorf("%s: %s shows nothing", rule.ID, rule.Repair)
		}
	}
}

func TestFindingWithoutAPlanSaysSo(t *testing.T) {
	h := NewHealth()
	h.list = []doctor.Finding{{ID: "link-down", Severity: doctor.Urgent}}
	h.repair = func(doctor.Rule, doctor.Finding) tea.Cmd { return nil }
	if off := noRepair(h); !strings.Contains(off, "slotdeck has no plan for this") {
		t.Errorf("it says %q", off)
	}
}
