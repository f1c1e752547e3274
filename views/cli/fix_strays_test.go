package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	engine "slotdeck/cluster/run"
)

// TestTrap7StraysComeBackOnlyWhenThatIsSaid, and what is not kept is saved.
func TestTrap7StraysComeBackOnlyWhenThatIsSaid(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"redis-7.0", "valkey-9.1"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			p := newPatient(t, version)
			key := p.twice(12)
			env := map[string]string{"XDG_STATE_HOME": t.TempDir()}
			got := run(t, "", env, "fix", p.Seed(), "--yes")
			if got.code != No || !strings.Contains(got.out, "--replace") || asked(t, p.Nodes()[0], "GET", key) != "the owner's" {
				t.Fatalf("a key with two values was settled without a word: %+v", got)
			}
			for _, n := range p.Nodes()[:2] {
				asked(t, n, "CLUSTER", "SETSLOT", 12, "STABLE")
			}
			if got := run(t, "", env, "fix", p.Seed(), "--yes"); got.code != No || !strings.Contains(got.out, "--strays merge") {
				t.Fatalf("stray keys: %+v", got)
			}
			strays := func() int64 {
				n, _ := p.Nodes()[1].Do(t.Context(), "CLUSTER", "COUNTKEYSINSLOT", 12).Int64()
				return n
			}
			if n := strays(); n != 1 {
				t.Fatalf("the stray key was touched: %d", n)
			}
			if got := run(t, "", env, "fix", p.Seed(), "--yes", "--strays", "merge"); got.code != Fine || !strings.Contains(got.out, "values that were not kept are in ") {
				t.Fatalf("%+v", got)
			}
			if asked(t, p.Nodes()[0], "GET", key) != "the owner's" || strays() != 0 {
				t.Error("the owner's value did not stay, or the other did not go")
			}
			files, _ := filepath.Glob(filepath.Join(env["XDG_STATE_HOME"], "slotdeck", "saved-*.jsonl"))
			if len(files) == 0 {
				t.Fatal("nothing was saved")
			}
			text, err := os.ReadFile(files[len(files)-1])
			info, _ := os.Stat(files[len(files)-1])
			if err != nil || info.Mode().Perm() != 0o600 {
				t.Fatalf("%v %v", err, info.Mode())
			}
			saved := decode[engine.Saved](t, strings.TrimSpace(string(text)))
			asked(t, p.Nodes()[0], "RESTORE", string(saved.Key), 0, string(saved.Dump), "REPLACE")
			if got := asked(t, p.Nodes()[0], "GET", key); got != "the other" {
				t.Errorf("what was saved restores to %q", got)
			}
		})
	}
}

// TestTrap7StraysAreRemovedOnlyOnceTheyAreSaved: half of the keys of some slots
// are nowhere but in a node that does not own them.
func TestTrap7StraysAreRemovedOnlyOnceTheyAreSaved(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"redis-7.0", "redis-8.6", "valkey-9.1"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			p := newPatient(t, version)
			p.remember()
			p.suffers(kindOf("strays"))
			env := map[string]string{"XDG_STATE_HOME": t.TempDir()}
			got := run(t, "", env, "fix", p.Seed(), "--yes", "--strays", "delete")
			if got.code != Fine || !strings.Contains(got.out, "values that were not kept are in ") || !strings.Contains(got.out, "risk: lossy") {
				t.Fatalf("%+v", got)
			}
			if census, err := p.judge.Census(t.Context()); err != nil || !census.OK() {
				t.Errorf("strays are left: %v %v", census, err)
			}
			saved := savedIn(t, env["XDG_STATE_HOME"])
			if len(saved) == 0 {
				t.Error("nothing was saved")
			}
			p.restore(saved)
			p.whole()
		})
	}
}
