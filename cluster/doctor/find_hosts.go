package doctor

import (
	"fmt"
	"slices"

	"slotdeck/cluster"
)

// host is where a node lives, by its announced IP; empty when not known.
func host(n *cluster.Node) string { return n.Member.Endpoint.IP }

func hosts(s *cluster.Snapshot) []string {
	var out []string
	for i := range s.Nodes {
		if h := host(&s.Nodes[i]); h != "" && !slices.Contains(out, h) {
			out = append(out, h)
		}
	}
	return out
}

// sharedHosts finds shards that one host takes down whole. A cluster that
// lives on one host altogether, as a lab does, is told so once, calmly.
func sharedHosts(e *examination) []Finding {
	all := hosts(e.s)
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
		if !ok || host(p) == "" || len(shard.Replicas) == 0 {
			continue
		}
		apart := slices.ContainsFunc(shard.Replicas, func(id cluster.NodeID) bool {
			r, found := e.s.Node(id)
			return found && host(r) != host(p)
		})
		if !apart {
			out = append(out, Finding{ID: "host-shared", Severity: Look, Shard: shard.Letter, Node: p.ID,
				Text: fmt.Sprintf("if %s is lost, the primary of %s and every replica of it go together", clean(host(p)), shard.Letter)})
		}
	}
	return out
}

// heavyHosts finds hosts that take the majority with them, though there are
// enough hosts to spread the primaries better.
func heavyHosts(e *examination) []Finding {
	v := e.verdict.Voters
	if len(hosts(e.s)) < 3 || v.Size < 3 {
		return nil
	}
	count := map[string]int{}
	var out []Finding
	for _, id := range v.IDs {
		n, ok := e.s.Node(id)
		if !ok || host(n) == "" {
			continue
		}
		if count[host(n)]++; v.Size-count[host(n)] == v.Need-1 {
			out = append(out, Finding{ID: "host-heavy", Severity: Look, Text: "if " + clean(host(n)) + " is lost, the majority of the voting primaries goes with it"})
		}
	}
	return out
}
