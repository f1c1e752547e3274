package cluster

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// Zones tells where nodes stand, which is what one loss takes down with them: a
// host, unless the operator's map names something larger, such as a rack or an
// availability zone. The zero value knows hosts only.
type Zones struct{ rules []ZoneRule }

// ZoneRule puts nodes into a zone.
type ZoneRule struct {
	Of   string // a node's id or the beginning of it, HOST:PORT, or a host (IP or name)
	Zone string
}

// ParseZoneRule reads NODE=ZONE.
func ParseZoneRule(text string) (ZoneRule, error) {
	of, zone, found := strings.Cut(text, "=")
	if !found {
		return ZoneRule{}, fmt.Errorf("%s is not NODE=ZONE, such as 10.0.0.11=rack-1", quote(text))
	}
	return zoneRule(strings.TrimSpace(of), strings.TrimSpace(zone))
}

// ParseZoneRules reads a map: a line for each node or host, "10.0.0.11 rack-1";
// empty lines and those that begin with # say nothing.
func ParseZoneRules(text string) ([]ZoneRule, error) {
	var out []ZoneRule
	nr := 0
	for line := range strings.Lines(text) {
		nr++
		words := strings.Fields(line)
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		if len(words) != 2 {
			return nil, fmt.Errorf("line %d, %s, is not a node or host and its zone", nr, quote(strings.TrimSpace(line)))
		}
		r, err := zoneRule(words[0], words[1])
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", nr, err)
		}
		out = append(out, r)
	}
	return out, nil
}

func zoneRule(of, zone string) (ZoneRule, error) {
	switch {
	case of == "":
		return ZoneRule{}, fmt.Errorf("no node is named for the zone %s", quote(zone))
	case zone == "":
		return ZoneRule{}, fmt.Errorf("no zone is named for %s", quote(of))
	}
	return ZoneRule{of, zone}, nil
}

// NewZones makes a map. The same node or host in two zones is an error.
func NewZones(rules []ZoneRule) (Zones, error) {
	z := Zones{}
	seen := map[string]string{}
	for _, r := range rules {
		r.Of = plainNode(r.Of)
		if before, twice := seen[r.Of]; twice {
			if before != r.Zone {
				return Zones{}, fmt.Errorf("%s is put into two zones, %s and %s", quote(r.Of), quote(before), quote(r.Zone))
			}
			continue
		}
		seen[r.Of] = r.Zone
		z.rules = append(z.rules, r)
	}
	return z, nil
}

// plainNode spells what names a node or host in one way.
func plainNode(of string) string {
	if ip, err := netip.ParseAddr(strings.Trim(of, "[]")); err == nil {
		return ip.String()
	}
	if host, port, err := ParseAddr(of); err == nil {
		return JoinAddr(plainNode(host), port)
	}
	return strings.ToLower(of)
}

// Given reports whether the operator gave a map.
func (z Zones) Given() bool { return len(z.rules) > 0 }

// Word is what a zone is called: "zone" when there is a map, else "host".
func (z Zones) Word() string {
	if z.Given() {
		return "zone"
	}
	return "host"
}

// Of is the zone of a node: by the rule that names it most closely (its id, then
// its address, then its host), else its host, that is its announced IP, or its
// name when it announces no IP. Empty when not even that is known.
func (z Zones) Of(n *Node) string {
	if r, ok := z.rule(n); ok {
		return r.Zone
	}
	return n.Host()
}

// Names reports whether the operator's map puts a node somewhere.
func (z Zones) Names(n *Node) bool {
	_, ok := z.rule(n)
	return ok
}

// Host is where a node lives: its announced IP, its hostname when it announces
// none; empty when neither is known.
func (n *Node) Host() string {
	if n.Member.Endpoint.IP != "" {
		return n.Member.Endpoint.IP
	}
	return n.Member.Endpoint.Hostname
}

// shortestID is how much of an id a rule has to give, so that a host's name is
// not taken for one.
const shortestID = 6

func (z Zones) rule(n *Node) (ZoneRule, bool) {
	if !z.Given() {
		return ZoneRule{}, false
	}
	e := n.Member.Endpoint
	addrs := []string{plainNode(n.Dialled)}
	hosts := []string{}
	for _, host := range []string{e.IP, e.Hostname} {
		if host != "" {
			addrs = append(addrs, JoinAddr(plainNode(host), e.Port))
			hosts = append(hosts, plainNode(host))
		}
	}
	if host, _, err := ParseAddr(n.Dialled); err == nil {
		hosts = append(hosts, plainNode(host))
	}
	for _, fits := range []func(of string) bool{
		func(of string) bool { return len(of) >= shortestID && strings.HasPrefix(string(n.ID), of) },
		func(of string) bool { return slices.Contains(addrs, of) },
		func(of string) bool { return slices.Contains(hosts, of) },
	} {
		for _, r := range z.rules {
			if fits(r.Of) {
				return r, true
			}
		}
	}
	return ZoneRule{}, false
}

// Unused are the rules that name no node of a snapshot: mostly slips of the pen.
func (z Zones) Unused(s *Snapshot) []ZoneRule {
	used := map[ZoneRule]bool{}
	for i := range s.Nodes {
		if r, ok := z.rule(&s.Nodes[i]); ok {
			used[r] = true
		}
	}
	var out []ZoneRule
	for _, r := range z.rules {
		if !used[r] {
			out = append(out, r)
		}
	}
	return out
}
