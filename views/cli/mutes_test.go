package cli

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"slotdeck/cluster/doctor"
	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
	engine "slotdeck/cluster/run"
)

func TestCheckAndStatusKeepToWhatIsMutedAndSaySo(t *testing.T) {
	t.Parallel()
	env := map[string]string{"XDG_STATE_HOME": t.TempDir()}
	c := labtest.Start(t, lab.Config{Replicas: 1})
	watching := watchOnScreen(t.Context(), target{Seeds: []string{c.Seed()}}, 200*time.Millisecond)
	defer watching.stop()
	labtest.Until(t, time.Minute, "there are findings", func() bool { return len(doctor.Findings(watching.Latest())) > 0 })
	snap := watching.Latest()
	f := doctor.Findings(snap)[0]
	kept := muteFile{engine.StateDirOf(func(name string) string { return env[name] })}
	check := func() (a checkAnswer) {
		t.Helper()
		out := run(t, "", env, "check", c.Seed(), "-o", "json").out
		if err := json.Unmarshal([]byte(out), &a); err != nil {
			t.Fatalf("%v in %s", err, out)
		}
		return a
	}
	named := func(list []findingAnswer) bool {
		for _, x := range list {
			if x.ID == f.ID && x.Node == f.Node {
				return true
			}
		}
		return false
	}
	if a := check(); !named(a.Findings) || len(a.Muted) != 0 {
		t.Fatalf("before: %+v", a)
	}
	m := doctor.MuteOf(f, "it is a lab\x1b[2J", time.Now(), time.Hour)
	if err := kept.Keep(snap, []doctor.Mute{m}); err != nil {
		t.Fatal(err)
	}
	if a := check(); named(a.Findings) || len(a.Muted) != 1 || a.Muted[0].ID != f.ID || a.Muted[0].Until.IsZero() {
		t.Errorf("muted: %+v", a)
	}
	if a := decode[statusAnswer](t, run(t, "", env, "status", c.Seed(), "-o", "json").out); named(a.Findings) || len(a.Muted) != 1 || a.Muted[0].ID != f.ID {
		t.Errorf("status: %+v", a)
	}
	if out := run(t, "", env, "status", c.Seed()).out; !strings.Contains(out, "muted") || !strings.Contains(out, "it is a lab") {
		t.Errorf("the text of status is %q", out)
	}
	out := run(t, "", env, "check", c.Seed()).out
	if !strings.Contains(out, "[MUTED]") || !strings.Contains(out, "it is a lab") || strings.Contains(out, "\x1b") {
		t.Errorf("the text is %q", out)
	}
	m.Until = time.Now().Add(-time.Second)
	if err := kept.Keep(snap, []doctor.Mute{m}); err != nil {
		t.Fatal(err)
	}
	if a := check(); !named(a.Findings) || len(a.Muted) != 0 {
		t.Errorf("after its end: %+v", a)
	}
	if err := kept.Keep(snap, nil); err != nil || len(kept.Load(snap)) != 0 {
		t.Errorf("what is told again is remembered: %v", err)
	}
}

func TestWhatIsMutedMakesNoClusterUnfitButSlotsDo(t *testing.T) {
	t.Parallel()
	c := labtest.Start(t, lab.Config{Primaries: 3, Extra: []string{"cluster-require-full-coverage no"}})
	for _, n := range c.Nodes() {
		if err := n.Do(t.Context(), "CLUSTER", "DELSLOTS", 100).Err(); err != nil {
			t.Fatal(err)
		}
	}
	watching := watchOnScreen(t.Context(), target{Seeds: []string{c.Seed()}}, 200*time.Millisecond)
	defer watching.stop()
	labtest.Until(t, time.Minute, "something is urgent", func() bool {
		return slices.ContainsFunc(doctor.Findings(watching.Latest()), func(f doctor.Finding) bool { return f.Severity == doctor.Urgent })
	})
	snap := watching.Latest()
	var mutes []doctor.Mute
	for _, f := range doctor.Findings(snap) {
		mutes = append(mutes, doctor.MuteOf(f, "known", snap.At, time.Hour))
	}
	if a := answerCheck(snap, nil, doctor.Standards{}, mutes); a.Fit || len(a.Findings) != 0 || len(a.Muted) != len(mutes) {
		t.Errorf("with a slot that nobody serves: %+v", a)
	}
}
