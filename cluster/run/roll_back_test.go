package run_test

import (
	"strings"
	"testing"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/plan"
	"slotdeck/cluster/run"
)

// TestSlotsThatWereGivenGoBackUnderWritesAndNothingIsLost: by then clients have
// written to them on the other side.
func TestSlotsThatWereGivenGoBackUnderWritesAndNothingIsLost(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"redis-7.0", "valkey-9.1"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, version, lab.Config{})
			w.fill(6000)
			before, own := w.digest(), w.ownedBy(0)
			wr := w.keepWriting(slots("0-2000"))
			j := w.start(w.plan(plan.MoveExactly{Slots: slots("0-2000"), To: w.id(1)}), run.Options{Driver: plan.Legacy, KeysPerSecond: 800, Unattended: true})
			at := until(t, j, "some slots were given", func(p run.Progress) bool { return p.Slots.Done > 100 })
			j.RollBack()
			j.Throttle(0)
			r := j.Wait()
			wr.end(w)
			w.wants(r, run.RolledBack)
			if int64(r.Back.Len()) < at.Slots.Done || !r.Moved.Empty() {
				t.Errorf("%d slots went back, %d had been given; with the target stay %v", r.Back.Len(), at.Slots.Done, r.Moved)
			}
			if got := w.ownedBy(0); got != own {
				t.Errorf("A owns %v, before %v", got, own)
			}
			w.nothingOpen()
			after := w.digest()
			for k := range after {
				if strings.HasPrefix(k, "0/live:") {
					delete(after, k)
				}
			}
			same(t, before, after)
		})
	}
}
