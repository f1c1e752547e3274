package plan

import (
	"fmt"
	"strings"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// reunion is nodes of one cluster that came back under other addresses, as
// containers do. They know each other by id and look for each other where they
// were.
type reunion struct {
	servers []MemberServer
	nodes   []MemberNode // where each is now
	findings
}

// PlanAddresses plans that nodes meet where they are now. They have to know each
// other by id already: a meeting of strangers makes one cluster of two. The
// error is a *Refusal.
func PlanAddresses(servers []MemberServer) (MemberPlan, error) {
	r := &reunion{servers: servers}
	r.gather()
	if r.refusal == nil {
		r.oneFamily()
	}
	if err := r.err(); err != nil {
		return MemberPlan{}, err
	}
	meetings, lost := r.meetings()
	if lost == 0 {
		return MemberPlan{}, &Refusal{Reason: NothingToMove, Checks: r.checks, Text: "every one of these nodes is linked to the others, or looks for them where they are"}
	}
	r.unnamed()
	p := MemberPlan{Kind: MemberAddresses, Checks: r.checks, Risk: Safe,
		Title: fmt.Sprintf("let %s meet again where they are now", count(len(r.nodes), "node")),
		Why:   "they are of one cluster by their ids; no slot and no role changes by it"}
	for i, n := range r.nodes {
		line := fmt.Sprintf("%s  %s, bus port %d", clean(n.ID.Short()), clean(cluster.JoinAddr(n.Host, n.Port)), n.BusPort)
		if addrs := r.elsewhere(i); len(addrs) > 0 {
			line += ", looked for at " + some(addrs)
		}
		p.Picture = append(p.Picture, line)
	}
	p.Steps = []MemberStep{
		{Act: ActMeet, Among: r.nodes, Commands: meetings, Title: fmt.Sprintf("let them meet, until each of %d is linked to all others", len(r.nodes))},
		{Act: ActSettle, Among: r.nodes, StateOK: r.whole(), Title: "wait until all show the same owners and epochs"},
	}
	if r.whole() {
		p.Steps[1].Title += ", and call the cluster ok"
	}
	return p, nil
}

// gather checks that every server can be used, and works out where it is.
func (r *reunion) gather() {
	seen := map[cluster.NodeID]bool{}
	for i := range r.servers {
		s := &r.servers[i]
		if !s.usable(&r.findings) {
			continue
		}
		if seen[s.ID()] {
			r.deny(BadRequest, fmt.Sprintf("%s is named twice, or reached by two addresses; name every node once", clean(s.Addr)), s.ID())
		}
		seen[s.ID()] = true
		n := s.node()
		n.Host = clean(s.whereNow())
		r.nodes = append(r.nodes, n)
	}
	switch {
	case len(r.servers) < 2:
		r.deny(BadRequest, "name every node of the cluster by the address that it has now; one alone has nobody to meet")
	case r.refusal == nil:
		r.ok(fmt.Sprintf("all %d answer, in cluster mode", len(r.servers)))
	}
}

// whereNow is the IP at which others can meet a server: what it announces, else
// where it was reached just now. What it takes for its own is of its last life.
func (s *MemberServer) whereNow() string {
	loopback := func(h string) bool { return h == "::1" || strings.HasPrefix(h, "127.") }
	switch {
	case s.Announced != "":
		return s.Announced
	case s.Reached == "", loopback(s.Reached) && s.Host != "" && !loopback(s.Host):
		return s.Host
	}
	return s.Reached
}

// oneFamily refuses servers that do not know each other, by one or several
// steps: they would be of two clusters.
func (r *reunion) oneFamily() {
	group := make([]int, len(r.servers))
	for i := range group {
		group[i] = i
	}
	for i := range r.servers {
		for k := range r.servers {
			if i != k && r.servers[i].knows(r.nodes[k].ID) {
				old, now := group[k], group[i]
				for g := range group {
					if group[g] == old {
						group[g] = now
					}
				}
			}
		}
	}
	for i := range group {
		if group[i] != group[0] {
			r.deny(StrangeNode, fmt.Sprintf("%s and %s do not know each other by their ids: they are of two clusters, and a meeting would make one of them; nothing is sent",
				r.nodes[0].Addr, r.nodes[i].Addr), r.nodes[i].ID)
			return
		}
	}
	r.ok("they know each other by their ids: they are of one cluster")
}

// astray reports whether a server looks for another where that is not.
func (r *reunion) astray(from, to int) (at string, yes bool) {
	m, known := r.servers[from].View.Member(r.nodes[to].ID)
	if !known || m.Linked && !m.Flags.Has(cluster.Fail) && !m.Flags.Has(cluster.NoAddr) {
		return "", false
	}
	e, n := m.Endpoint, r.nodes[to]
	if e.IP == n.Host && e.Port == n.Port && e.BusPort == n.BusPort {
		return "", false
	}
	if e.Addr() == "" {
		return "no address", true
	}
	return clean(e.Addr()), true
}

// elsewhere is where others look for a server in vain.
func (r *reunion) elsewhere(i int) (addrs []string) {
	told := map[string]bool{}
	for k := range r.servers {
		if at, yes := r.astray(k, i); yes && k != i && !told[at] {
			told[at] = true
			addrs = append(addrs, at)
		}
	}
	return addrs
}

// meetings are for each node with some of those that it looks for in vain; while
// the job waits it tells them of more. lost counts all.
func (r *reunion) meetings() (cmds []Command, lost int) {
	for i := range r.nodes {
		told := 0
		for k := range r.nodes {
			if _, yes := r.astray(i, k); i == k || !yes {
				continue
			}
			lost++
			if told++; told <= direct {
				cmds = append(cmds, r.nodes[i].meet(r.nodes[k]))
			}
		}
	}
	if lost > 0 {
		r.warn(fmt.Sprintf("%d of %d times one of them looks for another where that is not", lost, len(r.nodes)*(len(r.nodes)-1)))
	}
	return cmds, lost
}

// unnamed warns of members that were not named.
func (r *reunion) unnamed() {
	named := map[cluster.NodeID]bool{}
	for _, n := range r.nodes {
		named[n.ID] = true
	}
	var names []string
	for i := range r.servers {
		for _, m := range r.servers[i].acquaintances() {
			if !named[m.ID] {
				named[m.ID] = true
				names = append(names, memberName(m)+" ("+clean(m.ID.Short())+")")
			}
		}
	}
	if len(names) > 0 {
		r.warn(fmt.Sprintf("%s %s to the cluster and %s not named; name where %s now, unless %s gone", some(names), verb(len(names), "belongs", "belong"),
			verb(len(names), "is", "are"), verb(len(names), "it is", "they are"), verb(len(names), "it is", "they are")))
	}
}

// whole reports whether the nodes own all slots between them, so that they can
// be expected to call the cluster ok.
func (r *reunion) whole() bool {
	var all keyslot.Set
	for i := range r.servers {
		all = all.Union(keyslot.SetOf(r.servers[i].self().Slots...))
	}
	return all.Len() == keyslot.Count
}
