package lab

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"slotdeck/keyslot"
)

// join makes one cluster of fresh nodes by the servers' own commands.
func (c *Cluster) join(ctx context.Context, nodes []*Node) error {
	primaries, replicas := nodes[:c.config.Primaries], nodes[c.config.Primaries:]
	c.config.Progress(fmt.Sprintf("giving 16384 slots to %d primaries", len(primaries)))
	err := inParallel(len(primaries), func(i int) error {
		first, last := share(i, len(primaries))
		// Epochs that differ from the start spare the nodes a dispute about them.
		return errors.Join(
			said(primaries[i], primaries[i].Do(ctx, "CLUSTER", "SET-CONFIG-EPOCH", i+1)),
			said(primaries[i], primaries[i].Do(ctx, "CLUSTER", "ADDSLOTSRANGE", first, last)))
	})
	if err != nil {
		return err
	}
	if err := c.meet(ctx, nodes); err != nil {
		return err
	}
	if len(replicas) > 0 {
		c.config.Progress(fmt.Sprintf("attaching %d replicas", len(replicas)))
	}
	err = inParallel(len(replicas), func(i int) error {
		return replicate(ctx, replicas[i], primaries[i%len(primaries)])
	})
	if err != nil {
		return err
	}
	c.config.Progress("waiting until all nodes agree")
	return await(ctx, func() (string, error) { return unsettled(ctx, nodes, c.config.Replicas) })
}

// share is the slots of the i-th of n primaries, as even as can be, with the
// same bounds as the servers' own command line gives.
func share(i, n int) (first, last int) {
	bound := func(i int) int { return (i*keyslot.Count + n/2) / n }
	return bound(i), bound(i+1) - 1
}

// meet makes everybody known. A node learns of others by gossip only, some at a
// time; telling each of the few before it directly makes small clusters ready
// sooner, and large ones without a flood.
func (c *Cluster) meet(ctx context.Context, nodes []*Node) error {
	const direct = 8
	ip := c.config.ip()
	return inParallel(len(nodes), func(i int) error {
		var errs []error
		for j := max(0, i-direct); j < i; j++ {
			errs = append(errs, said(nodes[i], nodes[i].Do(ctx, "CLUSTER", "MEET", ip, nodes[j].Port, nodes[j].BusPort)))
		}
		return errors.Join(errs...)
	})
}

// replicate tells a node whom to follow, as soon as it knows that one.
func replicate(ctx context.Context, n, primary *Node) error {
	return await(ctx, func() (string, error) {
		err := n.Do(ctx, "CLUSTER", "REPLICATE", string(primary.ID)).Err()
		var refused redis.Error
		if errors.As(err, &refused) {
			return fmt.Sprintf("node %s does not follow %s yet: %v", n.Addr, primary.Addr, err), nil
		}
		return "", err
	})
}

// said turns a reply that is an error into a sentence about its node.
func said(n *Node, cmd *redis.Cmd) error {
	if cmd.Err() == nil {
		return nil
	}
	return fmt.Errorf("node %s answered %q to %v: %w", n.Addr, cmd.Err().Error(), cmd.Args()[:2], cmd.Err())
}

// await asks again and again until nothing is missing, and says what is
// missing when time runs out.
func await(ctx context.Context, missing func() (string, error)) error {
	last := "the cluster is not ready"
	for {
		what, err := missing()
		switch {
		case err == nil && what == "":
			return nil
		case err == nil:
			last = what
		case ctx.Err() == nil:
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: %w", last, context.Cause(ctx))
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// AwaitSettled returns when all nodes that run agree about everything, every
// slot is served, and every primary has as many linked replicas as the cluster
// was made with. It is meant for a cluster that is whole again: nodes killed or
// never joined keep it waiting until the context ends.
func (c *Cluster) AwaitSettled(ctx context.Context) error {
	nodes := c.Nodes()
	return await(ctx, func() (string, error) { return unsettled(ctx, nodes, c.config.Replicas) })
}

// unsettled says what keeps the nodes from being one healthy cluster, or
// nothing.
func unsettled(ctx context.Context, nodes []*Node, replicas int) (string, error) {
	reports := make([]report, len(nodes))
	err := inParallel(len(nodes), func(i int) (err error) {
		reports[i], err = readReport(ctx, nodes[i])
		return err
	})
	if err != nil {
		return "", err
	}
	for i, r := range reports {
		if what := r.missing(len(nodes), replicas); what != "" {
			return "node " + nodes[i].Addr + " " + what, nil
		}
		if r.view.Topology() != reports[0].view.Topology() {
			return "nodes " + nodes[0].Addr + " and " + nodes[i].Addr + " do not agree yet", nil
		}
	}
	return "", nil
}
