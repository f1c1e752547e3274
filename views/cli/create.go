package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"slotdeck/cluster/plan"
)

func newCreate(w *World) *cobra.Command {
	var f memberFlags
	var replicas int
	cmd := &cobra.Command{
		Use:     "create HOST:PORT… [--replicas N]",
		GroupID: "members",
		Short:   "Make a cluster of empty servers",
		Long: `Makes one cluster of the given servers, which have to run in cluster mode, hold
nothing and be in no cluster. The slots are shared out evenly. Of so many servers
as many become primaries as can have N replicas each; any that are left over
become further replicas. The layout follows these rules, the stronger first:

  1. no replica is on its primary's host, or as few as can be; it is said which
  2. hosts get equal numbers of primaries, in the order given
  3. replicas of one primary are on different hosts

Where --zone, --zones or the context tell in which racks or zones hosts stand, all
this holds for zones first, and for hosts within a zone.

Servers meet each other at the bus port that each tells, and are waited for; when
they do not all reach each other, it is said who does not reach whom. When it was
interrupted, the same command finishes it. It has succeeded when every node shows
the same owners, epochs and roles, and calls the cluster ok.`,
		Example: `  slotdeck create 10.0.0.1:7000 10.0.0.2:7000 10.0.0.3:7000
  slotdeck create 10.0.0.{1,2,3}:{7000,7001} --replicas 1 --dry-run
  slotdeck create 10.0.0.{1..6}:7000 --replicas 1 --zones racks.txt
  slotdeck create 10.0.0.{1,2,3}:{7000,7001} --cluster-replicas 1 --yes -o json`,
		Args:              atLeastOne("HOST:PORT"),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			m, err := f.begin(cmd.Context(), w, args)
			if err != nil {
				return err
			}
			defer m.crew.Close()
			return m.carry(cmd.Context(), wishing{MemberWish: plan.MemberWish{Kind: plan.MemberCreate, Servers: m.seeds, Replicas: replicas}})
		},
	}
	cmd.Flags().IntVar(&replicas, "replicas", 0, "so `many` for each primary")
	f.registerJoin(cmd.Flags())
	f.registerSettle(cmd.Flags())
	f.zones.register(cmd.Flags())
	f.register(cmd)
	return cmd
}

// joinRefusal is memberRefusal; a server that cannot be read gives it its code.
func joinRefusal(err error, servers []plan.MemberServer) error {
	cause := serverErrors(servers)
	if reason, ok := plan.ReasonOf(err); ok && reason == plan.NodeDown && cause != nil {
		return &Failure{ExitOf(cause), fmt.Errorf("nothing was changed: %w", cause)}
	}
	return memberRefusal(err)
}
