package run_test

import (
	"testing"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/plan"
	"slotdeck/cluster/run"
)

var versions = []string{"redis-7.0", "redis-8.6", "valkey-8.1", "valkey-9.1"}

// TestSlotsMoveThereAndBackWithAllKeys is every driver on every version that
// has it, with keys of any bytes, times to live and several databases.
func TestSlotsMoveThereAndBackWithAllKeys(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		version string
		driver  plan.Driver
		dbs     int
	}{
		{"redis-7.0", plan.Legacy, 0},
		{"redis-8.6", plan.Legacy, 0},
		{"valkey-8.1", plan.Legacy, 0},
		{"valkey-9.1", plan.Legacy, 4},
		{"redis-8.6", plan.AtomicRedis, 0},
		{"valkey-9.1", plan.AtomicValkey, 4},
	} {
		t.Run(c.version+" "+c.driver.String(), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, c.version, lab.Config{Replicas: 1, Databases: c.dbs})
			w.fill(6000)
			before := w.digest()
			o := run.Options{Driver: c.driver}
			rep := w.move(plan.MoveCount{To: w.id(0), Slots: 1000}, o)
			if rep.Driver != c.driver || rep.Moved.Len() != 1000 || rep.Keys < 200 {
				t.Errorf("%v", rep.Sentences)
			}
			if known := c.driver == plan.Legacy; known != (rep.Bytes > rep.Keys) || !known && rep.Bytes != -1 {
				t.Errorf("%d bytes of %d keys; the servers' own drivers do not tell, and nothing was measured", rep.Bytes, rep.Keys)
			}
			for _, v := range rep.Nodes {
				if n, _ := w.watch.Latest().Node(v.Node); v.Addr != n.Member.Endpoint.Addr() {
					t.Errorf("the address of a node is %q, want %q", v.Addr, n.Member.Endpoint.Addr())
				}
			}
			if got := w.ownedBy(0).Len(); got < 6000 {
				t.Errorf("the target owns %d slots", got)
			}
			same(t, before, w.digest())
			w.move(plan.MoveExactly{Slots: rep.Moved, To: w.id(1)}, o)
			same(t, before, w.digest())
			w.nothingOpen()
			t.Log(rep.Sentences)
		})
	}
}
