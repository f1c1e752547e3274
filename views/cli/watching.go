package cli

import (
	"context"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/doctor"
	"slotdeck/cluster/spawn"
	"slotdeck/cluster/watch"
)

// watching is a watch that runs, and remembers the failovers that it sees.
type watching struct {
	*watch.Watch
	propose func(s *cluster.Snapshot) // says the way to nodes that are not where they say
	records failoverRecords
	updates chan *cluster.Snapshot
	cancel  context.CancelFunc
	ended   spawn.Group
}

// watchTarget begins to watch a cluster, until stop is called.
func watchTarget(ctx context.Context, t target, interval time.Duration) *watching {
	return watchWith(ctx, t, interval, func(*watch.Config) {})
}

// checkupEvery is how often nodes are asked for what changes slowly.
const checkupEvery = time.Minute

// watchWell begins to watch with checkups; thorough ones count all strays at once.
func watchWell(ctx context.Context, t target, thorough bool) *watching {
	return watchWith(ctx, t, time.Second, func(c *watch.Config) { c.Checkups, c.Thorough = checkupEvery, thorough })
}

// watchOnScreen begins to watch for the console.
func watchOnScreen(ctx context.Context, t target, interval time.Duration) *watching {
	return watchWith(ctx, t, interval, func(c *watch.Config) { c.Checkups = checkupEvery })
}

func watchWith(ctx context.Context, t target, interval time.Duration, with func(*watch.Config)) *watching {
	ctx, cancel := context.WithCancel(ctx)
	straight := t.Options
	if len(t.Rules) > 0 { // the watch follows them itself, and knows the nodes' ids
		straight.Dial = t.Straight
	}
	config := watch.Config{
		Seeds: t.Seeds, Options: straight, Interval: interval, Settings: doctor.SettingNames(),
		AddressOf: t.Rules.Member,
	}
	with(&config)
	propose := t.Propose
	if propose == nil {
		propose = func(*cluster.Snapshot) {}
	}
	w := &watching{
		Watch:   watch.New(config),
		propose: propose,
		updates: make(chan *cluster.Snapshot, 1),
		cancel:  cancel,
	}
	w.ended.Go(func() { _ = w.Run(ctx) }) // fails only when it is called twice
	w.ended.Go(w.pass)
	return w
}

// pass shows every picture to the records, and then to whoever looks.
func (w *watching) pass() {
	defer close(w.updates)
	for s := range w.Watch.Updates() {
		w.records.feed(s)
		select {
		case <-w.updates:
		default:
		}
		w.updates <- s // only this goroutine sends, so there is room
	}
}

// Updates brings snapshots. One that was not taken is replaced by the next. It
// is closed when the watch ends.
func (w *watching) Updates() <-chan *cluster.Snapshot { return w.updates }

// stop ends the watch and waits until it has.
func (w *watching) stop() {
	w.cancel()
	w.ended.Wait()
}
