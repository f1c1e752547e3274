package proof

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"slotdeck/keyslot"
)

// PlantPrefix begins the name of every planted key.
const PlantPrefix = "still:"

// Plant writes n keys that nobody touches afterwards, of all types, in every
// database, some with names and values of any bytes, some with hours to live,
// in turn into the given slots. The same seed gives the same keys.
func (j *Judge) Plant(ctx context.Context, n int, slots keyslot.Set, seed uint64) error {
	w, err := j.world(ctx)
	if err != nil {
		return err
	}
	t, list := newTags(), slices.Collect(slots.All())
	random := rand.New(rand.NewPCG(seed, 1))
	for first := 0; first < n; first += 1000 {
		pipes := map[place]redis.Pipeliner{}
		for i := first; i < min(n, first+1000); i++ {
			slot := list[i%len(list)]
			p := place{w.owners[slot], random.IntN(w.databases)}
			if pipes[p] == nil {
				pipes[p] = j.client(p).Pipeline()
			}
			plantOne(ctx, pipes[p], random, t[slot], i)
		}
		for p, pipe := range pipes {
			if _, err := pipe.Exec(ctx); err != nil {
				return fmt.Errorf("node %s does not take the keys that are to be left alone: %w", p.addr, err)
			}
		}
	}
	return nil
}

// Fill writes n keys with the same value, spread over all slots by their names.
func (j *Judge) Fill(ctx context.Context, n int, value string) error {
	w, err := j.world(ctx)
	if err != nil {
		return err
	}
	for first := 0; first < n; first += 5000 {
		pipes := map[string]redis.Pipeliner{}
		for i := first; i < min(n, first+5000); i++ {
			key := fmt.Sprint("fill:", i)
			addr := w.owners[keyslot.Of(key)]
			if pipes[addr] == nil {
				pipes[addr] = j.client(place{addr: addr}).Pipeline()
			}
			pipes[addr].Set(ctx, key, value, 0)
		}
		for addr, pipe := range pipes {
			if _, err := pipe.Exec(ctx); err != nil {
				return fmt.Errorf("node %s does not take the data: %w", addr, err)
			}
		}
	}
	return nil
}

// plantOne writes one key with a tag.
func plantOne(ctx context.Context, pipe redis.Pipeliner, random *rand.Rand, tag string, i int) {
	key := fmt.Sprintf("%s{%s}:%d", PlantPrefix, tag, i)
	if i%5 == 0 {
		key += "\x00\r\n\xff \xf0\x9f\x94\x91*3\r\n$" + bytesOf(random, 8)
	}
	switch i % 9 {
	case 0, 1:
		pipe.Set(ctx, key, bytesOf(random, 1+random.IntN(200)), 0)
	case 2:
		pipe.HSet(ctx, key, "a", random.IntN(1000), "b", bytesOf(random, 20), "\x00", i)
	case 3:
		pipe.RPush(ctx, key, i, bytesOf(random, 30), "", i+1)
	case 4:
		pipe.SAdd(ctx, key, i, i+1, bytesOf(random, 10), bytesOf(random, 100))
	case 5:
		pipe.ZAdd(ctx, key, redis.Z{Score: random.NormFloat64(), Member: bytesOf(random, 10)}, redis.Z{Score: float64(i), Member: "m"})
	case 6:
		pipe.XAdd(ctx, &redis.XAddArgs{Stream: key, ID: fmt.Sprintf("%d-1", i+1), Values: []any{"f", bytesOf(random, 10)}})
		pipe.XGroupCreate(ctx, key, "readers", "0")
	case 7: // larger than what is stored compactly
		var fields []any
		for f := range 40 {
			fields = append(fields, fmt.Sprint("field", f), bytesOf(random, 70))
		}
		pipe.HSet(ctx, key, fields...)
	case 8:
		pipe.PFAdd(ctx, key, i, bytesOf(random, 5))
	}
	if i%4 == 0 {
		pipe.Expire(ctx, key, 2*time.Hour+time.Duration(random.IntN(7200))*time.Second)
	}
}

// bytesOf is n bytes of any kind.
func bytesOf(random *rand.Rand, n int) string {
	var b strings.Builder
	for range n {
		b.WriteByte(byte(random.Uint32()))
	}
	return b.String()
}
