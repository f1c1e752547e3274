package mover

import (
	"context"
	"fmt"
	"slices"
	"time"

	"slotdeck/cluster/lab"
	"slotdeck/keyslot"
)

// poll is how often the bare commands are asked how far they are.
const poll = 5 * time.Millisecond

// Native moves the slots by the server's own atomic migration, and does nothing
// more than to send the one command and to ask until it is over.
func Native(ctx context.Context, c *lab.Cluster, task Task) error {
	if c.Server.Flavor == "valkey" {
		return nativeValkey(ctx, node(c, task.FromAddr), task)
	}
	return nativeRedis(ctx, node(c, task.ToAddr), task)
}

func node(c *lab.Cluster, addr string) *lab.Node {
	nodes := c.Nodes()
	return nodes[slices.IndexFunc(nodes, func(n *lab.Node) bool { return n.Addr == addr })]
}

func nativeValkey(ctx context.Context, source *lab.Node, task Task) error {
	cmd := append([]any{"CLUSTER", "MIGRATESLOTS", "SLOTSRANGE"}, bounds(task.Slots)...)
	if err := source.Do(ctx, append(cmd, "NODE", string(task.To))...).Err(); err != nil {
		return fmt.Errorf("node %s does not begin the migration: %w", source.Addr, err)
	}
	return until(ctx, func() (state, message string, err error) {
		jobs, err := source.Do(ctx, "CLUSTER", "GETSLOTMIGRATIONS").Slice()
		if err != nil || len(jobs) == 0 {
			return "", "", err
		}
		return field(jobs[0], "state"), field(jobs[0], "message"), nil // the newest is the first
	})
}

func nativeRedis(ctx context.Context, target *lab.Node, task Task) error {
	id, err := target.Do(ctx, append([]any{"CLUSTER", "MIGRATION", "IMPORT"}, bounds(task.Slots)...)...).Text()
	if err != nil {
		return fmt.Errorf("node %s does not begin the migration: %w", target.Addr, err)
	}
	return until(ctx, func() (state, message string, err error) {
		tasks, err := target.Do(ctx, "CLUSTER", "MIGRATION", "STATUS", "ID", id).Slice()
		if err != nil || len(tasks) == 0 {
			return "", "", err
		}
		return field(tasks[0], "state"), field(tasks[0], "last_error"), nil
	})
}

// bounds are the slots as pairs of first and last.
func bounds(slots keyslot.Set) []any {
	var list []any
	for _, r := range slots.Ranges() {
		list = append(list, int(r.First), int(r.Last))
	}
	return list
}

// until asks for the state of a migration until it is over.
func until(ctx context.Context, ask func() (state, message string, err error)) error {
	for {
		state, message, err := ask()
		switch {
		case err != nil:
			return err
		case state == "success" || state == "completed":
			return nil
		case state == "failed" || state == "cancelled" || state == "canceled":
			return fmt.Errorf("the migration ended as %s: %s", state, message)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the migration is %q still: %w", state, context.Cause(ctx))
		case <-time.After(poll):
		}
	}
}

func field(entry any, name string) string {
	list, _ := entry.([]any)
	for i := 0; i+1 < len(list); i += 2 {
		if list[i] == name {
			text, _ := list[i+1].(string)
			return text
		}
	}
	return ""
}
