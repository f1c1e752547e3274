package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	engine "slotdeck/cluster/run"
)

// failoverFlags are those of "slotdeck failover".
type failoverFlags struct {
	conn            connection
	out             format
	replica         string
	force, takeover bool
	yes, dryRun     bool
	settle          time.Duration
}

func newFailover(w *World) *cobra.Command {
	var f failoverFlags
	cmd := &cobra.Command{
		Use:     "failover HOST:PORT",
		GroupID: "cluster",
		Short:   "Make a replica the primary of its shard, and verify it",
		Long: `Makes a replica the primary of its shard. It is the node at HOST:PORT, or the
one that --replica names: by its id or the beginning of it, or by HOST:PORT.

What each way would cost is printed first, and asked about. The command is sent
once; then the nodes are watched until the replica is primary on every node that
answers, at a new epoch, and serves the slots. The exit code is 0 only then.`,
		Example: `  slotdeck failover 10.0.0.16:7006
  slotdeck failover 10.0.0.11:7001 --replica 10.0.0.16:7006 --dry-run
  slotdeck failover 10.0.0.16:7006 --force --yes -o json`,
		Args:              atLeastOne("HOST:PORT"),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, args []string) error { return f.run(cmd.Context(), w, args) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.replica, "replica", "", "the `node` that is to become primary (default: the node at HOST:PORT)")
	flags.BoolVar(&f.force, "force", false, "hold the election without the primary: acknowledged writes can be lost")
	flags.BoolVar(&f.takeover, "takeover", false, "take the slots without any vote: the last resort")
	flags.BoolVar(&f.yes, "yes", false, "do not ask")
	flags.BoolVar(&f.dryRun, "dry-run", false, "print the plan and send nothing")
	flags.DurationVar(&f.settle, "settle", engine.DefaultFailoverSettle, "`time` for the nodes to agree, once it is won")
	f.out.register(flags)
	f.conn.register(flags)
	return cmd
}

func (f *failoverFlags) kind() plan.FailoverKind {
	switch {
	case f.takeover:
		return plan.Takeover
	case f.force:
		return plan.Force
	}
	return plan.Graceful
}

func (f *failoverFlags) run(ctx context.Context, w *World, args []string) error {
	if f.force && f.takeover {
		return usage("--force and --takeover are two different ways; choose one")
	}
	if f.settle <= 0 {
		return usage("--settle %v is not a length of time", f.settle)
	}
	t, err := f.conn.resolve(ctx, w, args)
	if err != nil {
		return err
	}
	watching := watchTarget(ctx, t, 500*time.Millisecond)
	defer watching.stop()
	snap, err := wholePicture(ctx, watching)
	if err != nil {
		return err
	}
	replica, err := f.find(snap)
	if err != nil {
		return err
	}
	facts := factsOf(ctx, watching, snap, replica)
	p, err := plan.PlanFailover(snap, replica, facts)
	if err != nil {
		return &Failure{No, err}
	}
	return f.carryOut(ctx, w, watching, p, facts)
}

