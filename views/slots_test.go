package views

import (
	"fmt"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"slotdeck/cluster"
	"slotdeck/cluster/doctor"
	"slotdeck/keyslot"
	"slotdeck/ui"
)

// slotSnaps are the clusters that the map is drawn of.
func slotSnaps() map[string]*cluster.Snapshot {
	return map[string]*cluster.Snapshot{
		"healthy": sampleSnapshot(),
		"trouble": sampleSnapshot(addShard(), giveSlots("D", 0, 399), openSlots("A", "D", 400, 403),
			openSlots("", "C", 5000, 5000), giveSlots("", 12000, 12003), failPrimary("B"), dispute("C", "D", 14000, 14040)),
		"suspect": sampleSnapshot(suspectPrimary("C")),
		"many":    sampleShards(120, failPrimary("K")),
		"empty":   sampleSnapshot(giveSlots("", 0, keyslot.Count-1)),
	}
}

var slotLooks = map[string]ui.Look{
	"colour": sampleLook, "16": {Depth: ui.Colours16}, "plain": {}, "ascii": {ASCII: true},
}

func press(t *testing.T, s *Slots, sc *Scene, keys ...string) tea.Cmd {
	t.Helper()
	var cmd tea.Cmd
	for _, key := range keys {
		k := tea.KeyPressMsg{Text: key}
		switch key {
		case "enter":
			k = tea.KeyPressMsg{Code: tea.KeyEnter}
		case "esc":
			k = tea.KeyPressMsg{Code: tea.KeyEscape}
		case "down":
			k = tea.KeyPressMsg{Code: tea.KeyDown}
		default:
			k.Code = []rune(key)[0]
		}
		var taken bool
		if cmd, taken = s.Key(k, sc); !taken {
			t.Fatalf("the key %s means nothing here", key)
		}
	}
	return cmd
}

func slotsText(s *Slots, sc *Scene) string { return ansi.Strip(strings.Join(s.Body(sc), "\n")) }

func TestSlotsFillTheBodyExactlyAtEverySize(t *testing.T) {
	sizes := [][2]int{{40, 6}, {64, 8}, {72, 14}, {80, 20}, {100, 26}, {120, 36}, {160, 41}, {200, 56}, {500, 196}, {8, 3}, {20, 1}}
	for name, snap := range slotSnaps() {
		sc := sampleScene(snap, sampleLook, 0, 0) // judged once
		for lookName, look := range slotLooks {
			sc.Theme = ui.NewTheme(look)
			for _, size := range sizes {
				for layer := range slotLayers {
					s := NewSlots(nil)
					s.layer, s.zoom, s.slot, s.anchor = layer, layer == viewsLayer, 14020, 9000
					sc.W, sc.H = size[0], size[1]
					lines := s.Body(sc)
					if len(lines) != size[1] {
						t.Fatalf("%s %s %v: %d lines", name, lookName, size, len(lines))
					}
					for i, l := range lines {
						if w := ansi.StringWidth(l); w > size[0] || strings.ContainsAny(l, "\n\t") {
							t.Fatalf("%s %s %v: line %d is %d cells wide: %q", name, lookName, size, i, w, l)
						}
					}
				}
			}
		}
	}
}

func TestSlotsGoldens(t *testing.T) {
	for _, snap := range []string{"healthy", "trouble"} {
		for _, look := range []string{"colour", "plain"} {
			for _, size := range [][2]int{{80, 20}, {120, 36}, {200, 56}} {
				s := NewSlots(nil)
				s.slot = 402
				body := s.Body(sampleScene(slotSnaps()[snap], slotLooks[look], size[0], size[1]))
				golden(t, fmt.Sprintf("slots/%s-%s-%dx%d", snap, look, size[0], size[1]+4), strings.Join(body, "\n")+"\n")
			}
		}
	}
}

