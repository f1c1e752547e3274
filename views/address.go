package views

import (
	"net"
	"strconv"

	"slotdeck/cluster"
	"slotdeck/ui"
)

// addressOf is a node's address as it announces it; how it is dialled when it
// announces none.
func addressOf(n *cluster.Node) string {
	e := n.Member.Endpoint
	host := e.IP
	if host == "" {
		host = e.Hostname
	}
	if host == "" || e.Port == 0 {
		if n.Dialled != "" {
			return ui.Clean(n.Dialled)
		}
		return n.ID.Short()
	}
	return ui.Clean(net.JoinHostPort(host, strconv.Itoa(e.Port)))
}

// addressBook shortens addresses where the long form tells nothing: when all
// nodes are on one host, the port is enough on a narrow screen.
type addressBook struct {
	snap  *cluster.Snapshot
	short bool
}

func newAddressBook(s *cluster.Snapshot, narrow bool) addressBook {
	if s == nil || !narrow || len(s.Nodes) < 2 {
		return addressBook{snap: s}
	}
	host := s.Nodes[0].Member.Endpoint.IP
	for i := range s.Nodes {
		if ip := s.Nodes[i].Member.Endpoint.IP; ip != host && ip != "" {
			return addressBook{snap: s}
		}
	}
	return addressBook{s, true}
}

func (b addressBook) of(n *cluster.Node) string {
	if b.short && n.Member.Endpoint.Port != 0 {
		return ":" + strconv.Itoa(n.Member.Endpoint.Port)
	}
	return addressOf(n)
}

// name is the address of a node known by its id; the id's beginning when the
// snapshot does not hold it.
func (b addressBook) name(id cluster.NodeID) string {
	if id == "" {
		return "nobody"
	}
	if n, ok := b.snap.Node(id); ok {
		return b.of(n)
	}
	return ui.Clean(id.Short())
}

// width is the widest address, within bounds, so that columns keep their place.
func (b addressBook) width(least, most int) int {
	w := least
	if b.snap != nil {
		for i := range b.snap.Nodes {
			w = max(w, ui.Width(b.of(&b.snap.Nodes[i])))
		}
	}
	return min(w, most)
}