// factsOf asks the primary of a replica whether another slotdeck moves slots.
func factsOf(ctx context.Context, watching *watching, s *cluster.Snapshot, replica cluster.NodeID) (facts plan.FailoverFacts) {
	r, known := s.Node(replica)
	if !known {
		return facts
	}
	primary, known := s.Node(r.Member.Primary)
	n, reached := watching.Node(r.Member.Primary)
	if !known || !reached || primary.Health != cluster.Answering {
		return facts
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if job := engine.MoverAt(ctx, n); job != "" {
		facts.Busy = "a job of another slotdeck that moves slots (" + job + ")"
	}
	return facts
}

// wholePicture waits until every node was asked for all that a plan needs.
func wholePicture(ctx context.Context, watching *watching) (*cluster.Snapshot, error) {
	return pictureWith(ctx, watching, allConfigured)
}

// pictureWith watches until every node that is known was tried once and more holds.
func pictureWith(ctx context.Context, watching *watching, more func(*cluster.Snapshot) bool) (*cluster.Snapshot, error) {
	ctx, cancel := context.WithTimeout(ctx, lookFor)
	defer cancel()
	var last *cluster.Snapshot
	for {
		select {
		case s, ok := <-watching.Updates():
			if !ok {
				return last, unseen(ctx, last)
			}
			last = s
			if err := allFailed(s.Seeds); err != nil && !seen(s) {
				return nil, err
			}
			if seen(s) && allTried(s) && more(s) {
				watching.propose(s)
				return s, nil
			}
		case <-ctx.Done():
			watching.propose(last)
			return last, unseen(ctx, last)
		}
	}
}

// allConfigured reports whether the settings of every node that answers were
// asked for.
func allConfigured(s *cluster.Snapshot) bool {
	for i := range s.Nodes {
		if n := &s.Nodes[i]; n.Health == cluster.Answering && n.Config.Tried.IsZero() {
			return false
		}
	}
	return true
}

// find is the node that is to become primary.
func (f *failoverFlags) find(s *cluster.Snapshot) (cluster.NodeID, error) {
	if f.replica != "" {
		id, err := plan.FindNode(s, f.replica)
		if err != nil {
			return "", usage("--replica: %w", err)
		}
		return id, nil
	}
	for _, seed := range s.Seeds {
		if seed.ID != "" {
			return seed.ID, nil
		}
	}
	return "", failure(Unreachable, "the node at HOST:PORT does not answer; name the replica with --replica")
}

// carryOut prints, asks, sends and watches.
func (f *failoverFlags) carryOut(ctx context.Context, w *World, watching *watching, p plan.FailoverPlan, facts plan.FailoverFacts) error {
	v := p.Variant(f.kind())
	if f.dryRun {
		if err := f.print(w, failoverAnswer{Plan: p, Kind: v.Kind, DryRun: true}); err != nil {
			return err
		}
		if v.Disabled != "" {
			return &Failure{No, errTold}
		}
		return nil
	}
	if f.out == asText {
		if err := printFailoverPlan(w.Out, p, v.Kind); err != nil {
			return err
		}
	}
	if v.Disabled != "" {
		return failure(No, "nothing was sent: %s", v.Disabled)
	}
	if err := f.confirm(ctx, w, p, v); err != nil {
		return err
	}
	job, err := engine.StartFailover(ctx, watching, p, v.Kind, engine.FailoverOptions{Settle: f.settle, Facts: facts})
	if err != nil {
		var stale *engine.FailoverStale
		var refused *plan.Refusal
		if errors.As(err, &refused) && refused.Reason == plan.NoRights {
			return &Failure{Denied, err}
		}
		if errors.As(err, &stale) || refused != nil {
			return &Failure{No, err}
		}
		return err
	}
	tellFailover(w, job)
	report := job.Wait()
	if err := f.print(w, failoverAnswer{Plan: p, Kind: v.Kind, Report: &report}); err != nil {
		return err
	}
	switch {
	case report.OK():
		return nil
	case report.Outcome == engine.FailoverLeft:
		return &Failure{Interrupted, errTold}
	}
	return &Failure{No, errTold}
}

// confirm asks before anything is sent: for the address when writes can be
// lost. Without a terminal there is nobody to ask.
func (f *failoverFlags) confirm(ctx context.Context, w *World, p plan.FailoverPlan, v plan.Failover) error {
	if w.guarding.watches() {
		return agree(ctx, w, f.yes, "run this? y or n: ", v.Type)
	}
	if f.yes {
		return nil
	}
	if _, tty := terminal(w.In); !tty {
		return usage("there is no terminal to ask on, so nothing was sent; say --yes to go on without being asked, or --dry-run to see the plan alone")
	}
	want, prompt := "y", "run this? y or n: "
	if v.Type != "" {
		want, prompt = v.Type, "acknowledged writes can be lost; type "+clean(v.Type)+" to run: "
	}
	fmt.Fprint(w.Err, prompt)
	line, err := readLine(ctx, w.In)
	if err != nil {
		return err
	}
	if line != want {
		return failure(No, "nothing was sent")
	}
	return nil
}
