package doctor

import (
	"fmt"
)

const (
	memoryLook   = 80 // per cent of maxmemory
	memoryUrgent = 95

	fragmentedRatio = 1.5
	fragmentedWaste = 100 << 20 // bytes; a small node's ratio says nothing
)

func fullMemory(e *examination) []Finding {
	var out []Finding
	for n := range e.informed {
		if n.Stats.MaxMemory <= 0 || n.Stats.UsedMemory < 0 {
			continue
		}
		p := int(100 * float64(n.Stats.UsedMemory) / float64(n.Stats.MaxMemory))
		if p < memoryLook {
			continue
		}
		severity, then := Look, "then it evicts"
		if policy := field(n, "maxmemory_policy"); policy == "noeviction" {
			then = "then it refuses writes"
			if p >= memoryUrgent {
				severity = Urgent
			}
		} else if policy == "" {
			then = "what happens then is not known"
		}
		out = append(out, e.about(n, "memory-full", severity, fmt.Sprintf("uses %d %% of its maxmemory (%s of %s); %s",
			p, bytes(n.Stats.UsedMemory), bytes(n.Stats.MaxMemory), then)))
	}
	return out
}

func unboundedMemory(e *examination) []Finding {
	var who []string
	known := 0
	for n := range e.informed {
		if known++; n.Stats.MaxMemory == 0 {
			who = append(who, name(n))
		}
	}
	switch {
	case len(who) == 0:
		return nil
	case len(who) == known && known > 1:
		return []Finding{{ID: "memory-unbounded", Severity: Note, Text: "no node has a maxmemory"}}
	}
	return []Finding{{ID: "memory-unbounded", Severity: Note, Text: list(who) + verb(len(who), " has", " have") + " no maxmemory"}}
}

func fragmentedMemory(e *examination) []Finding {
	var out []Finding
	for n := range e.informed {
		waste := n.Stats.RSS - n.Stats.UsedMemory
		if n.Stats.RSS > 0 && n.Stats.UsedMemory > 0 && n.Stats.Fragmentation >= fragmentedRatio && waste >= fragmentedWaste {
			out = append(out, e.about(n, "memory-fragmented", Look, fmt.Sprintf("takes %s of the host for %s of data (fragmentation %.1f)",
				bytes(n.Stats.RSS), bytes(n.Stats.UsedMemory), n.Stats.Fragmentation)))
		}
	}
	return out
}

func evictingNodes(e *examination) []Finding {
	var out []Finding
	for n := range e.informed {
		if n.Stats.Evicted > 0 {
			out = append(out, e.about(n, "keys-evicted", Note, "has evicted "+plural(int(n.Stats.Evicted), "key", "keys")+" since it started "+span(n.Stats.Uptime)+" ago"))
		}
	}
	return out
}
