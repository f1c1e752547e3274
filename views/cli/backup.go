package cli

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"slotdeck/cluster"
	"slotdeck/cluster/backup"
	"slotdeck/cluster/plan"
	engine "slotdeck/cluster/run"
)

// backupFlags are those of "slotdeck backup".
type backupFlags struct {
	cargoFlags
	checker string
}

func newBackup(w *World) *cobra.Command {
	var f backupFlags
	cmd := &cobra.Command{
		Use:     "backup HOST:PORT DIR",
		GroupID: "cluster",
		Short:   "Copy the data of every primary into a folder, and check it",
		Long: `Asks every primary for a copy of its data, as a replica would, and writes it into
a new folder: an RDB file each, nodes.json (which copy holds which slots, and where
in the primary's history it was taken), cluster-nodes.txt and SHA256SUMS. A copy is
called one only when it came to its end and its checksum is right, and when the
server's own redis-check-rdb or valkey-check-rdb reads it, where one is found. Until
all is well the folder holds a file INCOMPLETE, and the exit code is not 0.

It is refused while a slot has no owner or is being moved, and fails when slots
moved meanwhile. The user needs the rights of a replica: psync, replconf.

A copy is brought back by a server that is in no cluster: start one with
"dir DIR" and "dbfilename FILE", and import from it.`,
		Example: `  slotdeck backup 10.0.0.11:7001 /var/backups/cache-monday
  slotdeck backup 10.0.0.11 7001 monday --yes -o json
  cd monday && sha256sum -c SHA256SUMS`,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, args []string) error { return f.run(cmd.Context(), w, args) },
	}
	cmd.Flags().StringVar(&f.checker, "checker", "", "the server's `program` that reads copies (default: the one on PATH)")
	f.register(cmd.Flags(), "copy nothing")
	cmd.Flags().SetNormalizeFunc(memberNames)
	return cmd
}

func (f *backupFlags) run(ctx context.Context, w *World, words []string) error {
	if len(words) == 0 {
		return usage("say a node and a folder: backup HOST:PORT DIR")
	}
	dir, words := words[len(words)-1], words[:len(words)-1]
	if len(words) == 0 && f.conn.host == "" && f.conn.uri == "" {
		return usage("say a node and a folder: backup HOST:PORT DIR")
	}
	t, err := f.conn.resolve(ctx, w, words)
	if err != nil {
		return err
	}
	crew := engine.NewMemberCrew(t.Options)
	defer crew.Close()
	look := looking(crew, t.Seeds)
	p, checker, err := planBackup(ctx, w.proposing(look), dir, f.checker)
	if err != nil {
		return memberRefusal(err)
	}
	if err := f.confirm(ctx, w, p.Lines(), p, "Take this backup, yes or no? ", ""); err != nil || f.dryRun {
		return err
	}
	s := &backupScreen{line: statusLine{w}, plan: p, at: make([]backup.Progress, len(p.Shards))}
	l, err := backup.Take(ctx, p, backup.Options{Wire: t.Options, Checker: checker, Look: look, Tell: s.tell})
	s.line.clear()
	if err != nil {
		return backupFailure(ctx, err)
	}
	return f.print(w, p.Folder, l)
}

// planBackup reads a cluster and plans a backup of it, and finds the server's
// program that reads copies.
func planBackup(ctx context.Context, look func(context.Context) (*cluster.Snapshot, error), dir, checker string) (p backup.Plan, program string, err error) {
	if dir, err = filepath.Abs(dir); err != nil {
		return p, "", err
	}
	if program, err = backup.FindChecker(checker); err != nil {
		return p, "", usage("%w", err)
	}
	snap, err := look(ctx)
	if err != nil {
		return p, "", err
	}
	if p, err = backup.NewPlan(snap, dir); err != nil {
		return p, "", err
	}
	if program == "" {
		p.Notes = append(p.Notes, "no redis-check-rdb or valkey-check-rdb was found; the copies' own checksums are checked alone")
	}
	return p, program, nil
}

// backupFailure gives what went wrong its exit code.
func backupFailure(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return failure(Interrupted, "interrupted: the backup is not complete, and its folder says so")
	}
	if _, refused := plan.ReasonOf(err); refused || ExitOf(err) == Internal || ExitOf(err) == Unreachable {
		return &Failure{No, err}
	}
	return err
}

func (f *backupFlags) print(w *World, dir string, l backup.Listing) error {
	if f.out == asJSON {
		return writeJSON(w.Out, l)
	}
	for _, c := range l.Copies {
		if _, err := fmt.Fprintln(w.Out, clean(fmt.Sprintf("  %-2s %s  %s", c.Letter, c.File, copyText(c)))); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintln(w.Out, clean(backupText(dir, l)))
	return err
}

// copyText is what can be said of a copy that is ready.
func copyText(c backup.Copy) string {
	return fmt.Sprintf("%.1f MiB, checksum %s, checker: %s", mib(c.Bytes), c.Checksum, c.Checker)
}

// backupText is how a backup ended.
func backupText(dir string, l backup.Listing) string {
	bytes := int64(0)
	for _, c := range l.Copies {
		bytes += c.Bytes
	}
	return fmt.Sprintf("done: %d primaries, %.1f MiB in %s (%.1f s)", len(l.Copies), mib(bytes), dir, l.Ended.Sub(l.Began).Seconds())
}

func mib(bytes int64) float64 { return float64(bytes) / (1 << 20) }

// backupScreen shows how far the copies are: each when it is ready and, on a
// terminal, a line for all that are under way.
type backupScreen struct {
	line statusLine
	plan backup.Plan
	at   []backup.Progress
}

func (s *backupScreen) tell(p backup.Progress) {
	s.at[p.Shard] = p
	s.line.clear()
	if p.Stage == backup.Ready {
		fmt.Fprintf(s.line.w.Err, "%s: %s\n", clean(s.plan.Shards[p.Shard].Addr), stageText(p))
	}
	var parts []string
	for i, one := range s.at {
		if one.Stage != "" && one.Stage != backup.Ready {
			parts = append(parts, s.plan.Shards[i].Letter+" "+stageText(one))
		}
	}
	s.line.say(strings.Join(parts, "   "))
}

// stageText is how far one copy is.
func stageText(p backup.Progress) string {
	switch {
	case p.Stage == backup.Copying && p.Total > 0:
		return fmt.Sprintf("%.1f of %.1f MiB", mib(p.Got), mib(p.Total))
	case p.Stage == backup.Ready:
		return fmt.Sprintf("%.1f MiB, ready", mib(p.Got))
	}
	return fmt.Sprintf("%s %.1f MiB", p.Stage, mib(p.Got))
}
