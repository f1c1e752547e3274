package doctor

import (
	"net/netip"

	"slotdeck/cluster"
)

// addressChecks are the rules of this file, in their order.
func addressChecks() []check {
	return []check{
		{reusedAddresses, []Rule{
			{ID: "address-reused", Least: Look, Most: Look, Repair: RepairAddresses,
				Means: "At the address under which the cluster knows this node, another one answers: it has moved, or its place was given away.",
				Next:  "Find out where the node is now. When it runs, let it meet the others from there; when it is gone, replace or forget it."},
			{ID: "clusters-merge", Least: Urgent, Most: Urgent, Repair: ForgetNode,
				Means: "A node of another cluster has the address of one of these. A single meeting would join both clusters, and their slots would overwrite each other.",
				Next:  "Start no meeting. Make all nodes forget the member whose address it was, or stop the node that took it."},
		}},
		{movedNodes, []Rule{
			{ID: "address-moved", Least: Urgent, Most: Urgent, Repair: RepairAddresses,
				Means: "The node answers, but the others look for it where it is not, as after a restart of containers. It takes no part in votes and no replica can follow it.",
				Next:  "Let the nodes meet again where they are now."},
		}},
	}
}

// reusedAddresses finds nodes at whose address another node answers. When that
// one is of another cluster, the two clusters are one meeting away from being
// mixed up: a node that still hears of the old member by gossip sends the
// meeting to whoever has its address.
func reusedAddresses(e *examination) []Finding {
	var out []Finding
	for i := range e.s.Nodes {
		n := &e.s.Nodes[i]
		if n.Stranger == "" {
			continue
		}
		_, ours := e.s.Node(n.Stranger)
		switch who := clean(n.Stranger.Short()); {
		case ours:
			out = append(out, e.about(n, "address-reused", Look, "is not where it was: "+nameOf(e.s, n.Stranger)+" answers at its address"))
		case !n.Foreign:
			out = append(out, e.about(n, "address-reused", Look, "is not where it was: a node that is in no cluster, "+who+", answers at its address"))
		case e.met(n):
			out = append(out, e.about(n, "clusters-merge", Urgent, "is not where it was: node "+who+" of another cluster has its address, and a meeting with that one is under way: two clusters are becoming one; stop that node, and forget this one"))
		default:
			out = append(out, e.about(n, "clusters-merge", Urgent, "is not where it was: node "+who+" of another cluster has its address; a meeting would make one cluster of the two; forget this node on all others before anything is told to meet it"))
		}
	}
	return out
}

// met reports whether a node of the cluster shakes hands with whoever has the
// address of another.
func (e *examination) met(n *cluster.Node) bool {
	for i := range e.s.Nodes {
		v := e.s.Nodes[i].View.Value
		if v == nil {
			continue
		}
		for _, m := range v.Members {
			if m.Flags.Has(cluster.Handshake) && m.Endpoint.Addr() == n.Dialled {
				return true
			}
		}
	}
	return false
}

// movedNodes finds nodes that answer the console while others look for them
// where they are not, as after a restart of containers under other addresses.
func movedNodes(e *examination) []Finding {
	var out []Finding
	mapped := e.mapped()
	for i := range e.s.Nodes {
		n := &e.s.Nodes[i]
		if n.Health != cluster.Answering || n.View.Value == nil || n.Member.Flags.Has(cluster.Handshake) {
			continue
		}
		own, _ := n.View.Value.Member(n.ID)
		lost, where := 0, ""
		for m := range e.listed(n) {
			if !m.Linked && (otherPort(m.Endpoint, own.Endpoint) || !mapped && otherHost(m.Endpoint, n.Dialled)) {
				lost++
				where = m.Endpoint.Addr()
			}
		}
		if lost == 0 {
			continue
		}
		if where == "" {
			where = "no address at all"
		}
		out = append(out, Finding{ID: "address-moved", Severity: Urgent, Shard: e.letter(n), Node: n.ID,
			Text: clean(n.Dialled) + " came back under another address: " + plural(lost, "node looks", "nodes look") + " for it at " + clean(where) +
				"; slotdeck repair-addresses lets them meet"})
	}
	return out
}

// listed yields what other nodes that answer say of a node.
func (e *examination) listed(n *cluster.Node) func(func(cluster.Member) bool) {
	return func(yield func(cluster.Member) bool) {
		for i := range e.s.Nodes {
			o := &e.s.Nodes[i]
			if o.ID == n.ID || o.Health != cluster.Answering || o.View.Value == nil {
				continue
			}
			if m, ok := o.View.Value.Member(n.ID); ok && !yield(m) {
				return
			}
		}
	}
}

// mapped reports whether the console reaches nodes that are linked to others at
// addresses which the others do not know: then addresses tell nothing.
func (e *examination) mapped() bool {
	for i := range e.s.Nodes {
		n := &e.s.Nodes[i]
		for m := range e.listed(n) {
			if n.Health == cluster.Answering && m.Linked && otherHost(m.Endpoint, n.Dialled) {
				return true
			}
		}
	}
	return false
}

func otherPort(listed, own cluster.Endpoint) bool {
	return own.Port != 0 && (listed.Port != own.Port || own.BusPort != 0 && listed.BusPort != own.BusPort)
}

// otherHost reports whether a node is listed at another IP than the one at which
// it was reached. A name, or the console's own machine, tells nothing.
func otherHost(listed cluster.Endpoint, dialled string) bool {
	host, _, err := cluster.ParseAddr(dialled)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && !ip.IsLoopback() && listed.IP != host
}
