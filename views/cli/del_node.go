package cli

import (
	"context"

	"github.com/spf13/cobra"

	"slotdeck/cluster/plan"
)

func newDelNode(w *World) *cobra.Command {
	var f memberFlags
	var hard bool
	cmd := &cobra.Command{
		Use:     "del-node HOST:PORT ID",
		GroupID: "members",
		Short:   "Remove a node, alive or dead, from a cluster",
		Long: `Removes a node from the cluster that HOST:PORT is in. It must own no slots: a
node that is forgotten while it owns some takes the cluster down. Its replicas
follow other primaries, all nodes forget it at once, and it is reset; then they
are watched for a while, and it is said who lists it again, if anyone does. A node
that does not answer is removed without being reached.

ID is any unique beginning of its id, or HOST:PORT. A node is judged by what it is
now: a primary that lost its last slot is a replica since. When it was
interrupted, the same command does the rest.`,
		Example: `  slotdeck del-node 10.0.0.1:7000 4f2e
  slotdeck del-node 10.0.0.1 7000 10.0.0.4:7000 --dry-run
  slotdeck del-node 10.0.0.1:7000 4f2e --yes --watch 75s`,
		Args:              atLeastOne("HOST:PORT"),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.onCluster(cmd.Context(), w, args, 1, "del-node HOST:PORT ID", func(rest []string) (wishing, error) {
				return wishing{MemberWish: plan.MemberWish{Kind: plan.MemberRemove, Hard: hard}, node: rest[0]}, nil
			})
		},
	}
	cmd.Flags().BoolVar(&hard, "hard", false, "reset it hard: it takes a new id, too")
	f.registerWatch(cmd.Flags())
	f.registerSettle(cmd.Flags())
	f.zones.register(cmd.Flags())
	f.register(cmd)
	return cmd
}

// onCluster makes a wish of the words behind the address of a cluster's node,
// and carries it out.
func (f *memberFlags) onCluster(ctx context.Context, w *World, words []string, count int, use string, wish func(rest []string) (wishing, error)) error {
	node, rest := f.conn.apart(words)
	if len(rest) != count {
		return usage("say: %s", use)
	}
	want, err := wish(rest)
	if err != nil {
		return err
	}
	m, err := f.begin(ctx, w, node)
	if err != nil {
		return err
	}
	defer m.crew.Close()
	want.seeds = m.seeds
	return m.carry(ctx, want)
}
