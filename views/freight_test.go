package views

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/ui"
)

// fakeFreight plans by hand, and begins runs whose states a test sends.
type fakeFreight struct {
	*fakeConductor
	wishes []FreightWish
	begun  []FreightWish
	err    error
}

func (f *fakeFreight) Plan(_ context.Context, w FreightWish, _ *cluster.Snapshot) (FreightPlan, error) {
	f.wishes = append(f.wishes, w)
	switch {
	case f.err != nil:
		return FreightPlan{}, f.err
	case w.Folder != "":
		return FreightPlan{Title: "back up 3 primaries into " + w.Folder, Risk: plan.Disruptive, Why: "every primary forks",
			Lines: []string{"A  10.0.0.11:7001  900 keys, uses 3.0 MiB  -> A-10.0.0.11-7001.rdb", "B  10.0.0.12:7002  800 keys, uses 3.0 MiB  -> B-10.0.0.12-7002.rdb"},
			Notes: []string{"the copies are taken one after the other, not at one moment"}}, nil
	}
	p := FreightPlan{Title: "copy 700 keys of " + w.From + " (redis 7.0.15) into a cluster of 3 primaries", Why: "the keys stay where they are",
		Lines: []string{"database 0: 700 keys"}, Notes: []string{"a key that the cluster has with another value stays at the source, and is told"}}
	if w.Replace {
		p.Risk, p.Why, p.Type = plan.Lossy, "keys of the cluster are overwritten", "10.0.0.11:7001"
	}
	return p, nil
}

func (f *fakeFreight) Start(w FreightWish, _ FreightPlan, _ *cluster.Snapshot) ConductRun {
	f.begun = append(f.begun, w)
	return f
}

func freightStage(t *testing.T, look ui.Look, w, h int) (*stage, *fakeFreight) {
	t.Helper()
	f := &fakeFreight{fakeConductor: newFakeConductor()}
	return newStageOf(t, Config{Context: "prod-eu", Version: "test", Look: look, First: sampleReady(living), Conductor: f, Freight: f}, w, h), f
}

// commanded types a command into the palette.
func (s *stage) commanded(text string) {
	s.t.Helper()
	s.press(":")
	s.typed(text)
	s.press("enter")
}

func TestBackupIsPlannedConfirmedWatchedAndReported(t *testing.T) {
	s, f := freightStage(t, colours, 120, 40)
	s.commanded("backup")
	s.want("folder: ", "cannot be run: the folder is not given yet")
	s.typed("/backups/monday")
	s.press("enter")
	s.want("back up 3 primaries into /backups/monday", "A-10.0.0.11-7001.rdb", "not at one moment", "every primary forks")
	s.confirmed()
	if len(f.begun) != 1 || f.begun[0].Folder != "/backups/monday" || len(f.wishes) != 1 {
		t.Fatalf("begun %+v, planned %+v", f.begun, f.wishes)
	}
	s.conducted(ConductState{Left: 2, Text: "copying", Steps: []ConductStep{{Name: "A 10.0.0.11:7001", State: StepRuns, Note: "1.0 of 3.0 MiB"}, {Name: "B 10.0.0.12:7002"}}})
	s.want("1.0 of 3.0 MiB", "2 steps left")
	s.press("esc", "q")
	s.want("and the folder says")
	s.press("esc")
	s.commanded("import")
	s.want("1.0 of 3.0 MiB") // the run at work, and no second one
	s.conducted(ConductState{Done: true, OK: true, End: "done: 3 primaries, 9.0 MiB in /backups/monday (1.0 s)", Steps: []ConductStep{{Name: "A", State: StepDone, Note: "checksum ok, checker: ok"}}})
	s.want("Done: 3 primaries, 9.0 MiB in /backups/monday", "checker: ok")
}

func TestImportTellsWhatItWouldDoAndNeverShowsThePassword(t *testing.T) {
	s, f := freightStage(t, colours, 120, 40)
	s.commanded("import 10.0.0.5:6379")
	s.want("copy 700 keys of 10.0.0.5:6379", "database 0: 700 keys", "with another value stays at the source")
	s.press("tab", "tab", "tab", "tab", "tab", "enter")
	s.typed("hunter2")
	s.want("*******")
	s.wantNot("hunter2")
	s.press("enter")
	s.want("given, not shown")
	s.wantNot("hunter2")
	if w := f.wishes[len(f.wishes)-1]; w.Password != "hunter2" || !w.Copy {
		t.Errorf("planned for %+v", w)
	}
	s.press("shift+tab", "shift+tab", "shift+tab", "right")
	s.want("overwritten", "lossy")
	s.press("y")
	s.typed("10.0.0.12:7002")
	s.press("enter")
	if len(f.begun) != 0 {
		t.Fatal("it was begun with another name")
	}
	s.press("y")
	s.typed("10.0.0.11:7001")
	s.press("enter")
	if len(f.begun) != 1 || !f.begun[0].Replace {
		t.Fatalf("begun %+v", f.begun)
	}
	s.conducted(ConductState{Done: true, End: "done: 699 keys imported, 1 are left", Steps: []ConductStep{{Name: `left: database 0, "k:0"`, State: StepFailed, Note: "the cluster has it with another value"}}})
	s.want("699 keys imported", `"k:0"`, "another value")
}

