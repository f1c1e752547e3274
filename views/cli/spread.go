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

// spreadFlags are those of "slotdeck spread".
type spreadFlags struct {
	conn        connection
	zones       zoneFlags
	out         format
	yes, dryRun bool
	pause       time.Duration
}

func newSpread(w *World) *cobra.Command {
	var f spreadFlags
	cmd := &cobra.Command{
		Use:     "spread HOST:PORT",
		GroupID: "cluster",
		Short:   "Even out the primaries over hosts or zones by failovers",
		Long: `Shows how the primaries are spread over hosts, or over the zones of a map, and
what losing each of these would do: which slots would be gone, which would wait
for a failover, and whether the majority would be lost.

Where failovers make the spread more even, the fewest that do are planned and,
once confirmed, carried out one after the other. All are graceful, each is
verified on every node, and before each the cluster is read afresh. Where
replicas stand in the wrong place no failover helps, and that is said.`,
		Example: `  slotdeck spread 10.0.0.11:7001 --dry-run
  slotdeck spread 10.0.0.11:7001 --zone 10.0.0.11=rack-1 --zone 10.0.0.12=rack-2
  slotdeck spread 10.0.0.11:7001 --zones racks.txt --pause 30s --yes`,
		Args:              atLeastOne("HOST:PORT"),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, args []string) error { return f.run(cmd.Context(), w, args) },
	}
	flags := cmd.Flags()
	f.zones.register(flags)
	flags.BoolVar(&f.yes, "yes", false, "do not ask; needed without a terminal")
	flags.BoolVar(&f.dryRun, "dry-run", false, "print the plan and send nothing")
	flags.DurationVar(&f.pause, "pause", engine.DefaultSpreadPause, "`time` between two failovers")
	f.out.register(flags)
	f.conn.register(flags)
	return cmd
}

// spreadAnswer is a spread as programs get it.
type spreadAnswer struct {
	Plan    plan.SpreadPlan      `json:"plan"`
	Refused string               `json:"refused,omitempty"` // why nothing can be done
	Report  *engine.SpreadReport `json:"report"`            // null: nothing was sent
}

func (f *spreadFlags) run(ctx context.Context, w *World, args []string) error {
	t, err := f.conn.resolve(ctx, w, args)
	if err != nil {
		return err
	}
	zones, err := f.zones.or(t.Zones)
	if err != nil {
		return err
	}
	watching := watchTarget(ctx, t, 500*time.Millisecond)
	defer watching.stop()
	snap, err := wholePicture(ctx, watching)
	if err != nil {
		return err
	}
	request := plan.SpreadRequest{Zones: zones, Failovers: watching.failoverFacts, Facts: engine.MigrationFacts(ctx, watching)}
	p, refused := plan.PlanSpread(snap, request)
	if refused != nil || f.dryRun || f.out != asJSON {
		if err := f.printPlan(w, p, refused); err != nil {
			return err
		}
	}
	if reason, _ := plan.ReasonOf(refused); reason == plan.NothingToMove || f.dryRun && refused == nil {
		return nil
	}
	if refused != nil {
		return &Failure{No, errTold}
	}
	if err := agree(ctx, w, f.yes, "Do you want to proceed with this plan ("+p.Risk.String()+"), yes or no? ", ""); err != nil {
		return err
	}
	if f.pause == 0 {
		f.pause = -1
	}
	job := engine.StartSpread(ctx, watching, p, engine.SpreadOptions{Request: request, Pause: f.pause})
	tellSpread(w, job)
	r := job.Wait()
	return f.printReport(w, p, r)
}

// failoverFacts are what a failover plan for a shard needs besides the picture.
func (w *watching) failoverFacts(shard string) plan.FailoverFacts {
	return failoverFacts(w.records.all(), shard)
}

func (f *spreadFlags) printPlan(w *World, p plan.SpreadPlan, refused error) error {
	if f.out == asJSON {
		a := spreadAnswer{Plan: p}
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

func printLines(w *World, lines []string) error {
	_, err := fmt.Fprintln(w.Out, clean(strings.Join(lines, "\n")))
	return err
}

// tellSpread prints what happens, on the side.
func tellSpread(w *World, job *engine.SpreadJob) {
	began, told := time.Now(), ""
	for p := range job.Updates() {
		if p.Step >= len(p.Steps) || p.Text == "" {
			continue
		}
		text := fmt.Sprintf("%d/%d shard %s  %s", p.Step+1, len(p.Steps), p.Steps[p.Step].Shard, ui.Clean(p.Text))
		if text != told && !strings.Contains(p.Text, "waiting ") || told == "" {
			fmt.Fprintf(w.Err, "%8.3f s  %s\n", time.Since(began).Seconds(), text)
			told = text
		}
	}
}

func (f *spreadFlags) printReport(w *World, p plan.SpreadPlan, r engine.SpreadReport) error {
	return reportConduct(w, f.out, spreadAnswer{Plan: p, Report: &r}, spreadReportLines(r), r.Outcome)
}

func spreadReportLines(r engine.SpreadReport) []string {
	var out []string
	for i, s := range r.Steps {
		line := fmt.Sprintf("  %d. shard %s  %-7s", i+1, s.Shard, s.State)
		if s.Text != "" {
			line += "  " + s.Text
		}
		out = append(out, line)
	}
	return append(out, r.Text)
}
