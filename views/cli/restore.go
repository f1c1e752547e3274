package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/spf13/cobra"

	"slotdeck/cluster/plan"
	engine "slotdeck/cluster/run"
)

// restoreFlags are those of "slotdeck restore".
type restoreFlags struct {
	cargoFlags
	replace bool
	skip    int64
	rate    int
}

func newRestore(w *World) *cobra.Command {
	var f restoreFlags
	cmd := &cobra.Command{
		Use:     "restore HOST:PORT FILE… [--replace] [--skip N]",
		GroupID: "keys",
		Short:   "Bring values back that were saved before their keys were deleted",
		Long: `Brings values back from files that slotdeck has written before it deleted or
overwrote keys: of all keys of a pattern that were deleted with "save values", and
of keys that had two values when slots moved. Each value goes to the primary of its
slot (RESTORE), with the time to live that it had: one that would have ended by now
stays away.

A key that exists is left alone, and told, unless it has the saved value; --replace
overwrites it. An interruption tells how many lines of the files are settled, and
--skip goes on behind them. The exit code is 1 when values were left.`,
		Example: `  slotdeck restore 10.0.0.11:7001 ~/.local/state/slotdeck/saved-deletion-20260102-030405.jsonl --dry-run
  slotdeck restore 10.0.0.11:7001 saved-*.jsonl --rate 1000 --yes`,
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd.Context(), w, args) },
	}
	flags := cmd.Flags()
	flags.BoolVar(&f.replace, "replace", false, "overwrite keys that exist")
	flags.Int64Var(&f.skip, "skip", 0, "leave out so many `lines` at the beginning of the files")
	flags.IntVar(&f.rate, "rate", 0, "at most that many `values` a second (default: no limit, one round trip at a time)")
	f.register(flags, "change nothing")
	return cmd
}

func (f *restoreFlags) run(ctx context.Context, w *World, words []string) error {
	node, files := f.conn.apart(words)
	switch {
	case len(files) == 0:
		return usage("say a node and the files: restore HOST:PORT FILE…")
	case f.skip < 0:
		return usage("--skip %d is less than nothing", f.skip)
	case f.rate < 0:
		return usage("--rate %d is less than nothing", f.rate)
	}
	t, err := f.conn.resolve(ctx, w, node)
	if err != nil {
		return err
	}
	saved, err := engine.ReadSaved(files, f.skip)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return usage("%w", err)
	case err != nil:
		return failure(No, "nothing was changed: %w", err)
	}
	crew := engine.NewMemberCrew(t.Options)
	defer crew.Close()
	look := looking(crew, t.Seeds)
	snap, err := look(ctx)
	if err != nil {
		return err
	}
	p, err := plan.PlanRestore(snap, plan.RestoreRequest{Saved: saved, Replace: f.replace, TargetDBs: crew.Databases(ctx, t.Seeds[0])})
	if err != nil {
		return memberRefusal(err)
	}
	if err := f.confirm(ctx, w, p.Lines(), p, "Bring these values back ("+p.Risk.String()+"), yes or no? ", p.Type); err != nil || f.dryRun {
		return err
	}
	s := &restoreScreen{line: statusLine{w}}
	report, err := engine.Restore(ctx, p, engine.RestoreOptions{To: t.Options, Rate: f.rate, Look: look, Tell: s.tell})
	s.line.clear()
	if err != nil {
		goesOn := fmt.Sprintf("not finished; --skip %d goes on", report.Lines)
		if told := f.print(w, report, goesOn); told != nil && ExitOf(told) != No {
			return told
		}
		if ctx.Err() != nil {
			return failure(Interrupted, "interrupted; --skip %d goes on behind what is settled", report.Lines)
		}
		return &Failure{No, err}
	}
	return f.print(w, report, "done")
}

// print prints what became of the values; those that were left make code 1.
func (f *restoreFlags) print(w *World, r engine.RestoreReport, outcome string) error {
	if f.out == asJSON {
		if err := writeJSON(w.Out, r); err != nil {
			return err
		}
	} else {
		for _, t := range r.Trouble {
			fmt.Fprintln(w.Out, clean(fmt.Sprintf("  left: database %d, %q: %s", t.DB, t.Key, t.Why)))
		}
		if n := r.Left - int64(len(r.Trouble)); n > 0 {
			fmt.Fprintf(w.Out, "  and %d more\n", n)
		}
		if _, err := fmt.Fprintln(w.Out, clean(outcome+": "+restoreText(r))); err != nil {
			return err
		}
	}
	if r.Left > 0 {
		return &Failure{No, errTold}
	}
	return nil
}

// restoreText is how many values are back.
func restoreText(r engine.RestoreReport) string {
	return fmt.Sprintf("%d of %d values brought back (%.1f MiB), %d were there already, %d have expired, %d are left (%.1f s)",
		r.Restored, r.Values, mib(r.Bytes), r.Present, r.Expired, r.Left, r.Seconds)
}

// restoreScreen is the line that shows on a terminal how far it is.
type restoreScreen struct {
	line statusLine
	last time.Time
}

func (s *restoreScreen) tell(r engine.RestoreReport) {
	if time.Since(s.last) > 200*time.Millisecond {
		s.last = time.Now()
		s.line.say(fmt.Sprintf("%d of %d values, %.1f MiB, %d left", r.Restored+r.Present+r.Expired+r.Left, r.Values, mib(r.Bytes), r.Left))
	}
}
