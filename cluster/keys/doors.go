package keys

import (
	"context"
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
	homes map[string]string // where those live whose names lead nowhere from here, by host:port
}

// NewDoors prepares connections. Nothing is dialled yet.
func NewDoors(o wire.Options) *Doors {
	d := &Doors{options: o, nodes: map[string]*wire.Node{}, homes: map[string]string{}}
	dial := o.Dial
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	// The name stays what a certificate is checked against.
	d.options.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		return dial(ctx, network, d.home(addr))
	}
	return d
}

// home is what is dialled for an address.
func (d *Doors) home(addr string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if home, known := d.homes[addr]; known {
		return home
	}
	return addr
}

// findHome asks a node where another lives whose name leads nowhere from here:
// nodes that announce names know each other's IP addresses as well.
func (d *Doors) findHome(ctx context.Context, from, addr string) (found bool) {
	text, err := d.At(from).Do(ctx, "CLUSTER", "NODES")
	nodes, isText := text.(string)
	if err != nil || !isText {
		return false
	}
	view, err := cluster.ParseNodes(nodes)
	if err != nil {
		return false
	}
	for _, m := range view.Members {
		e := m.Endpoint
		if e.Hostname != "" && e.IP != "" && cluster.JoinAddr(e.Hostname, e.Port) == addr {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.homes[addr] = cluster.JoinAddr(e.IP, e.Port)
			return true
		}
	}
	return false
}

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
