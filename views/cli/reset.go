package cli

import (
	"context"

	"github.com/spf13/cobra"

	"slotdeck/cluster/plan"
)

func newReset(w *World) *cobra.Command {
	var f memberFlags
	var hard bool
	cmd := &cobra.Command{
		Use:     "reset HOST:PORT… [--hard]",
		GroupID: "members",
		Short:   "Let servers forget their cluster",
		Long: `Resets exactly the given servers: they forget all other nodes and their slots; a
replica drops its data; with --hard they take new ids. What is lost is said first.
A primary with keys is not reset. Nor is a node that others list which are not
reset with it: slotdeck del-node removes such a node. All nodes of a cluster can be
given, and then the cluster is gone.`,
		Example: `  slotdeck reset 10.0.0.4:7000
  slotdeck reset 10.0.0.{1,2,3}:7000 --hard`,
		Args:              atLeastOne("HOST:PORT"),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.reset(cmd.Context(), w, args, hard)
		},
	}
	cmd.Flags().BoolVar(&hard, "hard", false, "they take new ids, too")
	f.registerSettle(cmd.Flags())
	f.register(cmd)
	return cmd
}

func (f *memberFlags) reset(ctx context.Context, w *World, words []string, hard bool) error {
	m, err := f.begin(ctx, w, words)
	if err != nil {
		return err
	}
	defer m.crew.Close()
	return m.carry(ctx, wishing{MemberWish: plan.MemberWish{Kind: plan.MemberReset, Servers: m.seeds, Hard: hard}})
}
