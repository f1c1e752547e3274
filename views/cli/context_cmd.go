package cli

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"slotdeck/cluster"
	"slotdeck/views/cli/settings"
)

func newContext(w *World) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "context",
		GroupID: "cluster",
		Short:   "The clusters that the configuration file knows by name",
		Long: `A context is a cluster under a name: where to begin, how to log in, by which way
to get there, and how careful to be. The configuration file is
~/.config/slotdeck/config.toml (--config names another):

  default = "prod"

  [contexts.prod]
  seeds     = ["10.0.0.11:7001", "10.0.0.12:7001"]
  user      = "watcher"
  password  = {file = "~/.config/slotdeck/watcher"}   # or {env = …}, {command = […]}, {ask = true}
  change    = {user = "operator", password = {command = ["pass", "show", "redis/op"]}}
  tls       = {cacert = "ca.pem"}
  ssh       = "ann@bastion"                 # names of ssh_config, too
  addresses = ["10.0.0.0/8=127.0.0.1"]       # FROM=TO, as --map
  colour    = "red"
  protected = true                          # every change asks for the typed name
  readonly  = false
  zones     = {"10.0.0.11" = "a", "10.0.0.12" = "b"}

slotdeck --context prod opens it; the default is opened when nothing is named.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newContextList(w), newContextAdd(w), newContextTest(w))
	return cmd
}

func newContextList(w *World) *cobra.Command {
	var flags contextFlags
	cmd := &cobra.Command{
		Use: "list", Short: "List the contexts of the configuration file", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			path, file, err := flags.read(w)
			if err != nil {
				return err
			}
			if len(file.Contexts) == 0 {
				w.Warn("there is no context in " + clean(path) + " yet; slotdeck context add NAME HOST:PORT makes one")
			}
			for _, name := range file.Names() {
				if _, err := fmt.Fprintln(w.Out, clean(contextText(name, file))); err != nil {
					return err
				}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&flags.file, "config", "", "configuration `file`")
	return cmd
}

func contextText(name string, file settings.File) string {
	c := file.Contexts[name]
	mark := " "
	if name == file.Default {
		mark = "*"
	}
	var seeds, traits []string
	for _, s := range c.Seeds {
		seeds = append(seeds, s.Addr)
	}
	for _, t := range []struct {
		is   bool
		word string
	}{
		{c.TLS != nil, "tls"}, {c.SSH != "", "ssh " + c.SSH}, {c.User != "", "user " + c.User},
		{c.Change != nil, "changes as another user"}, {c.Protected, "protected"}, {c.ReadOnly, "read-only"},
	} {
		if t.is {
			traits = append(traits, t.word)
		}
	}
	return strings.TrimRight(fmt.Sprintf("%s %-16s %s  %s", mark, name, strings.Join(seeds, " "), strings.Join(traits, ", ")), " ")
}

// contextName is what a context may be called: it stands in a TOML header and on
// the command line.
var contextName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

func newContextAdd(w *World) *cobra.Command {
	var conn connection
	var protected bool
	cmd := &cobra.Command{
		Use:   "add NAME HOST:PORT …",
		Short: "Add a cluster to the configuration file",
		Long: `Writes a context into the configuration file, with what the flags say about TLS,
