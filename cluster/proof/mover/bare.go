package mover

import (
	"context"
	"fmt"
	"slices"

	"github.com/redis/go-redis/v9"

	"slotdeck/cluster/lab"
	"slotdeck/keyslot"
)

// What the bare commands take in one go: slots, and keys of one MIGRATE.
const (
	bareSlots = 50
	bareKeys  = 1000
)

// Bare moves the slots by SETSLOT and MIGRATE in pipelines of many slots, looks at
// nothing, checks nothing and is not fit for any cluster that somebody needs: it
// is what the commands themselves take.
func Bare(ctx context.Context, c *lab.Cluster, task Task) error {
	from, to := redis.NewClient(&redis.Options{Addr: task.FromAddr}), redis.NewClient(&redis.Options{Addr: task.ToAddr})
	defer from.Close()
	defer to.Close()
	port := node(c, task.ToAddr).Port
	for slots := range slices.Chunk(slices.Collect(task.Slots.All()), bareSlots) {
		setSlot := func(n *redis.Client, how ...any) error {
			_, err := n.Pipelined(ctx, func(p redis.Pipeliner) error {
				for _, s := range slots {
					p.Do(ctx, append([]any{"CLUSTER", "SETSLOT", int(s)}, how...)...)
				}
				return nil
			})
			return err
		}
		if err := setSlot(to, "IMPORTING", string(task.From)); err != nil {
			return err
		}
		if err := setSlot(from, "MIGRATING", string(task.To)); err != nil {
			return err
		}
		if err := moveBare(ctx, from, port, slots); err != nil {
			return err
		}
		if err := setSlot(to, "NODE", string(task.To)); err != nil {
			return err
		}
		if err := setSlot(from, "NODE", string(task.To)); err != nil {
			return err
		}
	}
	return nil
}

func moveBare(ctx context.Context, from *redis.Client, port int, slots []keyslot.Slot) error {
	listed, err := from.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, s := range slots {
			p.ClusterGetKeysInSlot(ctx, int(s), bareKeys)
		}
		return nil
	})
	if err != nil {
		return err
	}
	_, err = from.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, l := range listed {
			keys := l.(*redis.StringSliceCmd).Val()
			if len(keys) == bareKeys {
				return fmt.Errorf("a slot holds %d keys or more: too many for the bare commands", bareKeys)
			}
			if len(keys) == 0 {
				continue
			}
			cmd := []any{"MIGRATE", "127.0.0.1", port, "", 0, 5000, "KEYS"}
			for _, k := range keys {
				cmd = append(cmd, k)
			}
			p.Do(ctx, cmd...)
		}
		return nil
	})
	return err
}
