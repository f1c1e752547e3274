package doctor

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// operationChecks are the rules of this file, in their order.
func operationChecks() []check {
	return []check{
		{failedSaves, []Rule{
			{ID: "aof-failed", Least: Urgent, Most: Urgent,
				Means: "The node cannot write its append-only file and refuses writes until it can.",
				Next:  "Look at the room on its disk and the rights of its folder; it tries again by itself."},
			{ID: "save-failed", Least: Urgent, Most: Urgent,
				Means: "The last snapshot was not written. With stop-writes-on-bgsave-error, which is the default, the node may refuse writes.",
				Next:  "Look at the room on its disk, the rights of its folder, and whether the kernel lets it fork (vm.overcommit_memory); then save again."},
		}},
		{refusedClients, []Rule{
			{ID: "clients-full", Least: Look, Most: Look, Repair: ChangeSetting, Setting: "maxclients",
				Means: "80 % or more of maxclients are connected; at 100 % new connections are turned away, those of the console too.",
				Next:  "Look for clients that open and never close, then raise maxclients and the limit of open files."},
			{ID: "clients-rejected", Least: Note, Most: Note, Repair: ChangeSetting, Setting: "maxclients",
				Means: "The node has turned away connections since it was started, as more than maxclients were open.",
				Next:  "Compare the number of clients with maxclients at the busiest time of the day."},
		}},
		{mixedVersions, []Rule{
			{ID: "versions-mixed", Least: Note, Most: Note, Repair: RestartNodes,
				Means: "The nodes run different versions. That is meant for the time of an upgrade only: what older ones do not know is not passed on.",
				Next:  "Finish the upgrade by a rolling restart, replicas first."},
		}},
	}
}

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

func refusedClients(e *examination) []Finding {
	var out []Finding
	for n := range e.informed {
		if most, ok := n.Info.Value.Int("maxclients"); ok && most > 0 && float64(n.Stats.Clients)*100 >= float64(most)*e.std.limit("clients-share") {
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
