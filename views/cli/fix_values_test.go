package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
	"slotdeck/cluster/proof/damage"
	engine "slotdeck/cluster/run"
	"slotdeck/keyslot"
)

// savedIn are the values that were saved in a folder of checkpoints.
func savedIn(t *testing.T, dir string) (out []engine.Saved) {
	t.Helper()
	files, _ := filepath.Glob(filepath.Join(dir, "slotdeck", "saved-*.jsonl"))
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if strings.HasSuffix(line, "\n") { // the last one of a program that was killed may be half
				out = append(out, decode[engine.Saved](t, strings.TrimSpace(line)))
			}
		}
	}
	return out
}

// restore brings saved values back that the first node does not have.
func (p *patient) restore(saved []engine.Saved) {
	p.t.Helper()
	owner := p.Nodes()[0]
	for _, v := range saved {
		if n, err := owner.Do(p.t.Context(), "EXISTS", string(v.Key)).Int64(); err != nil || n > 0 {
			continue
		}
		args := []any{"RESTORE", string(v.Key), 0, string(v.Dump)}
		if v.Expires >= 0 {
			args = append(args, "ABSTTL")
			args[2] = v.Expires
		}
		asked(p.t, owner, args...)
	}
}

// TestFixKeepsTheNamedOwnersValueOfAKeyThatLiesOnTwo: nobody owns the slot, and
// two nodes have another value of one key. Whoever is named as the owner, its
// value stays, and the other is saved.
func TestFixKeepsTheNamedOwnersValueOfAKeyThatLiesOnTwo(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"redis-7.0", "redis-8.6", "valkey-9.1"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			p := newPatient(t, version)
			p.remember()
			one := keyslot.SetOf(keyslot.Range{First: 12, Last: 12})
			for i, kept := range []string{"the owner's", "the other"} {
				key := p.twice(12)
				for _, err := range []error{damage.Close(t.Context(), p.Cluster, one), damage.Disown(t.Context(), p.Cluster, one)} {
					if err != nil {
						t.Fatal(err)
					}
				}
				named := p.Nodes()[i]
				state := t.TempDir()
				env := map[string]string{"XDG_STATE_HOME": state}
				if got := run(t, "", env, "fix", p.Seed(), "--yes"); got.code != No || !strings.Contains(got.out, "--owner 12=NODE") {
					t.Errorf("without a word: %+v", got)
				}
				got := run(t, "", env, "fix", p.Seed(), "--yes", "--owner", "12="+named.Addr)
				if got.code != Fine || !strings.Contains(got.out, "move to") || !strings.Contains(got.out, "and back") {
					t.Errorf("%+v", got)
				}
				if value := asked(t, named, "GET", key); value != kept {
					t.Errorf("%s was named, and the value is %q", named.Addr, value)
				}
				saved := savedIn(t, state)
				if len(saved) != 1 || string(saved[0].Key) != key {
					t.Fatalf("saved: %+v", saved)
				}
				asked(t, named, "RESTORE", key, 0, string(saved[0].Dump), "REPLACE")
				if value := asked(t, named, "GET", key); value == kept {
					t.Errorf("%q was saved, which stayed", value)
				}
				if err := named.Do(t.Context(), "DEL", key).Err(); err != nil {
					t.Fatal(err)
				}
				p.whole()
			}
		})
	}
}

// TestTrap18MigratingFlagOnASlotThatNobodyServesIsRepaired: the tool of Redis 8.6
// sees no keys there, asks on its standard input in spite of its flag, and tells
// of success.
func TestTrap18MigratingFlagOnASlotThatNobodyServesIsRepaired(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"redis-7.0", "redis-8.6"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			p := newPatient(t, version)
			p.remember()
			kind := kindOf("trap18-migrating-uncovered")
			p.suffers(kind)
			got := expect(t, No, "fix", p.Nodes()[1].Addr, "--yes") // nobody to ask, and nothing is guessed
			if !strings.Contains(got.out, "their keys lie on several nodes") || strings.Contains(got.out, "ADDSLOTSRANGE") || strings.Contains(got.out, "[OK] All 16384 slots covered.") {
				t.Errorf("an owner is guessed, or success is told:\n%s", got.out)
			}
			expect(t, Fine, p.fix(kind, "--yes")...)
			p.whole()
		})
	}
}

// TestFixCoversASlotThatATargetsSuccessorHadNotHeardOf: the source has given it
// away, its target was replaced by a replica that does not claim it, and the
// source still shows it as migrating.
func TestFixCoversASlotThatATargetsSuccessorHadNotHeardOf(t *testing.T) {
	t.Parallel()
	p := patientOf(t, "redis-7.0", lab.Config{Replicas: 1})
	p.remember()
	source, target, heir := p.Nodes()[0], p.Nodes()[1], p.Nodes()[4]
	slot := keyslot.Slot(20)
	one := keyslot.SetOf(keyslot.Range{First: slot, Last: slot})
	if err := damage.Move(t.Context(), source, target, slot); err != nil {
		t.Fatal(err)
	}
	asked(t, target, "CLUSTER", "SETSLOT", int(slot), "NODE", string(target.ID))
	names := func(n, owner *lab.Node) bool {
		m, _ := sees(t, n).Member(owner.ID)
		own := keyslot.SetOf(m.Slots...)
		return own.Has(slot)
	}
	labtest.Until(t, lookFor*2, "the source has heard of it, and the replica has the keys", func() bool {
		have, _ := heir.Do(t.Context(), "CLUSTER", "COUNTKEYSINSLOT", int(slot)).Int64()
		want, err := target.Do(t.Context(), "CLUSTER", "COUNTKEYSINSLOT", int(slot)).Int64()
		return err == nil && want > 0 && have == want && !names(source, source)
	})
	asked(t, heir, "CLUSTER", "FAILOVER", "FORCE")
	labtest.Until(t, lookFor*2, "the successor is there, and all know it", func() bool {
		for _, n := range p.Nodes() {
			if !names(n, heir) {
				return false
			}
		}
		return true
	})
	// As if it had not heard of the slot when it was elected.
	if err := damage.Disown(t.Context(), p.Cluster, one); err != nil {
		t.Fatal(err)
	}
	got := expect(t, Fine, "fix", p.Seed(), "--yes")
	if !strings.Contains(got.out, "which alone holds keys of them") || !names(source, heir) {
		t.Errorf("the slot is not the successor's:\n%s", got.out)
	}
	p.whole()
}