func TestSmallScreenShowsMapLegendAndInspector(t *testing.T) {
	s := NewSlots(nil)
	s.slot = 402
	text := slotsText(s, sampleScene(slotSnaps()["trouble"], sampleLook, 80, 20))
	for _, want := range []string{"owner", "10919 of 16384 served", "  5 open", "41 disputed", "    0 ", "15360", "A  5062", "B  5461", "D   400",
		"slot   402  A  10.0.0.11:7001", "migrating A to D", "replica 10.0.0.14:7004", "tag {"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
}

func TestTroubleListNamesEveryTrouble(t *testing.T) {
	text := slotsText(NewSlots(nil), sampleScene(slotSnaps()["trouble"], sampleLook, 120, 36))
	for _, want := range []string{
		"» 400-403         4 slots  A to D", "« 5000            1 slot   into C, half open", "✖ 5462-10922   5461 slots  B failed",
		"· 12000-12003     4 slots  nobody owns it", "? 14000-14040    41 slots  6 say C, 1 say D",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	if text := slotsText(NewSlots(nil), sampleScene(sampleSnapshot(), sampleLook, 120, 36)); !strings.Contains(text, "nothing: all") {
		t.Errorf("a healthy cluster is not said to be one:\n%s", text)
	}
}

func TestMapCarriesTheBadgesOfFindings(t *testing.T) {
	snap := sampleSnapshot()
	sc := sampleScene(snap, ui.Look{}, 120, 36)
	a, b := snap.Shards[0], snap.Shards[1]
	stray := keyslot.Range{First: b.Slots[0].First, Last: b.Slots[0].First + 63}
	sc.Findings = []doctor.Finding{
		{ID: "memory-full", Severity: doctor.Urgent, Shard: b.Letter, Text: "no room"},
		{ID: "keys-stray", Severity: doctor.Look, Shard: a.Letter, Node: a.Primary, Text: "it holds 7 keys of them", Slots: []keyslot.Range{stray}},
		{ID: "split-brain", Severity: doctor.Note, Shard: snap.Shards[2].Letter, Text: "a note"},
	}
	s := NewSlots(nil)
	s.slot = stray.First
	text := slotsText(s, sc)
	for _, want := range []string{"▲A ", "✖B ", " C ", "! " + stray.String(), "it holds 7 keys of them"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	if strings.Contains(text, "○C") {
		t.Errorf("a note is on the map:\n%s", text)
	}
	sc.Findings = nil // muted, without a new picture
	if text := slotsText(s, sc); strings.Contains(text, "✖B ") || strings.Contains(text, "7 keys") {
		t.Errorf("the map tells of what was muted:\n%s", text)
	}
}

func TestHiddenShardsInTroubleAreCounted(t *testing.T) {
	s := NewSlots(nil)
	sc := sampleScene(slotSnaps()["many"], sampleLook, 80, 20)
	s.slot = 16000
	if text := slotsText(s, sc); !strings.Contains(text, "+105 ✖1") || !strings.Contains(text, "DM") {
		t.Fatalf("the legend hides what is wrong, or the shard under the cursor:\n%s", text)
	}
}

func TestCursorMovesByCellAndJumpsToSlotsAndKeys(t *testing.T) {
	s := NewSlots(nil)
	sc := sampleScene(sampleSnapshot(), sampleLook, 80, 20)
	s.Body(sc)
	for _, c := range []struct {
		keys []string
		want keyslot.Slot
	}{
		{[]string{"l"}, 8}, {[]string{"j"}, 520}, {[]string{"down"}, 1032}, {[]string{"k"}, 520}, {[]string{"h"}, 512}, {[]string{"h"}, 504},
		{[]string{"G"}, 16383}, {[]string{"g"}, 0},
		{[]string{"s", "1", "2", "3", "4", "enter"}, 1234},
		{[]string{"s", "f", "o", "o", "enter"}, 12182},
		{[]string{"z", "l"}, 12183}, {[]string{"j"}, 12247}, {[]string{"z", "g"}, 0},
	} {
		press(t, s, sc, c.keys...)
		s.Body(sc)
		if s.slot != c.want {
			t.Fatalf("after %v the cursor is on %d, want %d", c.keys, s.slot, c.want)
		}
	}
	press(t, s, sc, "s", "9", "9", "9", "9", "9", "enter")
	if text := slotsText(s, sc); s.slot != 0 || !s.Typing() || !strings.Contains(text, "the last slot is 16383") {
		t.Fatalf("a slot beyond the last one: cursor on %d\n%s", s.slot, text)
	}
	if !s.Leave(sc) || s.Typing() {
		t.Fatal("esc does not close the field")
	}
	s.Jump(700, sc)
	if got := s.Selected(sc); got.Text != "700" || got.Node != sampleID(1) {
		t.Fatalf("selected %+v after a jump to 700", got)
	}
}

func TestNextGoesFromTroubleToTroubleElseFromRangeToRange(t *testing.T) {
	for name, want := range map[string][]keyslot.Slot{
		"trouble": {400, 5000, 5462, 12000, 14000, 400},
		"healthy": {5462, 10923, 0},
	} {
		s := NewSlots(nil)
		sc := sampleScene(slotSnaps()[name], sampleLook, 80, 20)
		s.Body(sc)
		for _, slot := range want {
			if press(t, s, sc, "n"); s.slot != slot {
				t.Fatalf("%s: n leads to %d, want %d", name, s.slot, slot)
			}
		}
		press(t, s, sc, "N")
		if last := want[len(want)-2]; s.slot != last {
			t.Fatalf("%s: N leads to %d, want %d", name, s.slot, last)
		}
	}
}

func TestMarksAreWhatIsCopiedAndEscClearsOneThingAtATime(t *testing.T) {
	s := NewSlots(nil)
	sc := sampleScene(sampleSnapshot(), sampleLook, 80, 20)
	s.Body(sc)
	press(t, s, sc, "v", "l", "l", "v", "G", "v", "z")
	if got := s.Selected(sc).Text; got != "0-23,16376-16383" && got != "0-23,16383" {
		t.Fatalf("copied %q", got)
	}
	if text := slotsText(s, sc); !strings.Contains(text, "marked") {
		t.Fatalf("the marks are not told:\n%s", text)
	}
	for i, check := range []func() bool{
		func() bool { return s.anchor < 0 && !s.marked.Empty() },
		func() bool { return s.marked.Empty() && s.zoom },
		func() bool { return !s.zoom },
	} {
		if !s.Leave(sc) || !check() {
			t.Fatalf("esc number %d did not close what was next", i+1)
		}
	}
	if s.Leave(sc) {
		t.Fatal("esc is taken though nothing is open")
	}
	press(t, s, sc, "g", "V")
	if got := s.Selected(sc).Text; got != "0-5461" {
		t.Fatalf("V marked %q", got)
	}
}

func TestZoomMovesNothingButTheMap(t *testing.T) {
	for _, size := range [][2]int{{80, 20}, {120, 36}, {160, 41}, {200, 56}} {
		s := NewSlots(nil)
		sc := sampleScene(sampleSnapshot(), sampleLook, size[0], size[1])
		s.Body(sc)
		whole := s.layout
		s.zoom = true
		s.Body(sc)
		if s.layout.Width() != whole.Width() || s.layout.Lines != whole.Lines || s.layout.Per != 1 {
			t.Errorf("%v: %+v became %+v", size, whole, s.layout)
		}
	}
}

func TestIssuesAndFilterFadeTheOthers(t *testing.T) {
	snap := slotSnaps()["trouble"]
	sc := sampleScene(snap, ui.Look{}, 80, 20)
	sc.Issues = true
	text := slotsText(NewSlots(nil), sc)
	if strings.Contains(text, "CCCC") || !strings.Contains(text, "✖✖✖✖") || !strings.Contains(text, "???") || !strings.Contains(text, "»") {
		t.Errorf("only problems:\n%s", text)
	}
	sc = sampleScene(snap, ui.Look{}, 80, 20)
	sc.Filter, _ = NewFilter("10.0.0.13")
	text = slotsText(NewSlots(nil), sc)
	if strings.Contains(text, "AAAA") || !strings.Contains(text, "CCCC") || !strings.Contains(text, "✖✖✖✖") {
		t.Errorf("only shard C:\n%s", text)
	}
}

func TestMovesAndViewsLayersSayWhatTheyComeTo(t *testing.T) {
	for _, c := range []struct {
		snap  string
		layer slotLayer
		want  string
	}{
		{"trouble", movesLayer, "A→D 4   ?→C 1"}, {"healthy", movesLayer, "no slot is open"},
		{"trouble", viewsLayer, "41 in dispute   6 views"}, {"healthy", viewsLayer, "all 6 views agree"},
		{"healthy", keysLayer, "keys cannot be counted here"},
	} {
		s := NewSlots(nil)
		s.layer = c.layer
		if text := slotsText(s, sampleScene(slotSnaps()[c.snap], sampleLook, 80, 20)); !strings.Contains(text, c.want) {
			t.Errorf("%s: %q is missing in\n%s", c.snap, c.want, text)
		}
	}
}

func TestLayersGoRoundBothWays(t *testing.T) {
	s := NewSlots(nil)
	sc := sampleScene(sampleSnapshot(), sampleLook, 80, 20)
	s.Body(sc)
	for _, want := range []slotLayer{keysLayer, movesLayer, viewsLayer, memoryLayer, cpuLayer, trafficLayer, ownerLayer} {
		if press(t, s, sc, "]"); s.layer != want {
			t.Fatalf("] leads to layer %d, want %d", s.layer, want)
		}
	}
	if press(t, s, sc, "["); s.layer != trafficLayer {
		t.Fatalf("[ leads to layer %d", s.layer)
	}
}

func TestSlotsWithoutASnapshotSayWhy(t *testing.T) {
	s := NewSlots(nil)
	sc := sampleScene(nil, sampleLook, 80, 20)
	if text := slotsText(s, sc); !strings.Contains(text, sc.Verdict.Sentence) || sc.Verdict.Sentence == "" {
		t.Fatalf("got %q", text)
	}
	s.Show(sc)
	if got := s.Selected(sc); got.Node != "" {
		t.Fatalf("selected %+v", got)
	}
	if _, taken := s.Key(tea.KeyPressMsg{Code: 'j', Text: "j"}, sc); taken {
		t.Fatal("the cursor moves though there is no map")
	}
}

func TestAgeOfCountsIsTold(t *testing.T) {
	sc := sampleScene(sampleSnapshot(), sampleLook, 80, 20)
	sc.Now = sampleNow.Add(90 * time.Second)
	s := NewSlots(newFakeReader())
	s.layer = keysLayer
	s.ask.counts[0], s.ask.known, s.ask.most, s.ask.counted = 7, 1, 7, sampleNow
	text := slotsText(s, sc)
	if !strings.Contains(text, "90s ago") || !strings.Contains(text, "7    keys") {
		t.Fatalf("the age is not told:\n%s", text)
	}
}

// BenchmarkSlotsBody200x60 is a redraw of the whole screen, as a key press costs it.
func BenchmarkSlotsBody200x60(b *testing.B) {
	s := NewSlots(nil)
	sc := sampleScene(slotSnaps()["trouble"], sampleLook, 200, 56)
	b.ReportAllocs()
	for b.Loop() {
		s.slot = (s.slot + 1) % keyslot.Count
		s.Body(sc)
	}
}

// BenchmarkSlotsSnapshot200x60 is the first drawing of a new snapshot.
func BenchmarkSlotsSnapshot200x60(b *testing.B) {
	s := NewSlots(nil)
	sc := sampleScene(slotSnaps()["many"], sampleLook, 200, 56)
	for b.Loop() {
		s.m = nil
		s.Body(sc)
	}
}

func TestLayersOfLoadSayWhetherTheyAreMeasuredOrSampled(t *testing.T) {
	for layer, want := range map[slotLayer]string{memoryLayer: "sampled", cpuLayer: "measured", trafficLayer: "traffic is not counted"} {
		s, sc := askingSlots(newFakeReader(), sampleSnapshot())
		s.layer = layer
		what, _ := layer.measureOf()
		s.ask.measure(what)
		for _, msg := range answersTo(s.ask.countAll(sc)) {
			s.Receive(msg, sc)
		}
		if text := slotsText(s, sc); !strings.Contains(text, want) || !strings.Contains(text, slotLayerNames[layer]) {
			t.Errorf("%s: %q is missing in\n%s", slotLayerNames[layer], want, text)
		}
	}
}
