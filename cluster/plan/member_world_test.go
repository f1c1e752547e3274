package plan

import (
	"fmt"
	"slices"
	"strings"

	"slotdeck/cluster"
)

// servers are empty ones that know nobody, each on a host of its own.
func servers(n int) []MemberServer {
	out := make([]MemberServer, n)
	for i := range out {
		out[i] = serverAt(fmt.Sprintf("10.1.0.%d", i+1), 7000, cluster.NodeID(fmt.Sprintf("%040x", 0xabc000+i)))
	}
	return out
}

func serverAt(host string, port int, id cluster.NodeID) MemberServer {
	return MemberServer{Addr: fmt.Sprintf("%s:%d", host, port), Host: host, Port: port, BusPort: port + 1234, NodeTimeout: "2000",
		Stats: cluster.Stats{Version: "8.1.1", Flavor: "valkey"}, Login: MemberLogin{Known: true},
		View: &cluster.View{Myself: id, Members: []cluster.Member{{ID: id, Flags: cluster.Myself | cluster.Primary,
			Endpoint: cluster.Endpoint{IP: host, Port: port, BusPort: port + 1234}}}}}
}

// self is the own line of a server, for a test to bend.
func selfOf(s *MemberServer) *cluster.Member {
	i := slices.IndexFunc(s.View.Members, func(m cluster.Member) bool { return m.ID == s.View.Myself })
	return &s.View.Members[i]
}

// befriend lets a server list a stranger.
func befriend(s *MemberServer, host string) {
	s.View.Members = append(s.View.Members, cluster.Member{ID: cluster.NodeID(strings.Repeat("f", 40)), Flags: cluster.Primary, Linked: true,
		Endpoint: cluster.Endpoint{IP: host, Port: 7000, BusPort: 17000}})
}

// acquaint lets all servers know all others.
func acquaint(all []MemberServer) {
	lines := make([]cluster.Member, len(all))
	for i := range all {
		lines[i] = *selfOf(&all[i])
		all[i].State, all[i].Stats.LinkUp = "ok", lines[i].Primary != ""
		all[i].View = &cluster.View{Myself: all[i].ID(), Members: []cluster.Member{lines[i]}}
	}
	for i := range all {
		for k := range all {
			if i != k {
				m := lines[k]
				m.Flags &^= cluster.Myself
				m.Linked = true
				all[i].View.Members = append(all[i].View.Members, m)
			}
		}
		slices.SortFunc(all[i].View.Members, func(a, b cluster.Member) int { return strings.Compare(string(a.ID), string(b.ID)) })
	}
}

func refusedAdd(bend func(*MemberServer)) error {
	s := servers(1)[0]
	bend(&s)
	_, err := PlanAdd(three().snapshot(), AddRequest{New: s})
	return err
}

// memberOf is a node of a world as it is read by itself.
func memberOf(w *world, id cluster.NodeID) []MemberServer {
	n := node(w.snapshot(), id)
	s := serverAt("10.0.0.9", 7000, id)
	members := slices.Clone(n.View.Value.Members)
	s.View = &cluster.View{Myself: id, Members: members}
	return []MemberServer{s}
}

// memberSent are all commands of a plan, one text each.
func memberSent(p MemberPlan) (out []string) {
	for _, s := range p.Steps {
		for _, c := range s.Commands {
			out = append(out, c.Addr+" "+c.Text())
		}
	}
	return out
}

func acts(p MemberPlan) string {
	var out []string
	for _, s := range p.Steps {
		out = append(out, s.Act.String())
	}
	return strings.Join(out, " ")
}

// memberSays reports whether any check contains a text.
func memberSays(checks []Check, state CheckState, text string) bool {
	return slices.ContainsFunc(checks, func(c Check) bool { return c.State == state && strings.Contains(c.Text, text) })
}
