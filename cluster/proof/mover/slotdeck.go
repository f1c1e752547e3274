package mover

import (
	"context"
	"fmt"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/audit"
	"slotdeck/cluster/lab"
	"slotdeck/cluster/plan"
	"slotdeck/cluster/run"
	"slotdeck/cluster/watch"
	"slotdeck/cluster/wire"
)

// Slotdeck is slotdeck itself on one cluster, without a screen.
type Slotdeck struct {
	Watch   *watch.Watch
	journal *audit.Writer
	stop    context.CancelFunc
	ended   chan error
}

// OpenSlotdeck begins to watch a cluster, and keeps a journal of what it changes
// in a folder.
func OpenSlotdeck(seeds []string, folder string) (*Slotdeck, error) {
	journal, err := audit.Open(folder, audit.Who{})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &Slotdeck{
		Watch:   watch.New(watch.Config{Seeds: seeds, Options: wire.Options{Audit: journal}}),
		journal: journal, stop: cancel, ended: make(chan error, 1),
	}
	go func() { s.ended <- s.Watch.Run(ctx) }()
	return s, nil
}

// Close ends the watch.
func (s *Slotdeck) Close() {
	s.stop()
	<-s.ended
	_ = s.journal.Close()
}

// Plan makes a plan as soon as the picture of the cluster allows one; the error
// is that of the last try.
func (s *Slotdeck) Plan(ctx context.Context, r plan.Request) (plan.Plan, error) {
	for {
		err := error(fmt.Errorf("the cluster was not read: %w", context.DeadlineExceeded))
		if picture := s.Watch.Latest(); picture != nil {
			var p plan.Plan
			p, err = plan.Make(r, picture, plan.Facts{})
			if reason, refused := plan.ReasonOf(err); err == nil || refused && reason == plan.NothingToMove {
				return p, err
			}
			s.Watch.Refresh()
		}
		select {
		case <-ctx.Done():
			return plan.Plan{}, err
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// Move carries a request out and returns the report. Progress may be nil.
func (s *Slotdeck) Move(ctx context.Context, r plan.Request, o run.Options, progress func(run.Progress)) (run.Report, error) {
	brief, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	p, err := s.Plan(brief, r)
	if err != nil {
		return run.Report{}, err
	}
	job, err := run.Start(ctx, s.Watch, p, o)
	if err != nil {
		return run.Report{}, err
	}
	return Follow(job, progress), nil
}

// Follow takes the progress of a job until it has ended.
func Follow(job *run.Job, progress func(run.Progress)) run.Report {
	for p := range job.Updates() {
		if progress != nil {
			progress(p)
		}
	}
	return job.Wait()
}

// MoveTask moves exactly the slots of a task.
func (s *Slotdeck) MoveTask(ctx context.Context, t Task, o run.Options, progress func(run.Progress)) (run.Report, error) {
	return s.Move(ctx, plan.MoveExactly{Slots: t.Slots, To: cluster.NodeID(t.To)}, o, progress)
}

// AtomicOf is the atomic driver of a server; Auto: it has none.
func AtomicOf(server lab.Server) plan.Driver {
	switch server.Name {
	case "redis-8.6":
		return plan.AtomicRedis
	case "valkey-9.1":
		return plan.AtomicValkey
	}
	return plan.Auto
}
