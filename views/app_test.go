package views

import (
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"slotdeck/cluster"
	"slotdeck/ui"
)

// control records what the App asks of the watch.
type control struct {
	interval  time.Duration
	paused    bool
	refreshed int
}

func (c *control) SetInterval(d time.Duration) { c.interval = d }
func (c *control) Pause(on bool)               { c.paused = on }
func (c *control) Refresh()                    { c.refreshed++ }

// stage is an App as a test drives it.
type stage struct {
	t   *testing.T
	app *App
	ctl *control
}

func newStage(t *testing.T, snap *cluster.Snapshot, look ui.Look, w, h int) *stage {
	t.Helper()
	return newStageOf(t, Config{Context: "prod-eu", Version: "test", Look: look, First: snap}, w, h)
}

func newStageOf(t *testing.T, cfg Config, w, h int) *stage {
	t.Helper()
	ctl := &control{}
	cfg.Control = ctl
	s := &stage{t, NewApp(cfg), ctl}
	s.send(tea.WindowSizeMsg{Width: w, Height: h})
	return s
}

// send gives a message to the App and the messages that follow from it, but
// for those that only time brings.
func (s *stage) send(msg tea.Msg) {
	_, cmd := s.app.Update(msg)
	s.follow(cmd)
}

func (s *stage) follow(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	done := make(chan tea.Msg, 1)
	go func() { done <- cmd() }()
	select {
	case msg := <-done:
		if batch, ok := msg.(tea.BatchMsg); ok {
			for _, c := range batch {
				s.follow(c)
			}
		} else if msg != nil {
			if _, quit := msg.(tea.QuitMsg); !quit {
				s.send(msg)
			}
		}
	case <-awhile(): // a timer; nobody waits for it here
	}
}

// awhile is 50 ms, and more on a machine that has no time for this test: each of
// its parts waits for its turn as often as a command does that takes no time.
func awhile() <-chan struct{} {
	over := make(chan struct{})
	go func() {
		defer close(over)
		for range 5 {
			time.Sleep(10 * time.Millisecond)
		}
	}()
	return over
}

func (s *stage) press(keys ...string) {
	for _, k := range keys {
		s.send(pressOf(k))
	}
}

func (s *stage) typed(text string) {
	for _, r := range text {
		s.send(tea.KeyPressMsg{Code: r, Text: string(r)})
	}
}

func (s *stage) raw() string { return s.app.View().Content }

func (s *stage) text() string { return ansi.Strip(s.raw()) }

func (s *stage) want(parts ...string) {
	s.t.Helper()
	for _, p := range parts {
		if !strings.Contains(s.text(), p) {
			s.t.Fatalf("the screen does not show %q:\n%s", p, s.text())
		}
	}
}

func (s *stage) wantNot(parts ...string) {
	s.t.Helper()
	for _, p := range parts {
		if strings.Contains(s.text(), p) {
			s.t.Fatalf("the screen shows %q:\n%s", p, s.text())
		}
	}
}

var colours = ui.Look{Depth: ui.Colours256}

func TestEveryScreenFillsItsSizeExactly(t *testing.T) {
	for _, size := range [][2]int{{40, 10}, {60, 20}, {80, 24}, {120, 40}, {160, 45}, {200, 60}, {500, 200}} {
		s := newStage(t, sampleSnapshot(), colours, size[0], size[1])
		for _, key := range []string{"1", "2", "3", "enter", "esc", "4", "esc", "6", "7", "!", "esc", "?", "j", ":", "esc", "x", "j"} {
			s.press(key)
			lines := strings.Split(s.raw(), "\n")
			if len(lines) != size[1] {
				t.Fatalf("%v after %q: %d lines\n%s", size, key, len(lines), s.text())
			}
			for i, l := range lines {
				if w := ansi.StringWidth(l); w > size[0] {
					t.Fatalf("%v after %q: line %d is %d wide: %q", size, key, i, w, ansi.Strip(l))
				}
			}
		}
	}
}

