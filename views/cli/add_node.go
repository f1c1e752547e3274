package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"slotdeck/cluster/plan"
)

func newAddNode(w *World) *cobra.Command {
	var f memberFlags
	var replica bool
	var under string
	cmd := &cobra.Command{
		Use:     "add-node NEW EXISTING [--replica [--master-id ID]]",
		GroupID: "members",
		Short:   "Add an empty server to a cluster, as a primary or a replica",
		Long: `Adds the server NEW to the cluster that EXISTING is in. It has to be empty; what
it holds is said. As a primary it gets the cluster's functions, and no slots yet.
With --replica it follows the primary that --master-id names, or the one that needs
it most: one that owns slots and has no replica at all, else one that is not on
its host or in its zone (--zone, --zones) and has the fewest; one that has no slots
yet counts, too. The first copy is watched.

It has succeeded when every node that answers shows the new one in its role. When
it was interrupted, the same command does the rest.`,
		Example: `  slotdeck add-node 10.0.0.4:7000 10.0.0.1:7000
  slotdeck add-node 10.0.0.4 7000 10.0.0.1 7000 --replica
  slotdeck add-node 10.0.0.4:7000 10.0.0.1:7000 --cluster-slave --cluster-master-id 4f2e --yes`,
		Args:              atLeastOne("NEW"),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			if under != "" && !replica {
				return usage("--master-id means nothing without --replica")
			}
			m, err := f.begin(cmd.Context(), w, args)
			if err != nil {
				return err
			}
			defer m.crew.Close()
			if len(m.seeds) != 2 {
				return usage("say the new server and one node of the cluster: add-node NEW EXISTING")
			}
			want := wishing{seeds: m.seeds[1:], under: under}
			want.MemberWish = plan.MemberWish{Kind: plan.MemberAdd, Servers: m.seeds[:1], Replica: replica}
			if !replica {
				want.notes = []string{fmt.Sprintf("it has no slots yet; give it its share with: slotdeck rebalance %s --use-empty-masters", m.seeds[1])}
			}
			return m.carry(cmd.Context(), want)
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&replica, "replica", false, "as a replica (also --slave)")
	flags.StringVar(&under, "master-id", "", "the primary to follow: `ID`, its beginning, HOST:PORT or a shard's letter")
	f.registerJoin(flags)
	f.registerSettle(flags)
	f.zones.register(cmd.Flags())
	f.register(cmd)
	return cmd
}
