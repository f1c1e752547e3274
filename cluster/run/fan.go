package run

import (
	"context"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/spawn"
	"slotdeck/cluster/wire"
)

// A Valkey primary with replicas answers each SETSLOT only after they have it,
// and takes no further command from that connection meanwhile: over several
// connections they wait side by side.
const (
	fanWidth = 24
	// fanFrom is what a SETSLOT takes on a node that waits for replicas; one
	// that does not answers within a few hundredths of a millisecond.
	fanFrom = 150 * time.Microsecond
)

// fan is the connections to one node for commands that wait.
type fan struct {
	nodes []*wire.Node
}

// sendSlots sends commands that do not depend on each other, in one go or over
// several connections, and returns the answers in their order.
func (c *crew) sendSlots(ctx context.Context, id cluster.NodeID, timeout time.Duration, cmds [][]any) ([]wire.Answer, error) {
	const probe = 8
	if !c.waitsForReplicas(id) {
		return c.call(ctx, id, timeout, cmds...)
	}
	nodes := c.fanOf(id)
	if len(nodes) == 0 {
		first := cmds
		if len(cmds) > 2*probe {
			first = cmds[:probe]
		}
		start := time.Now()
		answers, err := c.call(ctx, id, timeout, first...)
		if err != nil || len(first) == len(cmds) {
			return answers, err
		}
		if time.Since(start)/probe < fanFrom {
			rest, err := c.call(ctx, id, timeout, cmds[probe:]...)
			return append(answers, rest...), err
		}
		c.widen(id)
		rest, err := c.sendSlots(ctx, id, timeout, cmds[probe:])
		return append(answers, rest...), err
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	answers := make([]wire.Answer, len(cmds))
	share := (len(cmds) + len(nodes) - 1) / len(nodes)
	var wg spawn.Group
	for i, n := range nodes {
		from, to := min(i*share, len(cmds)), min((i+1)*share, len(cmds))
		if from < to {
			wg.Go(func() { copy(answers[from:to], n.Pipeline(ctx, cmds[from:to]...)) })
		}
	}
	wg.Wait()
	for _, a := range answers {
		if a.Err != nil && !wire.KindOf(a.Err).Answered() {
			return answers, a.Err
		}
	}
	return answers, nil
}

// waitsForReplicas reports whether a node may answer SETSLOT only after replicas
// have it. On a busy machine its time alone would not tell.
func (c *crew) waitsForReplicas(id cluster.NodeID) bool {
	s := c.cluster.Latest()
	if s == nil {
		return true
	}
	n, ok := s.Node(id)
	if !ok || n.Shard < 0 {
		return true
	}
	return n.Stats.Flavor != "redis" && len(s.Shards[n.Shard].Replicas) > 0
}

func (c *crew) fanOf(id cluster.NodeID) []*wire.Node {
	c.mu.Lock()
	defer c.mu.Unlock()
	n, f := c.nodes[id], c.fans[id]
	if f == nil || n == nil || f.nodes[0].Addr() != n.Addr() {
		return nil
	}
	return f.nodes
}

func (c *crew) widen(id cluster.NodeID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.nodes[id]
	if n == nil {
		return
	}
	if old := c.fans[id]; old != nil {
		old.close()
	}
	f := &fan{}
	for range fanWidth {
		f.nodes = append(f.nodes, n.Twin(nil))
	}
	c.fans[id] = f
}

func (f *fan) close() {
	for _, n := range f.nodes {
		n.Close()
	}
}
