//go:build unix

package watch_test

import (
	"slices"
	"testing"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
)

func TestAPrimaryReplacedBeforeAnybodyLookedStandsInItsShard(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"redis-7.0", "redis-8.6", "valkey-9.1"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			c := labtest.Start(t, lab.Config{Binary: labtest.Only(t, version).Path, Replicas: 1, NodeTimeout: 2 * time.Second})
			dead, heir := c.Nodes()[0], c.Nodes()[3]
			if err := dead.Kill(); err != nil {
				t.Fatal(err)
			}
			// All have to hold the dead one for failed and the heir for the owner.
			for _, n := range c.Nodes()[1:] {
				labtest.Until(t, time.Minute, n.Addr+" knows the heir", func() bool {
					text, err := n.Do(t.Context(), "CLUSTER", "NODES").Text()
					if err != nil {
						return false
					}
					v, err := cluster.ParseNodes(text)
					if err != nil {
						return false
					}
					was, _ := v.Member(cluster.NodeID(dead.ID))
					is, _ := v.Member(cluster.NodeID(heir.ID))
					return was.Flags.Has(cluster.Fail) && len(was.Slots) == 0 && len(is.Slots) > 0
				})
			}
			w := running(t, quick(c.Nodes()[1].Addr))
			s := until(t, w, "the dead one is placed, where the servers can tell", func(s *cluster.Snapshot) bool {
				n, ok := s.Node(cluster.NodeID(dead.ID))
				return ok && (n.Shard >= 0 || version == "redis-7.0" && n.Displaced())
			})
			if version == "redis-7.0" {
				return // its CLUSTER SHARDS lists the dead one as a shard without slots
			}
			n, _ := s.Node(cluster.NodeID(dead.ID))
			shard := s.Shards[n.Shard]
			if shard.Primary != cluster.NodeID(heir.ID) || !slices.Contains(shard.Replicas, n.ID) {
				t.Errorf("it stands in shard %s of %s, with %v", shard.Letter, shard.Primary, shard.Replicas)
			}
		})
	}
}
