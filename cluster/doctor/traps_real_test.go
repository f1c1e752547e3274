package doctor_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/doctor"
	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
)

// Trap: only the owner's own line shows an open slot. After a failover Redis has
// forgotten the source's half, and Valkey shows it on the new and on the old
// primary. Every node is asked, and the slot stays one open slot.
func TestTrap12OpenSlotsAreSeenAfterAFailover(t *testing.T) {
	for name, forgets := range map[string]bool{"redis-7.0": true, "valkey-9.1": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := labtest.Start(t, lab.Config{Binary: labtest.Only(t, name).Path, Replicas: 1, NodeTimeout: 2 * time.Second})
			source, target, replica := c.Nodes()[0], c.Nodes()[1], c.Nodes()[3]
			e := open(t, c.Seed())
			labtest.Until(t, 20*time.Second, "a verdict of OK from all six nodes", e.well)
			for _, order := range []struct {
				n   *lab.Node
				cmd []any
			}{
				{target, []any{"CLUSTER", "SETSLOT", 100, "IMPORTING", string(source.ID)}},
				{source, []any{"CLUSTER", "SETSLOT", 100, "MIGRATING", string(target.ID)}},
			} {
				if err := order.n.Do(t.Context(), order.cmd...).Err(); err != nil {
					t.Fatal(err)
				}
			}
			s := e.until(t, "both halves are seen", func(s *cluster.Snapshot) bool {
				return len(s.Moves) == 1 && s.Moves[0].From == source.ID && s.Moves[0].To == target.ID
			})
			if err := replica.Do(t.Context(), "CLUSTER", "FAILOVER").Err(); err != nil {
				t.Fatal(err)
			}
			s = e.until(t, "the replica has taken over, and every node was asked since", func(now *cluster.Snapshot) bool {
				owner, ok := now.ShardOf(100)
				return ok && owner.Primary == replica.ID && now.At.Sub(s.At) > time.Second && len(now.Moves) > 0 &&
					(now.Moves[0].From == "") == forgets
			})
			m := s.Moves[0]
			if len(s.Moves) != 1 || m.Slot != 100 || m.To != target.ID || !slices.Contains(m.ToSeen, target.ID) {
				t.Errorf("open slots: %+v", s.Moves)
			}
			if !forgets && (m.From != replica.ID || !slices.Contains(m.FromSeen, replica.ID)) {
				t.Errorf("the new primary's half is not told: %+v", m)
			}
			if !slices.ContainsFunc(doctor.Findings(s), func(f doctor.Finding) bool { return strings.Contains(f.Text, "100") }) {
				t.Errorf("no finding tells of it: %+v", doctor.Findings(s))
			}
		})
	}
}

// until waits for a picture.
func (e *eye) until(t *testing.T, what string, fits func(*cluster.Snapshot) bool) (found *cluster.Snapshot) {
	t.Helper()
	labtest.Until(t, 20*time.Second, what, func() bool {
		e.mu.Lock()
		defer e.mu.Unlock()
		if e.latest != nil && fits(e.latest) {
			found = e.latest
		}
		return found != nil
	})
	return found
}
