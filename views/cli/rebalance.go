package cli

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"slotdeck/cluster"
	"slotdeck/cluster/keyspace"
	"slotdeck/cluster/plan"
)

// rebalanceFlags are those of "slotdeck rebalance" alone.
type rebalanceFlags struct {
	weights   []string
	empty     bool
	threshold float64
	by        string
	simulate  bool
	window    time.Duration
}

func newRebalance(w *World) *cobra.Command {
	var f moveFlags
	var r rebalanceFlags
	cmd := &cobra.Command{
		Use:     "rebalance HOST:PORT [--weight ID=W …]",
		GroupID: "moves",
		Short:   "Give every primary its share, moving as little as possible",
		Long: `Gives every primary its share of the slots, keys, memory or traffic, by weight,
with as few slots moved as possible. Nothing moves while no primary is out of
balance by more than the threshold. Traffic is what goes in and out a second, as
watched for --window; the servers count it with cluster-slot-stats-enabled yes
(Redis 8.2, Valkey 8.0 and newer). The flags mean what they mean in redis-cli
--cluster rebalance, with or without the prefix "cluster-".`,
		Example: `  slotdeck rebalance 10.0.0.11:7001 --use-empty-masters --yes
  slotdeck rebalance 10.0.0.11:7001 --weight A=2 --weight 4f2e=0.5 --simulate
  slotdeck rebalance 10.0.0.11:7001 --by memory --threshold 5 --yes`,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			args = r.takeWeights(args)
			if err := r.check(cmd.Flags().Changed("threshold")); err != nil {
				return err
			}
			f.dryRun = f.dryRun || r.simulate
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
			request, err := r.request(snap)
			if err != nil {
				return refusal(err)
			}
			if request.By == plan.Traffic {
				m.mover.window = r.window
			}
			p, err := m.work(cmd.Context(), request, snap)
			if reason, ok := plan.ReasonOf(err); ok && reason == plan.NothingToMove {
				return m.balanced(err, request.Threshold)
			}
			if err != nil {
				return err
			}
			if f.out != asJSON {
				for _, mv := range p.plan.Moves {
					from, _ := p.plan.Node(mv.From)
					to, _ := p.plan.Node(mv.To)
					fmt.Fprintln(w.Out, clean(fmt.Sprintf("Moving %d slots from %s to %s", mv.Set().Len(), from.Addr, to.Addr)))
				}
			}
			return m.carryOut(cmd.Context(), p)
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&r.weights, "weight", nil, "the weight of a primary as `ID=W`, 1 when not given; 0 empties it")
	flags.BoolVar(&r.empty, "use-empty-masters", false, "primaries without slots take part, too")
	flags.Float64Var(&r.threshold, "threshold", plan.DefaultThreshold, "out of balance means by more than so many `percent`; 0: at all")
	flags.StringVar(&r.by, "by", plan.Slots.String(), "what is made even: `slots|keys|memory|traffic`")
	flags.DurationVar(&r.window, "window", keyspace.Window, "how `long` to watch for --by traffic")
	flags.BoolVar(&r.simulate, "simulate", false, "the same as --dry-run")
	f.register(cmd)
	return cmd
}

// takeWeights takes the words that are weights: redis-cli accepts several after
// one flag.
func (r *rebalanceFlags) takeWeights(words []string) (rest []string) {
	for _, word := range words {
		if strings.Contains(word, "=") && !strings.Contains(word, "://") {
			r.weights = append(r.weights, word)
		} else {
			rest = append(rest, word)
		}
	}
	return rest
}

func (r *rebalanceFlags) check(changed bool) error {
	if r.window < 100*time.Millisecond || r.window > 10*time.Minute {
		return usage("--window %v is not 100ms to 10m", r.window)
	}
	if _, err := r.objective(); err != nil {
		return err
	}
	if changed && !(r.threshold >= 0 && r.threshold < 100) {
		return usage("--threshold %v is not a percentage from 0 to below 100", r.threshold)
	}
	for _, text := range r.weights {
		_, number, ok := strings.Cut(text, "=")
		if w, err := strconv.ParseFloat(number, 64); !ok || err != nil || !(w >= 0) {
			return usage("--weight %q is not ID=W with a number from 0 on", text)
		}
	}
	return nil
}

func (r *rebalanceFlags) objective() (plan.Objective, error) {
	for _, o := range []plan.Objective{plan.Slots, plan.Keys, plan.Memory, plan.Traffic} {
		if o.String() == r.by {
			return o, nil
		}
	}
	return 0, usage("--by is slots, keys, memory or traffic, not %q", r.by)
}

func (r *rebalanceFlags) request(s *cluster.Snapshot) (plan.Rebalance, error) {
	out := plan.Rebalance{Threshold: r.threshold, UseEmpty: r.empty, Weights: map[cluster.NodeID]float64{}}
	if r.threshold == 0 {
		out.Threshold = plan.AnyImbalance
	}
	var err error
	if out.By, err = r.objective(); err != nil {
		return out, err
	}
	for _, text := range r.weights {
		at := strings.LastIndex(text, "=")
		id, err := plan.FindNode(s, text[:at])
		if err != nil {
			return out, err
		}
		if out.Weights[id], err = strconv.ParseFloat(text[at+1:], 64); err != nil {
			return out, err
		}
	}
	return out, nil
}

// balanced says, as redis-cli does, that there is nothing to do: that is success.
func (m *moving) balanced(err error, threshold float64) error {
	var r *plan.Refusal
	if !errors.As(err, &r) {
		return err
	}
	if m.out == asJSON {
		return writeJSON(m.w.Out, map[string]any{"ok": true, "outcome": "nothing to move", "text": r.Text})
	}
	_, err = fmt.Fprintf(m.w.Out, "*** No rebalancing needed! All nodes are within the %.2f%% threshold.\n", max(0, threshold))
	return err
}
