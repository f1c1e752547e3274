package plan

import (
	"testing"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// thousand is a cluster of 500 primaries and 500 replicas: owned unevenly, in
// runs of 8 slots.
func thousand() *cluster.Snapshot {
	w := &world{sets: make([]keyslot.Set, 500), replicas: 1}
	for run := range keyslot.Count / 8 {
		first := keyslot.Slot(run * 8)
		w.sets[run*run%499].AddRange(keyslot.Range{First: first, Last: first + 7})
	}
	return w.snapshot()
}

func benchmark(b *testing.B, r Request) {
	s := thousand()
	facts := Facts{JobsAsked: true, Load: Load{Keys: reported(func(s keyslot.Slot) int64 { return int64(s) * 7919 % 301 }), Bytes: even(4096)}}
	b.ResetTimer()
	for b.Loop() {
		if _, err := Make(r, s, facts); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRebalanceThousandNodes(b *testing.B) { benchmark(b, Rebalance{UseEmpty: true}) }
func BenchmarkRebalanceByKeysThousandNodes(b *testing.B) {
	benchmark(b, Rebalance{UseEmpty: true, By: Keys})
}
func BenchmarkMoveCountThousandNodes(b *testing.B) {
	benchmark(b, MoveCount{To: id(0, 0), Slots: 4000})
}
func BenchmarkDrainThousandNodes(b *testing.B) { benchmark(b, Drain{Node: id(0, 0)}) }

func BenchmarkRecheckThousandNodes(b *testing.B) {
	s := thousand()
	p := mustMake(b, Rebalance{UseEmpty: true}, s, Facts{})
	for b.Loop() {
		if err := Recheck(p, s); err != nil {
			b.Fatal(err)
		}
	}
}
