package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"slotdeck/cluster"
	engine "slotdeck/cluster/run"
	"slotdeck/cluster/wire"
)

// callFlags are those of "slotdeck call".
type callFlags struct {
	memberFlags
	primaries, replicas bool
	timeout             time.Duration
}

func newCall(w *World) *cobra.Command {
	var f callFlags
	cmd := &cobra.Command{
		Use:     "call [flags] HOST:PORT COMMAND [WORD …] [--only-masters|--only-replicas] [--yes] [-o json]",
		GroupID: "cluster",
		Short:   "Send one command to every node",
		Long: `Sends one command to every node of a cluster at once and prints each node's
answer. A command that changes something is asked about first, one that can lose
data with a name to be typed; --yes answers for both.

Flags that concern the connection stand before HOST:PORT. Behind the command only
--only-masters, --only-replicas, --yes, --dry-run, --timeout and -o are flags; what
follows "--" never is. The exit code is 1 when a node answered with an error, or not.`,
		Example: `  slotdeck call 10.0.0.11:7001 DBSIZE --only-masters
  slotdeck call 10.0.0.11 7001 CONFIG GET maxmemory -o json
  slotdeck call 10.0.0.11:7001 CONFIG SET maxmemory 2gb --yes`,
		ValidArgsFunction:  cobra.NoFileCompletions,
		DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			words, err := commandWords(cmd, args, "only-masters", "only-replicas", "yes", "dry-run", "output", "timeout")
			if help, _ := cmd.Flags().GetBool("help"); help && err == nil {
				return cmd.Help()
			}
			if err != nil {
				return err
			}
			return f.run(cmd.Context(), w, words)
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&f.primaries, "only-masters", false, "primaries only")
	flags.BoolVar(&f.replicas, "only-replicas", false, "replicas only")
	flags.BoolVar(&f.yes, "yes", false, "do not ask; needed without a terminal, for commands that change something")
	flags.BoolVar(&f.dryRun, "dry-run", false, "print what would be sent to which nodes, and send nothing")
	flags.DurationVar(&f.timeout, "timeout", 10*time.Second, "`time` for each node to answer")
	f.out.register(flags)
	f.conn.register(flags)
	flags.SetNormalizeFunc(memberNames)
	return cmd
}

func (f *callFlags) run(ctx context.Context, w *World, words []string) error {
	node, command := f.conn.apart(words)
	switch {
	case len(words) == 0:
		return usage("HOST:PORT is missing")
	case len(command) == 0:
		return usage("a command is missing: call HOST:PORT COMMAND")
	case f.primaries && f.replicas:
		return usage("--only-masters and --only-replicas exclude each other")
	case endless(command):
		return usage("%s never ends its answer; use redis-cli for it", strings.ToUpper(command[0]))
	}
	m, err := f.begin(ctx, w, node)
	if err != nil {
		return err
	}
	defer m.crew.Close()
	snap, err := m.crew.Look(ctx, m.seeds...)
	w.propose(snap)
	if err != nil {
		return err
	}
	args := make([]any, len(command))
	for i, word := range command {
		args[i] = word
	}
	wanted := func(n *cluster.Node) bool {
		replica := n.Member.Flags.Has(cluster.Replica)
		return !(f.primaries && replica || f.replicas && !replica)
	}
	if f.dryRun {
		return f.foresee(w, snap, wanted, args)
	}
	if err := f.confirm(ctx, w, m.seeds[0], snap, wanted, args); err != nil {
		return err
	}
	return f.print(w, m.crew.Call(ctx, snap, wanted, f.timeout, args...))
}

// callPlan is what would be sent, and what it could do.
type callPlan struct {
	Command string   `json:"command"`
	Risk    string   `json:"risk"`
	Nodes   []string `json:"nodes"`
}

// foresee prints what would be sent where.
func (f *callFlags) foresee(w *World, s *cluster.Snapshot, wanted func(*cluster.Node) bool, args []any) error {
	p := callPlan{Command: wire.Shown(args...), Risk: dangerOf(args).String(), Nodes: []string{}}
	for i := range s.Nodes {
		if n := &s.Nodes[i]; wanted(n) {
			p.Nodes = append(p.Nodes, n.Dialled)
		}
	}
	if f.out == asJSON {
		return writeJSON(w.Out, p)
	}
	_, err := fmt.Fprintf(w.Out, "%s would be sent to %d nodes; it %s\n", clean(p.Command), len(p.Nodes), p.Risk)
	for _, addr := range p.Nodes {
		if err == nil {
			_, err = fmt.Fprintln(w.Out, "  "+clean(addr))
		}
	}
	return err
}

func (f *callFlags) confirm(ctx context.Context, w *World, seed string, s *cluster.Snapshot, wanted func(*cluster.Node) bool, args []any) error {
	danger := dangerOf(args)
	if danger == harmless {
		return nil
	}
	count := 0
	for i := range s.Nodes {
		if wanted(&s.Nodes[i]) {
			count++
		}
	}
	typed := ""
	if danger == losing {
		typed = seed
	}
	if !f.yes {
		fmt.Fprintf(w.Err, "%s will be sent to %d nodes\n", clean(wire.Shown(args...)), count)
	}
	return agree(ctx, w, f.yes, "Do you want to proceed, yes or no? ", typed)
}

// print prints the answers in the nodes' order.
func (f *callFlags) print(w *World, answers []engine.MemberAnswer) error {
	if len(answers) == 0 {
		return failure(No, "the cluster has no such node")
	}
	reached := false
	var worst error
	for _, a := range answers {
		reached = reached || a.Err == nil || wire.KindOf(a.Err).Answered()
		if worst == nil {
			worst = a.Err
		}
	}
	var err error
	if f.out == asJSON {
		err = writeJSON(w.Out, callAnswers(answers))
	} else {
		err = printAnswers(w, answers)
	}
	switch {
	case err != nil:
		return err
	case worst == nil:
		return nil
	case !reached:
		return &Failure{ExitOf(worst), errTold}
	}
	return &Failure{No, errTold}
}
