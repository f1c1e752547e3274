package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/keyslot"
)

func newReshard(w *World) *cobra.Command {
	var f moveFlags
	var from, to, ranges string
	var slots int
	cmd := &cobra.Command{
		Use:     "reshard HOST:PORT --from ID[,ID…]|all --to ID --slots N|--slot-ranges R",
		GroupID: "moves",
		Short:   "Move slots to one primary",
		Long: `Moves a number of slots, or exactly the given ones, to one primary: by the
servers' own migration where all nodes that take part have one, else by SETSLOT
and MIGRATE. The plan is printed first.

Nodes are named by any unique beginning of their ids, by HOST:PORT, or by their
shards' letters. The names of flags are those of redis-cli --cluster reshard,
with or without the prefix "cluster-".

Slots are looked at before the first one moves: a key that would hold its server
longer than --max-block is named, with the predicted time. What cannot be decided
without the operator is asked on the terminal; without one, or with --yes, flags
answer (--big-keys, --on-conflict, --on-stray, --on-failure), else the slot stays
where it is, closed, and the report says so.

A signal ends the move between two slots, within 3 seconds, with nothing open.`,
		Example: `  slotdeck reshard 10.0.0.11:7001 --from all --to 4f2e --slots 1000 --yes
  slotdeck reshard 10.0.0.11 7001 --from A,B --to D --slots 400 --dry-run
  slotdeck reshard 10.0.0.11:7001 --to D --slot-ranges 0-99,200 --yes -o json`,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.file == "" || f.dryRun {
				if err := checkReshard(to, slots, ranges, cmd.Flags().Changed("from")); err != nil {
					return err
				}
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
			r, err := reshardRequest(snap, from, to, slots, ranges)
			if err != nil {
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
	flags.StringVar(&from, "from", "all", "the primaries to take from: `ID[,ID…]`, or all")
	flags.StringVar(&to, "to", "", "the primary to give to: `ID`")
	flags.IntVar(&slots, "slots", 0, "how `many` slots")
	flags.StringVar(&ranges, "slot-ranges", "", "exactly these `slots`, such as 0-99,200; whoever owns them")
	f.register(cmd)
	return cmd
}

func checkReshard(to string, slots int, ranges string, from bool) error {
	switch {
	case to == "":
		return usage("--to is missing: the primary that shall get the slots")
	case strings.Contains(to, ","):
		return usage("--to names one primary; several can be filled by: slotdeck rebalance")
	case slots == 0 && ranges == "":
		return usage("how many slots shall move? say --slots N, or which ones with --slot-ranges R")
	case slots != 0 && ranges != "":
		return usage("--slots and --slot-ranges exclude each other")
	case ranges != "" && from:
		return usage("--slot-ranges says exactly which slots, whoever owns them: leave --from out")
	case ranges == "" && (slots < 1 || slots > keyslot.Count):
		return usage("--slots %d is not 1 to %d", slots, keyslot.Count)
	}
	return nil
}

func reshardRequest(s *cluster.Snapshot, from, to string, slots int, ranges string) (plan.Request, error) {
	target, err := plan.FindNode(s, to)
	if err != nil {
		return nil, err
	}
	if ranges != "" {
		set, err := keyslot.ParseSet(ranges)
		if err != nil {
			return nil, usage("--slot-ranges: %w", err)
		}
		return plan.MoveExactly{Slots: set, To: target}, nil
	}
	sources, err := findNodes(s, from)
	if err != nil {
		return nil, err
	}
	return plan.MoveCount{From: sources, To: target, Slots: slots}, nil
}

// findNodes reads a list of nodes; "all", or nothing, is none in particular.
func findNodes(s *cluster.Snapshot, text string) ([]cluster.NodeID, error) {
	if text == "" || text == "all" {
		return nil, nil
	}
	var out []cluster.NodeID
	for _, word := range strings.Split(text, ",") {
		id, err := plan.FindNode(s, word)
		if err != nil {
			return nil, err
		}
		out = append(out, id)
	}
	return out, nil
}