func TestNoSizeBreaksAScreen(t *testing.T) {
	s := newStage(t, sampleSnapshot(failPrimary("C"), openSlots("A", "B", 10, 20)), colours, 80, 24)
	for _, key := range []string{"1", "2", "3", "enter", "4", "esc", "6", "7", "!", "x", "esc", ":"} {
		s.press(key)
		for w := 1; w < 140; w += 7 {
			for h := 1; h < 50; h += 5 {
				s.send(tea.WindowSizeMsg{Width: w, Height: h})
				if n := strings.Count(s.raw(), "\n") + 1; n > max(h, 2) {
					t.Fatalf("%dx%d after %q: %d lines", w, h, key, n)
				}
			}
		}
		s.send(tea.WindowSizeMsg{Width: 80, Height: 24})
	}
}

func TestHeaderTellsTheVerdictOnEveryScreen(t *testing.T) {
	s := newStage(t, sampleSnapshot(failPrimary("C")), colours, 120, 40)
	for _, key := range []string{"1", "2", "3", "4", "esc", "6", "7"} {
		s.press(key)
		s.want("prod-eu", "DEGRADED", "5/6 nodes")
	}
}

func TestHoldKeepsThePictureAndLetsItGo(t *testing.T) {
	s := newStage(t, sampleSnapshot(), colours, 120, 40)
	s.press("space")
	next := sampleSnapshot(failPrimary("C"))
	next.At = next.At.Add(5 * time.Second)
	s.send(snapshotArrived{next, true})
	s.want("HELD", "● OK")
	s.press("space")
	s.want("DEGRADED")
	s.wantNot("HELD")
}

func TestFilterNarrowsWhileTypingAndEscBringsAllBack(t *testing.T) {
	s := newStage(t, sampleSnapshot(), colours, 120, 40)
	s.press("3", "/")
	s.typed("7004")
	s.want("10.0.0.14:7004")
	s.wantNot("10.0.0.11:7001")
	s.press("enter")
	s.want("only rows matching /7004")
	s.press("esc")
	s.want("10.0.0.11:7001")
	s.press("/")
	s.typed("!7004")
	s.wantNot("10.0.0.14:7004")
	s.press("esc")
	s.want("10.0.0.14:7004")
	s.press("/")
	s.typed("(")
	s.want("not a regular expression yet")
}

func TestPaletteRunsWhatItFinds(t *testing.T) {
	s := newStage(t, sampleSnapshot(), colours, 120, 40)
	s.press(":")
	s.typed("interval 5s")
	s.press("enter")
	if s.ctl.interval != 5*time.Second {
		t.Errorf("the interval is %v", s.ctl.interval)
	}
	s.press(":")
	s.typed("nod")
	s.press("enter") // nodes comes before node
	s.want("address", "role")
	s.press(":")
	s.typed("interval soon")
	s.press("enter")
	s.want("is not a time")
	s.press(":")
	s.typed("xyzzy")
	s.press("enter")
	s.want("no command fits")
	s.press("esc")
	s.press(":")
	s.typed("node 7005")
	s.press("enter")
	s.want("announced", string(sampleID(5)))
	s.press(":")
	s.typed("slot 99999")
	s.press("enter")
	s.want("slots are numbers from 0 to 16383")
}

func TestPauseSendsNothingAndShowsIt(t *testing.T) {
	s := newStage(t, sampleSnapshot(), colours, 120, 40)
	s.press(":")
	s.typed("pause")
	s.press("enter")
	if !s.ctl.paused {
		t.Error("the watch was not asked to pause")
	}
	s.want("PAUSED")
	s.press(":")
	s.typed("resume")
	s.press("enter")
	if s.ctl.paused {
		t.Error("the watch was not asked to go on")
	}
	s.wantNot("PAUSED")
}

func TestIssuesOnlyHidesWhatIsWell(t *testing.T) {
	s := newStage(t, sampleSnapshot(failPrimary("C")), colours, 120, 40)
	s.press("3", "i")
	s.want("10.0.0.13:7003", "only problems")
	s.wantNot("10.0.0.12:7002")
	s.press("esc")
	s.want("10.0.0.12:7002")
}

