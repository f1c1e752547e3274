package plan

import (
	"fmt"
	"net/netip"
	"strings"

	"slotdeck/cluster"
)

// FindNode finds the node that a person means: by its id or any unique beginning
// of it, by HOST:PORT as dialled or announced, or by a shard's letter, which
// means that shard's primary. A letter in capitals goes before an id that begins
// with it; in small letters it is tried only when no id does. The error is a
// *Refusal with the reason UnknownNode or AmbiguousNode that names candidates.
func FindNode(s *cluster.Snapshot, text string) (cluster.NodeID, error) {
	text = strings.TrimSpace(text)
	p, err := look(s)
	if err != nil {
		return "", err
	}
	if text == "" {
		return "", &Refusal{Reason: UnknownNode,
			Text: "no node is named; give an id or its first characters, HOST:PORT, or a shard's letter"}
	}
	for _, match := range []func(*cluster.Node) bool{
		func(n *cluster.Node) bool { return string(n.ID) == text },
		func(n *cluster.Node) bool { return livesAt(n, text) },
		func(n *cluster.Node) bool { return p.leads(n, text) },
		func(n *cluster.Node) bool {
			return len(n.ID) >= len(text) && strings.EqualFold(string(n.ID[:len(text)]), text)
		},
		func(n *cluster.Node) bool { return p.leads(n, strings.ToUpper(text)) },
	} {
		var found []cluster.NodeID
		for i := range s.Nodes {
			if match(&s.Nodes[i]) {
				found = append(found, s.Nodes[i].ID)
			}
		}
		switch {
		case len(found) == 1:
			return found[0], nil
		case len(found) > 1:
			return "", p.ambiguous(text, found)
		}
	}
	return "", p.unknown(text)
}

// leads reports whether the node is the primary of the shard with that letter.
func (p *picture) leads(n *cluster.Node, letter string) bool {
	i, ok := p.index[n.ID]
	return ok && p.primaries[i].shard.Letter == letter
}

// livesAt compares addresses part by part, so that [::1]:7000 and ::1:7000 are
// one.
func livesAt(n *cluster.Node, text string) bool {
	if n.Dialled == text {
		return true
	}
	host, port, ok := hostPort(text)
	if !ok {
		return false
	}
	if h, d, ok := hostPort(n.Dialled); ok && h == host && d == port {
		return true
	}
	e := n.Member.Endpoint
	return port == e.Port && (host == plainHost(e.IP) || host == plainHost(e.Hostname))
}

func hostPort(text string) (host string, port int, ok bool) {
	host, port, err := cluster.ParseAddr(text)
	return plainHost(host), port, err == nil
}

// plainHost spells a host in one way only.
func plainHost(host string) string {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.String()
	}
	return strings.ToLower(host)
}

// described is a node among candidates: "a1b2c3d4 (A 10.0.0.11:7001)".
func (p *picture) described(ids []cluster.NodeID) string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = fmt.Sprintf("%s (%s)", clean(id.Short()), p.name(id))
	}
	return some(out)
}

func (p *picture) ambiguous(text string, found []cluster.NodeID) error {
	what := "give more of the id"
	if strings.Contains(text, ":") {
		what = "give the id"
	}
	return &Refusal{Reason: AmbiguousNode, Nodes: found, Text: fmt.Sprintf("%s could mean %d nodes: %s; %s",
		quote(text), len(found), p.described(found), what)}
}

func (p *picture) unknown(text string) error {
	near := p.near(text)
	hint := "look its id up among the nodes"
	if len(near) > 0 {
		hint = "did you mean " + p.described(near) + "?"
	}
	return &Refusal{Reason: UnknownNode, Nodes: near,
		Text: fmt.Sprintf("%s is no node of this cluster: not an id or the beginning of one, not HOST:PORT, not a shard's letter; %s", quote(text), hint)}
}

// near are the nodes that share the port, or the first characters of the id; in
// a small cluster, else, all primaries.
func (p *picture) near(text string) []cluster.NodeID {
	_, port, isAddress := hostPort(text)
	var out []cluster.NodeID
	for i := range p.snap.Nodes {
		n := &p.snap.Nodes[i]
		_, dialled, _ := hostPort(n.Dialled)
		samePort := isAddress && (dialled == port || n.Member.Endpoint.Port == port)
		if samePort || !isAddress && len(text) >= 4 && len(n.ID) >= 4 && strings.EqualFold(string(n.ID[:4]), text[:4]) {
			out = append(out, n.ID)
		}
	}
	if len(out) == 0 && len(p.primaries) <= 8 {
		for i := range p.primaries {
			out = append(out, p.primaries[i].id)
		}
	}
	return out
}
