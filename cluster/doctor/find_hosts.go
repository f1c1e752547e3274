package doctor

import (
	"fmt"
	"slices"

	"slotdeck/cluster"
)

// hostChecks are the rules of this file, in their order.
func hostChecks() []check {
	return []check{
		{sharedHosts, []Rule{
			{ID: "host-only-one", Least: Note, Most: Note, Repair: AddNode,
				Means: "All nodes have the same IP. That is fine for a lab; the loss of that host is the loss of the cluster.",
				Next:  "Nothing, in a lab. Else add nodes on other hosts."},
			{ID: "host-shared", Least: Look, Most: Look, Repair: AddNode,
				Means: "The primary of a shard and all of its replicas live on one host: when it is lost, nobody is left to take over.",
				Next:  "Add a replica on another host, or exchange replicas with another shard."},
		}},
		{heavyHosts, []Rule{
			{ID: "host-heavy", Least: Look, Most: Look, Repair: SpreadPrimaries,
				Means: "One host holds so many voting primaries that its loss takes the majority, though there are hosts enough to avoid it: no replica would be elected.",
				Next:  "Spread the primaries by failovers to replicas on other hosts."},
		}},
	}
}

// host is where a node lives, by its announced IP; empty when not known.
func host(n *cluster.Node) string { return n.Member.Endpoint.IP }

// zones are all of them, in the order of the nodes.
func (e *examination) zones() []string {
	var out []string
	for i := range e.s.Nodes {
		if z := e.zone(&e.s.Nodes[i]); z != "" && !slices.Contains(out, z) {
			out = append(out, z)
		}
	}
	return out
}

// sharedHosts finds shards that one host takes down whole. A cluster that
// lives on one host altogether, as a lab does, is told so once, calmly.
func sharedHosts(e *examination) []Finding {
	all := e.zones()
	if len(all) == 0 {
		return nil
	}
	if len(all) == 1 {
		if len(e.s.Nodes) < 2 {
			return nil
		}
		return []Finding{{ID: "host-only-one", Severity: Note,
			Text: fmt.Sprintf("all %d nodes live on %s: fine for a lab, no protection against the loss of that host", len(e.s.Nodes), clean(all[0]))}}
	}
	var out []Finding
	for i := range e.s.Shards {
		shard := &e.s.Shards[i]
		p, ok := e.s.Node(shard.Primary)
		if !ok || e.zone(p) == "" || len(shard.Replicas) == 0 {
			continue
		}
		apart := slices.ContainsFunc(shard.Replicas, func(id cluster.NodeID) bool {
			r, found := e.s.Node(id)
			return found && e.zone(r) != e.zone(p)
		})
		if !apart {
			out = append(out, Finding{ID: "host-shared", Severity: Look, Shard: shard.Letter, Node: p.ID,
				Text: fmt.Sprintf("if %s is lost, the primary of %s and every replica of it go together", clean(e.zone(p)), shard.Letter)})
		}
	}
	return out
}

// heavyHosts finds hosts that take the majority with them, though there are
// enough hosts to spread the primaries better.
func heavyHosts(e *examination) []Finding {
	v := e.verdict.Voters
	if len(e.zones()) < 3 || v.Size < 3 {
		return nil
	}
	count := map[string]int{}
	var out []Finding
	for _, id := range v.IDs {
		n, ok := e.s.Node(id)
		if !ok || e.zone(n) == "" {
			continue
		}
		if count[e.zone(n)]++; v.Size-count[e.zone(n)] == v.Need-1 {
			out = append(out, Finding{ID: "host-heavy", Severity: Look, Text: "if " + clean(e.zone(n)) + " is lost, the majority of the voting primaries goes with it"})
		}
	}
	return out
}
