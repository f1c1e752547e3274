package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"slotdeck/cluster/spawn"
	"slotdeck/ui"
)

// Run does what the arguments ask for and returns the exit code. What went
// wrong is one sentence on the error stream.
func Run(ctx context.Context, w *World) (code Exit) {
	defer w.leave()
	if w.own() {
		spawn.OnPanic(w.panicked)
	}
	defer func() {
		if v := recover(); v != nil {
			code = w.caught(v)
		}
	}()
	root := newRoot(w)
	root.SetArgs(w.Args)
	began := false
	root.PersistentPreRun = func(*cobra.Command, []string) { began = true }
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return Fine
	}
	var own *Failure
	if !began && !errors.As(err, &own) { // the toolkit's own complaint about the arguments
		err = usage("%w", err)
	}
	code = ExitOf(err)
	if errors.Is(err, errTold) {
		return code
	}
	text := "slotdeck: " + clean(err.Error())
	if code == Usage {
		text += "; try " + cmd.CommandPath() + " --help"
	}
	fmt.Fprintln(w.Err, text)
	return code
}

// errTold is an outcome that was printed already: only the exit code is left.
var errTold = errors.New("the answer was printed")

// clean makes every line of a sentence harmless for the terminal.
func clean(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = ui.Clean(lines[i])
	}
	return strings.Join(lines, "\n")
}

func newRoot(w *World) *cobra.Command {
	var conn connection
	var look consoleFlags
	root := &cobra.Command{
		Use:   "slotdeck [HOST:PORT …]",
		Short: "A terminal console for Redis Cluster and Valkey clusters",
		Long: `slotdeck connects to any one node of a Redis or Valkey cluster, finds the rest,
and shows slots, nodes, memory and lag as they are now. Whatever changes
something shows its plan first, and waits for a confirmation.

Nodes are named HOST:PORT or HOST PORT, [IPV6]:PORT or IPV6 PORT, or as
redis:// and rediss:// URIs; several may be given in case one is down. Without
any, 127.0.0.1:6379 is tried. The password is best put into REDISCLI_AUTH.`,
		Example: `  slotdeck 10.0.0.11:7001              open the console
  slotdeck --tls --askpass -h cache -p 6380
  slotdeck demo                        start a cluster on this machine and look at it
  slotdeck slot user:7 cart:{user:7}   which slots do keys live in?
  slotdeck info 10.0.0.11:7001 -o json one look, for scripts`,
		SilenceErrors:     true,
		SilenceUsage:      true,
		DisableAutoGenTag: true,
		Version:           readBuild().Version,
		Args: func(cmd *cobra.Command, args []string) error {
			return nearMiss(cmd, args, cmd.Flags().Changed("port"))
		},
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			return look.visit(cmd.Context(), w, &conn, args)
		},
	}
	root.SetIn(w.In)
	root.SetOut(w.Out)
	root.SetErr(w.Err)
	root.PersistentFlags().Bool("help", false, "this help")
	root.Flags().Bool("version", false, "the version")
	conn.register(root.Flags())
	look.register(root.Flags())
	root.AddCommand(newTrace(w), newExec(w), newScan(w), newBigkeys(w), newHot(w))
	root.SetFlagErrorFunc(flagError)
	root.SetVersionTemplate("slotdeck {{.Version}}\n")
	root.AddGroup(&cobra.Group{ID: "cluster", Title: "Clusters:"}, &cobra.Group{ID: "members", Title: "Who belongs to a cluster:"}, &cobra.Group{ID: "moves", Title: "Moving slots:"}, &cobra.Group{ID: "keys", Title: "Keys and slots:"})
	root.AddCommand(newInfo(w), newStatus(w), newWatch(w), newDemo(w), newFailover(w), newSpread(w), newRollingRestart(w), newReshard(w), newRebalance(w), newDrain(w), newResume(w), newSlot(w), newTag(w), newVersion(w), newMan(w), exitCodesTopic())
	root.AddCommand(newCall(w), newSetTimeout(w), newCreate(w), newAddNode(w), newReplicate(w), newReplace(w), newDelNode(w), newForget(w), newReset(w))
	root.AddCommand(newSet(w), newRepairAddresses(w), newFix(w))
	root.AddCommand(newConfig(w), newBackup(w), newImport(w), newRestore(w))
	root.AddCommand(newCheck(w), newDrift(w), newJournal(w), newContext(w), newKeeper(w))
	root.SetHelpCommand(newHelp())
	needShell(root)
	root.SetHelpTemplate(helpTemplate())
	groupFlags(root)
	return root
}

// helpTemplate is the toolkit's own, with the exit codes under the root's.
func helpTemplate() string {
	return `{{with (or .Long .Short)}}{{. | trimTrailingWhitespaces}}

{{end}}{{if or .Runnable .HasSubCommands}}{{.UsageString}}{{if not .HasParent}}
Exit codes:
` + exitTable() + `{{end}}{{end}}`
}

// nearMiss refuses a lone word that is nearly a command. Other words are hosts:
// what has a dot, a colon or a port behind it always is.
func nearMiss(cmd *cobra.Command, args []string, port bool) error {
	if len(args) == 0 || port || strings.ContainsAny(args[0], ".:") || len(args) > 1 && isPort(args[1]) {
		return nil
	}
	var names []string
	for _, c := range cmd.Commands() {
		if !c.Hidden {
			names = append(names, c.Name())
		}
	}
	if near := nearest(args[0], names); near != "" {
		return usage("there is no command %q; did you mean %q? (a host of that name: %s:%d)", args[0], near, args[0], DefaultPort)
	}
	return nil
}

func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND|TOPIC]",
		Short: "Help about a command, or about exit-codes",
		RunE: func(cmd *cobra.Command, args []string) error {
			about, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return usage("there is no help about %q", strings.Join(args, " "))
			}
			about.InitDefaultHelpFlag()
			return about.Help()
		},
	}
}

func exitCodesTopic() *cobra.Command {
	return &cobra.Command{
		Use:   "exit-codes",
		Short: "What the exit codes mean",
		Long:  "slotdeck ends with one of these codes:\n\n" + exitTable(),
	}
}
