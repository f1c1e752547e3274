//go:build unix

package lab_test

import (
	"math/rand/v2"
	"testing"

	"github.com/redis/go-redis/v9"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
	"slotdeck/keyslot"
)

// Half of the bytes are braces, so that tags of every shape come up: none,
// empty, nested, unclosed, several.
func randomKey(random *rand.Rand) string {
	b := make([]byte, random.IntN(24))
	for i := range b {
		switch random.IntN(4) {
		case 0:
			b[i] = '{'
		case 1:
			b[i] = '}'
		default:
			b[i] = byte(random.IntN(256))
		}
	}
	return string(b)
}

func TestSlotsAreThoseOfTheServers(t *testing.T) {
	labtest.EachVersion(t, func(t *testing.T, server lab.Server) {
		c := labtest.Start(t, lab.Config{Binary: server.Path, Primaries: 1})
		client := redis.NewClient(&redis.Options{Addr: c.Seed(), Protocol: 2, DisableIdentity: true})
		defer client.Close()
		random := rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
		const batch = 2000
		for range 100_000 / batch {
			keys := make([]string, batch)
			pipe := client.Pipeline()
			replies := make([]*redis.IntCmd, batch)
			for i := range keys {
				keys[i] = randomKey(random)
				replies[i] = pipe.ClusterKeySlot(t.Context(), keys[i])
			}
			if _, err := pipe.Exec(t.Context()); err != nil {
				t.Fatal(err)
			}
			for i, key := range keys {
				if got := int64(keyslot.Of(key)); got != replies[i].Val() {
					t.Fatalf("key %q: slot %d here, %d on %s", key, got, replies[i].Val(), server)
				}
			}
		}
	})
}
