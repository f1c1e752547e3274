package cli

import (
	"context"
	"strings"

	"github.com/spf13/pflag"

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
	secure        tlsFlags
}

func (c *connection) register(f *pflag.FlagSet) {
	f.StringVarP(&c.host, "host", "h", "", "host `name` of a node (default 127.0.0.1)")
	f.IntVarP(&c.port, "port", "p", 0, "`port` of the node, and of addresses without one (default 6379)")
	f.StringVarP(&c.uri, "uri", "u", "", "node as `redis://user:password@host:port`; rediss:// is with TLS")
	f.StringVar(&c.user, "user", "", "`name` to log in with")
	f.StringVarP(&c.password, "pass", "a", "", "`password`; REDISCLI_AUTH or --askpass are safer")
	f.BoolVar(&c.askpass, "askpass", false, "ask for the password on the terminal")
	f.BoolVar(&c.noAuthWarning, "no-auth-warning", false, "no warning about a password on the command line")
	c.secure.register(f)
}

// target is where to connect to, and how.
type target struct {
	Name    string // what the header calls it; empty: the first seed
	Seeds   []string
	Options wire.Options
}

// authVariables are the environment variables that a password is taken from,
// the first that is set.
var authVariables = [...]string{"REDISCLI_AUTH", "VALKEYCLI_AUTH"}

// passwordWarning is what redis-cli says, too.
const passwordWarning = "warning: a password in the arguments can be read by other users of this machine; REDISCLI_AUTH or --askpass are safer"

// resolve makes a target of the flags, the environment and the words of the
// command line. It may ask for a password.
func (c *connection) resolve(ctx context.Context, w *World, words []string) (target, error) {
	var t target
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
	for _, name := range authVariables {
		if password == "" {
			password = w.Env(name)
		}
	}
	seeds, err := c.seeds(words, len(uris) > 0)
	if err != nil {
		return t, err
	}
	t.Seeds = append(t.Seeds, seeds...)
	if t.Options.TLS, err = c.secure.config(secure); err != nil {
		return t, err
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
	seeds, err := addresses(words, c.port)
	if err != nil {
		return nil, err
	}
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
		if strings.Contains(word, "://") {
			uris = append(uris, word)
		} else {
			rest = append(rest, word)
		}
	}
	return uris, rest
}
