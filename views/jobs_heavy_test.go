package views

import (
	"testing"
	"time"

	"slotdeck/cluster/plan"
)

// heavyWeights are a key that its node cannot move in passing.
func heavyWeights() *plan.Weights {
	return &plan.Weights{Looked: 900, Of: 24_000, Block: 10 * time.Millisecond, NodeTimeout: time.Second, Heavy: []plan.HeavyKey{
		{Node: sampleID(1), Slot: 3, Name: "cart:\x1b[31m9", Kind: "hash", Elements: 500_000, Bytes: 31 << 20, Holds: 1024 * time.Millisecond},
	}}
}

func TestPlanNamesBigKeysAndSaysWhatBecomesOfThem(t *testing.T) {
	s, m := newMoveStage(t, withSpare(), colours, 160, 60)
	m.weights = heavyWeights()
	s.press("3", "m")
	s.want(`the hash "cart:\x1b[31m9" (slot 3, 500000 elements, 31 MiB) would hold A`, "for about 1s, and a call may take 10ms", "a failover could begin",
		"900 of the 24000 keys in the slots to come were weighed", "1 slot with keys that hold their node longer (3): you are asked", "safe")
	for range 6 {
		s.press("tab")
	}
	s.press("right")
	s.want("left where they are")
	s.press("right")
	s.want("moved all the same", "disruptive", "answers nobody for about 1s")
	s.press("right")
	s.want("with a longer node timeout on all nodes")
	s.press("y", "y")
	if len(m.started) != 0 {
		t.Fatal("a disruptive plan began at once")
	}
}

func TestRaisedNodeTimeoutsAreFoundAtTheStartAndSetBackWhenConfirmed(t *testing.T) {
	m := &fakeMover{}
	for i := range 3 {
		m.left.Raised = append(m.left.Raised, RaisedTimeout{Node: sampleID(i + 1), Was: time.Second, Is: 4 * time.Second})
	}
	s := newStageOf(t, Config{Context: "prod-eu", Look: colours, First: withSpare(), Mover: m}, 120, 40)
	s.follow(s.app.jobs().lookAtStart(s.app.scene())) // as Init does
	s.want("an interrupted move raised the node timeout of 3 nodes: 5 tells")
	s.press("5")
	s.want("NODE TIMEOUTS", "of 3 nodes (1s before, 4s", "t sets it back")
	s.press("t")
	s.want("CONFIG SET cluster-node-timeout 1000")
	if m.setBack != 0 {
		t.Fatal("the page alone set something")
	}
	s.press("y")
	if m.setBack != 1 {
		t.Fatal("nothing was set back")
	}
	s.wantNot("t sets it back")
}
