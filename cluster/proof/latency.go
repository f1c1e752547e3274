package proof

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"slotdeck/keyslot"
)

// Latency is how long a client waited for its writes, from the moment each was
// due, so that a stall counts for all that it held up.
type Latency struct {
	N               int
	P50, P99, Worst time.Duration
}

// String is the latency in one line.
func (l Latency) String() string {
	return fmt.Sprintf("%d writes, p50 %v, p99 %v, worst %v", l.N, l.P50.Round(10*time.Microsecond),
		l.P99.Round(10*time.Microsecond), l.Worst.Round(10*time.Microsecond))
}

// Wait is how long a client waited for one write.
type Wait struct {
	Slot keyslot.Slot
	Took time.Duration
}

// samples are waits of several goroutines.
type samples struct {
	mu  sync.Mutex
	all []Wait
}

func (s *samples) add(d Wait) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, d)
}

// take is what was added since it was last called.
func (s *samples) take() []Wait {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.all
	s.all = nil
	return all
}

// LatencyOf sums up waits, in any order.
func LatencyOf(waits []Wait) Latency {
	if len(waits) == 0 {
		return Latency{}
	}
	all := make([]time.Duration, len(waits))
	for i, w := range waits {
		all[i] = w.Took
	}
	slices.Sort(all)
	at := func(percent int) time.Duration { return all[min(len(all)-1, len(all)*percent/100)] }
	return Latency{N: len(all), P50: at(50), P99: at(99), Worst: all[len(all)-1]}
}
