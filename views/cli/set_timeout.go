package cli

import (
	"strconv"

	"github.com/spf13/cobra"

	"slotdeck/cluster/plan"
)

func newSetTimeout(w *World) *cobra.Command {
	var f memberFlags
	cmd := &cobra.Command{
		Use:     "set-timeout HOST:PORT MS",
		GroupID: "cluster",
		Short:   "Set the node timeout on every node",
		Long: `Sets cluster-node-timeout on every node of a cluster that answers, replicas too,
reads it back, and writes it to the configuration file (CONFIG REWRITE) where the
server has one. What came of it is told for each node; the exit code is 0 only
when all took it.`,
		Example: `  slotdeck set-timeout 10.0.0.11:7001 5000
  slotdeck set-timeout 10.0.0.11 7001 5000 --yes -o json`,
		Args:              atLeastOne("HOST:PORT"),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.onCluster(cmd.Context(), w, args, 1, "set-timeout HOST:PORT MS", func(rest []string) (wishing, error) {
				if _, err := strconv.Atoi(rest[0]); err != nil {
					return wishing{}, usage("%q is not a number of milliseconds", rest[0])
				}
				return wishing{MemberWish: plan.MemberWish{Kind: plan.MemberSet, Setting: plan.NodeTimeout, Value: rest[0]}}, nil
			})
		},
	}
	f.register(cmd)
	return cmd
}
