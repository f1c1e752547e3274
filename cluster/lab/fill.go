package lab

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// fillBatch is how many keys go out at once: enough that round trips do not
// count, few enough that no node is blocked for a noticeable time.
const fillBatch = 1000

// Fill writes n keys, different from each other, of every type that all
// servers have, named as applications name them: some with a hash tag, some
// with a time to live of 20 minutes or more. The same n gives the same keys.
func (c *Cluster) Fill(ctx context.Context, n int) error {
	client := c.newDataClient(20 * time.Second)
	defer client.Close()
	random := rand.New(rand.NewPCG(1, 2))
	for done := 0; done < n; done += fillBatch {
		pipe := client.Pipeline()
		for i := done; i < min(n, done+fillBatch); i++ {
			writeKey(ctx, pipe, random, i)
		}
		if _, err := pipe.Exec(ctx); err != nil {
			return fmt.Errorf("after %d of %d keys the cluster did not take more: %w", done, n, err)
		}
	}
	return nil
}

// writeKey writes the i-th key. Each of the twelve kinds has names of its own,
// so that no key is written twice.
func writeKey(ctx context.Context, pipe redis.Pipeliner, random *rand.Rand, i int) {
	user := i / 12
	switch i % 12 {
	case 0, 1:
		pipe.HSet(ctx, fmt.Sprintf("user:%d", i), "name", pick(random, names), "city", pick(random, cities),
			"visits", random.IntN(5000), "plan", pick(random, plans))
	case 2:
		pipe.Set(ctx, fmt.Sprintf("session:%016x", uint64(i)*0x9e3779b97f4a7c15), text(random, 60, 240), timeToLive(random))
	case 3:
		pipe.RPush(ctx, fmt.Sprintf("cart:{u%d}:items", user), some(random, 1, 8, "sku:%05d", 90000)...)
	case 4:
		pipe.Set(ctx, fmt.Sprintf("cart:{u%d}:total", user), fmt.Sprintf("%.2f", random.Float64()*300), 0)
	case 5:
		pipe.SAdd(ctx, fmt.Sprintf("follows:%d", user), some(random, 2, 30, "user:%d", 100000)...)
	case 6:
		pipe.ZAdd(ctx, fmt.Sprintf("board:%s:%d", pick(random, cities), user), scores(random)...)
	case 7:
		pipe.Set(ctx, fmt.Sprintf("page:views:%d", user), random.IntN(1000000), 0)
	case 8:
		pipe.RPush(ctx, fmt.Sprintf("queue:mail:%d", user), some(random, 1, 12, "message %d", 1000000)...)
	case 9:
		key := fmt.Sprintf("events:{shop%d}", user)
		for range 1 + random.IntN(4) {
			pipe.XAdd(ctx, &redis.XAddArgs{Stream: key, Values: []any{"kind", pick(random, kinds), "user", random.IntN(100000)}})
		}
	case 10:
		pipe.Set(ctx, fmt.Sprintf("cache:product:%d", user), text(random, 200, 1200), timeToLive(random))
	case 11:
		pipe.Set(ctx, fmt.Sprintf("lock:{u%d}", user), fmt.Sprintf("%08x", random.Uint32()), timeToLive(random))
	}
}

// The words that values and names are made of.
const (
	names  = "Ada Grace Edsger Barbara Donald Radia Leslie Margaret"
	cities = "Oslo Lima Kyoto Nairobi Zürich Austin"
	plans  = "free plus pro team"
	kinds  = "view add remove pay ship"
)

func pick(random *rand.Rand, words string) string {
	list := strings.Fields(words)
	return list[random.IntN(len(list))]
}

func timeToLive(random *rand.Rand) time.Duration {
	return 20*time.Minute + time.Duration(random.IntN(86400))*time.Second
}

func text(random *rand.Rand, shortest, longest int) string {
	b := make([]byte, shortest+random.IntN(longest-shortest))
	for i := range b {
		b[i] = "abcdefghijklmnopqrstuvwxyz0123456789 "[random.IntN(37)]
	}
	return string(b)
}

func some(random *rand.Rand, fewest, most int, format string, below int) []any {
	list := make([]any, fewest+random.IntN(most-fewest))
	for i := range list {
		list[i] = fmt.Sprintf(format, random.IntN(below))
	}
	return list
}

func scores(random *rand.Rand) []redis.Z {
	list := make([]redis.Z, 3+random.IntN(20))
	for i := range list {
		list[i] = redis.Z{Score: float64(random.IntN(10000)), Member: fmt.Sprintf("player:%d", random.IntN(100000))}
	}
	return list
}
