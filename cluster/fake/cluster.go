package fake

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Cluster is a set of fake nodes around one topology. Close ends it.
type Cluster struct {
	mu       sync.Mutex
	topology Topology
	views    map[string]Topology // what single nodes say instead
	servers  map[string]*Server
}

// ID is the id of the i-th node of a fake cluster: 40 hexadecimal digits.
func ID(i int) string { return fmt.Sprintf("%08x%032x", uint32(i+1)*2654435761, i+1) }

// Start makes a cluster of primaries, each with as many replicas, and spreads
// the slots evenly. The primaries come first: node i is a replica of primary
// i % primaries.
func Start(primaries, replicas int) (*Cluster, error) {
	c := &Cluster{servers: map[string]*Server{}, views: map[string]Topology{}}
	for i := range primaries * (1 + replicas) {
		m := Member{ID: ID(i), Epoch: uint64(i%primaries + 1)}
		if i < primaries {
			m.Slots = fmt.Sprintf("%d-%d", i*16384/primaries, (i+1)*16384/primaries-1)
		} else {
			m.Primary = ID(i % primaries)
		}
		if err := c.Add(m); err != nil {
			c.Close()
			return nil, err
		}
	}
	c.Change(func(t *Topology) { t.Epoch = uint64(primaries) })
	return c, nil
}

// Add starts a server for the member, at a free port unless it has one, and
// lists it in the topology.
func (c *Cluster) Add(m Member) error {
	addr := ""
	if m.Port != 0 {
		addr = net.JoinHostPort("127.0.0.1", strconv.Itoa(m.Port))
	}
	id := m.ID
	s, err := Listen(addr, func(cmd Command) []byte { return c.handle(id, cmd) })
	if err != nil {
		return err
	}
	host, port, _ := net.SplitHostPort(s.Addr())
	m.Host = host
	m.Port, _ = strconv.Atoi(port)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.servers[id] = s
	c.topology.Members = append(c.topology.Members, m)
	return nil
}

// Server is the listener of a node.
func (c *Cluster) Server(id string) *Server {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.servers[id]
}

// Addr is where a node listens.
func (c *Cluster) Addr(id string) string { return c.Server(id).Addr() }

// Change alters the topology that all nodes tell. The function gets it by
// itself, and must not keep it.
func (c *Cluster) Change(f func(t *Topology)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f(&c.topology)
}

// Tell makes one node tell a topology of its own, changed from the common one.
func (c *Cluster) Tell(id string, f func(t *Topology)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.topology
	t.Members = slices.Clone(t.Members)
	f(&t)
	c.views[id] = t
}

// Agree ends what Tell began.
func (c *Cluster) Agree(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.views, id)
}

// Each calls f for every node's server, in no order.
func (c *Cluster) Each(f func(id string, s *Server)) {
	c.mu.Lock()
	servers := make(map[string]*Server, len(c.servers))
	for id, s := range c.servers {
		servers[id] = s
	}
	c.mu.Unlock()
	for id, s := range servers {
		f(id, s)
	}
}

// Close ends every server and waits for them.
func (c *Cluster) Close() {
	c.Each(func(_ string, s *Server) { s.Close() })
}

func (c *Cluster) handle(id string, cmd Command) []byte {
	switch cmd.Name() {
	case "PING":
		return Status("PONG")
	case "HELLO":
		return Fault("ERR unknown command 'HELLO'")
	case "AUTH", "SELECT", "READONLY", "CLIENT SETNAME":
		return Status("OK")
	case "CLUSTER MYID":
		return Bulk(id)
	case "CLUSTER NODES":
		c.mu.Lock()
		defer c.mu.Unlock()
		return Bulk(c.view(id).nodesText(id, time.Now()))
	case "CLUSTER INFO":
		c.mu.Lock()
		defer c.mu.Unlock()
		return Bulk(c.view(id).infoText(id))
	case "INFO":
		c.mu.Lock()
		defer c.mu.Unlock()
		return Bulk(infoText(c.view(id), id))
	}
	return Fault("ERR unknown command '" + cmd.Name() + "', with args beginning with: ")
}

func (c *Cluster) view(id string) *Topology {
	if t, ok := c.views[id]; ok {
		return &t
	}
	return &c.topology
}

// infoText is the answer to INFO: the few fields that the screens need.
func infoText(t *Topology, self string) string {
	role := "role:master\r\nconnected_slaves:0\r\nmaster_repl_offset:1000"
	for i := range t.Members {
		if t.Members[i].ID == self && t.Members[i].Primary != "" {
			role = "role:slave\r\nmaster_link_status:up\r\nmaster_last_io_seconds_ago:1\r\nmaster_sync_in_progress:0\r\n" +
				"slave_repl_offset:1000\r\nconnected_slaves:0\r\nmaster_repl_offset:1000"
		}
	}
	return "# Server\r\nredis_version:7.0.15\r\nredis_mode:cluster\r\nuptime_in_seconds:100\r\n\r\n" +
		"# Clients\r\nconnected_clients:1\r\nblocked_clients:0\r\n\r\n" +
		"# Memory\r\nused_memory:1000000\r\nused_memory_rss:2000000\r\nmaxmemory:0\r\nmem_fragmentation_ratio:2.00\r\n\r\n" +
		"# Persistence\r\nloading:0\r\n\r\n" +
		"# Stats\r\ninstantaneous_ops_per_sec:0\r\n\r\n" +
		"# Replication\r\n" + role + "\r\n\r\n" +
		"# Cluster\r\ncluster_enabled:1\r\n\r\n# Keyspace\r\n"
}
