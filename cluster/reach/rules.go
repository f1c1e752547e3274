package reach

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"slotdeck/cluster"
)

// Rule is one line "FROM=TO" of an address map.
//
// FROM is one of host:port (just that address), host (that host, at any port),
// a network such as 10.0.0.0/8, id:PREFIX (the nodes whose id begins so), or *.
// TO is host:port, or a host that keeps the port. In it {host} stands for the
// announced host, {hostname} for the announced name when there is an address
// beside it, {name} for the first label of either, {port} for the port, {id} for
// the node's id.
type Rule struct{ from, to string }

// Rules are asked in their order; the first that fits decides.
type Rules []Rule

// ParseRule reads a rule. An error is a sentence about the text.
func ParseRule(text string) (Rule, error) {
	from, to, found := strings.Cut(text, "=")
	from, to = strings.TrimSpace(from), strings.TrimSpace(to)
	switch {
	case !found || from == "" || to == "":
		return Rule{}, fmt.Errorf("%q is not FROM=TO, such as 10.0.0.1:7001=127.0.0.1:7001 or *=127.0.0.1", text)
	case strings.Contains(from, "/"):
		if _, err := netip.ParsePrefix(from); err != nil {
			return Rule{}, fmt.Errorf("%q is not a network such as 10.0.0.0/8", from)
		}
	case strings.HasPrefix(from, "id:") && len(from) < len("id:")+4:
		return Rule{}, fmt.Errorf("%q names a node by fewer than four characters of its id", from)
	}
	r := Rule{from: from, to: to}
	sample := cluster.Endpoint{IP: "10.0.0.1", Hostname: "sample.example", Port: 7001}
	if bad := strings.Trim(strings.NewReplacer("{host}", "", "{hostname}", "", "{name}", "", "{port}", "", "{id}", "").Replace(to), "[]"); strings.ContainsAny(bad, "{} \t") {
		return Rule{}, fmt.Errorf("%q holds a word in braces that is none of {host}, {hostname}, {name}, {port}, {id}", to)
	}
	host, port, err := net.SplitHostPort(r.apply("0123456789", sample))
	if n, bad := strconv.ParseUint(port, 10, 16); err != nil || host == "" || bad != nil || n == 0 {
		return Rule{}, fmt.Errorf("%q does not make an address", to)
	}
	return r, nil
}

// String is the rule as it was written.
func (r Rule) String() string { return r.from + "=" + r.to }

// UnmarshalText reads the rule, for configuration files.
func (r *Rule) UnmarshalText(text []byte) error {
	read, err := ParseRule(string(text))
	*r = read
	return err
}

// MarshalText writes the rule.
func (r Rule) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// Of is the address to dial for a node. The id may be empty when it is not
// known. Without a rule that fits it is the announced address.
func (rules Rules) Of(id cluster.NodeID, announced cluster.Endpoint) string {
	for _, r := range rules {
		if r.fits(id, announced) {
			return r.apply(id, announced)
		}
	}
	return announced.Addr()
}

// Member is Of for what a node's view lists; it is empty for a node without an
// address that no rule names by its id.
func (rules Rules) Member(m cluster.Member) string { return rules.Of(m.ID, m.Endpoint) }

// Addr is Of for an address "host:port" alone.
func (rules Rules) Addr(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil || len(rules) == 0 {
		return addr
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return addr
	}
	return rules.Of("", endpoint(host, int(n)))
}

func endpoint(host string, port int) cluster.Endpoint {
	if _, err := netip.ParseAddr(host); err == nil {
		return cluster.Endpoint{IP: host, Port: port}
	}
	return cluster.Endpoint{Hostname: host, Port: port}
}

// hostOf is the host that is dialled without rules.
func hostOf(e cluster.Endpoint) string {
	if e.IP != "" {
		return e.IP
	}
	return e.Hostname
}

func (r Rule) fits(id cluster.NodeID, e cluster.Endpoint) bool {
	if prefix, byID := strings.CutPrefix(r.from, "id:"); byID {
		return id != "" && strings.HasPrefix(string(id), prefix)
	}
	if e.Addr() == "" {
		return false
	}
	switch {
	case r.from == "*", r.from == e.Addr(), r.named(e):
		return true
	}
	if network, err := netip.ParsePrefix(r.from); err == nil {
		addr, err := netip.ParseAddr(e.IP)
		return err == nil && network.Contains(addr.Unmap())
	}
	return false
}

// named reports whether the rule is about a host, whatever the port.
func (r Rule) named(e cluster.Endpoint) bool {
	from := strings.Trim(r.from, "[]")
	return from == e.IP || e.Hostname != "" && from == e.Hostname
}

func (r Rule) apply(id cluster.NodeID, e cluster.Endpoint) string {
	host, named := hostOf(e), e.Hostname
	if named == "" {
		named = host
	}
	name := named
	if _, err := netip.ParseAddr(named); err != nil {
		name, _, _ = strings.Cut(named, ".")
	}
	port := strconv.Itoa(e.Port)
	to := strings.NewReplacer("{host}", host, "{hostname}", named, "{name}", name, "{port}", port, "{id}", string(id)).Replace(r.to)
	if _, _, err := net.SplitHostPort(to); err == nil {
		return to
	}
	return net.JoinHostPort(strings.Trim(to, "[]"), port)
}
