package run_test

import (
	"testing"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/plan"
	"slotdeck/cluster/run"
)

func TestWhatANodeCanDoIsFoundOutWithoutATraceAmongTheChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "valkey-9.1", lab.Config{})
	p := w.plan(plan.MoveExactly{Slots: slots("0-2"), To: w.id(1)})
	found := run.Abilities(t.Context(), w.watch, p)
	if len(found) != 2 {
		t.Fatalf("%d nodes were asked, not 2", len(found))
	}
	for id, a := range found {
		if !a.Legacy || !a.AtomicValkey || a.AtomicRedis {
			t.Errorf("%s: %+v", id.Short(), a)
		}
	}
	for _, e := range w.journal.Entries() {
		t.Errorf("%s stands among what changed something, before anybody agreed to a change", e.Command)
	}
}
