package lab

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// report is what one node says of itself and of the others, as far as it
// matters for being ready.
type report struct {
	clusterInfo string
	replication string
	view        string // who is what and owns which slots, in a form to compare
	unsure      string // a node that is not known well: in handshake, suspected, not linked
	isReplica   bool
	served      int // replicas that this node tells to clients
}

func readReport(ctx context.Context, n *Node) (report, error) {
	pipe := n.client.Pipeline()
	clusterInfo, nodes := pipe.ClusterInfo(ctx), pipe.ClusterNodes(ctx)
	replication, slots := pipe.Info(ctx, "replication"), pipe.ClusterSlots(ctx)
	if _, err := pipe.Exec(ctx); err != nil {
		return report{}, fmt.Errorf("node %s does not report: %w", n.Addr, err)
	}
	r := report{clusterInfo: clusterInfo.Val(), replication: replication.Val()}
	r.isReplica = strings.Contains(r.replication, "role:slave")
	r.readNodes(nodes.Val())
	told := map[string]bool{}
	for _, run := range slots.Val() {
		for _, node := range run.Nodes[1:] {
			told[node.ID] = true
		}
	}
	r.served = len(told)
	return r, nil
}

// readNodes takes the lines of CLUSTER NODES apart: id, address, flags,
// primary, ping, pong, epoch, link, slots.
func (r *report) readNodes(text string) {
	var lines []string
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) < 8 {
			continue
		}
		flags := strings.TrimPrefix(f[2], "myself,")
		noIP := strings.HasPrefix(f[1], ":") && !strings.HasPrefix(f[1], "::") // ::1 is one
		if (flags != "master" && flags != "slave") || f[7] != "connected" || noIP {
			r.unsure = fmt.Sprintf("%s (%s, %s)", f[1], f[2], f[7])
		}
		lines = append(lines, strings.Join(append([]string{f[0], flags, f[3]}, f[8:]...), " "))
	}
	slices.Sort(lines)
	r.view = strings.Join(lines, "\n")
}

// missing says what this node lacks to be a part of a healthy cluster of so
// many nodes with so many replicas for each primary, or nothing.
func (r report) missing(nodes, replicas int) string {
	primaries := nodes / (1 + replicas)
	switch {
	case !strings.Contains(r.clusterInfo, fmt.Sprintf("cluster_known_nodes:%d\r", nodes)):
		return fmt.Sprintf("does not know all %d nodes yet", nodes)
	case r.unsure != "":
		return "is not sure of " + r.unsure + " yet"
	case !strings.Contains(r.clusterInfo, "cluster_state:ok"):
		return "does not say cluster_state:ok yet"
	case r.isReplica && !strings.Contains(r.replication, "master_link_status:up"):
		return "is not linked to its primary yet"
	case r.isReplica && strings.Contains(r.replication, "slave_repl_offset:0\r"):
		return "has no replication offset yet"
	case !r.isReplica && strings.Count(r.replication, "state=online") != replicas:
		return fmt.Sprintf("has not all of its %d replicas online yet", replicas)
	case r.served != primaries*replicas:
		return fmt.Sprintf("tells clients of %d replicas yet, not of %d", r.served, primaries*replicas)
	}
	return ""
}
