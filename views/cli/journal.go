package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"slotdeck/cluster/audit"
	engine "slotdeck/cluster/run"
)

type journalFlags struct {
	out     format
	since   time.Duration
	context string
	node    string
	plan    string
	last    int
}

func newJournal(w *World) *cobra.Command {
	var f journalFlags
	cmd := &cobra.Command{
		Use:     "journal",
		GroupID: "cluster",
		Short:   "What slotdeck has changed on clusters: who, when, and what came of it",
		Long: `Prints the journal of everything that slotdeck has sent from this machine, under
this user, that may change something: written before it was sent, and again with
its outcome. Passwords are never in it. The files are kept in
` + "`~/.local/state/slotdeck`" + `, 16 MiB each, the newest eight.`,
		Example: `  slotdeck journal --last 20
  slotdeck journal --since 2h --context prod -o json`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return f.print(w) },
	}
	flags := cmd.Flags()
	flags.DurationVar(&f.since, "since", 0, "only what is not older than this `time`")
	flags.StringVar(&f.context, "context", "", "only of the cluster of this `name`")
	flags.StringVar(&f.node, "node", "", "only what was sent to this `address`")
	flags.StringVar(&f.plan, "plan", "", "only of this plan or job, by its `id`")
	flags.IntVar(&f.last, "last", 0, "only the newest `N`")
	f.out.register(flags)
	return cmd
}

func (f *journalFlags) print(w *World) error {
	if f.since < 0 || f.last < 0 {
		return usage("--since and --last are not negative")
	}
	q := audit.Query{Context: f.context, Node: f.node, Plan: f.plan, Last: f.last}
	if f.since > 0 {
		q.Since = time.Now().Add(-f.since)
	}
	records, spoiled, err := audit.Read(engine.StateDirOf(w.Env), q)
	if err != nil {
		return err
	}
	if spoiled > 0 {
		w.Warn(fmt.Sprintf("%d lines of the journal cannot be read; they are left out", spoiled))
	}
	for _, r := range records {
		if f.out == asJSON {
			var line []byte
			if line, err = compactJSON(r); err == nil {
				_, err = fmt.Fprintf(w.Out, "%s\n", line)
			}
		} else {
			_, err = fmt.Fprintln(w.Out, clean(journalText(r)))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// journalText is a record on lines: the first tells who and where, the others
// what and the outcome.
func journalText(r audit.Record) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s@%s  %s  %s", r.At.Local().Format("2006-01-02 15:04:05.000"), r.User, r.Host, r.Context, r.Node)
	if r.As != "" {
		fmt.Fprintf(&b, "  as %s", r.As)
	}
	if r.Plan != "" {
		fmt.Fprintf(&b, "  plan %s", r.Plan)
	}
	for i, c := range r.Commands {
		outcome := "no answer was written down: the program ended first, and it may have been carried out or not"
		if i < len(r.Outcomes) {
			outcome = r.Outcomes[i]
		}
		fmt.Fprintf(&b, "\n    %s\n      %s", c, outcome)
	}
	return b.String()
}
