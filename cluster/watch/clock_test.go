package watch_test

import (
	"sync"
	"testing"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/fake"
	"slotdeck/cluster/lab/labtest"
	"slotdeck/cluster/watch"
)

// handClock stands still until it is set forward.
type handClock struct {
	mu    sync.Mutex
	now   time.Time
	wakes map[chan time.Time]time.Time
}

func (c *handClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *handClock) Wake(d time.Duration) (<-chan time.Time, func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	ch := make(chan time.Time, 1)
	if d <= 0 {
		ch <- c.now
	} else {
		c.wakes[ch] = c.now.Add(d)
	}
	return ch, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.wakes, ch)
	}
}

func (c *handClock) forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	for ch, at := range c.wakes {
		if !at.After(c.now) {
			ch <- c.now
			delete(c.wakes, ch)
		}
	}
}

func TestRoundsFollowTheClockAndReadingsTellIt(t *testing.T) {
	f := fakeCluster(t, 3, 0)
	start := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	clock := &handClock{now: start, wakes: map[chan time.Time]time.Time{}}
	config := quick(f.Addr(fake.ID(0)))
	config.Interval, config.Clock = time.Second, clock
	w := running(t, config)
	s := until(t, w, "all answer, with the clock standing still", full(3))
	for range 5 {
		pings := f.Server(fake.ID(1)).Count("PING")
		clock.forward(999 * time.Millisecond)
		if now := f.Server(fake.ID(1)).Count("PING"); now != pings {
			t.Errorf("asked %d times before it was time", now-pings)
		}
		clock.forward(time.Millisecond)
		labtest.Until(t, 5*time.Second, "one question", func() bool { return f.Server(fake.ID(1)).Count("PING") == pings+1 })
		last := s
		s = until(t, w, "its picture", func(now *cluster.Snapshot) bool {
			for i := range now.Nodes {
				if !now.Nodes[i].Latency.At.Equal(clock.Now()) {
					return false
				}
			}
			return now.Seq > last.Seq
		})
	}
	if !s.At.Equal(start.Add(5*time.Second)) || s.Interval != time.Second {
		t.Errorf("the picture is of %v", s.At)
	}
	if n := node(t, s, fake.ID(1)); !n.Since.Equal(start) {
		t.Errorf("answering since %v", n.Since)
	}
	var _ watch.Clock = clock
}
