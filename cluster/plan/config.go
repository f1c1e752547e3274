package plan

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// The headroom rule. A node gets more memory than its data: copies that a fork
// makes of changing pages, the AOF rewrite, the buffers of replicas and clients,
// fragmentation and the operating system take what is beyond maxmemory; growth,
// and the time to react to it, what is between the data and maxmemory.
const (
	configShare = 75 // maxmemory, in per cent of a node's memory
	configFill  = 80 // the data, in per cent of maxmemory
)

// Persistence is what a node writes to its disk.
type Persistence string

// The ways to persist.
const (
	PersistNone Persistence = "none"
	PersistRDB  Persistence = "rdb"  // a snapshot now and then
	PersistAOF  Persistence = "aof"  // every write, synced each second
	PersistBoth Persistence = "both" // both
)

// ConfigRequest asks for the configuration of servers that are to become a
// cluster.
type ConfigRequest struct {
	Nodes       []string // HOST:PORT, as they will be dialled
	Replicas    int      // for each primary
	Data        int64    // bytes of data in the whole cluster; 0: not known
	Machine     int64    // bytes of memory that each host has for its nodes; 0: not known
	Persistence Persistence
	Policy      string // maxmemory-policy
	NodeTimeout time.Duration
	Dir         string // where the servers keep their files
	Password    bool   // there is one
	Open        bool   // none is wanted, whoever may reach the ports
}

// ConfigNode is one server to be.
type ConfigNode struct {
	Addr string `json:"addr"`
	Host string `json:"host"`
	Port int    `json:"port"`
	Bus  int    `json:"bus_port"`
	File string `json:"file"` // the name of its configuration file
}

// ConfigHost is what the nodes of one host need together.
type ConfigHost struct {
	Host   string `json:"host"`
	Nodes  int    `json:"nodes"`
	Memory int64  `json:"memory_bytes"`
}

// ConfigPlan is how the memory is shared out, and what goes into the files.
type ConfigPlan struct {
	Primaries int          `json:"primaries"`
	Replicas  int          `json:"replicas"`               // in all
	Data      int64        `json:"data_bytes"`             // that was asked for; 0: not told
	PerShard  int64        `json:"data_per_primary_bytes"` // of Data
	MaxMemory int64        `json:"maxmemory_bytes"`        // of every node: a replica may become primary
	PerNode   int64        `json:"memory_per_node_bytes"`
	Holds     int64        `json:"holds_bytes"` // data that fits before a node is 80 % full
	Hosts     []ConfigHost `json:"hosts"`
	Nodes     []ConfigNode `json:"nodes"`
	Notes     []string     `json:"notes"`

	request ConfigRequest
}

func badConfig(format string, args ...any) error {
	return &Refusal{Reason: BadRequest, Text: fmt.Sprintf(format, args...)}
}

// PlanConfig shares the memory out. The error is a *Refusal: BadRequest, or
// NoRoom when the machines have too little memory for the data.
func PlanConfig(r ConfigRequest) (ConfigPlan, error) {
	p := ConfigPlan{Data: r.Data, request: r}
	if err := p.place(r); err != nil {
		return ConfigPlan{}, err
	}
	if err := r.check(p); err != nil {
		return ConfigPlan{}, err
	}
	most := p.Hosts[0]
	for _, h := range p.Hosts {
		if h.Nodes > most.Nodes {
			most = h
		}
	}
	p.PerShard = up(r.Data, int64(p.Primaries))
	p.MaxMemory = toMiB(up(p.PerShard*100, configFill))
	if r.Machine > 0 {
		room := r.Machine / int64(most.Nodes) / 100 * configShare
		if room < p.MaxMemory {
			return ConfigPlan{}, p.tooBig(most, room)
		}
		p.MaxMemory = room >> 20 << 20
	}
	if p.MaxMemory < 1<<20 {
		return ConfigPlan{}, badConfig("that leaves a node with less than 1 MiB for its data; give it more memory")
	}
	p.PerNode = toMiB(up(p.MaxMemory*100, configShare))
	p.Holds = p.MaxMemory / 100 * configFill * int64(p.Primaries)
	for i := range p.Hosts {
		p.Hosts[i].Memory = p.PerNode * int64(p.Hosts[i].Nodes)
	}
	p.Notes = p.remarks()
	return p, nil
}

// up is a/b, rounded up.
func up(a, b int64) int64 { return (a + b - 1) / b }

func toMiB(n int64) int64 { return up(n, 1<<20) << 20 }