the way there and the user. A password is never written: --pass-file names the
file that holds it, and else it will be asked for.`,
		Example: `  slotdeck context add prod 10.0.0.11:7001 --user watcher --pass-file ~/.watcher --tls --cacert ca.pem --protected`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) < 2 {
				return usage("give the context's name and at least one node")
			}
			return addContext(w, &conn, args[0], args[1:], protected)
		},
	}
	conn.register(cmd.Flags())
	cmd.Flags().BoolVar(&protected, "protected", false, "every change of this cluster asks for the typed name")
	return cmd
}

func addContext(w *World, conn *connection, name string, words []string, protected bool) error {
	if !contextName.MatchString(name) {
		return usage("%q cannot be a context's name: letters, digits, - and _", name)
	}
	if uris, _ := splitURIs(conn.uri, words); conn.password != "" || len(uris) > 0 {
		return usage("write the nodes as HOST:PORT; a password is not written into the configuration file; give --pass-file, or nothing and it will be asked for")
	}
	path, file, err := conn.contexts.read(w)
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // the first context makes the file
		return err
	}
	if _, there := file.Contexts[name]; there {
		return usage("there is a context %q in %s already; edit it there", name, path)
	}
	seeds, err := conn.seeds(words, false)
	if err != nil {
		return err
	}
	before, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return usage("the configuration cannot be read: %w", err)
	}
	text := append(bytes.TrimRight(before, "\n"), '\n')
	if len(before) == 0 {
		text = []byte("# The clusters that slotdeck knows by name; see: slotdeck help context\ndefault = " + strconv.Quote(name) + "\n")
	}
	text = append(text, '\n')
	text = append(text, contextTOML(conn, name, seeds, protected)...)
	if _, err := settings.Parse(path, text); err != nil {
		return usage("nothing was written: %w", err)
	}
	if err := replaceFile(path, text); err != nil {
		return fmt.Errorf("the configuration cannot be written: %w", err)
	}
	_, err = fmt.Fprintf(w.Out, "added to %s; try it: slotdeck context test %s\n", clean(path), name)
	return err
}

// contextTOML writes a context. Every text is quoted by the rules of a TOML basic
// string, which are those of Go for what can stand on a command line.
func contextTOML(conn *connection, name string, seeds []string, protected bool) []byte {
	var b bytes.Buffer
	line := func(key, value string) { fmt.Fprintf(&b, "%s = %s\n", key, value) }
	list := func(texts []string) string {
		var quoted []string
		for _, t := range texts {
			quoted = append(quoted, strconv.Quote(t))
		}
		return "[" + strings.Join(quoted, ", ") + "]"
	}
	fmt.Fprintf(&b, "[contexts.%s]\n", name)
	line("seeds", list(seeds))
	if conn.user != "" {
		line("user", strconv.Quote(conn.user))
	}
	switch {
	case conn.passFile != "":
		line("password", "{file = "+strconv.Quote(conn.passFile)+"}")
	case conn.askpass || conn.user != "":
		line("password", "{ask = true}")
	}
	if t := conn.secure; t.on {
		var parts []string
		for _, f := range []struct{ key, value string }{
			{"cacert", t.caCert}, {"cacertdir", t.caCertDir}, {"cert", t.cert}, {"key", t.key}, {"sni", t.serverName}, {"ciphers", t.ciphers},
		} {
			if f.value != "" {
				parts = append(parts, f.key+" = "+strconv.Quote(f.value))
			}
		}
		if t.insecure {
			parts = append(parts, "insecure = true")
		}
		line("tls", "{"+strings.Join(parts, ", ")+"}")
	}
	if conn.ways.ssh != "" {
		line("ssh", strconv.Quote(conn.ways.ssh))
	}
	if len(conn.ways.rules) > 0 {
		line("addresses", list(conn.ways.rules))
	}
	if protected {
		line("protected", "true")
	}
	if conn.readOnly {
		line("readonly", "true")
	}
	return b.Bytes()
}

// replaceFile writes a file whole or not at all, for nobody but its owner.
func replaceFile(path string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".config-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // gone already when all went well
	_, err = f.Write(text)
	if err = cmp.Or(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

func newContextTest(w *World) *cobra.Command {
	var flags contextFlags
	cmd := &cobra.Command{
		Use: "test [NAME]", Short: "Try a context: is every node reached, and may we look?",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			conn := connection{contexts: flags}
			if len(args) > 0 {
				conn.contexts.name = args[0]
			}
			return testContext(cmd.Context(), w, &conn)
		},
	}
	cmd.Flags().StringVar(&flags.file, "config", "", "configuration `file`")
	return cmd
}

func testContext(ctx context.Context, w *World, conn *connection) error {
	t, err := conn.resolve(ctx, w, nil)
	if err != nil {
		return err
	}
	if t.Context == "" {
		return usage("the configuration file has no default context; name one: slotdeck context test NAME")
	}
	s, err := look(ctx, t)
	if err != nil {
		return err
	}
	silent := 0
	for i := range s.Nodes {
		n := &s.Nodes[i]
		text := fmt.Sprintf("%-24s answers in %v", nodeName(n), n.Latency.Value.Round(10_000))
		if n.Health != cluster.Answering {
			silent++
			text = fmt.Sprintf("%-24s %v", nodeName(n), n.Err)
		}
		if n.Dialled != "" && n.Dialled != n.Member.Endpoint.Addr() {
			text += "  (dialled at " + n.Dialled + ")"
		}
		if _, err := fmt.Fprintln(w.Out, clean(text)); err != nil {
			return err
		}
	}
	if silent > 0 {
		return failure(Unreachable, "%d of %d nodes cannot be looked at from here", silent, len(s.Nodes))
	}
	return nil
}

func nodeName(n *cluster.Node) string {
	return cmp.Or(n.Member.Endpoint.Addr(), n.Dialled, n.ID.Short())
}
