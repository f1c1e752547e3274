package main

import (
	"testing"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/lab"
	"slotdeck/cluster/proof"
	"slotdeck/keyslot"
)

// TestLossesAreExcusedOnlyWhileTheSuccessorKnewNothing: one that knew that the
// slot is moving, or another node, has no excuse.
func TestLossesAreExcusedOnlyWhileTheSuccessorKnewNothing(t *testing.T) {
	noon := time.Date(2025, 5, 6, 12, 0, 0, 0, time.UTC)
	at := func(ms int) time.Time { return noon.Add(time.Duration(ms) * time.Millisecond) }
	key := "k"
	slot := keyslot.Of(key)
	fresh := func(forgets, abrupt bool) *succession {
		s := &succession{heir: &lab.Node{ID: "heir", Addr: "heir"}, to: &lab.Node{ID: "target", Addr: "target"}, moving: keyslot.Full(), told: map[keyslot.Slot]time.Time{}, forgets: forgets, abrupt: abrupt}
		all := []keyslot.Range{{First: 0, Last: 16383}}
		s.note(&cluster.View{Members: []cluster.Member{{ID: "heir", Flags: cluster.Replica}}}, at(-50))
		s.note(&cluster.View{Members: []cluster.Member{{ID: "heir", Flags: cluster.Primary, Slots: all}}}, at(0))
		s.note(&cluster.View{Members: []cluster.Member{{ID: "heir", Flags: cluster.Primary, Slots: all, Open: []cluster.OpenSlot{{Slot: slot, Peer: "target"}}}}}, at(100))
		return s
	}
	ack := func(addr string, ms int, reply int64, asked bool) proof.Ack {
		return proof.Ack{Reply: reply, Addr: addr, Began: at(ms), At: at(ms + 1), Asked: asked, Safe: true}
	}
	for _, c := range []struct {
		claim           string
		forgets, abrupt bool
		loss            proof.Loss
		excused         bool
	}{
		{"the successor counted on from nothing before it was told", true, false, proof.Loss{Undone: []proof.Ack{ack("source", -500, 1, false)}, By: []proof.Ack{ack("heir", 50, 1, false)}}, true},
		{"it did so after it was told", true, false, proof.Loss{Undone: []proof.Ack{ack("source", -500, 1, false)}, By: []proof.Ack{ack("heir", 150, 1, false)}}, false},
		{"one that forgets nothing did so", false, false, proof.Loss{Undone: []proof.Ack{ack("source", -500, 1, false)}, By: []proof.Ack{ack("heir", 50, 1, false)}}, false},
		{"another node did so", true, false, proof.Loss{Undone: []proof.Ack{ack("source", -500, 1, false)}, By: []proof.Ack{ack("target", 50, 1, false)}}, false},
		{"a value is gone for no reason", true, true, proof.Loss{Undone: []proof.Ack{ack("source", -500, 0, false)}, Acks: []proof.Ack{ack("heir", 50, 0, false)}}, false},
		{"the target took it while the source went down", false, true, proof.Loss{Undone: []proof.Ack{ack("target", -5, 0, true)}}, true},
		{"the source was asked to wait for its replica", false, false, proof.Loss{Undone: []proof.Ack{ack("target", -5, 0, true)}}, false},
		{"that was long before", false, true, proof.Loss{Undone: []proof.Ack{ack("target", -5000, 0, true)}}, false},
		{"a key was removed where nobody knew of it", true, false, proof.Loss{Risen: true, Acks: []proof.Ack{ack("heir", 50, 0, false)}}, true},
		{"a key was removed where it was known", true, false, proof.Loss{Risen: true, Acks: []proof.Ack{ack("heir", 150, 0, false)}}, false},
	} {
		c.loss.Key = key
		if why := fresh(c.forgets, c.abrupt).excuse(c.loss); (why != "") != c.excused {
			t.Errorf("%s: %q", c.claim, why)
		}
	}
	for _, c := range []struct {
		claim         string
		abrupt, trims bool
		slot          keyslot.Range // what the successor owned when it was promoted
		ack           proof.Ack
		excused       bool
	}{
		{"the target's replica had not got it", true, false, keyslot.Range{}, ack("source", -500, 0, false), true},
		{"it had confirmed it", true, false, keyslot.Range{}, ack("target", -500, 0, true), false},
		{"it dropped it", false, true, keyslot.Range{}, ack("target", -500, 0, true), true},
		{"it was written after that", true, true, keyslot.Range{}, ack("target", 50, 0, false), false},
		{"the target was asked to wait for its replica", false, false, keyslot.Range{}, ack("source", -500, 0, false), false},
		{"the slot was the target's already", true, true, keyslot.Range{First: slot, Last: slot}, ack("source", -500, 0, false), false},
	} {
		s := &succession{heir: &lab.Node{ID: "heir"}, target: true, moving: keyslot.SetOf(keyslot.Range{First: slot, Last: slot}), abrupt: c.abrupt, trims: c.trims, told: map[keyslot.Slot]time.Time{}}
		s.note(&cluster.View{Members: []cluster.Member{{ID: "heir", Flags: cluster.Primary, Slots: []keyslot.Range{c.slot}}}}, at(0))
		if why := s.excuse(proof.Loss{Key: key, Undone: []proof.Ack{c.ack}}); (why != "") != c.excused {
			t.Errorf("%s: %q", c.claim, why)
		}
	}
	other := &succession{heir: &lab.Node{ID: "heir"}, target: true, abrupt: true, trims: true, told: map[keyslot.Slot]time.Time{},
		moving: keyslot.SetOf(keyslot.Range{First: slot + 1, Last: slot + 1})}
	other.note(&cluster.View{Members: []cluster.Member{{ID: "heir", Flags: cluster.Primary}}}, at(0))
	if unseen := other.unseen(); unseen.Has(slot) || !unseen.Has(slot+1) {
		t.Errorf("untouched keys are excused in %v, but only slot %d was moving", unseen, slot+1)
	}
	if why := (&succession{}).excuse(proof.Loss{Key: key, Undone: []proof.Ack{ack("target", 0, 0, true)}}); why != "" {
		t.Errorf("without a succession: %s", why)
	}
}
