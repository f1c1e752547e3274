package views

import (
	"testing"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

func TestSamplesAgreeWithThemselves(t *testing.T) {
	s := sampleSnapshot(addShard(), giveSlots("D", 100, 199), giveSlots("", 16000, 16383), failPrimary("C"),
		openSlots("A", "D", 200, 201), dispute("B", "D", 7000, 7003))
	total := 0
	for _, sh := range s.Shards {
		for _, r := range sh.Slots {
			total += r.Len()
			for slot := r.First; slot <= r.Last; slot++ {
				if owner, ok := s.ShardOf(slot); !ok || owner.Letter != sh.Letter {
					t.Fatalf("slot %d is listed by %s but not owned by it", slot, sh.Letter)
				}
			}
		}
	}
	if want := keyslot.Count - 384; total != want {
		t.Fatalf("%d slots are owned, want %d", total, want)
	}
	for _, n := range s.Nodes {
		if known := n.View.Known(); known != (n.Health == cluster.Answering) {
			t.Errorf("node %s: answers %v, but has a view: %v", n.Dialled, n.Health == cluster.Answering, known)
		}
		if n.View.Known() {
			if me, ok := n.View.Value.Member(n.ID); !ok || !me.Flags.Has(cluster.Myself) {
				t.Errorf("node %s is not itself in its own view", n.Dialled)
			}
		}
	}
	if len(s.Moves) != 2 || len(s.Disputes) != 1 {
		t.Fatalf("got %d moves and %d disputes", len(s.Moves), len(s.Disputes))
	}
}
