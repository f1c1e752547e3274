package lab

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"slotdeck/cluster/spawn"
)

// Traffic is a light mix of reads and writes, four to one, on the keys that
// Fill writes and some of its own, by a client that follows redirections.
type Traffic struct {
	cancel context.CancelFunc
	done   chan struct{}

	reads, writes, errors atomic.Int64
	lastErr               atomic.Pointer[error]
}

// TrafficCounts is what a traffic did so far.
type TrafficCounts struct {
	Reads, Writes int64 // that were answered
	Errors        int64 // that were not, or with an error, after all redirections
	LastErr       error // nil while there was none
}

// trafficWorkers bounds how many commands wait at once: a frozen node holds up
// those that meet it, and the others go on.
const trafficWorkers = 16

// Traffic begins to send about rate commands a second (at least 1), and goes on
// until the context ends, Stop is called on it, or the cluster is stopped.
// While nodes do not answer, it sends fewer.
func (c *Cluster) Traffic(ctx context.Context, rate int) *Traffic {
	ctx, cancel := context.WithCancel(ctx)
	t := &Traffic{cancel: cancel, done: make(chan struct{})}
	client := c.newDataClient(time.Second)
	tokens := make(chan struct{}, trafficWorkers)
	var wg spawn.Group
	for i := range trafficWorkers {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(3, uint64(i)))
			for range tokens {
				t.send(ctx, client, random)
			}
		})
	}
	wg.Go(func() { pace(ctx, max(1, rate), tokens) })
	spawn.Go(func() {
		wg.Wait()
		client.Close()
		close(t.done)
	})
	c.mu.Lock()
	c.traffic = append(c.traffic, t)
	c.mu.Unlock()
	return t
}

// pace hands out rate tokens a second, in portions, and closes tokens when the
// context ends. What nobody takes in time is lost, not made up for.
func pace(ctx context.Context, rate int, tokens chan<- struct{}) {
	defer close(tokens)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	last, owed := time.Now(), 0.0
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			owed = min(owed+now.Sub(last).Seconds()*float64(rate), float64(rate)/10+1)
			last = now
			for ; owed >= 1; owed-- {
				select {
				case tokens <- struct{}{}:
				case <-ctx.Done():
					return
				}
			}
		}
	}
}

// send does one read or write and counts it.
func (t *Traffic) send(ctx context.Context, client *redis.ClusterClient, random *rand.Rand) {
	user := random.IntN(2000)
	var err error
	count := &t.reads
	switch random.IntN(10) {
	case 0:
		count, err = &t.writes, client.Incr(ctx, fmt.Sprintf("page:views:%d", user)).Err()
	case 1:
		count, err = &t.writes, client.Set(ctx, fmt.Sprintf("live:{u%d}", user), random.Uint64(), time.Minute).Err()
	case 2, 3, 4:
		err = client.HGetAll(ctx, fmt.Sprintf("user:%d", user*12)).Err()
	case 5, 6:
		err = client.LRange(ctx, fmt.Sprintf("cart:{u%d}:items", user), 0, -1).Err()
	default:
		err = client.Get(ctx, fmt.Sprintf("cache:product:%d", user)).Err()
	}
	switch {
	case err == nil || err == redis.Nil:
		count.Add(1)
	case ctx.Err() == nil:
		t.errors.Add(1)
		t.lastErr.Store(&err)
	}
}

// Counts is what was done so far; it may be asked at any time.
func (t *Traffic) Counts() TrafficCounts {
	counts := TrafficCounts{Reads: t.reads.Load(), Writes: t.writes.Load(), Errors: t.errors.Load()}
	if err := t.lastErr.Load(); err != nil {
		counts.LastErr = *err
	}
	return counts
}

// Stop ends the traffic, waits for its end and tells what was done. It may be
// called again.
func (t *Traffic) Stop() TrafficCounts {
	t.cancel()
	<-t.done
	return t.Counts()
}
