package cli

import (
	"strings"
	"testing"

	"slotdeck/cluster/proof"
	"slotdeck/cluster/proof/damage"
	"slotdeck/keyslot"
)

// Keys that are out of sight while a slot is served are written anew by clients,
// counters from the beginning, and deletions do not reach them: no repair can put
// that right. What clients do in all other slots must stay.
func outOfSight(l proof.Loss) string {
	if damage.Slots.Has(keyslot.Of(l.Key)) {
		return "the damage hid the key from clients"
	}
	return ""
}

func TestFixLosesNoAcknowledgedWriteUnderLoad(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"redis-7.0", "valkey-9.1"} {
		for what, kinds := range map[string][]string{
			"open":        {"half-moved", "open-and-uncovered", "disowned", "trap18-migrating-uncovered"},
			"strays":      {"trap7-strays"},
			"two-holders": {"uncovered-two-holders"},
		} {
			t.Run(version+"/"+what, func(t *testing.T) {
				t.Parallel()
				p := newPatient(t, version)
				p.remember()
				config := proof.LoadConfig{Rate: 300, Writers: 8, Slots: damage.Full, Seed: 3}
				if what == "strays" {
					config.Excuse = outOfSight
				}
				load, err := p.judge.StartLoad(t.Context(), config)
				if err != nil {
					t.Fatal(err)
				}
				for _, name := range kinds {
					kind := kindOf(name)
					p.suffers(kind)
					expect(t, Fine, p.fix(kind, "--yes")...)
				}
				tally := load.Stop()
				v, err := load.Check(t.Context())
				if err != nil || !v.OK() || tally.Acked == 0 {
					t.Errorf("%v: %v %v", tally, v, err)
				}
				p.whole()
			})
		}
	}
}

// The keys of a primary that is gone are lost with it; what clients write to the
// others meanwhile is not.
func TestFixOfADeadPrimaryLosesNoWriteToTheOthersUnderLoad(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"redis-7.0", "valkey-9.1"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			p := newPatient(t, version)
			others := keyslot.SetOf(keyslot.Range{First: 6000, Last: 6020}, keyslot.Range{First: 16000, Last: 16020})
			living := proof.Open(addrsOf(p.Nodes()[1:]), "")
			defer living.Close()
			load, err := living.StartLoad(t.Context(), proof.LoadConfig{Rate: 200, Writers: 4, Slots: others, Seed: 5})
			if err != nil {
				t.Fatal(err)
			}
			p.suffers(kindOf("primary-gone"))
			got := run(t, "", nil, "fix", p.Nodes()[1].Addr, "--yes", "--fix-with-unreachable-masters")
			if !strings.Contains(got.out, "[OK] All 16384 slots covered.") {
				t.Fatalf("%+v", got)
			}
			tally := load.Stop()
			for _, n := range p.Nodes()[1:] { // nobody asks after the dead any more; newer servers pass it on
				n.Do(t.Context(), "CLUSTER", "FORGET", string(p.Nodes()[0].ID))
			}
			if v, err := load.Check(t.Context()); err != nil || !v.OK() || tally.Acked == 0 {
				t.Errorf("%v: %v %v", tally, v, err)
			}
		})
	}
}
