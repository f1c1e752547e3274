package doctor

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// failedSaves goes by INFO persistence.
func failedSaves(e *examination) []Finding {
	var out []Finding
	for n := range e.informed {
		if field(n, "aof_last_write_status") == "err" {
			out = append(out, e.about(n, "aof-failed", Urgent, "could not write its append-only file: it refuses writes until it can"))
		}
		if field(n, "rdb_last_bgsave_status") != "err" {
			continue
		}
		text := "could not write its last snapshot to disk"
		if n.Config.Value["stop-writes-on-bgsave-error"] != "no" {
			text += ": it may refuse writes"
		}
		out = append(out, e.about(n, "save-failed", Urgent, text))
	}
	return out
}

const clientsLook = 80 // per cent of maxclients

func refusedClients(e *examination) []Finding {
	var out []Finding
	for n := range e.informed {
		if most, ok := n.Info.Value.Int("maxclients"); ok && most > 0 && n.Stats.Clients*100 >= most*clientsLook {
			out = append(out, e.about(n, "clients-full", Look, fmt.Sprintf("has %d clients, %d are allowed", n.Stats.Clients, most)))
		}
		if rejected, ok := n.Info.Value.Int("rejected_connections"); ok && rejected > 0 {
			out = append(out, e.about(n, "clients-rejected", Note, "has turned away "+plural(int(rejected), "connection", "connections")+" since it started "+span(n.Stats.Uptime)+" ago"))
		}
	}
	return out
}

func mixedVersions(e *examination) []Finding {
	count := map[string]int{}
	var versions []string
	for n := range e.informed {
		if n.Stats.Version == "" {
			continue
		}
		v := clean(strings.TrimSpace(n.Stats.Flavor + " " + n.Stats.Version))
		if count[v]++; count[v] == 1 {
			versions = append(versions, v)
		}
	}
	if len(versions) < 2 {
		return nil
	}
	slices.SortStableFunc(versions, func(a, b string) int { return -cmp.Compare(count[a], count[b]) })
	for i, v := range versions {
		versions[i] = fmt.Sprintf("%d × %s", count[v], v)
	}
	return []Finding{{ID: "versions-mixed", Severity: Note, Text: "the nodes run different versions: " + list(versions)}}
}
