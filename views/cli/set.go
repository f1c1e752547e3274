package cli

import (
	"github.com/spf13/cobra"

	"slotdeck/cluster/plan"
)

func newSet(w *World) *cobra.Command {
	var f memberFlags
	cmd := &cobra.Command{
		Use:     "set HOST:PORT NAME VALUE",
		GroupID: "cluster",
		Short:   "Set a setting on every node",
		Long: `Sets one setting (CONFIG SET) on every node of a cluster that answers, replicas
too, reads it back, and writes it to the configuration file (CONFIG REWRITE) where
the server has one. The plan shows what each node has now; one that has the value
already only writes it to its file. What came of it is told for each node; the exit
code is 0 only when all took it.

Passwords are not set by it, for a plan shows its values; nor is what tells one
node from another, such as its port, its folder or the address it announces.`,
		Example: `  slotdeck set 10.0.0.11:7001 maxmemory 4gb --dry-run
  slotdeck set 10.0.0.11 7001 cluster-require-full-coverage no --yes -o json`,
		Args:              atLeastOne("HOST:PORT"),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.onCluster(cmd.Context(), w, args, 2, "set HOST:PORT NAME VALUE", func(rest []string) (wishing, error) {
				return wishing{MemberWish: plan.MemberWish{Kind: plan.MemberSet, Setting: rest[0], Value: rest[1]}}, nil
			})
		},
	}
	f.register(cmd)
	return cmd
}
