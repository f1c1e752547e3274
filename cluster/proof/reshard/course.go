package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/proof"
	"slotdeck/cluster/proof/mover"
)

// course is where the ways are measured: one cluster, one data set, one client.
type course struct {
	*lab.Cluster
	judge *proof.Judge
	load  *proof.Load // nil: no client
	tool  mover.Tool
	own   program
	job   time.Duration // how long slotdeck's last job took by its own report
}

// newCourse starts a cluster, spare primaries without slots included.
func newCourse(ctx context.Context, server lab.Server, path string, primaries, spares int) (c *course, err error) {
	tool, err := mover.ToolOf(server)
	if err != nil {
		return nil, err
	}
	l, err := lab.Start(ctx, lab.Config{Binary: server.Path, Primaries: primaries, NodeTimeout: 10 * time.Second,
		// An emptied primary is to stay one: it is filled again.
		Extra: []string{"cluster-allow-replica-migration no"}})
	if err != nil {
		return nil, err
	}
	c = &course{Cluster: l, tool: tool, own: program{path: path}}
	defer func() {
		if err != nil {
			c.close()
		}
	}()
	for range spares {
		spare, err := l.AddSpare(ctx)
		if err != nil {
			return c, err
		}
		if err := l.Nodes()[0].Do(ctx, "CLUSTER", "MEET", "127.0.0.1", spare.Port, spare.BusPort).Err(); err != nil {
			return c, fmt.Errorf("node %s does not join: %w", spare.Addr, err)
		}
	}
	var addrs []string
	for _, n := range l.Nodes() {
		addrs = append(addrs, n.Addr)
	}
	c.judge = proof.Open(addrs, "")
	if c.own.state, err = os.MkdirTemp("", "slotdeck-bench-"); err != nil {
		return c, err
	}
	return c, c.rest(ctx)
}

func (c *course) close() {
	if c.load != nil {
		c.load.Stop()
	}
	if c.judge != nil {
		c.judge.Close()
	}
	c.Stop()
	os.RemoveAll(c.own.state)
}

// rest waits until the nodes agree and nothing is under way.
func (c *course) rest(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if a := c.judge.AwaitAgreement(ctx); !a.OK() {
		return fmt.Errorf("the cluster does not come to rest: %v", a)
	}
	return nil
}

// watched begins the client.
func (c *course) watched(ctx context.Context, rate int) (err error) {
	if rate > 0 {
		c.load, err = c.judge.StartLoad(ctx, proof.LoadConfig{Rate: rate})
	}
	return err
}

// verify ends the client and looks up every write that it was told was done.
func (c *course) verify(ctx context.Context) error {
	if c.load == nil {
		return nil
	}
	tally := c.load.Stop()
	if err := c.rest(ctx); err != nil {
		return err
	}
	v, err := c.load.Check(ctx)
	switch {
	case err != nil:
		return err
	case !v.OK():
		return fmt.Errorf("after all moves (%v): %v", tally, v)
	}
	return nil
}
