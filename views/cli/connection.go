package cli

import (
	"cmp"
	"context"
	"net"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"slotdeck/cluster"
	"slotdeck/cluster/doctor"
	"slotdeck/cluster/reach"
	"slotdeck/cluster/wire"
)

// connection holds the flags that say which nodes to begin with, and how to
// reach them. They are called as in redis-cli.
type connection struct {
	host          string
	port          int
	uri           string
	user          string
	password      string
	askpass       bool
	noAuthWarning bool
	passFile      string
	socket        string
	secure        tlsFlags
	contexts      contextFlags
	ways          wayFlags
	readOnly      bool
	confirmed     string
}

func (c *connection) register(f *pflag.FlagSet) {
	f.StringVarP(&c.host, "host", "h", "", "host `name` of a node (default 127.0.0.1)")
	f.IntVarP(&c.port, "port", "p", 0, "`port` of the node, and of addresses without one (default 6379)")
	f.StringVarP(&c.uri, "uri", "u", "", "node as `redis://user:password@host:port`; rediss:// is with TLS")
	f.StringVar(&c.user, "user", "", "`name` to log in with")
	f.StringVarP(&c.password, "pass", "a", "", "`password`; REDISCLI_AUTH or --askpass are safer")
	f.BoolVar(&c.askpass, "askpass", false, "ask for the password on the terminal")
	f.BoolVar(&c.noAuthWarning, "no-auth-warning", false, "no warning about a password on the command line")
	f.StringVar(&c.passFile, "pass-file", "", "`file` whose first line is the password")
	f.StringVarP(&c.socket, "socket", "s", "", "`path` of a node's unix socket to begin with")
	f.BoolVar(&c.readOnly, "readonly", false, "send nothing that may change anything")
	f.StringVar(&c.confirmed, "confirm", "", "`name` of a protected context, for changes without a terminal")
	c.secure.register(f)
	c.contexts.register(f)
	c.ways.register(f)
}

// target is where to connect to, and how.
type target struct {
	Name    string // what the header calls it; empty: the first seed
	Seeds   []string
	Options wire.Options // its Dial follows the address rules

	Context   string // the name in the configuration file; empty: none was used
	Rules     reach.Rules
	Straight  func(ctx context.Context, network, addr string) (net.Conn, error) // Options.Dial without the address rules; nil: the system's
	Colour    string
	Protected bool
	Zones     map[string]string

	Thresholds map[string]float64
	Propose    func(s *cluster.Snapshot) // says, once, what address rule may lead to the nodes that are not reached
}

// standards is what the cluster is measured by: the context's thresholds and zones.
func (t target) standards() (doctor.Standards, error) {
	zones, err := (&zoneFlags{}).or(t.Zones)
	return doctor.Standards{Thresholds: t.Thresholds, Zones: zones}, err
}

// secrets are the passwords that are given to servers.
func (t target) secrets() []string {
	return []string{t.Options.Password.Reveal(), t.Options.ForChanges().Password.Reveal()}
}

// title is what the cluster is called.
func (t target) title() string { return cmp.Or(t.Name, t.Seeds[0]) }

// authVariables are the environment variables that a password is taken from,
// the first that is set.
var authVariables = [...]string{"REDISCLI_AUTH", "VALKEYCLI_AUTH"}

// passwordWarning is what redis-cli says, too.
const passwordWarning = "warning: a password in the arguments can be read by other users of this machine; REDISCLI_AUTH or --askpass are safer"

// resolve makes a target of the flags, the environment and the words of the
// command line. It may ask for a password.
func (c *connection) resolve(ctx context.Context, w *World, words []string) (target, error) {
	known, err := c.contexts.choose(w, c.named(words))
	if err != nil {
		return target{}, err
	}
	t, err := c.reached(ctx, w, words, known)
	if err != nil {
		return target{}, err
	}
	if w.secrets = append(w.secrets, t.secrets()...); !w.screen {
		keepQuiet(w, w.secrets...)
	}
	t.Options.ReadOnly = c.readOnly || known.ReadOnly
	t.Context, t.Colour, t.Zones = known.name, known.Colour.Name, known.Zones
	t.Protected, t.Thresholds = known.Protected, known.Thresholds
	if t.Name == "" {
		t.Name = known.name
	}
	if err := c.ways.apply(w, &t, known); err != nil {
		return target{}, err
	}
	t.Propose = w.propose
	w.guarding = guarding{name: known.name, protected: known.Protected, readOnly: t.Options.ReadOnly, confirmed: c.confirmed}
	t.Options.Audit = w.audit(t.title())
	return t, nil
}

// named reports whether the flags or words say which nodes to begin with.
func (c *connection) named(words []string) bool {
	return len(words) > 0 || c.host != "" || c.port != 0 || c.uri != "" || c.socket != ""
}