func TestImportAsksHowTLSIsSpokenAndForWhichDatabase(t *testing.T) {
	s, f := freightStage(t, colours, 120, 40)
	last := func() FreightWish { return f.wishes[len(f.wishes)-1] }
	s.commanded("import 10.0.0.5:6379")
	s.wantNot("trusted")
	if w := last(); w.DB != -1 || w.TLS != (FreightTLS{}) {
		t.Errorf("planned for %+v", w)
	}
	s.press("tab", "tab", "tab", "3")
	if w := last(); w.DB != 3 {
		t.Errorf("planned for %+v", w)
	}
	s.press("left", "left", "left", "left")
	if w := last(); w.DB != -1 {
		t.Errorf("planned for %+v", w)
	}
	s.press("tab", "tab", "tab", "right")
	s.want("the system's", "the host's")
	for _, text := range []string{"/etc/ca.pem", "old.example", "/etc/me.pem"} {
		s.press("tab", "enter")
		s.typed(text)
		s.press("enter")
	}
	s.want("cannot be run: the own certificate and its key belong together")
	s.press("tab", "enter")
	s.typed("/etc/me.key")
	s.press("enter")
	s.want("copy 700 keys")
	if w := last(); w.TLS != (FreightTLS{On: true, Trusted: "/etc/ca.pem", Name: "old.example", Cert: "/etc/me.pem", Key: "/etc/me.key"}) {
		t.Errorf("planned for %+v", w)
	}
	s.press("shift+tab", "shift+tab", "shift+tab", "shift+tab", "right")
	s.want("yes, unchecked")
	s.wantNot("trusted")
	if w := last(); !w.TLS.Unchecked || w.TLS.Trusted != "" || w.TLS.Name != "old.example" {
		t.Errorf("planned for %+v", w)
	}
}

func TestFreightThatCannotBeIsRefusedWithTheReason(t *testing.T) {
	s, f := freightStage(t, colours, 120, 40)
	f.err = errors.New("2 slots are being moved: wait, or settle them with slotdeck resume")
	s.commanded("backup /b")
	s.want("cannot be run: 2 slots are being moved")
	s.press("y")
	if len(f.begun) != 0 {
		t.Fatal("it was begun")
	}
	f.err = nil
	s.press("r")
	s.want("back up 3 primaries into /b")
	s = newStageOf(t, Config{Look: colours, First: sampleReady(), Conductor: f, Freight: f, ReadOnly: true}, 120, 40)
	s.commanded("backup /b")
	s.want("only looks")
	s.wantNot("PLAN")
}

func TestFreightLooksAsItShould(t *testing.T) {
	for name, drive := range map[string]func(*stage){
		"freight/backup": func(s *stage) { s.commanded("backup /backups/monday") },
		"freight/import": func(s *stage) { s.commanded("import 10.0.0.5:6379"); s.press("tab", "tab", "right") },
		"freight/secure": func(s *stage) {
			s.commanded("import 10.0.0.5:6379")
			s.press("shift+tab", "right")
		},
		"freight/running": func(s *stage) {
			s.commanded("backup /backups/monday")
			s.confirmed()
			s.conducted(ConductState{Left: 2, Text: "copying to /backups/monday", Steps: []ConductStep{
				{Name: "A 10.0.0.11:7001 into A-10.0.0.11-7001.rdb", State: StepDone, Note: "3.0 MiB, ready"},
				{Name: "B 10.0.0.12:7002 into B-10.0.0.12-7002.rdb", State: StepRuns, Note: "1.0 of 3.0 MiB"},
				{Name: "C 10.0.0.13:7003 into C-10.0.0.13-7003.rdb"}}})
		},
	} {
		for look, l := range looks {
			for _, size := range [][2]int{{80, 24}, {160, 45}} {
				file := fmt.Sprintf("%s/%s-%dx%d", name, look, size[0], size[1])
				t.Run(file, func(t *testing.T) {
					t.Parallel()
					s, _ := freightStage(t, l, size[0], size[1])
					drive(s)
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
}
