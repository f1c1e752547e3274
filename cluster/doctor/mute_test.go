package doctor

import (
	"testing"
	"time"
)

func TestAMuteCoversItsFindingUntilItExpiresOrTheFindingGetsWorse(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	f := Finding{ID: "no-maxmemory", Severity: Look, Shard: "B", Node: "n1"}
	m := MuteOf(f, "bought memory", now, time.Hour)
	other, worse, renamed, whole := f, f, f, Finding{ID: "no-maxmemory", Severity: Look}
	other.Node, worse.Severity, renamed.Shard = "n2", Urgent, "C"
	for name, c := range map[string]struct {
		f    Finding
		at   time.Time
		want bool
	}{
		"at once":                {f, now, true},
		"just before its end":    {f, now.Add(time.Hour - 1), true},
		"at its end":             {f, now.Add(time.Hour), false},
		"another node":           {other, now, false},
		"become urgent":          {worse, now, false},
		"under another letter":   {renamed, now, true},
		"of the cluster instead": {whole, now, false},
	} {
		if got := m.Covers(c.f, c.at); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	told, muted := Sift([]Finding{other, f, worse}, []Mute{m}, now)
	if len(told) != 2 || told[0].Node != "n2" || told[1].Severity != Urgent || len(muted) != 1 || muted[0].Mute.Reason != "bought memory" {
		t.Errorf("told %+v, muted %+v", told, muted)
	}
	wholeMute := MuteOf(Finding{ID: "x", Shard: "A"}, "r", now, time.Hour)
	if !wholeMute.Covers(Finding{ID: "x", Shard: "A"}, now) || wholeMute.Covers(Finding{ID: "x", Shard: "B"}, now) {
		t.Error("a finding of a shard is told apart from the same of another")
	}
}

func TestMutesAreRead(t *testing.T) {
	for text, want := range map[string]time.Duration{"7d new rack": 7 * 24 * time.Hour, " 90m   x ": 90 * time.Minute, "52w x": 364 * 24 * time.Hour} {
		long, reason, err := ReadMute(text)
		if err != nil || long != want || reason == "" {
			t.Errorf("%q: %v, %q, %v", text, long, reason, err)
		}
	}
	for _, text := range []string{"", "7d", "d x", "0d x", "-1d x", "400d x", "53w x", "because", "7y x", "99999999999999999999d x"} {
		if _, _, err := ReadMute(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}
