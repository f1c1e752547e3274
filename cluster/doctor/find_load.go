package doctor

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"slotdeck/cluster"
)

// loadChecks are the rules of this file, in their order.
func loadChecks() []check {
	return []check{
		{fewHits, []Rule{
			{ID: "hits-few", Least: Note, Most: Note,
				Means: "Most lookups find no key. For a cache that means that it does little.",
				Next:  "Look whether keys expire or are evicted too early, or whether clients ask for keys that nobody writes."},
		}},
		{blockedClients, []Rule{
			{ID: "clients-blocked", Least: Note, Most: Note,
				Means: "Many clients wait in blocking commands (BLPOP, XREAD BLOCK, WAIT …). For queues that is normal.",
				Next:  "When it is new, look whether whoever feeds the queues still does."},
		}},
		{growingSlowLogs, []Rule{
			{ID: "slowlog-grows", Least: Look, Most: Look,
				Means: "The slow log grows: commands take longer than slowlog-log-slower-than, and all others wait meanwhile.",
				Next:  "Read it with SLOWLOG GET: it names the commands, their arguments and their clients."},
		}},
		{latencyEvents, []Rule{
			{ID: "latency-events", Least: Look, Most: Look,
				Means: "The server's own latency monitor has seen it stand still for this long.",
				Next:  "LATENCY DOCTOR explains the event: command is a slow command, fork a snapshot, aof-… the disk, expire-cycle many keys at once."},
		}},
		{keysCommand, []Rule{
			{ID: "keys-command", Least: Note, Most: Look,
				Means: "Somebody uses KEYS, which walks through every key of the node while nobody else is served. A note when it was used at some time since the start.",
				Next:  "Use SCAN. Take the right away with ACL SETUSER … -keys; the slow log names the clients."},
		}},
		{costlyCommands, []Rule{
			{ID: "commands-costly", Least: Look, Most: Look,
				Means: "The mean call of this command takes so long that all other clients of the node feel it.",
				Next:  "Look in the slow log on which keys it works. Mostly the cost grows with the size of a key: see slotdeck bigkeys."},
		}},
		{frequentErrors, []Rule{
			{ID: "errors-routing", Least: Look, Most: Look,
				Means: "Clients are sent elsewhere, or refused because of where keys are, again and again (MOVED, ASK, CROSSSLOT, TRYAGAIN, CLUSTERDOWN): they do not follow the cluster, or use keys of several slots together.",
				Next:  "MOVED: look for clients that are not cluster-aware or do not renew their map. CROSSSLOT: keys that are used together need one hash tag."},
			{ID: "errors-refused", Least: Look, Most: Look,
				Means: "The node refuses commands because of its state (OOM, MISCONF, NOREPLICAS, READONLY, LOADING, BUSY, MASTERDOWN).",
				Next:  "OOM: see its memory. MISCONF: see its persistence. NOREPLICAS: see its replicas. READONLY: clients write to a replica."},
			{ID: "errors-login", Least: Look, Most: Look,
				Means: "Clients are turned away for their password or their rights (NOAUTH, WRONGPASS, NOPERM).",
				Next:  "ACL LOG on the node names the users, commands and addresses."},
		}},
	}
}

func fewHits(e *examination) []Finding {
	var out []Finding
	for n := range e.informed {
		hits, over, ok := e.grown(n, "keyspace_hits")
		misses, _, also := e.grown(n, "keyspace_misses")
		all := hits + misses
		if !ok || !also || all < 1 || float64(all) < e.std.limit("least-lookups") {
			continue
		}
		if share := 100 * float64(hits) / float64(all); share < e.std.limit("hit-share") {
			out = append(out, e.about(n, "hits-few", Note, fmt.Sprintf("found a key in %.0f %% of %s within %s", share, plural(int(all), "lookup", "lookups"), span(over))))
		}
	}
	return out
}

func blockedClients(e *examination) []Finding {
	var out []Finding
	for n := range e.informed {
		if b := n.Stats.BlockedClients; b > 0 && float64(b) >= e.std.limit("blocked-clients") {
			out = append(out, e.about(n, "clients-blocked", Note, "has "+plural(int(b), "client", "clients")+" waiting in blocking commands"))
		}
	}
	return out
}

// checkups are a node's newest checkup and the one before; ok is false without both.
func checkups(n *cluster.Node) (now, then *cluster.Checkup, ok bool) {
	now = checkupOf(n)
	if now == nil || n.Earlier == nil || n.Earlier.Checkup == nil {
		return nil, nil, false
	}
	return now, n.Earlier.Checkup, true
}

