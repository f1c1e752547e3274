package cli

import (
	"github.com/spf13/cobra"

	"slotdeck/cluster/plan"
)

func newDrain(w *World) *cobra.Command {
	var f moveFlags
	var node, to string
	cmd := &cobra.Command{
		Use:     "drain HOST:PORT --node ID [--to ID[,ID…]]",
		GroupID: "moves",
		Short:   "Take all slots from a primary, so that it can go",
		Long: `Moves all slots of a primary to the given ones, or to all others that have
slots, the emptiest first. A primary that lost its last slot turns into a replica
of whoever took it, unless cluster-allow-replica-migration is no there.`,
		Example: `  slotdeck drain 10.0.0.11:7001 --node 10.0.0.13:7003 --yes
  slotdeck drain 10.0.0.11:7001 --node C --to A,B --dry-run`,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			if node == "" && (f.file == "" || f.dryRun) {
				return usage("--node is missing: the primary to drain")
			}
			m, snap, err := f.begin(cmd.Context(), w, args)
			if err != nil {
				return err
			}
			defer m.close()
			if f.file != "" && !f.dryRun {
				p, err := m.read()
				if err != nil {
					return err
				}
				return m.carryOut(cmd.Context(), p)
			}
			r := plan.Drain{}
			if r.Node, err = plan.FindNode(snap, node); err != nil {
				return refusal(err)
			}
			if r.To, err = findNodes(snap, to); err != nil {
				return refusal(err)
			}
			p, err := m.work(cmd.Context(), r, snap)
			if err != nil {
				return err
			}
			return m.carryOut(cmd.Context(), p)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&node, "node", "", "the primary to drain: `ID`")
	flags.StringVar(&to, "to", "all", "the primaries to give to: `ID[,ID…]`, or all others with slots")
	f.register(cmd)
	return cmd
}
