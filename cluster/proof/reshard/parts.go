package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/plan"
	"slotdeck/cluster/proof/mover"
	"slotdeck/keyslot"
)

// full measures all ways on slots with keys.
func full(ctx context.Context, server lab.Server, s settings) ([]bar, error) {
	c, err := newCourse(ctx, server, s.program, 3, 0)
	if err != nil {
		return nil, err
	}
	defer c.close()
	if err := c.judge.Fill(ctx, s.keys, strings.Repeat("x", s.size)); err != nil {
		return nil, err
	}
	if err := c.watched(ctx, s.rate); err != nil {
		return nil, err
	}
	list := ways(server)
	if err := c.thereAndBack(ctx, list, s); err != nil {
		return nil, err
	}
	heading := fmt.Sprintf("%v: %d slots of %d keys of %d bytes on three primaries", server, s.slots, s.keys, s.size)
	fmt.Println(table(heading, list))
	return append(speedBars(server, list), latencyBars(server, list)...), c.verify(ctx)
}

// empty measures all ways on slots without keys.
func empty(ctx context.Context, server lab.Server, s settings) ([]bar, error) {
	c, err := newCourse(ctx, server, s.program, 3, 0)
	if err != nil {
		return nil, err
	}
	defer c.close()
	list := ways(server)
	if err := c.thereAndBack(ctx, list, s); err != nil {
		return nil, err
	}
	fmt.Println(table(fmt.Sprintf("%v: %d empty slots", server, s.slots), list))
	return nil, nil
}

// thereAndBack moves the first primary's lowest slots to the second and back by
// each way in turn, and does so several times.
func (c *course) thereAndBack(ctx context.Context, list []*way, s settings) error {
	a, b := c.Nodes()[0], c.Nodes()[1]
	there := mover.Task{Seed: a.Addr, From: a.ID, To: b.ID, FromAddr: a.Addr, ToAddr: b.Addr,
		Slots: keyslot.SetOf(keyslot.Range{First: 0, Last: keyslot.Slot(s.slots - 1)})}
	back := there
	back.From, back.To, back.FromAddr, back.ToAddr = there.To, there.From, there.ToAddr, there.FromAddr
	for range s.pairs {
		for _, w := range list {
			for _, task := range []mover.Task{there, back} {
				if err := c.measure(ctx, w, task); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// spread measures how four primaries become eight, all pairs at once where the
// way can do that.
func spread(ctx context.Context, server lab.Server, s settings) ([]bar, error) {
	c, err := newCourse(ctx, server, s.program, 4, 4)
	if err != nil {
		return nil, err
	}
	defer c.close()
	if err := c.judge.Fill(ctx, s.keys, strings.Repeat("x", s.size)); err != nil {
		return nil, err
	}
	if err := c.watched(ctx, s.rate); err != nil {
		return nil, err
	}
	rebalance := func(driver string) func(context.Context, *course, mover.Task) error {
		return func(ctx context.Context, c *course, _ mover.Task) error {
			return c.slotdeck(ctx, "rebalance", c.Seed(), "--use-empty-masters", "--threshold", "0", "--driver", driver)
		}
	}
	list := []*way{
		{name: byTool, move: func(ctx context.Context, c *course, _ mover.Task) error { return c.tool.Rebalance(ctx, c.Seed()) }},
		{name: byToolFast, move: func(ctx context.Context, c *course, _ mover.Task) error {
			return c.tool.Rebalance(ctx, c.Seed(), "--cluster-pipeline", "100")
		}},
		{name: bySlotdeck, move: rebalance("migrate")},
	}
	if driver := mover.AtomicOf(server); driver != plan.Auto {
		list = append(list, &way{name: byAtomic, move: rebalance("atomic")})
	}
	for range max(1, s.pairs/3) {
		for _, w := range list {
			if err := c.measure(ctx, w, mover.Task{}); err != nil {
				return nil, err
			}
			if err := c.gather(ctx); err != nil {
				return nil, fmt.Errorf("after %s, bringing the slots back: %w", w.name, err)
			}
		}
	}
	fmt.Println(table(fmt.Sprintf("%v: 4 primaries become 8, 8,192 slots of %d keys", server, s.keys), list))
	return nil, c.verify(ctx)
}

// gather gives all slots back to the first four primaries, not measured.
func (c *course) gather(ctx context.Context) error {
	nodes := c.Nodes()
	for i, n := range nodes[4:] {
		owned, err := c.judge.Owned(ctx, n.Addr)
		if err != nil {
			return err
		}
		if owned.Len() < keyslot.Count/8-2 || owned.Len() > keyslot.Count/8+2 {
			return fmt.Errorf("node %s has %d slots, which is no eighth", n.Addr, owned.Len())
		}
		ctx, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		if err := c.slotdeck(ctx, "drain", c.Seed(), "--node", string(n.ID), "--to", string(nodes[i].ID)); err != nil {
			return err
		}
		if err := c.rest(ctx); err != nil {
			return err
		}
	}
	return nil
}
