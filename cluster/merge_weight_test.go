package cluster

import (
	"testing"
	"time"

	"slotdeck/keyslot"
)

// claiming is three pairs of which the given ports say that slots 0 to 5460
// belong to 7003, at the epoch at which the others give them to 7001.
func claiming(ports ...int) *scene {
	s := threePairs().with(7003, func(m *Member) { m.Epoch = 1 })
	for _, port := range ports {
		s.says(port, func(m []Member) []Member {
			find(m, 7001).Slots = nil
			find(m, 7003).Slots = []keyslot.Range{slots(0, 5460), slots(10923, 16383)}
			return m
		})
	}
	return s
}

func ownerOfZero(s *Snapshot) int {
	if shard, ok := s.ShardOf(0); ok {
		if n, ok := s.Node(shard.Primary); ok {
			return n.Member.Endpoint.Port
		}
	}
	return 0
}

func TestOfClaimsWithOneEpochTheMoreBackedWins(t *testing.T) {
	for port, s := range map[int]*scene{
		7001: claiming(7006),
		7003: claiming(7002, 7005, 7006),
	} {
		s.dead(7001, noon.Add(-5*time.Second)).dead(7003, noon.Add(-5*time.Second))
		if got := ownerOfZero(s.merge(nil, noon)); got != port {
			t.Errorf("owner is %d, want %d", got, port)
		}
	}
}

func TestOfClaimsWithOneEpochTheOwnersOwnWordWins(t *testing.T) {
	s := claiming(7002, 7004, 7005, 7006).dead(7003, noon.Add(-5*time.Second))
	if got := ownerOfZero(s.merge(nil, noon)); got != 7001 {
		t.Errorf("owner is %d, though 7001 itself says that it owns the slots", got)
	}
	s = claiming(7003).dead(7001, noon.Add(-5*time.Second))
	if got := ownerOfZero(s.merge(nil, noon)); got != 7003 {
		t.Errorf("owner is %d, though 7003 itself says that it owns the slots", got)
	}
}

func TestOfASilentNodeTheNewestNewsIsShown(t *testing.T) {
	s := threePairs().dead(7006, noon.Add(-5*time.Second)).says(7005, func(m []Member) []Member {
		*find(m, 7006) = primary(7006, 9, slots(10923, 16383))
		find(m, 7003).Slots = nil
		return m
	})
	if n, _ := s.merge(nil, noon).Node(nodeID(7006)); !n.Member.Flags.Has(Primary) || n.Member.Epoch != 9 {
		t.Errorf("%s at epoch %d", n.Member.Flags, n.Member.Epoch)
	}
}

func TestANodeHasFailedWhenHalfOfTheOthersSaySo(t *testing.T) {
	s := threePairs().dead(7003, noon.Add(-5*time.Second))
	for i, port := range []int{7001, 7002, 7004} {
		s.says(port, func(m []Member) []Member { find(m, 7003).Flags |= Fail; return m })
		n, _ := s.merge(nil, noon).Node(nodeID(7003))
		if want := i == 2; n.Member.Flags.Has(Fail) != want || len(n.FailBy) != i+1 {
			t.Errorf("%d of 5 say fail: %s", i+1, n.Member.Flags)
		}
	}
}

func TestAnOpenSlotOfASilentSourceClosesWithItsFailover(t *testing.T) {
	open := func(m *Member) { m.Open = []OpenSlot{{Slot: 16000, Peer: nodeID(7001)}} }
	s := failedOver()
	old := threePairs().with(7003, open).truth
	s.says(7003, func([]Member) []Member { return old })
	if moves := s.merge(nil, noon.Add(5*time.Second)).Moves; len(moves) != 0 {
		t.Errorf("%+v", moves)
	}
	// Until then nobody can have closed it.
	s = threePairs().with(7003, open).dead(7003, noon)
	if moves := s.merge(nil, noon.Add(time.Hour)).Moves; len(moves) != 1 || moves[0].From != nodeID(7003) {
		t.Errorf("%+v", moves)
	}
}

func TestNodesThatKnowAnotherEpochDoNotAgree(t *testing.T) {
	s := threePairs().says(7001, func(m []Member) []Member { find(m, 7003).Epoch = 9; return m })
	snap := s.merge(nil, noon)
	if a := snap.Agreement(); a.Full() || a.Agree != 5 || a.Answers != 2 {
		t.Errorf("%+v", a)
	}
	if len(snap.Disputes) != 0 {
		t.Errorf("the owner is not in dispute: %+v", snap.Disputes)
	}
}
