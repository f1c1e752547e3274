package views

import (
	"testing"
	"time"

	"slotdeck/cluster"
	"slotdeck/ui"
)

func TestHowLongANodeIsSilentIsNeverCutOff(t *testing.T) {
	for _, silent := range []time.Duration{time.Second, 9900 * time.Millisecond, 59 * time.Second, 59 * time.Minute, 40 * time.Hour, 300 * 24 * time.Hour} {
		s := newStage(t, sampleSnapshot(func(s *cluster.Snapshot) {
			n := &s.Nodes[1]
			n.Health, n.LastSeen = cluster.NoAnswer, sampleNow.Add(-silent)
			n.Since = n.LastSeen
		}), ui.Look{}, 80, 24)
		s.press("3")
		s.want("no answer " + ui.NewTheme(ui.Look{}).Span(silent))
	}
}