func TestMenuListsTheScreensActionsWithReasons(t *testing.T) {
	s := newStage(t, sampleSnapshot(), colours, 120, 40)
	s.press("3", "x")
	s.want("on nodes", "details", "the details are closed")
	s.press("enter")
	s.want("announced")
	s.wantNot("on nodes")
}

func TestHelpListsEveryKeyOnce(t *testing.T) {
	s := newStage(t, sampleSnapshot(), colours, 120, 60)
	s.press("?")
	for _, h := range s.app.keys.Hints(s.app) {
		s.want(h.Help[:min(20, len(h.Help))])
	}
	s.press("?")
	s.wantNot("EVERYWHERE")
	seen := map[string]bool{}
	for _, a := range everywhere() {
		for _, k := range a.Keys {
			if seen[k] {
				t.Errorf("the key %q is in the table twice", k)
			}
			seen[k] = true
		}
	}
}

func TestScreensDoNotTakeTheKeysThatWorkEverywhere(t *testing.T) {
	s := newStage(t, sampleSnapshot(), colours, 120, 40)
	for _, scr := range s.app.screens {
		if ty, ok := scr.(Typing); ok && ty.Typing() {
			continue
		}
		for _, h := range scr.Hints(s.app.scene()) {
			if h.Press == "enter" || h.Press == "tab" {
				continue
			}
			if a, ok := s.app.keys.Find(h.Press); ok {
				t.Errorf("%s takes %q, which is %s everywhere", scr.Name(), h.Press, a.Label)
			}
		}
	}
}

func TestHostileNamesNeverReachTheTerminal(t *testing.T) {
	evil := "\x1b]0;owned\x07\x1b[31m\u202e"
	snap := sampleSnapshot()
	for i := range snap.Nodes {
		n := &snap.Nodes[i]
		n.Member.Endpoint.IP, n.Member.Endpoint.Hostname, n.Dialled = evil, evil, evil
		n.Stats.Version, n.Stats.Flavor = evil, evil
		n.Member.OtherFlags = []string{evil}
		n.Info = n.Info.Succeed(cluster.Info{Sections: []cluster.InfoSection{{Name: evil, Fields: []cluster.InfoField{{Name: evil, Value: evil}}}}}, snap.At)
		n.Err = errEvil(evil)
		n.Health = cluster.NoAnswer
	}
	snap.Events = []cluster.Event{{At: snap.At, Text: evil, Addr: evil, Shard: evil}}
	s := newStage(t, snap, colours, 160, 45)
	for _, key := range []string{"1", "2", "3", "enter", "]", "]", "]", "4", "esc", "6", "7", "!", "x"} {
		s.press(key)
		if text := s.text(); strings.ContainsAny(text, "\x1b\x07\u202e") || strings.Contains(s.raw(), "\x1b]0;owned") {
			t.Fatalf("after %q an escape sequence from outside is on the screen: %q", key, text)
		}
	}
	if title := s.app.View().WindowTitle; strings.ContainsAny(title, "\x1b\x07") {
		t.Errorf("title %q", title)
	}
}

type errEvil string

func (e errEvil) Error() string { return string(e) }

func TestBeforeTheFirstSnapshotTheScreenSaysSo(t *testing.T) {
	s := newStage(t, nil, colours, 80, 24)
	s.want("connecting", "No node has answered yet")
	for _, key := range []string{"2", "3", "4", "esc", "6", "7", "!", "y", "i", "space"} {
		s.press(key)
		s.text()
	}
}

func TestTheWatchEndingIsSaid(t *testing.T) {
	s := newStage(t, sampleSnapshot(), colours, 80, 24)
	s.send(snapshotArrived{nil, false})
	s.want("the watch has ended", "10.0.0.11:7001")
}

func TestQuitLeaves(t *testing.T) {
	s := newStage(t, sampleSnapshot(), colours, 80, 24)
	for _, key := range []string{"q", "ctrl+c"} {
		_, cmd := s.app.Update(pressOf(key))
		if cmd == nil {
			t.Fatalf("%q does nothing", key)
		}
		if _, ok := cmd().(tea.QuitMsg); !ok {
			t.Errorf("%q does not quit", key)
		}
	}
}
