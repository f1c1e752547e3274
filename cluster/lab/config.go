package lab

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"
)

// DefaultNodeTimeout is how long a node may be silent before the others
// suspect it, unless told otherwise: short, so that a failover can be watched.
const DefaultNodeTimeout = 2 * time.Second

// Config says what cluster is wanted. The zero value is three primaries
// without replicas on the first server that is found.
type Config struct {
	// Binary is the server program, a path or a name on PATH. Empty:
	// $SLOTDECK_SERVER, then redis-server or valkey-server on PATH, then the
	// newest in the cache folder of "make servers".
	Binary string

	Primaries int // 0: three. One or two work, but cannot elect anybody.
	Replicas  int // for each primary

	NodeTimeout time.Duration // cluster-node-timeout, 0: DefaultNodeTimeout; whole milliseconds

	// Extra holds further lines of configuration for every node, such as
	// "maxmemory 64mb"; ExtraAt holds more for single nodes, by their place in
	// Nodes: the primaries first, then the first replica of each, and so on.
	Extra   []string
	ExtraAt map[int][]string

	Hostnames bool   // every node announces a name too: node-1.localhost, node-2.localhost …
	IPv6      bool   // on ::1 instead of 127.0.0.1
	Password  string // of the default user, and for replication; empty: none
	Databases int    // more than one needs Valkey 9; 0: the server's default

	// FirstPort asks for ports upwards from this one, with the bus at 10000
	// above, as in most examples; ports in use are passed over. 0: any free
	// ports, with the bus anywhere.
	FirstPort int

	Dir string // parent of the temporary folder; empty: the system's

	Progress func(sentence string) // told what is being done; may be nil
}

func (c Config) withDefaults() Config {
	if c.Primaries == 0 {
		c.Primaries = 3
	}
	if c.NodeTimeout == 0 {
		c.NodeTimeout = DefaultNodeTimeout
	}
	if c.Progress == nil {
		c.Progress = func(string) {}
	}
	return c
}

func (c Config) check(s Server) error {
	switch {
	case c.Primaries < 1 || c.Replicas < 0:
		return fmt.Errorf("a cluster of %d primaries with %d replicas each cannot be made: at least one primary is needed", c.Primaries, c.Replicas)
	case c.NodeTimeout < time.Millisecond:
		return fmt.Errorf("a node timeout of %v is too short: at least 1ms", c.NodeTimeout)
	case c.Databases > 1 && !s.severalDatabases():
		return fmt.Errorf("%d databases in a cluster need Valkey 9 or newer, and %s is %s %s", c.Databases, s.Path, s.Flavor, s.Version)
	case c.FirstPort < 0 || c.FirstPort+c.size() > 55535:
		return fmt.Errorf("ports from %d on do not fit: with the bus at 10000 above, the last must stay under 55535", c.FirstPort)
	}
	return nil
}

func (c Config) size() int { return c.Primaries * (1 + c.Replicas) }

func (c Config) ip() string {
	if c.IPv6 {
		return "::1"
	}
	return "127.0.0.1"
}

// lines are the whole configuration file of one node. The password goes here,
// into a file that only its owner can read, and never into arguments.
func (c Config) lines(n *Node) []string {
	lines := []string{
		fmt.Sprintf("port %d", n.Port),
		fmt.Sprintf("cluster-port %d", n.BusPort),
		"bind " + c.ip(),
		"dir " + quote(n.Dir),
		"cluster-enabled yes",
		"cluster-config-file nodes.conf",
		fmt.Sprintf("cluster-node-timeout %d", c.NodeTimeout.Milliseconds()),
		"daemonize no",
		`save ""`,
		"appendonly no",
		// A fresh replica is to link and to show its offset within a second.
		"repl-diskless-sync yes",
		"repl-diskless-sync-delay 0",
		"repl-ping-replica-period 1",
		"shutdown-timeout 0",
		// A lab is the place for DEBUG.
		"enable-debug-command local",
	}
	if c.Hostnames {
		lines = append(lines, fmt.Sprintf("cluster-announce-hostname node-%d.localhost", n.index+1))
	}
	if c.Password != "" {
		lines = append(lines, "requirepass "+quote(c.Password), "masterauth "+quote(c.Password))
	}
	if c.Databases > 0 {
		lines = append(lines, fmt.Sprintf("cluster-databases %d", c.Databases))
	}
	lines = append(lines, c.Extra...)
	return append(lines, c.ExtraAt[n.index]...)
}

func (n *Node) configFile() string { return filepath.Join(n.Dir, "server.conf") }

// quote writes a string the way the servers' configuration parser reads it back.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		switch ch := s[i]; {
		case ch == '"' || ch == '\\':
			b.WriteByte('\\')
			b.WriteByte(ch)
		case ch < ' ' || ch > '~':
			fmt.Fprintf(&b, `\x%02x`, ch)
		default:
			b.WriteByte(ch)
		}
	}
	b.WriteByte('"')
	return b.String()
}
