package keys

import (
	"net"
	"strings"
	"sync"

	"slotdeck/cluster"
	"slotdeck/cluster/wire"
)

// Doors are connections to nodes by address, each opened when first needed:
// commands about keys follow the addresses that nodes tell. They may be used by
// several goroutines.
type Doors struct {
	options wire.Options

	mu    sync.Mutex
	nodes map[string]*wire.Node
}

// NewDoors prepares connections. Nothing is dialled yet.
func NewDoors(o wire.Options) *Doors { return &Doors{options: o, nodes: map[string]*wire.Node{}} }

// At is the node at host:port.
func (d *Doors) At(addr string) *wire.Node {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := d.nodes[addr]
	if n == nil {
		n = wire.Open(addr, d.options)
		d.nodes[addr] = n
	}
	return n
}

// Close drops all connections; calls in progress end.
func (d *Doors) Close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, n := range d.nodes {
		n.Close()
	}
	d.nodes = map[string]*wire.Node{}
}

// target is the address that a redirection names, in a form that can be
// dialled. A node that does not know its own host names none, or "?": then the
// host is that of the node that redirects.
func target(from, to string) string {
	if host, port, found := strings.Cut(to, ":"); found && (host == "" || host == "?") && !strings.Contains(port, ":") {
		if own, _, err := net.SplitHostPort(from); err == nil {
			return net.JoinHostPort(own, port)
		}
	}
	host, port, err := cluster.ParseAddr(to)
	if err != nil {
		return ""
	}
	return cluster.JoinAddr(host, port)
}