// place reads the addresses.
func (p *ConfigPlan) place(r ConfigRequest) error {
	at, taken := map[string]int{}, map[string]string{}
	for _, addr := range r.Nodes {
		host, digits, err := net.SplitHostPort(addr)
		port, e := strconv.Atoi(digits)
		switch {
		case err != nil || e != nil || host == "" || port < 1:
			return badConfig("%s is not HOST:PORT", quote(addr))
		case !writableHost(host):
			return badConfig("%s is not a host", quote(host))
		case port > 55535:
			return badConfig("port %d leaves no room for the cluster bus, which is at 10000 above: use one up to 55535", port)
		}
		n := ConfigNode{Addr: net.JoinHostPort(host, digits), Host: host, Port: port, Bus: port + 10000, File: fileName(host) + "-" + digits + ".conf"}
		for _, one := range []int{n.Port, n.Bus} {
			key := net.JoinHostPort(host, strconv.Itoa(one))
			if other, ok := taken[key]; ok {
				return badConfig("%s and %s both need port %d of %s (the bus is at 10000 above each port)", clean(other), clean(addr), one, clean(host))
			}
			taken[key] = addr
		}
		if _, ok := at[host]; !ok {
			at[host] = len(p.Hosts)
			p.Hosts = append(p.Hosts, ConfigHost{Host: host})
		}
		p.Hosts[at[host]].Nodes++
		p.Nodes = append(p.Nodes, n)
	}
	if r.Replicas >= 0 {
		p.Primaries = len(p.Nodes) / (r.Replicas + 1)
		p.Replicas = len(p.Nodes) - p.Primaries
	}
	return nil
}

// writableHost reports whether a host can stand in a configuration file as it is.
func writableHost(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil || !strings.ContainsFunc(host, func(c rune) bool { return !inNames(c) })
}

func inNames(c rune) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '.' || c == '-' || c == '_'
}

// fileName makes a host fit for the name of a file anywhere.
func fileName(host string) string {
	return strings.Map(func(c rune) rune {
		if inNames(c) {
			return c
		}
		return '_'
	}, host)
}

func (r ConfigRequest) check(p ConfigPlan) error {
	switch {
	case r.Replicas < 0:
		return badConfig("%d replicas for each primary cannot be", r.Replicas)
	case p.Primaries < 3:
		return badConfig("%s with %s for each primary make %s, and a cluster needs three to elect anybody; it takes %d nodes",
			count(len(p.Nodes), "node"), count(r.Replicas, "replica"), primariesText(p.Primaries), 3*(r.Replicas+1))
	case r.Data < 0 || r.Machine < 0 || r.Data == 0 && r.Machine == 0:
		return badConfig("say how much data there will be, or how much memory each host has for its nodes")
	case r.NodeTimeout < time.Millisecond:
		return badConfig("a node timeout of %v is too short", r.NodeTimeout)
	case !r.Password && !r.Open && !p.local():
		return badConfig("without a password anybody who reaches the ports owns the data; give one (REDISCLI_AUTH, --pass-file, --askpass), or say --no-password")
	}
	switch r.Persistence {
	case PersistNone, PersistRDB, PersistAOF, PersistBoth:
	default:
		return badConfig("%s is no way to persist: none, rdb, aof or both", quote(string(r.Persistence)))
	}
	for _, known := range policies() {
		if r.Policy == known {
			return nil
		}
	}
	return badConfig("%s is no eviction policy that all servers know: %s", quote(r.Policy), some(policies()))
}

func policies() []string {
	return []string{"noeviction", "allkeys-lru", "allkeys-lfu", "allkeys-random", "volatile-lru", "volatile-lfu", "volatile-ttl", "volatile-random"}
}

// local reports whether only this machine can reach the nodes.
func (p ConfigPlan) local() bool {
	for _, h := range p.Hosts {
		if ip, err := netip.ParseAddr(h.Host); err != nil || !ip.IsLoopback() {
			return false
		}
	}
	return true
}

func (p ConfigPlan) tooBig(most ConfigHost, room int64) error {
	perNode := toMiB(up(p.MaxMemory*100, configShare))
	fit := up(up(p.Data*100, configFill), max(room, 1))
	return &Refusal{Reason: NoRoom, Text: fmt.Sprintf(
		"%s of data in %d primaries take %s of memory for each node, %s for the %s on %s, which has %s; with so much memory a node it takes %d primaries, or use larger machines",
		sizeText(p.Data), p.Primaries, sizeText(perNode), sizeText(perNode*int64(most.Nodes)), count(most.Nodes, "node"), clean(most.Host), sizeText(p.request.Machine), fit)}
}

func (p ConfigPlan) remarks() []string {
	notes := []string{}
	r := p.request
	if r.Replicas == 0 {
		notes = append(notes, "without replicas, a node that fails takes its slots with it")
	} else if alike := p.alike(); alike > 0 {
		notes = append(notes, count(alike, "replica")+" will be on the primary's own host: more hosts would avoid that")
	}
	if p.Primaries%2 == 0 {
		notes = append(notes, fmt.Sprintf("%d primaries outlive no more failures than %d: a majority is needed for elections", p.Primaries, p.Primaries-1))
	}
	if !r.Password && !p.local() {
		notes = append(notes, "there is no password, and protected mode is off: whoever reaches the ports owns the data")
	}
	if r.Policy == "noeviction" {
		notes = append(notes, "a node that has reached maxmemory refuses writes (noeviction)")
	}
	return notes
}

// alike is how many replicas have to be on their primary's host.
func (p ConfigPlan) alike() int {
	hosts := make([]string, len(p.Nodes))
	for i, n := range p.Nodes {
		hosts[i] = n.Host
	}
	return len(layOut(onHosts(hosts), p.request.Replicas).alike)
}

// sizeText is a number of bytes for people: "512 MiB", "11.2 GiB".
func sizeText(n int64) string {
	if n < 1<<30 {
		return fmt.Sprintf("%d MiB", up(n, 1<<20))
	}
	return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
}
