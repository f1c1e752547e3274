package run

import (
	"context"
	"errors"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/spawn"
	"slotdeck/cluster/wire"
)

// errNoPicture means that the cluster was not looked at yet.
var errNoPicture = errors.New("the cluster has not been read yet; wait for the first picture")

// survey reads every known node now and makes a picture of that.
func (c *crew) survey(ctx context.Context) (*cluster.Snapshot, error) {
	return c.surveyWithin(ctx, 2*time.Second)
}

// surveyWithin waits so long for each node.
func (c *crew) surveyWithin(ctx context.Context, patience time.Duration) (*cluster.Snapshot, error) {
	last := c.cluster.Latest()
	if last == nil {
		return nil, errNoPicture
	}
	in := cluster.Inputs{Seq: last.Seq + 1, Interval: time.Second, Nodes: make([]cluster.Node, len(last.Nodes))}
	turns := make(chan struct{}, 64)
	var wg spawn.Group
	for i := range last.Nodes {
		in.Nodes[i] = last.Nodes[i]
		wg.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			c.readNode(ctx, patience, &in.Nodes[i])
		})
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	in.At = time.Now()
	s := cluster.Merge(last, in)
	c.learn(s)
	return s, nil
}

// readNode replaces the readings of a node by fresh ones, or by none.
func (c *crew) readNode(ctx context.Context, patience time.Duration, n *cluster.Node) {
	n.View, n.Info, n.ClusterInfo, n.Stats = cluster.Reading[*cluster.View]{}, cluster.Reading[cluster.Info]{}, cluster.Reading[cluster.ClusterInfo]{}, cluster.Stats{}
	answers, err := c.all(ctx, n.ID, patience, []any{"CLUSTER", "NODES"}, []any{"CLUSTER", "INFO"}, []any{"INFO"})
	now := time.Now()
	if err != nil && (len(answers) == 0 || answers[0].Err != nil || answers[1].Err != nil) {
		n.Err, n.Health = err, health(err)
		return
	}
	n.Health, n.Err, n.LastSeen = cluster.Answering, nil, now
	text, _ := answers[0].Value.(string)
	view, err := cluster.ParseNodes(text)
	if err != nil {
		n.Health, n.Err = cluster.Rubbish, err
		return
	}
	n.View = n.View.Succeed(view, now)
	text, _ = answers[1].Value.(string)
	if info, err := cluster.ParseClusterInfo(text); err == nil {
		n.ClusterInfo = n.ClusterInfo.Succeed(info, now)
	}
	text, _ = answers[2].Value.(string)
	if info, err := cluster.ParseInfo(text); err == nil && answers[2].Err == nil {
		n.Info = n.Info.Succeed(info, now)
	}
}

func health(err error) cluster.Health {
	switch wire.KindOf(err) {
	case wire.Refused:
		return cluster.Refused
	case wire.Loading:
		return cluster.Loading
	case wire.AuthMissing, wire.AuthWrong, wire.NoPermission, wire.Protected:
		return cluster.Denied
	case wire.Rubbish:
		return cluster.Rubbish
	}
	return cluster.NoAnswer
}

// view is what one node says of all nodes now.
func (c *crew) view(ctx context.Context, id cluster.NodeID) (*cluster.View, error) {
	v, err := c.do(ctx, id, "CLUSTER", "NODES")
	if err != nil {
		return nil, err
	}
	return viewOf(v)
}

func viewOf(value any) (*cluster.View, error) {
	text, _ := value.(string)
	return cluster.ParseNodes(text)
}
