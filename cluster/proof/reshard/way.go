package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"syscall"
	"time"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/plan"
	"slotdeck/cluster/proof"
	"slotdeck/cluster/proof/mover"
	"slotdeck/keyslot"
)

// way is one way of moving slots, and what was measured of it.
type way struct {
	name string
	move func(context.Context, *course, mover.Task) error

	took   []time.Duration // one for each move
	busy   []time.Duration // of that, the processor time of slotdeck or the tool
	work   []time.Duration // of that, slotdeck's job itself, preflight and verification included
	waited []proof.Wait    // of the client, in all moves
	apart  []proof.Wait    // of those the ones for nodes that took no part
}

// The names of the ways.
const (
	byTool     = "the server's tool"
	byToolFast = "the tool, --cluster-pipeline 100"
	byToolOwn  = "the tool, --cluster-use-atomic-slot-migration"
	byNative   = "bare native command, polled"
	byBare     = "bare SETSLOT and MIGRATE, pipelined, nothing checked"
	bySlotdeck = "slotdeck, SETSLOT and MIGRATE"
	byAtomic   = "slotdeck, atomic"
)

// ways are those that a server has.
func ways(server lab.Server) []*way {
	list := []*way{
		{name: byTool, move: tool()},
		{name: byToolFast, move: tool("--cluster-pipeline", "100")},
		{name: byBare, move: bare},
		{name: bySlotdeck, move: slotdeck("migrate")},
	}
	driver := mover.AtomicOf(server)
	if driver == plan.Auto {
		return list
	}
	if driver == plan.AtomicValkey {
		list = append(list, &way{name: byToolOwn, move: tool("--cluster-use-atomic-slot-migration")})
	}
	return append(list, &way{name: byNative, move: native}, &way{name: byAtomic, move: slotdeck("atomic")})
}

func tool(flags ...string) func(context.Context, *course, mover.Task) error {
	return func(ctx context.Context, c *course, t mover.Task) error { return c.tool.Reshard(ctx, t, flags...) }
}

func native(ctx context.Context, c *course, t mover.Task) error {
	return mover.Native(ctx, c.Cluster, t)
}

func bare(ctx context.Context, c *course, t mover.Task) error {
	return mover.Bare(ctx, c.Cluster, t)
}

// slotdeck moves the slots as people have it done: from nothing but an address,
// including finding the nodes, weighing keys, planning, and asking every node at
// the end.
func slotdeck(driver string) func(context.Context, *course, mover.Task) error {
	return func(ctx context.Context, c *course, t mover.Task) error {
		return c.slotdeck(ctx, "reshard", c.Seed(), "--to", string(t.To), "--slot-ranges", t.Slots.String(), "--driver", driver)
	}
}

func (c *course) slotdeck(ctx context.Context, args ...string) (err error) {
	c.job, err = c.own.run(ctx, args...)
	return err
}

// measure runs one move, with the client watching, from rest to rest, and
// makes sure that the slots are where they should be.
func (c *course) measure(ctx context.Context, w *way, task mover.Task) error {
	if err := c.rest(ctx); err != nil {
		return err
	}
	if c.load != nil {
		c.load.TakeTimes()
	}
	var apart keyslot.Set
	if task.From != "" {
		apart = keyslot.SetOf(keyslot.Range{First: 0, Last: keyslot.Count - 1})
		for _, addr := range []string{task.FromAddr, task.ToAddr} {
			owned, err := c.judge.Owned(ctx, addr)
			if err != nil {
				return err
			}
			apart = apart.Minus(owned)
		}
	}
	c.job = 0
	began, spent := time.Now(), spentByChildren()
	err := w.move(ctx, c, task)
	w.took = append(w.took, time.Since(began))
	if spent = spentByChildren() - spent; spent > 0 {
		w.busy = append(w.busy, spent)
	}
	if c.job > 0 {
		w.work = append(w.work, c.job)
	}
	if c.load != nil {
		for _, wait := range c.load.TakeTimes() {
			w.waited = append(w.waited, wait)
			if apart.Has(wait.Slot) {
				w.apart = append(w.apart, wait)
			}
		}
	}
	if err != nil {
		return fmt.Errorf("%s: %w", w.name, err)
	}
	if err := c.rest(ctx); err != nil {
		return fmt.Errorf("after %s: %w", w.name, err)
	}
	now, err := c.judge.Owned(ctx, task.ToAddr)
	if missing := task.Slots.Minus(now); err != nil || !missing.Empty() {
		return errors.Join(err, fmt.Errorf("%s left the slots %v where they were", w.name, missing))
	}
	return nil
}

// spentByChildren is the processor time of all programs that were started and
// have ended: the servers go on.
func spentByChildren() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_CHILDREN, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func median(times []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(times))
	n := len(sorted)
	if n == 0 {
		return 0
	}
	return (sorted[n/2] + sorted[(n-1)/2]) / 2
}

func (w *way) client() proof.Latency { return proof.LatencyOf(w.waited) }
