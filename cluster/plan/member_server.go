package plan

import (
	"fmt"
	"strings"

	"slotdeck/cluster"
)

// MemberServer is one server as it was read by itself, before it is made a
// member of a cluster.
type MemberServer struct {
	Addr        string // where it was dialled
	Err         error  // why it could not be read; a sentence
	View        *cluster.View
	State       string // of the cluster, as it says: "ok" or "fail"
	Epoch       uint64 // the cluster's, as it says; 0 on one that never was in any, and after a hard reset
	Stats       cluster.Stats
	Host        string // the IP at which other nodes are to meet it
	Reached     string // the IP that it was dialled at
	Announced   string // cluster-announce-ip; empty: none, or not told
	Port        int
	BusPort     int
	NodeTimeout string   // cluster-node-timeout as it told; empty: not told
	Libraries   []string // of functions, by name; nil with LibrariesErr
	LibsUnknown bool     // whether there are functions could not be asked

	Login MemberLogin
	TLS   MemberTLS
}

// ID is the node's own.
func (s *MemberServer) ID() cluster.NodeID {
	if s.View == nil {
		return ""
	}
	return s.View.Myself
}

// self is the server's own line.
func (s *MemberServer) self() cluster.Member {
	m, _ := s.View.Member(s.ID())
	return m
}

func (s *MemberServer) node() MemberNode {
	return MemberNode{ID: s.ID(), Addr: clean(s.Addr), Host: clean(s.Host), Port: s.Port, BusPort: s.BusPort}
}

// acquaintances are the other nodes it lists. Handshakes are left out: they
// vanish by themselves.
func (s *MemberServer) acquaintances() (out []cluster.Member) {
	if s.View == nil {
		return nil
	}
	for _, m := range s.View.Members {
		if m.ID != s.ID() && !m.Flags.Has(cluster.Handshake) {
			out = append(out, m)
		}
	}
	return out
}

// knows reports whether it lists a node, and is past the handshake.
func (s *MemberServer) knows(id cluster.NodeID) bool {
	m, ok := s.View.Member(id)
	return ok && !m.Flags.Has(cluster.Handshake)
}

// major is flavor and major version: "redis 8".
func (s *MemberServer) major() string {
	v, _, _ := strings.Cut(s.Stats.Version, ".")
	return clean(s.Stats.Flavor + " " + v)
}

// usable checks what every new member needs: an answer, an address that others
// can meet it at, an id.
func (s *MemberServer) usable(f *findings) bool {
	addr := clean(s.Addr)
	switch {
	case s.Err != nil:
		f.deny(NodeDown, fmt.Sprintf("%s cannot take part: %s", addr, sentenceOf(s.Err)))
	case s.View == nil || !plainID(s.ID()):
		f.deny(StrangeNode, fmt.Sprintf("%s does not tell its id as a server does; find out what answers there", addr))
	case s.Host == "" || s.Port == 0 || s.BusPort == 0:
		f.deny(NodeDown, fmt.Sprintf("%s does not tell a port of its cluster bus or an IP to meet it at; look at its cluster-announce settings", addr))
	default:
		return true
	}
	return false
}

// sentenceOf is an error's text, whole when it can be printed as it is: those of
// connections are sentences already.
func sentenceOf(err error) string {
	if text := err.Error(); printable(text) {
		return text
	}
	return clean(err.Error())
}

// emptiness says what a server holds that a new member must not; nothing when it
// is empty. Functions are no hindrance here.
func (s *MemberServer) emptiness() string {
	self := s.self()
	switch known := s.acquaintances(); {
	case len(known) > 0:
		var names []string
		for _, m := range known {
			names = append(names, memberName(m))
		}
		return fmt.Sprintf("is in a cluster with %s (%s); if that is an old one: slotdeck reset %s", count(len(known), "other node"), some(names), clean(s.Addr))
	case len(self.Slots) > 0:
		return fmt.Sprintf("owns slots (%s), so it is a cluster of its own; if that may go: FLUSHALL there, then slotdeck reset %s", rangesText(self.Slots), clean(s.Addr))
	case s.Stats.Keys > 0:
		return fmt.Sprintf("holds %s; empty it first (FLUSHALL), if they may go", count(int(s.Stats.Keys), "key"))
	}
	return ""
}

// empty is a check that a server is empty, with all that was looked at.
func (s *MemberServer) empty(f *findings) {
	if what := s.emptiness(); what != "" {
		f.deny(NotEmpty, clean(s.Addr)+" "+what)
		return
	}
	if s.Stats.Keys < 0 {
		f.warn(fmt.Sprintf("%s knows no other node and owns no slot; whether it holds keys is not known", clean(s.Addr)))
		return
	}
	f.ok(fmt.Sprintf("%s is empty: no keys, no slots, no other node known", clean(s.Addr)))
}

func memberName(m cluster.Member) string {
	if addr := m.Endpoint.Addr(); addr != "" {
		return clean(addr)
	}
	return clean(m.ID.Short())
}
