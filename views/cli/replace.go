package cli

import (
	"context"

	"github.com/spf13/cobra"

	"slotdeck/cluster/plan"
)

func newReplace(w *World) *cobra.Command {
	var f memberFlags
	var under string
	cmd := &cobra.Command{
		Use:     "replace HOST:PORT OLD NEW",
		GroupID: "members",
		Short:   "Put a new replica in the place of a node that is gone",
		Long: `Adds the empty server NEW to the cluster that HOST:PORT is in, as a replica of the
primary that OLD followed or was replaced by, and then lets every node forget OLD,
which must not answer any more. OLD is any unique beginning of its id, or its
HOST:PORT. When it was interrupted, the same command does the rest.`,
		Example: `  slotdeck replace 10.0.0.1:7000 4f2e 10.0.0.9:7000
  slotdeck replace 10.0.0.1 7000 10.0.0.4:7000 10.0.0.9 7000 --yes`,
		Args:              atLeastOne("HOST:PORT"),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.replace(cmd.Context(), w, args, under)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&under, "master-id", "", "the primary to follow: `ID`, its beginning, HOST:PORT or a shard's letter")
	f.registerJoin(flags)
	f.registerSettle(flags)
	f.registerWatch(flags)
	f.zones.register(cmd.Flags())
	f.register(cmd)
	return cmd
}

func (f *memberFlags) replace(ctx context.Context, w *World, words []string, under string) error {
	node, rest := f.conn.apart(words)
	if len(rest) < 2 {
		return usage("say: replace HOST:PORT OLD NEW")
	}
	fresh, err := addresses(rest[1:], f.conn.port)
	if err != nil {
		return err
	}
	if len(fresh) != 1 {
		return usage("say: replace HOST:PORT OLD NEW")
	}
	m, err := f.begin(ctx, w, node)
	if err != nil {
		return err
	}
	defer m.crew.Close()
	want := wishing{seeds: m.seeds, node: rest[0], under: under}
	want.MemberWish = plan.MemberWish{Kind: plan.MemberReplace, Servers: fresh}
	return m.carry(ctx, want)
}
