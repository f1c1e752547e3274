package doctor

import (
	"time"

	"slotdeck/cluster"
)

// memberChecks are the rules of this file, in their order.
func memberChecks() []check {
	return []check{
		{silentNodes, []Rule{
			{ID: "node-silent", Least: Look, Most: Look, Repair: ReplaceNode,
				Means: "The node does not answer the console. A primary whose slots are not served for that is told as slots-unserved.",
				Next:  "Look at the process and the host. When it does not come back, replace it."},
			{ID: "node-locked", Least: Look, Most: Look,
				Means: "The node answers, but refuses the user or the password of the console, so that nothing is known of its inside.",
				Next:  "Compare its access list with that of the other nodes, and with the user of this context."},
			{ID: "node-odd", Least: Look, Most: Look,
				Means: "Something answers at the address that does not speak as a server does: a proxy, TLS against plain, another service.",
				Next:  "Look what listens at that port, and whether TLS is set on both sides."},
			{ID: "node-suspected", Least: Look, Most: Look,
				Means: "The node answers the console, but voting primaries flag it as failing: commands pass where the bus does not.",
				Next:  "Look whether its bus port (the port plus 10000, unless set) is open from those primaries. A primary may be failed over at any moment."},
		}},
		{stuckHandshakes, []Rule{
			{ID: "handshake-stuck", Least: Look, Most: Look,
				Means: "A meeting was begun and never ended: the node has not answered on its bus port.",
				Next:  "Open the bus port in both directions, and see that the address that was given is the one it has; then meet again."},
		}},
		{sharedAddresses, []Rule{
			{ID: "address-twice", Least: Look, Most: Look, Repair: ForgetNode,
				Means: "Two members are listed under one address; only one of them can live there. The other was reset, or its place was given away.",
				Next:  "Ask the address with CLUSTER MYID who lives there, and make all nodes forget the other when it owns nothing."},
		}},
		{lostAddresses, []Rule{
			{ID: "address-lost", Least: Note, Most: Look, Repair: ForgetNode,
				Means: "The cluster lists the node without an address: it was reset, or has come back as somebody else. A note when it owns no slots.",
				Next:  "When it owns nothing, make all nodes forget it. When it owns slots, find the server, or fail over to its replica, first."},
		}},
	}
}

// silentNodes finds nodes that the console cannot read; primaries that leave
// slots unserved are told by unservedSlots.
func silentNodes(e *examination) []Finding {
	told := map[cluster.NodeID]bool{}
	for _, t := range e.down() {
		told[t.Node] = true
	}
	var out []Finding
	for i := range e.s.Nodes {
		n := &e.s.Nodes[i]
		if told[n.ID] || n.Member.Flags.Has(cluster.Handshake) {
			continue
		}
		lasting := ""
		if at := since(n); !at.IsZero() {
			lasting = " for " + span(e.s.At.Sub(at))
		}
		switch n.Health {
		case cluster.NoAnswer:
			out = append(out, e.about(n, "node-silent", Look, "has not answered"+lasting))
		case cluster.Refused:
			out = append(out, e.about(n, "node-silent", Look, "has refused connections"+lasting))
		case cluster.Denied:
			out = append(out, e.about(n, "node-locked", Look, "refuses the console's user or password"))
		case cluster.Rubbish:
			if n.Stranger != "" { // reusedAddresses tells more
				continue
			}
			out = append(out, e.about(n, "node-odd", Look, "does not answer like a server"))
		case cluster.Answering:
			if n := flaggers(e.verdict.Voters, n); n > 0 && e.verdict.Voters.Need > 0 {
				out = append(out, e.about(&e.s.Nodes[i], "node-suspected", Look,
					"answers the console, but "+plural(n, "voting primary flags", "voting primaries flag")+" it"))
			}
		}
	}
	return out
}

// stuckHandshakes goes by what the nodes list: one in handshake has no real id
// yet, and leaves the list again when the node timeout has passed, so that the
// console knows it by nothing else.
func stuckHandshakes(e *examination) []Finding {
	var out []Finding
	told := map[string]bool{}
	for i := range e.s.Nodes {
		n := &e.s.Nodes[i]
		if n.Health != cluster.Answering || n.View.Value == nil {
			continue
		}
		for _, m := range n.View.Value.Members {
			addr := m.Endpoint.Addr()
			began, known := e.metSince(m)
			if !m.Flags.Has(cluster.Handshake) || !known || told[addr] {
				continue
			}
			if age := n.View.At.Sub(began); age >= seconds(e.std.limit("handshake-time")) {
				told[addr] = true
				out = append(out, e.about(n, "handshake-stuck", Look, "has been meeting "+clean(addr)+" for "+span(age)+": is its bus port open, and the one that was given?"))
			}
		}
	}
	return out
}

// metSince is when a meeting began. Where nothing listens no ping is ever sent,
// and only who has watched knows since when the node is listed.
func (e *examination) metSince(m cluster.Member) (time.Time, bool) {
	if !m.PingSent.IsZero() {
		return m.PingSent, true
	}
	for _, ev := range e.s.Events {
		if ev.Kind == cluster.NodeAppeared && ev.Node == m.ID {
			return ev.At, true
		}
	}
	if n, ok := e.s.Node(m.ID); ok {
		return n.Since, !n.Since.IsZero()
	}
	return time.Time{}, false
}

// sharedAddresses finds an address under which several members are listed.
func sharedAddresses(e *examination) []Finding {
	first := map[string]*cluster.Node{}
	var out []Finding
	for i := range e.s.Nodes {
		n := &e.s.Nodes[i]
		addr := n.Member.Endpoint.Addr()
		if addr == "" || n.Member.Endpoint.Port == 0 || n.Member.Flags.Has(cluster.Handshake) || n.Member.Flags.Has(cluster.NoAddr) {
			continue
		}
		if other := first[addr]; other != nil {
			f := e.about(n, "address-twice", Look, "is the address of two members, "+clean(other.ID.Short())+" and "+clean(n.ID.Short()))
			out = append(out, f)
			continue
		}
		first[addr] = n
	}
	return out
}

func lostAddresses(e *examination) []Finding {
	var out []Finding
	for i := range e.s.Nodes {
		n := &e.s.Nodes[i]
		if n.Health != cluster.NoAddress && !n.Member.Flags.Has(cluster.NoAddr) {
			continue
		}
		f := e.about(n, "address-lost", Look, "has no address any more")
		if len(n.Member.Slots) == 0 {
			f.Severity, f.Text = Note, f.Text+" and owns nothing: it can be forgotten"
		}
		out = append(out, f)
	}
	return out
}
