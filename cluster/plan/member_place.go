package plan

import (
	"fmt"

	"slotdeck/cluster"
)

// place is where a node stands: what one loss takes down with it, and the host
// within that. Without a map of zones the two are the same.
type place struct{ zone, host string }

// near is how much one loss would take of two nodes: 0 for what stands in
// different zones, 1 for one zone, 2 for one host in it. Whoever puts one host
// into two zones is believed.
func (p place) near(q place) int {
	switch {
	case p.zone != q.zone:
		return 0
	case p.host != q.host:
		return 1
	}
	return 2
}

// placeOf is where a node of a cluster stands.
func placeOf(z cluster.Zones, n *cluster.Node) place {
	host := hostOf(n)
	if z.Given() {
		return place{z.Of(n), host}
	}
	return place{host, host}
}

// asNode is a server as maps of zones name it.
func (s *MemberServer) asNode() *cluster.Node {
	n := &cluster.Node{ID: s.ID(), Dialled: s.Addr, Member: s.self()}
	n.Member.Endpoint.IP = s.Host
	return n
}

// beside says that a node stands too close to its primary; nothing when it does
// not.
func beside(a, b place, primary string) string {
	switch a.near(b) {
	case 1:
		return fmt.Sprintf("it is in the zone of %s, %s: with that zone both are gone", primary, clean(b.zone))
	case 2:
		return fmt.Sprintf("it is on the host of %s: with that host both are gone", primary)
	}
	return ""
}

// inOrOn is a zone as sentences name it: "on 10.0.0.1", "in zone rack-1".
func inOrOn(z cluster.Zones, zone string) string {
	if z.Given() {
		return "in zone " + clean(zone)
	}
	return "on " + clean(zone)
}

// onHosts are places without a map of zones.
func onHosts(hosts []string) []place {
	out := make([]place, len(hosts))
	for i, h := range hosts {
		out[i] = place{h, h}
	}
	return out
}
