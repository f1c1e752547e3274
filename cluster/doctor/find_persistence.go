package doctor

import (
	"fmt"
	"time"

	"slotdeck/cluster"
)

// persistenceChecks are the rules of this file, in their order.
func persistenceChecks() []check {
	return []check{
		{failedRewrites, []Rule{
			{ID: "rewrite-failed", Least: Look, Most: Look,
				Means: "The append-only file could not be rewritten, and grows until it can.",
				Next:  "Look at the room on the node's disk, and whether the kernel lets it fork (vm.overcommit_memory); then BGREWRITEAOF."},
		}},
		{unsavedNodes, []Rule{
			{ID: "persistence-none", Least: Note, Most: Look, Repair: ChangeSetting, Setting: "appendonly",
				Means: "Neither snapshots nor the append-only file are switched on: whoever restarts has forgotten everything, and a primary that is back before its replica took over empties the replica, too. A note when no node saves, as in a cache.",
				Next:  "Accept it for a cache, and see that nothing restarts a primary within the node timeout. Else set appendonly to yes."},
		}},
		{riskySyncs, []Rule{
			{ID: "fsync-never", Least: Note, Most: Note, Repair: ChangeSetting, Setting: "appendfsync",
				Means: "With appendfsync no, the kernel decides when the append-only file reaches the disk: the loss of a host loses up to half a minute of writes.",
				Next:  "Set appendfsync to everysec unless the disk is too slow for it."},
			{ID: "fsync-always", Least: Note, Most: Note, Repair: ChangeSetting, Setting: "appendfsync",
				Means: "With appendfsync always every write waits for the disk.",
				Next:  "Set appendfsync to everysec where a second of writes may be lost."},
		}},
		{slowForks, []Rule{
			{ID: "fork-slow", Least: Look, Most: Look,
				Means: "Each fork, for a snapshot, a rewrite or a full sync, stops the node for this long.",
				Next:  "Keep nodes small, switch transparent huge pages off on the host, and look whether the host is a slow virtual machine."},
		}},
		{unsavedChanges, []Rule{
			{ID: "changes-unsaved", Least: Look, Most: Look, Repair: ChangeSetting, Setting: "save",
				Means: "Snapshots are the only persistence, and the last is old: this many changes are lost with the process.",
				Next:  "Look why none was made (the rules of save, failed forks), or save now with BGSAVE."},
		}},
	}
}

func failedRewrites(e *examination) []Finding {
	var out []Finding
	for n := range e.informed {
		if e.text(n, "aof_last_bgrewrite_status") == "err" {
			out = append(out, e.about(n, "rewrite-failed", Look, "could not rewrite its append-only file"))
		}
	}
	return out
}

// saves tells whether a node writes snapshots, and whether an append-only file.
func (e *examination) saves(n *cluster.Node) (snapshots, aof, known bool) {
	rules, known := setting(n, "save")
	return rules != "", e.number(n, "aof_enabled") == 1, known
}

func unsavedNodes(e *examination) []Finding {
	asked := 0
	who := e.having(func(n *cluster.Node) bool {
		snapshots, aof, known := e.saves(n)
		if known {
			asked++
		}
		return known && !snapshots && !aof
	})
	severity := Look
	if len(who) == asked {
		severity = Note
	}
	return e.together("persistence-none", severity, who, "saves nothing to disk", "save nothing to disk")
}

func riskySyncs(e *examination) []Finding {
	writes := func(policy string) []*cluster.Node {
		return e.having(func(n *cluster.Node) bool {
			v, known := setting(n, "appendfsync")
			return known && v == policy && e.number(n, "aof_enabled") == 1
		})
	}
	out := e.together("fsync-never", Note, writes("no"), "leaves the append-only file to the kernel", "leave the append-only file to the kernel")
	return append(out, e.together("fsync-always", Note, writes("always"), "waits for the disk with every write", "wait for the disk with every write")...)
}

func slowForks(e *examination) []Finding {
	var out []Finding
	for n := range e.informed {
		took := time.Duration(e.number(n, "latest_fork_usec")) * time.Microsecond
		if took > 0 && took >= seconds(e.std.limit("fork-time")/1000) {
			out = append(out, e.about(n, "fork-slow", Look, "was stopped for "+brief(took)+" by its last fork"))
		}
	}
	return out
}

func unsavedChanges(e *examination) []Finding {
	var out []Finding
	for n := range e.informed {
		snapshots, aof, known := e.saves(n)
		changes := e.number(n, "rdb_changes_since_last_save")
		last := e.number(n, "rdb_last_save_time")
		if !known || !snapshots || aof || changes < 1 || last <= 0 {
			continue
		}
		age := e.s.At.Sub(time.Unix(last, 0))
		if float64(changes) >= e.std.limit("unsaved-changes") && age >= seconds(e.std.limit("unsaved-time")) {
			out = append(out, e.about(n, "changes-unsaved", Look, fmt.Sprintf("has %s in no snapshot; the last is %s old", plural(int(changes), "change", "changes"), span(age))))
		}
	}
	return out
}
