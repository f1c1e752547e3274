package run

import (
	"context"
	"fmt"
	"hash/maphash"
	"sync"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/spawn"
	"slotdeck/cluster/wire"
)

const (
	memberPatience = 2 * time.Second // how long one node may take to answer
	memberTurns    = 64              // nodes that are asked at once
	maxMembers     = 2000            // what a node can make this program connect to
)

// MemberCrew is the connections of one change of membership, by address: a
// server that is in no cluster yet has nothing else. It may be used by several
// goroutines.
type MemberCrew struct {
	options wire.Options
	seed    maphash.Seed // of digests of passwords, so that they mean nothing elsewhere

	mu    sync.Mutex
	nodes map[string]*wire.Node
	past  *cluster.Snapshot
}

// NewMemberCrew prepares connections. Nothing is dialled yet.
func NewMemberCrew(o wire.Options) *MemberCrew {
	return &MemberCrew{options: o, seed: maphash.MakeSeed(), nodes: map[string]*wire.Node{}}
}

// Close drops all connections.
func (c *MemberCrew) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, n := range c.nodes {
		n.Close()
	}
	c.nodes = map[string]*wire.Node{}
}

// Follow makes the crew's own pictures go on from one that somebody looks at, so
// that a shard has the same letter in a plan as on the screen beside it. Without,
// letters follow the slots as they are now.
func (c *MemberCrew) Follow(s *cluster.Snapshot) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.past = s
}

func (c *MemberCrew) at(addr string) *wire.Node {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.nodes[addr]
	if n == nil {
		n = wire.Open(addr, c.options)
		c.nodes[addr] = n
	}
	return n
}

// ask sends commands to one address within the patience.
func (c *MemberCrew) ask(ctx context.Context, addr string, patience time.Duration, cmds ...[]any) []wire.Answer {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return c.at(addr).Pipeline(ctx, cmds...)
}

// inTurns calls f for 0 to n-1, many at once, and waits for all.
func inTurns(n int, f func(i int)) {
	var wg spawn.Group
	turns := make(chan struct{}, memberTurns)
	for i := range n {
		turns <- struct{}{}
		wg.Go(func() {
			defer func() { <-turns }()
			f(i)
		})
	}
	wg.Wait()
}

// Look reads a cluster from any of the given addresses, and then every node that
// any of its nodes lists. A node that does not answer is in the picture as such.
// The error is that of the given addresses when none of them answers as a node
// of a cluster.
func (c *MemberCrew) Look(ctx context.Context, seeds ...string) (*cluster.Snapshot, error) {
	found := map[cluster.NodeID]*cluster.Node{}
	first := make([]cluster.Node, len(seeds))
	inTurns(len(seeds), func(i int) { first[i], _ = c.read(ctx, seeds[i], "") })
	var worst error
	for i := range first {
		if n := &first[i]; n.Health == cluster.Answering {
			found[n.ID] = n
		} else if worst == nil || wire.KindOf(n.Err).Answered() {
			worst = n.Err
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, worst
	}
	for fresh := listedBy(found); len(fresh) > 0 && len(found) < maxMembers; fresh = listedBy(found) {
		inTurns(len(fresh), func(i int) {
			m := fresh[i]
			fresh[i], _ = c.read(ctx, m.Dialled, m.ID)
		})
		for i := range fresh {
			found[fresh[i].ID] = &fresh[i]
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return c.pictureOf(found), nil
}

// listedBy are the nodes that are listed and were not read yet.
func listedBy(found map[cluster.NodeID]*cluster.Node) (out []cluster.Node) {
	seen := map[cluster.NodeID]int{}
	for _, n := range found {
		if n.View.Value == nil {
			continue
		}
		for _, m := range n.View.Value.Members {
			if found[m.ID] != nil || m.Flags.Has(cluster.Handshake) {
				continue
			}
			addr := ""
			if !m.Flags.Has(cluster.NoAddr) {
				addr = m.Endpoint.Addr()
			}
			if at, ok := seen[m.ID]; !ok {
				seen[m.ID] = len(out)
				out = append(out, cluster.Node{ID: m.ID, Dialled: addr})
			} else if out[at].Dialled == "" {
				out[at].Dialled = addr
			}
		}
	}
	return out
}

func (c *MemberCrew) pictureOf(found map[cluster.NodeID]*cluster.Node) *cluster.Snapshot {
	in := cluster.Inputs{At: time.Now(), Seq: 1, Interval: memberPatience}
	for _, n := range found {
		in.Nodes = append(in.Nodes, *n)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return cluster.Merge(c.past, in) // which changes nothing of the past one
}

// memberSettings are read from every node.
var memberSettings = [...]any{"CONFIG", "GET", "cluster-node-timeout", "cluster-allow-replica-migration", "cluster-blacklist-ttl"}

// read asks one node for all that a picture needs, and in the same breath for
// more. An id that is given has to be the node's own.
func (c *MemberCrew) read(ctx context.Context, addr string, id cluster.NodeID, more ...[]any) (cluster.Node, []wire.Answer) {
	n := cluster.Node{ID: id, Dialled: addr, Shard: -1, Health: cluster.NoAddress}
	if addr == "" {
		n.Err = fmt.Errorf("no node knows an address of %s", id.Short())
		return n, nil
	}
	questions := append([][]any{{"CLUSTER", "NODES"}, {"CLUSTER", "INFO"}, {"INFO"}, memberSettings[:]}, more...)
	answers := c.ask(ctx, addr, memberPatience, questions...)
	now := time.Now()
	for _, a := range answers[:2] {
		if a.Err != nil {
			n.Health, n.Err = failoverHealth(a.Err), a.Err
			return n, nil
		}
	}
	view, err := cluster.ParseNodes(textOf(answers[0]))
	if err == nil && (view.Myself == "" || id != "" && view.Myself != id) {
		err = fmt.Errorf("another node answers there: %s", view.Myself.Short())
	}
	state, errState := cluster.ParseClusterInfo(textOf(answers[1]))
	if err != nil || errState != nil {
		n.Health, n.Err = cluster.Rubbish, rubbishOf(addr, err, errState)
		return n, nil
	}
	n.ID, n.Health, n.LastSeen = view.Myself, cluster.Answering, now
	n.View, n.ClusterInfo = n.View.Succeed(view, now), n.ClusterInfo.Succeed(state, now)
	if info, err := cluster.ParseInfo(textOf(answers[2])); answers[2].Err == nil && err == nil {
		n.Info, n.Stats = n.Info.Succeed(info, now), cluster.StatsOf(info)
	}
	if answers[3].Err == nil {
		n.Config = n.Config.Succeed(pairsOf(answers[3].Value), now)
	}
	return n, answers[4:]
}

func rubbishOf(addr string, errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return &wire.Error{Kind: wire.Rubbish, Addr: addr, Tried: "CLUSTER NODES", Err: err}
		}
	}
	return nil
}

func textOf(a wire.Answer) string {
	text, _ := a.Value.(string)
	return text
}

// pairsOf reads a flat list of names and values.
func pairsOf(v any) map[string]string {
	list, _ := v.([]any)
	out := map[string]string{}
	for i := 0; i+1 < len(list); i += 2 {
		name, _ := list[i].(string)
		out[name], _ = list[i+1].(string)
	}
	return out
}
