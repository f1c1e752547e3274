package lab

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"

	"slotdeck/cluster"
)

// report is what one node says of itself and of the others.
type report struct {
	view  *cluster.View
	info  cluster.ClusterInfo
	stats cluster.Stats
	told  int // replicas that it tells clients of

	loading bool // it reads its dataset, and says nothing else yet
}

func readReport(ctx context.Context, n *Node) (r report, err error) {
	pipe := n.client.Pipeline()
	info, nodes := pipe.ClusterInfo(ctx), pipe.ClusterNodes(ctx)
	replication, slots := pipe.Info(ctx, "replication"), pipe.ClusterSlots(ctx)
	if _, err := pipe.Exec(ctx); err != nil {
		if redis.HasErrorPrefix(err, "LOADING") {
			return report{view: &cluster.View{}, loading: true}, nil
		}
		return r, fmt.Errorf("node %s does not report: %w", n.Addr, err)
	}
	if r.view, err = cluster.ParseNodes(nodes.Val()); err != nil {
		return r, err
	}
	if r.info, err = cluster.ParseClusterInfo(info.Val()); err != nil {
		return r, err
	}
	fields, err := cluster.ParseInfo(replication.Val())
	if err != nil {
		return r, err
	}
	r.stats = cluster.StatsOf(fields)
	told := map[string]bool{}
	for _, run := range slots.Val() {
		for _, node := range run.Nodes[min(1, len(run.Nodes)):] {
			told[node.ID] = true
		}
	}
	r.told = len(told)
	return r, nil
}

// missing says what this node lacks to be a part of a healthy cluster of so
// many nodes with so many replicas for each primary, or nothing.
func (r report) missing(nodes, replicas int) string {
	isReplica := r.stats.Role == cluster.Replica
	all := nodes / (1 + replicas) * replicas
	switch {
	case r.loading:
		return "loads its dataset yet"
	case len(r.view.Members) != nodes:
		return fmt.Sprintf("knows %d of %d nodes yet", len(r.view.Members), nodes)
	case r.unsure() != "":
		return "is not sure of " + r.unsure() + " yet"
	case r.info.State != "ok":
		return fmt.Sprintf("says cluster_state:%s yet", r.info.State)
	case isReplica && !r.stats.LinkUp:
		return "is not linked to its primary yet"
	case isReplica && r.stats.Offset <= 0:
		return "has no replication offset yet"
	case !isReplica && r.stats.ConnectedReplicas != int64(replicas):
		return fmt.Sprintf("has %d of its %d replicas yet", r.stats.ConnectedReplicas, replicas)
	case r.told != all:
		return fmt.Sprintf("tells clients of %d of %d replicas yet", r.told, all)
	}
	return ""
}

// unsure names a node that this one does not know well: in handshake,
// suspected, without an address or a link.
func (r report) unsure() string {
	for _, m := range r.view.Members {
		if role := m.Flags &^ cluster.Myself; (role != cluster.Primary && role != cluster.Replica) ||
			!m.Linked || m.Endpoint.IP == "" && len(r.view.Members) > 1 { // a lone node cannot know its own
			return fmt.Sprintf("%s:%d (%v)", m.Endpoint.IP, m.Endpoint.Port, m.Flags)
		}
	}
	return ""
}
