package plan

import (
	"fmt"
	"net/netip"
	"strings"
)

// File is the configuration of one node, for Redis and Valkey from 7.0 on. Of
// the settings that the servers have defaults for, only those are written that
// the plan decides. The password is nowhere but here.
func (p ConfigPlan) File(n ConfigNode, password string) string {
	r := p.request
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	part := func(title string) { fmt.Fprintf(&b, "\n# %s\n", title) }

	line("# %s, one of %d nodes: start it with redis-server or valkey-server and this file.", clean(n.Addr), len(p.Nodes))
	part("where it listens; the first address is also where it connects from")
	line("port %d", n.Port)
	bind, announce := p.addresses(n)
	line("bind %s", bind)
	line("protected-mode %s", yesNo(r.Password || p.local()))
	part("cluster")
	line("cluster-enabled yes")
	line("cluster-config-file nodes-%d.conf", n.Port)
	line("cluster-node-timeout %d", r.NodeTimeout.Milliseconds())
	line("cluster-port %d", n.Bus)
	line("%s", announce)
	part(fmt.Sprintf("memory: %s of %s that the node should have", sizeText(p.MaxMemory), sizeText(p.PerNode)))
	line("maxmemory %dmb", p.MaxMemory>>20)
	line("maxmemory-policy %s", r.Policy)
	line("repl-backlog-size %dmb", p.backlog()>>20)
	part("files; several nodes may share the folder, which must exist")
	line("dir %s", quoted(r.Dir))
	line("dbfilename dump-%d.rdb", n.Port)
	line("appenddirname appendonlydir-%d", n.Port)
	line("appendonly %s", yesNo(r.Persistence == PersistAOF || r.Persistence == PersistBoth))
	line("appendfsync everysec")
	if r.Persistence == PersistRDB || r.Persistence == PersistBoth {
		line("save 3600 1 300 100 60 10000")
	} else {
		line(`save ""`)
	}
	if password != "" {
		part("the password: of clients, and of the nodes among themselves")
		line("requirepass %s", quoted(password))
		line("masterauth %s", quoted(password))
	}
	return b.String()
}

// addresses are the values of bind and the line that announces the node. The
// address that others use comes first: servers connect from the first one.
func (p ConfigPlan) addresses(n ConfigNode) (bind, announce string) {
	ip, err := netip.ParseAddr(n.Host)
	switch {
	case err != nil:
		return "* -::*", "cluster-announce-hostname " + n.Host
	case ip.IsLoopback():
		return ip.String(), "cluster-announce-ip " + ip.String()
	}
	return ip.String() + " -127.0.0.1 -::1", "cluster-announce-ip " + ip.String()
}

// backlog is a hundredth of maxmemory: what a replica that was away may have
// missed without a whole copy.
func (p ConfigPlan) backlog() int64 { return toMiB(max(1<<20, min(p.MaxMemory/100, 512<<20))) }

func yesNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

// quoted writes a text the way the servers' configuration parser reads it back.
func quoted(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(text) {
		switch c := text[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ' || c > '~':
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// Lines is the plan as plain text, ASCII only, not wrapped.
func (p ConfigPlan) Lines() []string {
	out := []string{fmt.Sprintf("configure %d nodes: %d primaries, %s", len(p.Nodes), p.Primaries, count(p.Replicas, "replica"))}
	if p.Data > 0 {
		out = append(out, fmt.Sprintf("  data        %s, %s for each primary", sizeText(p.Data), sizeText(p.PerShard)))
	}
	out = append(out,
		fmt.Sprintf("  maxmemory   %s for each node, %d %% of the memory it should have: %s", sizeText(p.MaxMemory), configShare, sizeText(p.PerNode)),
		fmt.Sprintf("  holds       %s before the nodes are %d %% full", sizeText(p.Holds), configFill))
	wide := 0
	for _, h := range p.Hosts {
		wide = max(wide, len(clean(h.Host)))
	}
	for _, h := range p.Hosts {
		out = append(out, fmt.Sprintf("  host        %-*s  %s, %s", wide, clean(h.Host), count(h.Nodes, "node"), sizeText(h.Memory)))
	}
	for _, note := range p.Notes {
		out = append(out, "note: "+note)
	}
	return out
}
