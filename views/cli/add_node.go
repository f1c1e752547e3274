package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	engine "slotdeck/cluster/run"
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
With --replica it follows the primary that --master-id names, or the one that has
the fewest replicas and is not on its host, and the first copy is watched.

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
			servers := m.crew.LookAt(cmd.Context(), m.seeds[0])
			snap, err := m.crew.Look(cmd.Context(), m.seeds[1])
			if err != nil {
				return err
			}
			r := plan.AddRequest{New: servers[0], Replica: replica}
			if under != "" {
				if r.Under, err = plan.FindNode(snap, under); err != nil {
					return memberRefusal(err)
				}
			}
			r.Source, r.Libraries = librariesOf(cmd.Context(), m.crew, snap)
			p, err := plan.PlanAdd(snap, r)
			if err != nil {
				return joinRefusal(err, servers)
			}
			if !replica && has(cmd.Root(), "rebalance") {
				p.Notes = append(p.Notes, fmt.Sprintf("it has no slots yet; give it its share with: slotdeck rebalance %s --use-empty-masters", m.seeds[1]))
			}
			return m.carryOut(cmd.Context(), p)
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&replica, "replica", false, "as a replica (also --slave)")
	flags.StringVar(&under, "master-id", "", "the primary to follow: `ID`, its beginning, HOST:PORT or a shard's letter")
	f.registerJoin(flags)
	f.registerSettle(flags)
	f.register(cmd)
	return cmd
}

func has(root *cobra.Command, name string) bool {
	for _, c := range root.Commands() {
		if c.Name() == name {
			return true
		}
	}
	return false
}

// librariesOf are the functions of a primary that owns slots; all should have
// the same.
func librariesOf(ctx context.Context, crew *engine.MemberCrew, s *cluster.Snapshot) (cluster.NodeID, []string) {
	for i := range s.Shards {
		n, ok := s.Node(s.Shards[i].Primary)
		if !ok || s.Shards[i].SlotLen == 0 || n.Health != cluster.Answering {
			continue
		}
		if names, err := crew.Libraries(ctx, n.Dialled); err == nil {
			return n.ID, names
		}
	}
	return "", nil
}
