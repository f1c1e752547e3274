package cli

import (
	"github.com/spf13/cobra"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
)

func newForget(w *World) *cobra.Command {
	var f memberFlags
	cmd := &cobra.Command{
		Use:     "forget HOST:PORT ID",
		GroupID: "members",
		Short:   "Let every node forget a node, without touching it",
		Long: `Lets every node of the cluster that HOST:PORT is in forget one node, all at once,
and looks for a while whether anyone lists it again. It is for what is left of
nodes that are gone. A node that lives comes back on Valkey after 60 s unless it is
reset, which slotdeck del-node does. Nodes that own slots are never forgotten.`,
		Example:           `  slotdeck forget 10.0.0.1:7000 4f2e --yes`,
		Args:              atLeastOne("HOST:PORT"),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.withNodes(cmd.Context(), w, args, 1, "forget HOST:PORT ID", func(m *membership, s *cluster.Snapshot, ids []cluster.NodeID) error {
				return m.propose(cmd.Context())(plan.PlanRemove(s, plan.RemoveRequest{Node: ids[0], Keep: true}))
			})
		},
	}
	f.registerWatch(cmd.Flags())
	f.register(cmd)
	return cmd
}
