package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"slotdeck/cluster/plan"
	"slotdeck/cluster/wire"
)

// configFlags are those of "slotdeck config".
type configFlags struct {
	out          format
	nodes        int
	first        int
	data, memory byteSize
	persistence  string
	folder       string
	askpass      bool
	passFile     string
	noPassword   bool
	dryRun       bool
	r            plan.ConfigRequest
}

func newConfig(w *World) *cobra.Command {
	var f configFlags
	cmd := &cobra.Command{
		Use:     "config HOST:PORT…|--nodes N --data SIZE|--memory SIZE",
		GroupID: "members",
		Short:   "Write configuration files for servers that are to become a cluster",
		Long: `Shares memory out among servers that do not exist yet, and writes a configuration
file for each, which Redis and Valkey from 7.0 on accept. Nothing is connected to.

  --data SIZE    the data of the whole cluster: how much memory does each node take?
  --memory SIZE  what each host has for its nodes: how much data fits?
  both           does it fit?

Of a node's memory 75 % become maxmemory: what a fork copies, the buffers of
replicas and clients, fragmentation and the system take the rest. The data is to
fill no more than 80 % of maxmemory. Every node gets as much as a primary.

A password is taken from REDISCLI_AUTH, --pass-file or --askpass, never from the
command line, and stands in the files, which only their owner can read. Files
that exist are not overwritten.`,
		Example: `  slotdeck config 10.0.0.1{1,2,3,4,5,6}:7001 --data 20gb --askpass --out conf
  slotdeck config 10.0.0.1{1,2,3}:{7001,7002} --memory 16gb --dry-run
  slotdeck config --nodes 6 --data 300mb --out conf   # on this machine`,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, args []string) error { return f.run(cmd.Context(), w, args) },
	}
	flags := cmd.Flags()
	flags.IntVar(&f.nodes, "nodes", 0, "`many` nodes on this machine's loopback, instead of addresses")
	flags.IntVar(&f.first, "first-port", 7001, "the `port` of the first of --nodes")
	flags.IntVar(&f.r.Replicas, "replicas", 1, "so `many` for each primary")
	flags.Var(&f.data, "data", "`size` of the data in the cluster, such as 20gb")
	flags.Var(&f.memory, "memory", "`size` of the memory that each host has for its nodes")
	flags.StringVar(&f.persistence, "persistence", "aof", "`none|rdb|aof|both`")
	flags.StringVar(&f.r.Policy, "eviction", "noeviction", "the maxmemory-`policy`")
	flags.DurationVar(&f.r.NodeTimeout, "node-timeout", 15*time.Second, "`time` of silence until a node is suspected")
	flags.StringVar(&f.r.Dir, "dir", ".", "`folder` on the hosts for the servers' own files")
	flags.StringVar(&f.folder, "out", ".", "`folder` here to write the files to")
	flags.BoolVar(&f.askpass, "askpass", false, "ask for the servers' password on the terminal")
	flags.StringVar(&f.passFile, "pass-file", "", "`file` whose first line is the servers' password")
	flags.BoolVar(&f.noPassword, "no-password", false, "none is wanted, whoever may reach the ports")
	flags.BoolVar(&f.dryRun, "dry-run", false, "print the plan, and write nothing")
	f.out.register(flags)
	return cmd
}

func (f *configFlags) run(ctx context.Context, w *World, words []string) error {
	var err error
	if f.r.Nodes, err = f.addresses(words); err != nil {
		return err
	}
	password, err := f.password(ctx, w)
	if err != nil {
		return err
	}
	f.r.Data, f.r.Machine = int64(f.data), int64(f.memory)
	f.r.Persistence, f.r.Password, f.r.Open = plan.Persistence(f.persistence), !password.Empty(), f.noPassword
	p, err := plan.PlanConfig(f.r)
	if reason, _ := plan.ReasonOf(err); reason == plan.NoRoom {
		return &Failure{No, err}
	} else if err != nil {
		return &Failure{Usage, err}
	}
	written := []string{}
	if !f.dryRun {
		if written, err = writeConfigs(f.folder, p, password); err != nil {
			return err
		}
	}
	if f.out == asJSON {
		return writeJSON(w.Out, configAnswer{p, written})
	}
	return f.print(w, p, written)
}

