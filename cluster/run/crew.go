package run

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/wire"
)

// callTimeout bounds a call that reads, or that changes one thing.
const callTimeout = 5 * time.Second

// crew is the connections of one job: its own, so that they can carry its name
// and do not wait behind the polling.
type crew struct {
	cluster Cluster

	mu    sync.Mutex
	nodes map[cluster.NodeID]*wire.Node
	names map[cluster.NodeID]string // as sentences call nodes
	addrs map[cluster.NodeID]string
	fans  map[cluster.NodeID]*fan
}

func newCrew(c Cluster) *crew {
	return &crew{cluster: c, nodes: map[cluster.NodeID]*wire.Node{}, names: map[cluster.NodeID]string{}, addrs: map[cluster.NodeID]string{}, fans: map[cluster.NodeID]*fan{}}
}

func (c *crew) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, n := range c.nodes {
		n.Close()
	}
	for _, f := range c.fans {
		f.close()
	}
}

// node is the job's connection to a node.
func (c *crew) node(id cluster.NodeID) (*wire.Node, error) {
	base, ok := c.cluster.Node(id)
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.nodes[id]
	switch {
	case !ok && n == nil:
		return nil, fmt.Errorf("nobody knows where %s lives", c.called(id))
	case ok && (n == nil || n.Addr() != base.Addr()):
		if n != nil {
			n.Close()
		}
		n = base.TwinForChanges()
		c.nodes[id] = n
	}
	return n, nil
}

// name is how sentences call a node: "A 10.0.0.1:7000".
func (c *crew) name(id cluster.NodeID) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.called(id)
}

func (c *crew) called(id cluster.NodeID) string {
	if name := c.names[id]; name != "" {
		return name
	}
	return plain(id.Short())
}

// addr is a node's address alone; empty when it is not known.
func (c *crew) addr(id cluster.NodeID) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.addrs[id]
}

// learn takes the names of all nodes from a picture.
func (c *crew) learn(s *cluster.Snapshot) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range s.Nodes {
		n := &s.Nodes[i]
		name := n.Member.Endpoint.Addr()
		if name == "" {
			name = n.Dialled
		}
		c.addrs[n.ID] = plain(name)
		if n.Shard >= 0 && s.Shards[n.Shard].Primary == n.ID {
			name = s.Shards[n.Shard].Letter + " " + name
		}
		c.names[n.ID] = plain(name)
	}
}

// call sends commands to a node in one round trip. The error is the first of the
// answers' that is not one of the node itself: a broken link, a timeout.
func (c *crew) call(ctx context.Context, id cluster.NodeID, timeout time.Duration, cmds ...[]any) ([]wire.Answer, error) {
	return c.send(ctx, id, timeout, (*wire.Node).Pipeline, cmds)
}

// rehearse is call for commands that the node has to refuse.
func (c *crew) rehearse(ctx context.Context, id cluster.NodeID, timeout time.Duration, cmds ...[]any) ([]wire.Answer, error) {
	return c.send(ctx, id, timeout, (*wire.Node).Rehearse, cmds)
}

func (c *crew) send(ctx context.Context, id cluster.NodeID, timeout time.Duration, how func(*wire.Node, context.Context, ...[]any) []wire.Answer, cmds [][]any) ([]wire.Answer, error) {
	n, err := c.node(id)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	answers := how(n, ctx, cmds...)
	for _, a := range answers {
		if a.Err != nil && !wire.KindOf(a.Err).Answered() {
			return answers, a.Err
		}
	}
	return answers, nil
}

// all is call for commands that must not fail.
func (c *crew) all(ctx context.Context, id cluster.NodeID, timeout time.Duration, cmds ...[]any) ([]wire.Answer, error) {
	answers, err := c.call(ctx, id, timeout, cmds...)
	if err != nil {
		return answers, err
	}
	for _, a := range answers {
		if a.Err != nil {
			return answers, a.Err
		}
	}
	return answers, nil
}

// do sends one command.
func (c *crew) do(ctx context.Context, id cluster.NodeID, args ...any) (any, error) {
	answers, err := c.all(ctx, id, callTimeout, args)
	if err != nil {
		return nil, err
	}
	return answers[0].Value, nil
}

// said is the text of a node's error reply; empty for any other error.
func said(err error) string {
	var e *wire.Error
	if errors.As(err, &e) && e.Kind.Answered() && e.Err != nil {
		return e.Err.Error()
	}
	return ""
}

// saying reports whether a node's error reply contains the words.
func saying(err error, words ...string) bool {
	text := said(err)
	if text == "" {
		return false
	}
	for _, w := range words {
		if strings.Contains(text, w) {
			return true
		}
	}
	return false
}

// plain makes text of nodes fit for the screen.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r > 0x7e && r < 0xa0 || r == '\uFFFD' || r >= 0x2028 && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return '?'
		}
		return r
	}, text[:min(len(text), 300)])
}
