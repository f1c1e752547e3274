package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"slotdeck/cluster/plan"
	engine "slotdeck/cluster/run"
	"slotdeck/ui"
)

// rollingFlags are those of "slotdeck rolling-restart".
type rollingFlags struct {
	conn              connection
	out               format
	yes, dryRun       bool
	hook, since       string
	only              []string
	pause, back, sync time.Duration
}

func newRollingRestart(w *World) *cobra.Command {
	var f rollingFlags
	cmd := &cobra.Command{
		Use:     "rolling-restart HOST:PORT",
		GroupID: "cluster",
		Short:   "Conduct a restart of all nodes, one after the other",
		Long: `Conducts a restart of all nodes, for an upgrade or a setting: shard by shard the
replicas, then one of them takes over, then the old primary as a replica. No node
is restarted while it serves slots, and every step is verified before the next:
the node has another run id, nobody holds it for failed, and it is in sync.

The restarting itself is done by you: either by hand, when you are told which
node is next (it is noticed by itself), or by a --hook. The hook is run without a
shell, once for each node, with SLOTDECK_NODE (HOST:PORT), SLOTDECK_NODE_HOST,
SLOTDECK_NODE_PORT, SLOTDECK_NODE_ID and SLOTDECK_SHARD in its environment, and
without the passwords that slotdeck was given. It may end before the node is back.

At the first step that is not verified it ends and says why. --since goes on
where an earlier run ended: nodes started after that time are left out.`,
		Example: `  slotdeck rolling-restart 10.0.0.11:7001 --dry-run
  slotdeck rolling-restart 10.0.0.11:7001 --hook ./restart-one.sh --pause 30s
  slotdeck rolling-restart 10.0.0.11:7001 --only 10.0.0.14:7004 --only 4f2e
  slotdeck rolling-restart 10.0.0.11:7001 --hook ./restart-one.sh --since 2h --yes`,
		Args:              atLeastOne("HOST:PORT"),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, args []string) error { return f.run(cmd.Context(), w, args) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.hook, "hook", "", "`command` that restarts one node (default: you do it)")
	flags.StringArrayVar(&f.only, "only", nil, "only this `node`: an id, the beginning of one, or HOST:PORT; may be repeated")
	flags.StringVar(&f.since, "since", "", "leave out nodes started since this `time`: 2h, or 2026-01-31T14:00:00Z")
	flags.BoolVar(&f.yes, "yes", false, "do not ask; needed without a terminal")
	flags.BoolVar(&f.dryRun, "dry-run", false, "print the plan and change nothing")
	flags.DurationVar(&f.pause, "pause", engine.DefaultRollingPause, "`time` between two steps")
	flags.DurationVar(&f.back, "back", engine.DefaultRollingBack, "`time` for a node to come back")
	flags.DurationVar(&f.sync, "sync-timeout", engine.DefaultRollingSync, "`time` for a node that came back and makes no progress")
	f.out.register(flags)
	f.conn.register(flags)
	return cmd
}

// rollingAnswer is a rolling restart as programs get it.
type rollingAnswer struct {
	Plan    plan.RestartPlan      `json:"plan"`
	Refused string                `json:"refused,omitempty"`
	Report  *engine.RollingReport `json:"report"` // null: nothing was begun
}

func (f *rollingFlags) run(ctx context.Context, w *World, args []string) error {
	since, err := sinceTime(f.since, time.Now())
	if err != nil {
		return err
	}
	w = w.aside()
	options := engine.RollingOptions{Pause: f.pause, Back: f.back, Sync: f.sync}
	if f.pause == 0 {
		options.Pause = -1
	}
	if f.hook != "" {
		h, err := newHook(w, f.hook, func(line string) { fmt.Fprintln(w.Err, "            | "+line) })
		if err != nil {
			return err
		}
		options.Restart = h.restart
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
	options.Request = plan.RestartRequest{Since: since, Failovers: watching.failoverFacts, Facts: engine.MigrationFacts(ctx, watching)}
	for _, text := range f.only {
		id, err := plan.FindNode(snap, text)
		if err != nil {
			return usage("--only: %w", err)
		}
		options.Request.Only = append(options.Request.Only, id)
	}
	p, refused := plan.PlanRestart(snap, options.Request)
	if refused != nil || f.dryRun || f.out != asJSON {
		if err := f.printPlan(w, p, refused); err != nil {
			return err
		}
	}
	switch reason, _ := plan.ReasonOf(refused); {
	case reason == plan.NothingToMove, f.dryRun && refused == nil:
		return nil
	case refused != nil:
		return &Failure{No, errTold}
	}
	if err := agree(ctx, w, f.yes, "Do you want to proceed with this plan ("+p.Risk.String()+"), yes or no? ", ""); err != nil {
		return err
	}
	job := engine.StartRolling(ctx, watching, options)
	tellRolling(w, job)
	return f.printReport(w, p, job.Wait())
}

// sinceTime reads a point in time: a length of time before now, or a time.
func sinceTime(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if ago, err := time.ParseDuration(text); err == nil && ago > 0 {
		return now.Add(-ago), nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil || at.After(now) {
		return time.Time{}, usage("--since %q is neither a length of time such as 2h nor a time in the past such as 2026-01-31T14:00:00Z", text)
	}
	return at, nil
}

func (f *rollingFlags) printPlan(w *World, p plan.RestartPlan, refused error) error {
	if f.out == asJSON {
		a := rollingAnswer{Plan: p}
		if refused != nil {
			a.Refused = refused.Error()
		}
		return writeJSON(w.Out, a)
	}
	lines := p.Lines()
	if refused != nil {
		lines = append(lines, "", refused.Error())
	}
	return printLines(w, lines)
}

// tellRolling prints what happens, on the side.
func tellRolling(w *World, job *engine.RollingJob) {
	told, done := "", 0
	for p := range job.Updates() {
		at := p.Elapsed.Seconds()
		for ; done < len(p.Done); done++ {
			if s := p.Done[done]; s.Foreign != "" {
				fmt.Fprintf(w.Err, "%8.1f s  note: %s\n", at, ui.Clean(s.Foreign))
			}
			fmt.Fprintf(w.Err, "%8.1f s  %s\n", at, ui.Clean(p.Done[done].Text))
		}
		if p.Step.Addr == "" {
			continue
		}
		text := p.Step.Text() + ": " + p.Text
		if p.Wanted {
			text = "RESTART NOW: " + p.Step.Addr + " (replica of shard " + p.Step.Shard + ", " + p.Step.Run.String() + "); it is noticed by itself"
		}
		if text != told && !strings.Contains(text, "waiting 1 s") {
			told = text
			fmt.Fprintf(w.Err, "%8.1f s  %s\n", at, ui.Clean(text))
		}
	}
}

func (f *rollingFlags) printReport(w *World, p plan.RestartPlan, r engine.RollingReport) error {
	return reportConduct(w, f.out, rollingAnswer{Plan: p, Report: &r}, rollingReportLines(r), r.Outcome)
}

func rollingReportLines(r engine.RollingReport) []string {
	var out []string
	for i, s := range r.Steps {
		word := "ok    "
		if !s.OK {
			word = "failed"
		}
		out = append(out, fmt.Sprintf("  %2d. %s  shard %s  %s", i+1, word, s.Shard, s.Text))
	}
	return append(out, fmt.Sprintf("%s (%.0f s)", r.Text, r.Took.Seconds()))
}
