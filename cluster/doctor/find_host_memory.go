package doctor

import (
	"fmt"

	"slotdeck/cluster"
)

// hostRoom is the memory of a host, and what the nodes on it take.
type hostRoom struct {
	total, granted, used int64
	measured, guessed    int64 // the largest copy of a fork: of those that were told, and of nodes that told of none
	copies               string
	nodes                []string
	first                *cluster.Node
}

// copied is the most that a fork of a node has had to copy, of the last ones and
// of the one that runs; 0 when it has told of none.
func (e *examination) copied(n *cluster.Node) int64 {
	most := int64(0)
	for _, field := range []string{"rdb_last_cow_size", "aof_last_cow_size", "current_cow_peak"} {
		most = max(most, e.number(n, field))
	}
	return most
}

// crowdedHosts goes by the host's whole memory, as INFO tells it; a container's
// limit is not told there. Of several forks the largest counts: one node after
// the other is the rule for snapshots.
func crowdedHosts(e *examination) []Finding {
	hosts := map[string]*hostRoom{}
	var order []string
	for n := range e.informed {
		total := e.number(n, "total_system_memory")
		h := host(n)
		if total <= 0 || h == "" || n.Stats.UsedMemory < 0 {
			continue
		}
		r := hosts[h]
		if r == nil {
			r = &hostRoom{total: total, first: n}
			hosts[h] = r
			order = append(order, h)
		}
		r.total = min(r.total, total)
		r.granted += max(0, n.Stats.MaxMemory)
		r.used += n.Stats.UsedMemory
		line := fmt.Sprintf("%s: %s in use, maxmemory %s", name(n), bytes(n.Stats.UsedMemory), bytes(max(0, n.Stats.MaxMemory)))
		if copied := e.copied(n); copied > 0 {
			line += ", a fork copied " + bytes(copied)
			if copied > r.measured {
				r.measured, r.copies = copied, name(n)
			}
		} else {
			r.guessed = max(r.guessed, n.Stats.UsedMemory)
		}
		r.nodes = append(r.nodes, line)
	}
	var out []Finding
	for _, h := range order {
		r := hosts[h]
		f := Finding{Evidence: append(r.nodes, "the host has "+bytes(r.total))}
		room := e.std.limit("fork-room") / 100 * float64(r.total)
		nodes := plural(len(r.nodes), "node", "nodes") + " on " + clean(h)
		switch use := verb(len(r.nodes), " uses ", " use "); {
		case float64(r.granted) > e.std.limit("host-memory")/100*float64(r.total):
			f.ID = "host-memory"
			f.Severity, f.Text = Look, fmt.Sprintf("the maxmemory of %s adds up to %s, and the host has %s", nodes, bytes(r.granted), bytes(r.total))
		case r.measured > 0 && float64(r.used+r.measured) > room:
			f.ID = "fork-room"
			f.Severity, f.Text = Look, fmt.Sprintf("%s%s%s, and a fork of %s copied %s more: the host has %s", nodes, use, bytes(r.used), r.copies, bytes(r.measured), bytes(r.total))
		case float64(r.used+r.guessed) > room:
			f.ID = "fork-room"
			f.Severity, f.Text = Note, fmt.Sprintf("%s%s%s of %s: a fork of the largest may not fit, if all of it is written meanwhile", nodes, use, bytes(r.used), bytes(r.total))
		default:
			continue
		}
		if len(r.nodes) == 1 {
			f.Node, f.Shard = r.first.ID, e.letter(r.first)
		}
		out = append(out, f)
	}
	return out
}
