package cli

import (
	"github.com/spf13/cobra"

	"slotdeck/cluster/plan"
)

func newReplicate(w *World) *cobra.Command {
	var f memberFlags
	cmd := &cobra.Command{
		Use:     "replicate HOST:PORT NODE PRIMARY",
		GroupID: "members",
		Short:   "Let a node follow a primary",
		Long: `Makes NODE a replica of PRIMARY: a replica of another one, or a primary that has
neither slots nor keys. Both are named by any unique beginning of their ids, by
HOST:PORT, or a primary by its shard's letter. The first copy is watched, and it
has succeeded when every node that answers shows the new role.`,
		Example: `  slotdeck replicate 10.0.0.1:7000 4f2e B
  slotdeck replicate 10.0.0.1 7000 10.0.0.4:7000 10.0.0.2:7000 --yes`,
		Args:              atLeastOne("HOST:PORT"),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.onCluster(cmd.Context(), w, args, 2, "replicate HOST:PORT NODE PRIMARY", func(rest []string) (wishing, error) {
				return wishing{MemberWish: plan.MemberWish{Kind: plan.MemberReplicate}, node: rest[0], under: rest[1]}, nil
			})
		},
	}
	f.registerSettle(cmd.Flags())
	f.zones.register(cmd.Flags())
	f.register(cmd)
	return cmd
}
