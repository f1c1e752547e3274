package cluster

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"slotdeck/keyslot"
)

func TestMergeIsSoundWhateverNodesSay(t *testing.T) {
	random := rand.New(rand.NewPCG(13, 14))
	var prev *Snapshot
	rounds := 2000
	if raceEnabled {
		rounds = 200
	}
	for round := range rounds {
		s := &scene{}
		for port := 7000; port < 7000+1+random.IntN(8); port++ {
			s.truth = append(s.truth, randomMember(random, port))
		}
		for _, m := range s.truth {
			if random.IntN(3) == 0 {
				s.says(m.Endpoint.Port, func(members []Member) []Member {
					for i := range members {
						if random.IntN(3) == 0 {
							members[i] = randomMember(random, members[i].Endpoint.Port)
						}
					}
					return members[:random.IntN(len(members)+1)]
				})
			}
			if random.IntN(4) == 0 {
				s.dead(m.Endpoint.Port, noon.Add(-time.Duration(random.IntN(20))*time.Second))
			}
		}
		before := fmt.Sprintf("%+v", prev)
		next := s.merge(prev, noon)
		soundSnapshot(t, next)
		for _, e := range Diff(prev, next) {
			if e.Text == "" || e.At != next.At {
				t.Fatalf("event %+v", e)
			}
		}
		if fmt.Sprintf("%+v", prev) != before {
			t.Fatal("the previous snapshot was changed")
		}
		if again := s.merge(prev, noon); draw(again) != draw(next) || !reflect.DeepEqual(again.Disputes, next.Disputes) {
			t.Fatalf("merged twice: %s, then %s", draw(next), draw(again))
		}
		if len(Diff(next, next)) != 0 || len(Diff(next, s.merge(next, noon))) != 0 && draw(s.merge(next, noon)) == draw(next) {
			t.Fatalf("round %d: nothing changed, yet %q", round, tellAll(Diff(next, s.merge(next, noon))))
		}
		CoverageOf(next)
		next.Agreement()
		prev = next
	}
}

func randomMember(random *rand.Rand, port int) Member {
	var m Member
	if random.IntN(2) == 0 {
		m = primary(port, uint64(random.IntN(4)))
		for range random.IntN(3) {
			a, b := keyslot.Slot(random.IntN(keyslot.Count)), keyslot.Slot(random.IntN(keyslot.Count))
			m.Slots = append(m.Slots, slots(min(a, b), max(a, b)))
		}
	} else {
		m = replica(port, 7000+random.IntN(9), uint64(random.IntN(4)))
	}
	for range random.IntN(2) {
		m.Open = append(m.Open, OpenSlot{Slot: keyslot.Slot(random.IntN(4)), Importing: random.IntN(2) == 0, Peer: nodeID(7000 + random.IntN(9))})
	}
	m.Flags |= []Flags{0, 0, 0, Fail, PFail, NoAddr, NoFailover}[random.IntN(7)]
	if random.IntN(12) == 0 {
		m.Flags = Handshake
	}
	return m
}
