package watch_test

import (
	"context"
	"sync/atomic"
	"testing"

	"slotdeck/cluster"
	"slotdeck/cluster/fake"
	"slotdeck/cluster/watch"
)

func TestAFaultInTheMiddleOfAWatchCanBeCaught(t *testing.T) {
	c, err := fake.Start(2, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var caught atomic.Value
	w := watch.New(watch.Config{
		Seeds:     []string{c.Addr(fake.ID(0))},
		AddressOf: func(cluster.Member) string { panic("no such road") },
		Catch: func() {
			if v := recover(); v != nil {
				caught.Store(v)
				cancel()
			}
		},
	})
	if err := w.Run(ctx); err != nil || caught.Load() != "no such road" {
		t.Errorf("Run ended with %v, caught was %v", err, caught.Load())
	}
	if left := ours(); left != "" {
		t.Errorf("left behind:\n%s", left)
	}
}
