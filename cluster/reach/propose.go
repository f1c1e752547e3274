package reach

import (
	"net"

	"slotdeck/cluster"
)

// Propose suggests a rule when a node answers where it was looked for, and none
// answers where it announces itself: as with containers, address translation
// and tunnels. The rule is only a guess that most such set-ups share, all ports
// at the host that answers; whether it is right is for the nodes to show.
func Propose(s *cluster.Snapshot) (rule Rule, why string, ok bool) {
	if s == nil || len(s.Nodes) < 2 {
		return Rule{}, "", false
	}
	var through string
	hidden := 0
	for i := range s.Nodes {
		n := &s.Nodes[i]
		announced := n.Member.Endpoint.Addr()
		switch {
		case announced == "":
		case n.Health == cluster.Answering && n.Dialled == announced:
			return Rule{}, "", false
		case n.Health == cluster.Answering:
			through = n.Dialled
		case n.Health == cluster.NoAnswer || n.Health == cluster.Refused:
			hidden++
		default:
			return Rule{}, "", false
		}
	}
	host, _, err := net.SplitHostPort(through)
	if through == "" || hidden == 0 || err != nil {
		return Rule{}, "", false
	}
	if len(host) > 0 && host[0] != '[' && net.ParseIP(host) != nil && net.ParseIP(host).To4() == nil {
		host = "[" + host + "]"
	}
	return Rule{from: "*", to: host}, "none of the nodes answers at the address that it announces, and " + through +
		" does: behind address translation or a tunnel, try --map '*=" + host + "'", true
}
