package plan

import (
	"testing"

	"slotdeck/cluster"
)

func TestPlanIsHeldAgainstWhatIsReadJustBefore(t *testing.T) {
	w := MemberWish{Kind: MemberAdd, Servers: []string{"10.1.0.1:7000"}, Replica: true}
	g := MemberGround{Snap: three().snapshot(), Servers: servers(1)}
	p, err := w.Plan(g)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Recheck(p, g); err != nil {
		t.Errorf("nothing has changed: %v", err)
	}
	g.Snap = three().but(func(s *cluster.Snapshot) { node(s, id(2, 1)).Health = cluster.NoAnswer }).snapshot()
	if err := w.Recheck(p, g); err == nil {
		t.Error("another primary needs the replica now, and the old plan would have been carried out")
	}
}
