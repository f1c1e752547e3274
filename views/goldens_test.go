package views

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"slotdeck/cluster"
	"slotdeck/ui"
)

// sizes are those at which every screen is kept as a golden file.
var sizes = [][2]int{{80, 24}, {120, 40}, {200, 60}}

// looks are with colour, raw as it goes to the terminal, and without.
var looks = map[string]ui.Look{"colour": {Depth: ui.Colours256}, "mono": {}}

// shoot keeps the whole screen, frame and all, at every size and look.
func shoot(t *testing.T, name string, snap func() *cluster.Snapshot, drive func(*stage)) {
	t.Helper()
	for look, l := range looks {
		for _, size := range sizes {
			s := newStage(t, snap(), l, size[0], size[1])
			drive(s)
			lines := strings.Split(s.raw(), "\n")
			for i := range lines {
				lines[i] = strings.TrimRight(lines[i], " ")
			}
			golden(t, fmt.Sprintf("%s/%s-%dx%d", name, look, size[0], size[1]), strings.Join(lines, "\n")+"\n")
		}
	}
}

// healthy is six nodes at work, with some history.
func healthy() *cluster.Snapshot { return withHistory(sampleSnapshot()) }

// wounded has one primary gone and slots on the move.
func wounded() *cluster.Snapshot {
	return withHistory(sampleSnapshot(failPrimary("C"), openSlots("A", "B", 100, 103)))
}

func withHistory(s *cluster.Snapshot) *cluster.Snapshot {
	at := s.At.Add(-40 * time.Second)
	s.Events = []cluster.Event{
		{Seq: 1, At: at, Kind: cluster.Note, Text: "watching 6 nodes, 3 shards"},
		{Seq: 2, At: at.Add(20 * time.Second), Kind: cluster.EpochChanged, Node: s.Nodes[0].ID, Shard: "A", Addr: sampleAddr(1), Text: "epoch 1 → 7"},
		{Seq: 3, At: at.Add(31 * time.Second), Kind: cluster.FlagChanged, Gravity: cluster.Bad, Shard: "C", Addr: sampleAddr(3), Text: "fail? says 7001"},
		{Seq: 4, At: at.Add(32 * time.Second), Kind: cluster.RoleChanged, Gravity: cluster.Good, Shard: "B", Addr: sampleAddr(5), Text: "replica again"},
	}
	return s
}

func TestOverviewLooksAsItShould(t *testing.T) {
	shoot(t, "overview/healthy", healthy, func(*stage) {})
	shoot(t, "overview/wounded", wounded, func(s *stage) { s.press("j") })
}

func TestNodesLookAsTheyShould(t *testing.T) {
	shoot(t, "nodes/healthy", healthy, func(s *stage) { s.press("3") })
	shoot(t, "nodes/wounded", wounded, func(s *stage) { s.press("3", "s", "s", "s") })
	shoot(t, "nodes/details", wounded, func(s *stage) { s.press("3", "j", "j", "enter") })
	shoot(t, "nodes/view", wounded, func(s *stage) { s.press("3", "enter", "[") })
}

func TestFrameLooksAsItShould(t *testing.T) {
	shoot(t, "frame/help", healthy, func(s *stage) { s.press("3", "?") })
	shoot(t, "frame/palette", healthy, func(s *stage) { s.press(":"); s.typed("s") })
	shoot(t, "frame/menu", healthy, func(s *stage) { s.press("3", "x", "j") })
	shoot(t, "frame/filter", healthy, func(s *stage) { s.press("3", "/"); s.typed("700[46]") })
	shoot(t, "frame/issues", wounded, func(s *stage) { s.press("i") })
	shoot(t, "frame/empty", func() *cluster.Snapshot { return nil }, func(*stage) {})
}
