package keys

import (
	"context"
	"time"

	"slotdeck/cluster/spawn"
	"slotdeck/cluster/wire"
)

const (
	calmPings   = 20
	calmEvery   = time.Millisecond
	listenEvery = 10 * time.Millisecond
)

// calm is what PINGs take of a node before it is walked over; empty when it
// does not answer them.
func calm(ctx context.Context, n *wire.Node) []time.Duration {
	var out []time.Duration
	for range calmPings {
		took, err := n.Ping(ctx)
		if err != nil || !pause(ctx, calmEvery) {
			break
		}
		if len(out) == 0 && took > 50*time.Millisecond {
			return []time.Duration{took} // far away: no second of a start for this
		}
		out = append(out, took)
	}
	return out
}

// listen keeps asking a node how quick it answers, as its clients find it, and
// tells the gait. It ends with the returned function.
func listen(ctx context.Context, n *wire.Node, g *gait) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	spawn.Go(func() {
		defer close(done)
		for pause(ctx, listenEvery) {
			asked := g.asking()
			if took, err := n.Ping(ctx); err == nil {
				g.hear(took, asked)
			}
		}
	})
	return func() { cancel(); <-done }
}
