package cli

import (
	"github.com/spf13/cobra"

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
			return f.onCluster(cmd.Context(), w, args, 1, "forget HOST:PORT ID", func(rest []string) (wishing, error) {
				return wishing{MemberWish: plan.MemberWish{Kind: plan.MemberForgotten}, node: rest[0]}, nil
			})
		},
	}
	f.registerWatch(cmd.Flags())
	f.register(cmd)
	return cmd
}