func growingSlowLogs(e *examination) []Finding {
	var out []Finding
	for n := range e.informed {
		now, then, ok := checkups(n)
		if !ok || now.SlowLogged < 0 || then.SlowLogged < 0 {
			continue
		}
		if by := now.SlowLogged - then.SlowLogged; by > 0 && float64(by) >= e.std.limit("slow-commands") {
			out = append(out, e.about(n, "slowlog-grows", Look, "has written "+plural(int(by), "command", "commands")+" to its slow log within "+span(n.Info.At.Sub(n.Earlier.At))))
		}
	}
	return out
}

func latencyEvents(e *examination) []Finding {
	var out []Finding
	for n := range e.informed {
		c := checkupOf(n)
		if c == nil {
			continue
		}
		for _, ev := range c.Latency {
			ago := e.s.At.Sub(ev.At)
			if ev.Max >= seconds(e.std.limit("latency")/1000) && ago <= seconds(e.std.limit("latency-recent")) {
				out = append(out, e.about(n, "latency-events", Look, fmt.Sprintf("stood still for up to %s, by its own monitor: %s, last %s ago", brief(ev.Max), clean(ev.Name), span(max(0, ago)))))
			}
		}
	}
	return out
}

func keysCommand(e *examination) []Finding {
	var out []Finding
	for n := range e.informed {
		c := checkupOf(n)
		if c == nil || c.Commands["keys"].Calls <= 0 {
			continue
		}
		calls := c.Commands["keys"].Calls
		f := e.about(n, "keys-command", Note, "has answered KEYS "+plural(int(calls), "time", "times")+" since it started")
		if now, then, ok := checkups(n); ok {
			if by := now.Commands["keys"].Calls - then.Commands["keys"].Calls; by > 0 {
				f.Severity, f.Text = Look, name(n)+" has answered KEYS "+plural(int(by), "time", "times")+" within "+span(n.Info.At.Sub(n.Earlier.At))
			}
		}
		out = append(out, f)
	}
	return out
}

// patient are commands that take long because they are meant to, or that an
// operator sends.
func patient(command string) bool {
	first, _, _ := strings.Cut(command, "|")
	return slices.Contains([]string{"debug", "replicaof", "cluster", "migrate", "restore-asking", "flushall", "flushdb", "config", "function", "psync", "shutdown", "keys", "client"}, first)
}

func costlyCommands(e *examination) []Finding {
	var out []Finding
	for n := range e.informed {
		now, then, ok := checkups(n)
		if !ok {
			continue
		}
		for _, command := range slices.Sorted(maps.Keys(now.Commands)) {
			a, b := now.Commands[command], then.Commands[command]
			calls := a.Calls - b.Calls
			if calls < 1 || float64(calls) < e.std.limit("costly-calls") || patient(command) {
				continue
			}
			each := time.Duration((float64(a.Each)*float64(a.Calls) - float64(b.Each)*float64(b.Calls)) / float64(calls))
			if each >= seconds(e.std.limit("costly-time")/1000) {
				out = append(out, e.about(n, "commands-costly", Look, fmt.Sprintf("took %s on average for each of %d calls of %s", brief(each), calls, clean(strings.ToUpper(strings.ReplaceAll(command, "|", " "))))))
			}
		}
	}
	return out
}

// errorRules sorts error kinds into rules.
func errorRules() map[string][]string {
	return map[string][]string{
		"errors-routing": {"MOVED", "ASK", "CROSSSLOT", "TRYAGAIN", "CLUSTERDOWN"},
		"errors-refused": {"OOM", "MISCONF", "NOREPLICAS", "READONLY", "LOADING", "BUSY", "MASTERDOWN"},
		"errors-login":   {"NOAUTH", "WRONGPASS", "NOPERM"},
	}
}

func frequentErrors(e *examination) []Finding {
	var out []Finding
	for n := range e.informed {
		if n.Earlier == nil {
			continue
		}
		now, then := cluster.ErrorCounts(n.Info.Value), cluster.ErrorCounts(n.Earlier.Info)
		for _, id := range []string{"errors-routing", "errors-refused", "errors-login"} {
			var what []string
			for _, kind := range errorRules()[id] {
				if by := now[kind] - then[kind]; by > 0 && float64(by) >= e.std.limit("errors") {
					what = append(what, fmt.Sprintf("%s %d times", kind, by))
				}
			}
			if len(what) > 0 {
				f := e.about(n, id, Look, "has answered "+list(what)+" within "+span(n.Info.At.Sub(n.Earlier.At)))
				out = append(out, Finding{ID: id, Severity: Look, Text: f.Text, Node: f.Node, Shard: f.Shard})
			}
		}
	}
	return out
}