// configAnswer is the plan and the files as programs get them.
type configAnswer struct {
	plan.ConfigPlan
	Written []string `json:"written"`
}

func (f *configFlags) addresses(words []string) ([]string, error) {
	if f.nodes == 0 {
		if len(words) == 0 {
			return nil, usage("say which nodes: HOST:PORT…, or --nodes N for this machine")
		}
		return addresses(words, 0)
	}
	switch {
	case len(words) > 0:
		return nil, usage("--nodes and addresses exclude each other")
	case f.nodes < 0 || f.nodes > 1000 || f.first < 1 || f.first+f.nodes-1 > 55535:
		return nil, usage("%d nodes from port %d on cannot be: ports are 1 to 55535, because the bus is at 10000 above", f.nodes, f.first)
	}
	out := make([]string, f.nodes)
	for i := range out {
		out[i] = join("127.0.0.1", f.first+i)
	}
	return out, nil
}

// password is the one that the servers are to get.
func (f *configFlags) password(ctx context.Context, w *World) (wire.Secret, error) {
	given := 0
	for _, yes := range []bool{f.askpass, f.passFile != "", f.noPassword} {
		if yes {
			given++
		}
	}
	switch {
	case given > 1:
		return wire.Secret{}, usage("--askpass, --pass-file and --no-password exclude each other")
	case f.noPassword:
		return wire.Secret{}, nil
	case f.askpass:
		text, err := askPassword(ctx, w)
		return wire.NewSecret(text), err
	case f.passFile != "":
		text, err := os.ReadFile(f.passFile)
		if err != nil {
			return wire.Secret{}, usage("the password's file cannot be read: %w", err)
		}
		line, _, _ := strings.Cut(string(text), "\n")
		if line = strings.TrimSuffix(line, "\r"); line == "" {
			return wire.Secret{}, usage("the first line of %s is empty, so there is no password in it", f.passFile)
		}
		return wire.NewSecret(line), nil
	}
	for _, name := range authVariables {
		if text := w.Env(name); text != "" {
			return wire.NewSecret(text), nil
		}
	}
	return wire.Secret{}, nil
}

// writeConfigs writes all files, or tells which one could not be; what it wrote
// before that is taken back.
func writeConfigs(folder string, p plan.ConfigPlan, password wire.Secret) (written []string, err error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, failure(No, "the folder for the files cannot be made: %w", err)
	}
	defer func() {
		if err != nil {
			for _, name := range written {
				err = errors.Join(err, os.Remove(name))
			}
		}
	}()
	for _, n := range p.Nodes {
		name := filepath.Join(folder, n.File)
		file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return written, failure(No, "nothing was written: %w", err)
		}
		written = append(written, name)
		_, err = file.WriteString(p.File(n, password.Reveal()))
		if e := file.Close(); err == nil {
			err = e
		}
		if err != nil {
			return written, failure(No, "nothing was written: %w", err)
		}
	}
	return written, nil
}

func (f *configFlags) print(w *World, p plan.ConfigPlan, written []string) error {
	lines := p.Lines()
	if len(written) > 0 {
		lines = append(lines, "written:")
		words := []string{"slotdeck create"}
		for i, n := range p.Nodes {
			lines = append(lines, "  "+written[i])
			words = append(words, n.Addr)
		}
		if f.r.Replicas > 0 {
			words = append(words, fmt.Sprintf("--replicas %d", f.r.Replicas))
		}
		lines = append(lines, "start the servers with them, each on its host, and then:", "  "+strings.Join(words, " "))
	}
	for _, l := range lines {
		if _, err := fmt.Fprintln(w.Out, clean(l)); err != nil {
			return err
		}
	}
	return nil
}
