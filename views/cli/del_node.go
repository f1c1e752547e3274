package cli

import (
	"context"

	"github.com/spf13/cobra"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
)

func newDelNode(w *World) *cobra.Command {
	var f memberFlags
	var hard bool
	cmd := &cobra.Command{
		Use:     "del-node HOST:PORT ID",
		GroupID: "members",
		Short:   "Remove a node, alive or dead, from a cluster",
		Long: `Removes a node from the cluster that HOST:PORT is in. It must own no slots: a
node that is forgotten while it owns some takes the cluster down. Its replicas
follow other primaries, all nodes forget it at once, and it is reset; then they
are watched for a while, and it is said who lists it again, if anyone does. A node
that does not answer is removed without being reached.

ID is any unique beginning of its id, or HOST:PORT. A node is judged by what it is
now: a primary that lost its last slot is a replica since. When it was
interrupted, the same command does the rest.`,
		Example: `  slotdeck del-node 10.0.0.1:7000 4f2e
  slotdeck del-node 10.0.0.1 7000 10.0.0.4:7000 --dry-run
  slotdeck del-node 10.0.0.1:7000 4f2e --yes --watch 75s`,
		Args:              atLeastOne("HOST:PORT"),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.withNodes(cmd.Context(), w, args, 1, "del-node HOST:PORT ID", func(m *membership, s *cluster.Snapshot, ids []cluster.NodeID) error {
				return m.propose(cmd.Context())(plan.PlanRemove(s, plan.RemoveRequest{Node: ids[0], Hard: hard}))
			})
		},
	}
	cmd.Flags().BoolVar(&hard, "hard", false, "reset it hard: it takes a new id, too")
	f.registerWatch(cmd.Flags())
	f.registerSettle(cmd.Flags())
	f.register(cmd)
	return cmd
}

// withNodes reads a cluster and finds the nodes that the words behind its
// address name.
func (f *memberFlags) withNodes(ctx context.Context, w *World, words []string, count int, use string, do func(*membership, *cluster.Snapshot, []cluster.NodeID) error) error {
	node, rest := f.apart(words)
	if len(rest) != count {
		return usage("say: %s", use)
	}
	m, err := f.begin(ctx, w, node)
	if err != nil {
		return err
	}
	defer m.crew.Close()
	snap, err := m.crew.Look(ctx, m.seeds...)
	if err != nil {
		return err
	}
	ids := make([]cluster.NodeID, count)
	for i, word := range rest {
		if ids[i], err = plan.FindNode(snap, word); err != nil {
			return memberRefusal(err)
		}
	}
	return do(m, snap, ids)
}

// propose carries out what a planner returns, or tells its refusal.
func (m *membership) propose(ctx context.Context) func(plan.MemberPlan, error) error {
	return func(p plan.MemberPlan, err error) error {
		if err != nil {
			return memberRefusal(err)
		}
		return m.carryOut(ctx, p)
	}
}
