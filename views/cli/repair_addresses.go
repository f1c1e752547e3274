package cli

import (
	"github.com/spf13/cobra"

	"slotdeck/cluster/plan"
)

func newRepairAddresses(w *World) *cobra.Command {
	var f memberFlags
	cmd := &cobra.Command{
		Use:     "repair-addresses HOST:PORT…",
		GroupID: "members",
		Short:   "Let nodes that came back under other addresses find each other",
		Long: `Containers, pods and rented machines come back under other addresses. A node keeps
its id, its slots and its list of the others; but when several moved at once they
look for each other where nobody is, and the cluster stays down. Name the nodes by
the addresses that they have now: they are recognised by their ids, and those that
look for each other in vain are told to meet. No slot and no role changes.

Servers that do not know each other by their ids are of different clusters. They
are never told to meet, for that would make one cluster of two.`,
		Example: `  slotdeck repair-addresses 10.0.1.{21,22,23,24,25,26}:7000 --dry-run
  slotdeck repair-addresses 10.0.1.21:7000 10.0.1.22:7000 10.0.1.23:7000 --yes`,
		Args:              atLeastOne("HOST:PORT"),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			m, err := f.begin(cmd.Context(), w, args)
			if err != nil {
				return err
			}
			defer m.crew.Close()
			return m.carry(cmd.Context(), wishing{MemberWish: plan.MemberWish{Kind: plan.MemberAddresses, Servers: m.seeds}})
		},
	}
	f.registerJoin(cmd.Flags())
	f.registerSettle(cmd.Flags())
	f.register(cmd)
	return cmd
}
