package cli

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	engine "slotdeck/cluster/run"
)

// importFlags are those of "slotdeck import".
type importFlags struct {
	cargoFlags
	from          connection // its flags begin with "from-"
	source        string
	copy, replace bool
	db            int
	block         time.Duration
}

func newImport(w *World) *cobra.Command {
	var f importFlags
	cmd := &cobra.Command{
		Use:     "import HOST:PORT --from HOST:PORT [--copy] [--replace]",
		GroupID: "cluster",
		Short:   "Bring the keys of a server that is in no cluster into this one",
		Long: `Moves all keys of a standalone server into the cluster that HOST:PORT is in, or
copies them with --copy. Values go through slotdeck (DUMP and RESTORE), so source
and cluster need not reach each other, and may differ in passwords and TLS. Times
to live are kept. A value can only go to servers of the same or a newer version.

A key is deleted at the source only when its node has it, a replica of that node,
too, where there is one, and nobody changed it meanwhile. A key that the cluster
has already with another value is left where it is, and told, unless --replace is
given; one with the same value counts as imported. So the same command goes on
where it was interrupted. The exit code is 1 when keys were left.

The source's password is taken from SLOTDECK_FROM_AUTH or --from-askpass.`,
		Example: `  slotdeck import 10.0.0.11:7001 --from 10.0.0.5:6379 --dry-run
  slotdeck import 10.0.0.11:7001 --from 10.0.0.5:6379 --copy --yes
  slotdeck import 10.0.0.11 7001 --from redis.old:6380 --from-tls --from-user app --from-askpass`,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, args []string) error { return f.run(cmd.Context(), w, args) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.source, "from", "", "the server to import from: `HOST:PORT`, or a redis:// URI")
	flags.StringVar(&f.from.user, "from-user", "", "`name` to log in with at the source")
	flags.StringVar(&f.from.password, "from-pass", "", "`password` of the source; SLOTDECK_FROM_AUTH or --from-askpass are safer")
	flags.BoolVar(&f.from.askpass, "from-askpass", false, "ask for the source's password on the terminal")
	f.from.secure.prefix, f.from.secure.side = "from-", " (of the source)"
	f.from.secure.register(flags)
	flags.BoolVar(&f.copy, "copy", false, "leave the keys at the source, too")
	flags.BoolVar(&f.replace, "replace", false, "overwrite what the cluster has under the same names")
	flags.IntVar(&f.db, "db", -1, "import this database `number` alone (default: all)")
	flags.DurationVar(&f.block, "max-block", engine.DefaultImportBlock, "`time` that a batch of keys may take of one server")
	f.register(flags, "change nothing")
	flags.SetNormalizeFunc(memberNames)
	return cmd
}

// origin resolves the source. The cluster's password is not tried there.
func (f *importFlags) origin(ctx context.Context, w *World) (target, error) {
	if f.source == "" {
		return target{}, usage("--from is missing: the server to import from")
	}
	f.from.noAuthWarning = f.conn.noAuthWarning
	all := w.Env
	defer func() { w.Env = all }()
	w.Env = func(name string) string {
		switch {
		case name == authVariables[0]:
			return all("SLOTDECK_FROM_AUTH")
		case slices.Contains(authVariables[:], name):
			return ""
		}
		return all(name)
	}
	t, err := f.from.resolve(ctx, w, []string{f.source})
	if err == nil && len(t.Seeds) != 1 {
		err = usage("--from names one server, not %d", len(t.Seeds))
	}
	return t, err
}

func (f *importFlags) run(ctx context.Context, w *World, words []string) error {
	if f.block <= 0 {
		return usage("--max-block %v is not a length of time", f.block)
	}
	from, err := f.origin(ctx, w)
	if err != nil {
		return err
	}
	to, err := f.conn.resolve(ctx, w, words)
	if err != nil {
		return err
	}
	crew := engine.NewMemberCrew(to.Options)
	defer crew.Close()
	look := looking(crew, to.Seeds)
	p, err := planImport(ctx, crew, w.proposing(look), to.Seeds[0], from, plan.ImportRequest{Copy: f.copy, Replace: f.replace, DB: f.db})
	if reason, _ := plan.ReasonOf(err); reason == plan.NothingToMove {
		return f.print(w, engine.ImportReport{Trouble: []engine.ImportLeft{}}, err.Error())
	}
	if err != nil {
		return memberRefusal(err)
	}
	if err := f.confirm(ctx, w, p.Lines(), p, "Import these keys ("+p.Risk.String()+"), yes or no? ", p.Type); err != nil || f.dryRun {
		return err
	}
	s := &importScreen{line: statusLine{w}}
	report, err := engine.Import(ctx, p, engine.ImportOptions{From: from.Options, To: to.Options, Block: f.block, Look: look, Tell: s.tell})
	s.line.clear()
	if err != nil {
		if told := f.print(w, report, "not finished; the same command goes on"); told != nil && ExitOf(told) != No {
			return told
		}
		return importFailure(ctx, err)
	}
	return f.print(w, report, "done")
}

// planImport reads the source and the cluster, and plans the import of what the
// request leaves open.
func planImport(ctx context.Context, crew *engine.MemberCrew, look func(context.Context) (*cluster.Snapshot, error), seed string, from target, r plan.ImportRequest) (p plan.ImportPlan, err error) {
	snap, err := look(ctx)
	if err != nil {
		return p, err
	}
	if r.Source, err = engine.ReadImportSource(ctx, from.Seeds[0], from.Options); err != nil {
		return p, err
	}
	r.TargetDBs = crew.Databases(ctx, seed)
	return plan.PlanImport(snap, r)
}

// importFailure gives what ended an import its exit code.
func importFailure(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return failure(Interrupted, "interrupted; every key is at the source, in the cluster, or in both: the same command goes on")
	}
	if code := ExitOf(err); code == Internal || code == Unreachable {
		return &Failure{No, err}
	}
	return err
}

// print prints what became of the keys; those that were left make code 1.
func (f *importFlags) print(w *World, r engine.ImportReport, outcome string) error {
	if f.out == asJSON {
		if err := writeJSON(w.Out, r); err != nil {
			return err
		}
	} else {
		for _, t := range r.Trouble {
			fmt.Fprintln(w.Out, clean(fmt.Sprintf("  left: database %d, %q: %s", t.DB, t.Key, t.Why)))
		}
		if _, err := fmt.Fprintln(w.Out, clean(importText(r, outcome))); err != nil {
			return err
		}
	}
	if r.Left > 0 {
		return &Failure{No, errTold}
	}
	return nil
}

// importText is how an import ended.
func importText(r engine.ImportReport, outcome string) string {
	text := fmt.Sprintf("%s: %d keys imported, %d were there already, %d were gone, %d are left (%.1f MiB, %.1f s)",
		outcome, r.Imported, r.Present, r.Gone, r.Left, mib(r.Bytes), r.Seconds)
	if r.AtSource >= 0 && r.Keys > 0 {
		text += fmt.Sprintf("; the source has %d keys", r.AtSource)
	}
	return text
}

// importProgress is how far an import is.
func importProgress(r engine.ImportReport) string {
	return fmt.Sprintf("%d of %d keys, %.1f MiB, %d left at the source", r.Imported+r.Present+r.Gone+r.Left, r.Keys, mib(r.Bytes), r.Left)
}

// importScreen is the line that shows on a terminal how far it is.
type importScreen struct {
	line statusLine
	last time.Time
}

func (s *importScreen) tell(r engine.ImportReport) {
	if time.Since(s.last) > 200*time.Millisecond {
		s.last = time.Now()
		s.line.say(importProgress(r))
	}
}
