package run_test

import (
	"slices"
	"strings"
	"testing"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/plan"
	"slotdeck/cluster/run"
)

// TestLargeKeyThatNoSampleShowedIsNoticedBeforeAGentleMoveTakesIt: it is one among
// hundreds, of which not all are weighed where speed is what counts.
func TestLargeKeyThatNoSampleShowedIsNoticedBeforeAGentleMoveTakesIt(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]run.Options{
		"throttled":      {Driver: plan.Legacy, KeysPerSecond: 20_000},
		"a small budget": {Driver: plan.Legacy, MaxBlock: run.DefaultMaxBlock / 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, "redis-7.0", lab.Config{})
			large := inSlot(77, 1000)
			for from := 1; from <= 20_000; from += 5000 {
				w.do(0, "EVAL", "for i=ARGV[1],ARGV[2] do redis.call('HSET',KEYS[1],i,string.rep('v',100)) end return 1", 1, large, from, from+4999)
			}
			for i := range 600 {
				w.do(0, "SET", inSlot(77, i), "small")
			}
			// Redis 7.0 lists the oldest last. Every sixteenth is weighed in any case.
			list, _ := w.do(0, "CLUSTER", "GETKEYSINSLOT", 77, 1000).([]any)
			if at := slices.Index(list, any(large)); at < 0 || at%16 == 0 {
				t.Fatalf("the large key is listed as number %d", at)
			}
			j := w.start(w.plan(plan.MoveExactly{Slots: slots("77"), To: w.id(1)}), o)
			p := until(t, j, "it asks", func(p run.Progress) bool { return p.Question != nil })
			if q := p.Question; q.Kind != run.BigKey || q.Slot != 77 || !strings.Contains(q.Text, large) {
				t.Errorf("%+v", q)
			}
			if n := w.do(0, "EXISTS", large); n != int64(1) {
				t.Error("the key has moved before anybody was asked")
			}
			try(t, j.Answer(p.Question.ID, run.Skip))
			w.wants(j.Wait(), run.Partly)
			w.nothingOpen()
			if n := w.do(0, "CLUSTER", "COUNTKEYSINSLOT", 77); n != int64(601) {
				t.Errorf("%v keys are there, want 601", n)
			}
		})
	}
}