// reached is where to begin and how to log in: by the words and flags, and where
// they say nothing by the context.
func (c *connection) reached(ctx context.Context, w *World, words []string, known chosen) (target, error) {
	var t target
	var err error
	uris, words := splitURIs(c.uri, words)
	user, password := c.user, c.password
	secure := false
	for _, text := range uris {
		u, err := parseURI(text)
		if err != nil {
			return t, err
		}
		t.Seeds = append(t.Seeds, u.addr)
		secure = secure || u.tls
		if c.user == "" && u.user != "" {
			user = u.user
		}
		if c.password == "" && u.password != "" {
			password = u.password
		}
	}
	if password != "" && !c.noAuthWarning {
		w.Warn(passwordWarning)
	}
	if c.passFile != "" && password == "" {
		if password, err = passwordInFile(w, c.passFile); err != nil {
			return t, err
		}
	}
	if password == "" && !c.askpass && !known.Password.Empty() {
		if user == "" {
			user = known.User
		}
		if password, err = passwordFrom(ctx, w, known.Password); err != nil {
			return t, err
		}
	}
	for _, name := range authVariables {
		if password == "" {
			password = w.Env(name)
		}
	}
	if c.socket != "" {
		t.Seeds = append(t.Seeds, "unix://"+c.socket)
	}
	if !c.named(words) && known.name != "" {
		for _, s := range known.Seeds {
			t.Seeds = append(t.Seeds, s.Addr)
		}
	}
	seeds, err := c.seeds(words, len(uris) > 0 || len(t.Seeds) > 0)
	if err != nil {
		return t, err
	}
	t.Seeds = append(t.Seeds, seeds...)
	tls := c.secure.or(known.TLS)
	if t.Options.TLS, err = tls.config(secure); err != nil {
		return t, err
	}
	if info, err := os.Stat(tls.key); err == nil {
		w.warnOfReaders("the private key", tls.key, info)
	}
	if known.Change != nil {
		secret, err := passwordFrom(ctx, w, known.Change.Password)
		if err != nil {
			return t, err
		}
		t.Options.Changer = &wire.Login{Username: known.Change.User, Password: wire.NewSecret(secret)}
	}
	if c.askpass {
		if password, err = askPassword(ctx, w); err != nil {
			return t, err
		}
	}
	if user != "" && password == "" {
		return t, usage("--user %q needs a password: --askpass, REDISCLI_AUTH or -a", user)
	}
	t.Options.Username, t.Options.Password = user, wire.NewSecret(password)
	return t, nil
}

// seeds are the addresses of the words; when there are none at all, the one
// that -h and -p give.
func (c *connection) seeds(words []string, found bool) ([]string, error) {
	if c.port < 0 || c.port > 65535 {
		return nil, usage("-p %d is not a port; ports are 1 to 65535", c.port)
	}
	sockets, words := splitSockets(words)
	seeds, err := addresses(words, c.port)
	if err != nil {
		return nil, err
	}
	seeds = append(sockets, seeds...)
	if c.host == "" && (found || len(seeds) > 0) {
		return seeds, nil
	}
	host, port := c.host, c.port
	if host == "" {
		host = "127.0.0.1"
	}
	if port == 0 {
		port = DefaultPort
	}
	if host, err = hostAlone(host); err != nil {
		return nil, err
	}
	return append([]string{join(host, port)}, seeds...), nil
}

// splitURIs takes the words that are URIs apart from those that are addresses.
func splitURIs(first string, words []string) (uris, rest []string) {
	if first != "" {
		uris = append(uris, first)
	}
	for _, word := range words {
		if strings.Contains(word, "://") && !strings.HasPrefix(word, "unix://") {
			uris = append(uris, word)
		} else {
			rest = append(rest, word)
		}
	}
	return uris, rest
}

// splitSockets takes the words that are unix sockets apart.
func splitSockets(words []string) (sockets, rest []string) {
	for _, word := range words {
		if strings.HasPrefix(word, "unix://") {
			sockets = append(sockets, word)
		} else {
			rest = append(rest, word)
		}
	}
	return sockets, rest
}

// apart takes the words that name the first node apart from the rest: HOST:PORT,
// HOST PORT, a URI, or none when flags name it.
func (c *connection) apart(words []string) (node, rest []string) {
	switch {
	case c.host != "" || c.uri != "" || c.socket != "" || c.contexts.name != "" || len(words) == 0:
		return nil, words
	case len(words) > 1 && !isPort(words[0]) && !hasPort(words[0]) && isPort(words[1]):
		return words[:2], words[2:]
	}
	return words[:1], words[1:]
}
