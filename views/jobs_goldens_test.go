package views

import (
	"fmt"
	"strings"
	"testing"

	"slotdeck/cluster"
)

func TestJobsLookAsTheyShould(t *testing.T) {
	for name, drive := range map[string]func(*stage, *fakeMover){
		"jobs/empty":    func(s *stage, _ *fakeMover) { s.press("5") },
		"jobs/plan":     func(s *stage, _ *fakeMover) { s.press("3", "m", "4", "0", "0") },
		"jobs/running":  func(s *stage, m *fakeMover) { s.press("3", "m", "y"); s.tell(m, halfway()) },
		"jobs/question": func(s *stage, m *fakeMover) { s.press("3", "m", "y"); s.tell(m, asking()) },
		"jobs/quit":     func(s *stage, m *fakeMover) { s.press("3", "m", "y"); s.tell(m, halfway()); s.press("q") },
		"jobs/report":   func(s *stage, m *fakeMover) { s.press("3", "m", "y"); s.tell(m, halfway()); s.end(m, finished()) },
		"jobs/failed":   func(s *stage, m *fakeMover) { s.press("3", "m", "y"); s.tell(m, halfway()); s.end(m, halted()) },
		"jobs/map":      func(s *stage, m *fakeMover) { s.press("3", "m", "y"); s.tell(m, halfway()); s.press("2", "]", "]") },
	} {
		shootMoves(t, name, withSpare, drive)
	}
	interrupted := func() *cluster.Snapshot {
		return sampleSnapshot(openSlots("A", "B", 100, 101), openSlots("C", "", 11_000, 11_000))
	}
	leave := func(s *stage, m *fakeMover) { m.left = open(t, s.app.snap); s.press("5") }
	shootMoves(t, "jobs/open", interrupted, leave)
	shootMoves(t, "jobs/finish", interrupted, func(s *stage, m *fakeMover) { leave(s, m); s.press("f") })
}

// shootMoves is shoot for an App that can move slots. The cases run side by
// side: they mostly wait for timers that nobody needs.
func shootMoves(t *testing.T, name string, snap func() *cluster.Snapshot, drive func(*stage, *fakeMover)) {
	for look, l := range looks {
		for _, size := range sizes {
			file := fmt.Sprintf("%s/%s-%dx%d", name, look, size[0], size[1])
			t.Run(file, func(t *testing.T) {
				t.Parallel()
				s, m := newMoveStage(t, snap(), l, size[0], size[1])
				drive(s, m)
				s.app.toast = toastShown{}
				lines := strings.Split(s.raw(), "\n")
				for i := range lines {
					lines[i] = strings.TrimRight(lines[i], " ")
				}
				golden(t, file, strings.Join(lines, "\n")+"\n")
			})
		}
	}
}
