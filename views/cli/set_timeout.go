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
			node, rest := f.apart(args)
			if len(rest) != 1 {
				return usage("say one node and one number of milliseconds: set-timeout HOST:PORT MS")
			}
			ms, err := strconv.Atoi(rest[0])
			if err != nil {
				return usage("%q is not a number of milliseconds", rest[0])
			}
			m, err := f.begin(cmd.Context(), w, node)
			if err != nil {
				return err
			}
			defer m.crew.Close()
			snap, err := m.crew.Look(cmd.Context(), m.seeds...)
			if err != nil {
				return err
			}
			p, err := plan.PlanNodeTimeout(snap, ms)
			if err != nil {
				return memberRefusal(err)
			}
			return m.carryOut(cmd.Context(), p)
		},
	}
	f.register(cmd)
	return cmd
}
