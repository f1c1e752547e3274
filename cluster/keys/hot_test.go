package keys

import (
	"context"
	"sync"
	"testing"
	"time"

	"slotdeck/cluster/keyspace"
	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
	"slotdeck/keyslot"
)

// heat uses two keys of one slot all the time until the test is over.
func heat(t *testing.T, n *lab.Node) {
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		for ctx.Err() == nil {
			n.Do(ctx, "INCR", "{hot}:a")
			n.Do(ctx, "INCR", "{hot}:b")
		}
	})
	t.Cleanup(func() { cancel(); wg.Wait() })
}

func TestHotSlotLeadsToItsKeysAndTheirTag(t *testing.T) {
	for _, v := range []struct {
		version string
		extra   []string
		watch   bool
		slots   bool
		way     keyspace.Way
	}{
		{"redis-7.0", []string{"maxmemory-policy allkeys-lfu"}, false, false, keyspace.ByLFU},
		{"redis-8.6", []string{"cluster-slot-stats-enabled yes"}, true, true, keyspace.ByHotkeys},
		{"valkey-9.1", []string{"cluster-slot-stats-enabled yes"}, false, true, keyspace.ByTouched},
	} {
		t.Run(v.version, func(t *testing.T) {
			t.Parallel()
			c := labtest.Start(t, lab.Config{Binary: labtest.Only(t, v.version).Path, Extra: v.extra})
			must(t, c.Fill(t.Context(), 300))
			owner := ownerOf(t, c, "{hot}")
			must(t, owner.Do(t.Context(), "MSET", "{hot}:a", "1", "{hot}:b", "1").Err())
			heat(t, owner)
			doors := courierTo(t).Doors
			h := Hot{Window: 700 * time.Millisecond, Most: 5, Slots: keyslot.SetOf(keyslot.Range{First: keyslot.Of("{hot}"), Last: keyslot.Of("{hot}")}), Watch: v.watch}
			got := h.Find(t.Context(), doors.At(owner.Addr))
			must(t, got.Err)
			if v.slots != (len(got.Slots) > 0 && got.Slots[0].Slot == keyslot.Of("{hot}")) || v.slots == (got.SlotsWhy != "") {
				t.Errorf("slots %+v, %q", got.Slots, got.SlotsWhy)
			}
			tags := keyspace.SharedTags(got.Keys)
			if got.Way != v.way || len(got.Keys) < 2 || len(tags) == 0 || tags[0].Tag != "hot" {
				t.Errorf("keys %+v by %s, tags %+v", got.Keys, got.Way, tags)
			}
		})
	}
}
