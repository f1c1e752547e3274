package views

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"slotdeck/cluster"
	"slotdeck/ui"
)

// pages are the ways to every page that is reached by keys alone.
var pages = [][]string{
	{"1"}, {"2"}, {"2", "]"}, {"2", "]", "]"}, {"2", "z"}, {"2", "v", "j"}, {"2", "s"}, {"3"}, {"3", "enter"}, {"3", "enter", "["}, {"3", "t"},
	{"4"}, {"4", "alt+4", "esc", "]"}, {"4", "esc", "]", "]"}, {"4", "esc", "]", "]", "]"}, {"5"}, {"6"}, {"6", "enter"}, {"7"}, {"7", "enter"}, {"7", "t"},
	{"!"}, {"?"}, {":"}, {"x"}, {"/"}, {"m"}, {"b"}, {"f"}, {"H"}, {"T"}, {"3", "a"}, {"3", "R"}, {"3", "p"}, {"3", "e"}, {"3", "Z"}, {"i"}, {"space"},
}

// TestNoPageIsWiderOrHigherThanTheTerminal at any size, glyphs or not, whatever
// text servers send.
func TestNoPageIsWiderOrHigherThanTheTerminal(t *testing.T) {
	sizes := [][2]int{{20, 5}, {21, 9}, {39, 10}, {40, 10}, {60, 12}, {79, 23}, {80, 24}, {81, 25}, {132, 43}, {300, 20}, {80, 200}, {500, 200}}
	pictures := map[string]func() *cluster.Snapshot{"healthy": healthy, "wounded": wounded, "none": func() *cluster.Snapshot { return nil }, "hostile": hostilePicture}
	looks := []ui.Look{{Depth: ui.Colours256}, {ASCII: true}, {Depth: ui.Colours16, Light: true}}
	turn := 0 // every page meets each look and, over the pictures, each size
	for _, name := range slices.Sorted(maps.Keys(pictures)) {
		for _, keys := range pages {
			for i := range sizes {
				if (i+turn)%3 != 0 && name != "hostile" {
					continue
				}
				size, look := sizes[i], looks[(i+turn)/3%len(looks)]
				s := newStage(t, pictures[name](), look, size[0], size[1])
				s.press(keys...)
				if bad := unfit(s.app.View().Content, size[0], size[1], look.ASCII); bad != "" {
					t.Errorf("%s, keys %q at %dx%d, %+v: %s", name, keys, size[0], size[1], look, bad)
				}
			}
			turn++
		}
	}
}

// TestStormsOfSizesKeysAndPastesLeaveEveryPageFit in any order.
func TestStormsOfSizesKeysAndPastesLeaveEveryPageFit(t *testing.T) {
	storms := uint64(40)
	if raceEnabled {
		storms = 9
	}
	for seed := range storms {
		r := rand.New(rand.NewPCG(seed, 1))
		picture := []func() *cluster.Snapshot{healthy, wounded, hostilePicture}[seed%3]()
		s := newStage(t, picture, ui.Look{Depth: ui.Colours256}, 80, 24)
		var did []string
		for range 60 {
			w, h := 20+r.IntN(180), 5+r.IntN(60)
			switch r.IntN(4) {
			case 0:
				s.send(tea.PasteMsg{Content: pasted[r.IntN(len(pasted))]})
				did = append(did, "paste")
			case 1:
				key := []string{"j", "k", "enter", "esc", "]", "[", "tab", "g", "G", "left", "right", "up", "down", "space", "1", "2", "3", "4", "5", "6", "7", "x", "?", ":", "/"}[r.IntN(25)]
				s.press(key)
				did = append(did, key)
			}
			s.send(tea.WindowSizeMsg{Width: w, Height: h})
			did = append(did, fmt.Sprintf("%dx%d", w, h))
			if bad := unfit(s.app.View().Content, w, h, false); bad != "" {
				t.Fatalf("after %q: %s", did, bad)
			}
		}
	}
}

var pasted = []string{"", "k", "a\nb\r\nc", nasty, strings.Repeat("long ", 2000), strings.Repeat("鍵", 300), "\x00\x7f\xff", "{}{a}{", "🔑🔑"}

// nasty is what no page may show as it is.
const nasty = "\x1b]0;EVIL\a\x1b[4711m\x9b\u009b31m\u202eEVIL\u2066\t\r\n\xff鍵鍵E\u0301\u200d🔑"

// hostilePicture has texts of servers that steer terminals wherever one may stand.
func hostilePicture() *cluster.Snapshot {
	s := wounded()
	for i := range s.Nodes {
		n := &s.Nodes[i]
		n.Member.Endpoint.Hostname = nasty + strings.Repeat("h", 200)
		n.Stats.Version, n.Dialled = nasty, nasty
		n.Member.OtherFlags = append(n.Member.OtherFlags, nasty)
		n.Err = fmt.Errorf("%s %s", nasty, strings.Repeat("e", 300))
		info := cluster.Info{Sections: []cluster.InfoSection{{Name: nasty, Fields: []cluster.InfoField{{Name: nasty, Value: nasty}, {Name: "maxmemory_policy", Value: nasty}}}}}
		n.Info = n.Info.Succeed(info, s.At)
	}
	for i := range s.Events {
		s.Events[i].Text, s.Events[i].Addr, s.Events[i].Shard = nasty, nasty, nasty
	}
	return s
}

// unfit says what is wrong with a page; empty: nothing.
func unfit(content string, w, h int, ascii bool) string {
	lines := strings.Split(content, "\n")
	if len(lines) > h {
		return fmt.Sprintf("%d lines", len(lines))
	}
	for i, line := range lines {
		if got := ui.Width(line); got > w {
			return fmt.Sprintf("line %d is %d wide: %q", i, got, line)
		}
		for _, bad := range []string{"\x1b]", "EVIL\a", "\x1b[4711", "\u202e", "\u2066", "\u009b", "\x9b\x9b", "\x00", "\t", "\r"} {
			if strings.Contains(line, bad) {
				return fmt.Sprintf("line %d holds %q: %q", i, bad, line)
			}
		}
		if ascii && strings.ContainsFunc(line, func(r rune) bool { return r > 0x7e && r != '鍵' && r != 0xfffd }) {
			return fmt.Sprintf("line %d is not ASCII: %q", i, line)
		}
	}
	return ""
}
