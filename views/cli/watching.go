package cli

import (
	"context"
	"time"

	"slotdeck/cluster/doctor"
	"slotdeck/cluster/watch"
)

// watching is a watch that runs.
type watching struct {
	*watch.Watch
	cancel context.CancelFunc
	ended  chan struct{}
}

// watchTarget begins to watch a cluster, until stop is called.
func watchTarget(ctx context.Context, t target, interval time.Duration) *watching {
	ctx, cancel := context.WithCancel(ctx)
	w := &watching{
		Watch:  watch.New(watch.Config{Seeds: t.Seeds, Options: t.Options, Interval: interval, Settings: doctor.SettingNames()}),
		cancel: cancel, ended: make(chan struct{}),
	}
	go func() {
		defer close(w.ended)
		_ = w.Run(ctx) // fails only when it is called twice
	}()
	return w
}

// stop ends the watch and waits until it has.
func (w *watching) stop() {
	w.cancel()
	<-w.ended
}
