package doctor

import (
	"fmt"
	"strings"

	"slotdeck/cluster"
)

// memoryChecks are the rules of this file, in their order.
func memoryChecks() []check {
	return []check{
		{fullMemory, []Rule{
			{ID: "memory-full", Least: Look, Most: Urgent, Repair: ChangeSetting, Setting: "maxmemory",
				Means: "The node uses 80 % or more of its maxmemory. At 100 % it evicts keys or, with the policy noeviction, refuses writes; with that policy 95 % is urgent.",
				Next:  "Raise maxmemory where the host has room, move slots to other shards, or find what grows among the biggest keys."},
		}},
		{unboundedMemory, []Rule{
			{ID: "memory-unbounded", Least: Note, Most: Note, Repair: ChangeSetting, Setting: "maxmemory",
				Means: "Without a maxmemory the node grows until the kernel kills it, and a fork for a snapshot or a full sync has no room kept for it.",
				Next:  "Set maxmemory below the host's memory, with room for copy-on-write."},
		}},
		{fragmentedMemory, []Rule{
			{ID: "memory-fragmented", Least: Look, Most: Look, Repair: ChangeSetting, Setting: "activedefrag",
				Means: "The process holds at least 1.5 times the memory of its data, and at least 100 MiB more: freed memory has not gone back to the host.",
				Next:  "Switch active defragmentation on where the server was built with it, or restart the node as a replica."},
		}},
		{swappedMemory, []Rule{
			{ID: "memory-swapped", Least: Look, Most: Look,
				Means: "The process holds less of the host's memory than its data takes: a part of it was swapped out, and commands wait for the disk.",
				Next:  "Look at the host's swap and at what else lives there; give the node room, and set vm.swappiness low."},
		}},
		{unfitPolicies, []Rule{
			{ID: "eviction-unfit", Least: Look, Most: Look, Repair: ChangeSetting, Setting: "maxmemory-policy",
				Means: "The policy evicts only keys with a time to live, and hardly any key has one: at maxmemory the node soon refuses writes all the same.",
				Next:  "Give keys a time to live, choose an allkeys policy for a cache, or noeviction for data that must stay."},
			{ID: "eviction-off", Least: Note, Most: Note, Repair: ChangeSetting, Setting: "maxmemory-policy",
				Means: "Nearly all keys have a time to live, as in a cache, but the policy is noeviction: at maxmemory the node refuses writes instead of making room.",
				Next:  "Choose a volatile or allkeys policy when this is a cache."},
		}},
		{pendingFrees, []Rule{
			{ID: "lazyfree-piling", Least: Look, Most: Look,
				Means: "Deleted objects wait to be freed in the background faster than it gets through them: memory stays taken.",
				Next:  "Look what deletes so much (UNLINK, FLUSHALL ASYNC, expiry), and let it go slower."},
			{ID: "lazyfree-off", Least: Note, Most: Note, Repair: ChangeSetting, Setting: "lazyfree-lazy-user-del",
				Means: "Big keys are freed in the foreground when they are deleted, evicted or expire: the node serves nobody meanwhile.",
				Next:  "Where keys may be big, set lazyfree-lazy-user-del, -eviction and -expire to yes; slotdeck bigkeys tells which are."},
		}},
		{bigKeys, []Rule{
			{ID: "keys-big", Least: Note, Most: Look,
				Means: "A big key keeps its node busy when it is read whole, deleted or moved, and cannot be shared among shards. This is what Redis 8.0 (INFO keysizes) and Valkey 8.1 (COMMANDLOG) and newer tell by themselves; no key is looked at.",
				Next:  "Run slotdeck bigkeys, which names them. Split them up; read them in parts; delete them with UNLINK."},
		}},
		{crowdedHosts, []Rule{
			{ID: "host-memory", Least: Look, Most: Look, Repair: ChangeSetting, Setting: "maxmemory",
				Means: "The nodes of a host may together use more memory than it has: the kernel kills whoever is in its way.",
				Next:  "Lower maxmemory so that all nodes of the host fit, with room for what a fork copies, or move nodes to other hosts."},
			{ID: "fork-room", Least: Note, Most: Look, Repair: ChangeSetting, Setting: "maxmemory",
				Means: "While a fork writes a snapshot, an append-only file or a full sync, every page that is written meanwhile is copied, and the nodes of the host with these copies would take nearly all of its memory. The copies are those that a node has told of its last forks, or of one that runs; a node that has told of none may have to copy all of its data, which is a note only.",
				Next:  "Lower maxmemory or move nodes to other hosts, so that the room for copies stays free; let forks happen when little is written."},
		}},
		{roomForAShard, []Rule{
			{ID: "shard-room", Least: Note, Most: Note, Repair: AddNode,
				Means: "If the fullest shard had to be emptied into the others, they would be nearly full, or could not hold it.",
				Next:  "Know it before a shard is taken away. Add shards, or raise maxmemory."},
		}},
		{evictingNodes, []Rule{
			{ID: "keys-evicting", Least: Look, Most: Look, Repair: ChangeSetting, Setting: "maxmemory",
				Means: "The node removes keys right now to stay below its maxmemory. In a cache that is its work; elsewhere data is being lost.",
				Next:  "In a cache watch the hit rate. Else raise maxmemory, add shards, or choose the policy noeviction."},
			{ID: "keys-evicted", Least: Note, Most: Note, Repair: ChangeSetting, Setting: "maxmemory",
				Means: "The node has removed keys to stay below its maxmemory since it was started. In a cache that is its work; elsewhere data was lost.",
				Next:  "In a cache nothing. Else raise maxmemory, add shards, or choose the policy noeviction."},
		}},
	}
}

func fullMemory(e *examination) []Finding {
	var out []Finding
	for n := range e.informed {
		if n.Stats.MaxMemory <= 0 || n.Stats.UsedMemory < 0 {
			continue
		}
		p := int(100 * float64(n.Stats.UsedMemory) / float64(n.Stats.MaxMemory))
		if float64(p) < e.std.limit("memory-look") {
			continue
		}
		severity, then := Look, "then it evicts"
		if policy := field(n, "maxmemory_policy"); policy == "noeviction" {
			then = "then it refuses writes"
			if float64(p) >= e.std.limit("memory-urgent") {
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
		if n.Stats.RSS > 0 && n.Stats.UsedMemory > 0 && n.Stats.Fragmentation >= e.std.limit("fragmentation") && float64(waste) >= mib*e.std.limit("fragmentation-waste") {
			f := e.about(n, "memory-fragmented", Look, fmt.Sprintf("takes %s of the host for %s of data (fragmentation %.1f)",
				bytes(n.Stats.RSS), bytes(n.Stats.UsedMemory), n.Stats.Fragmentation))
			if active, known := setting(n, "activedefrag"); known {
				f.Evidence = []string{"activedefrag " + clean(active), "active_defrag_running " + clean(e.text(n, "active_defrag_running"))}
			}
			out = append(out, f)
		}
	}
	return out
}

func evictingNodes(e *examination) []Finding {
	var out []Finding
	for n := range e.informed {
		if by, over, ok := e.grown(n, "evicted_keys"); ok && by > 0 {
			out = append(out, e.about(n, "keys-evicting", Look, "has evicted "+plural(int(by), "key", "keys")+" within "+span(over)))
			continue
		}
		if n.Stats.Evicted > 0 {
			out = append(out, e.about(n, "keys-evicted", Note, "has evicted "+plural(int(n.Stats.Evicted), "key", "keys")+" since it started "+span(n.Stats.Uptime)+" ago"))
		}
	}
	return out
}

func swappedMemory(e *examination) []Finding {
	var out []Finding
	for n := range e.informed {
		s := &n.Stats
		if s.RSS > 0 && s.RSS < s.UsedMemory && float64(s.UsedMemory) >= mib*e.std.limit("swap-least") {
			out = append(out, e.about(n, "memory-swapped", Look, fmt.Sprintf("has %s of data, and only %s of it in the host's memory", bytes(s.UsedMemory), bytes(s.RSS))))
		}
	}
	return out
}

// unfitPolicies holds the eviction policy against how many keys expire.
func unfitPolicies(e *examination) []Finding {
	var out []Finding
	var cache []*cluster.Node
	for n := range e.informed {
		s := &n.Stats
		if s.MaxMemory <= 0 || s.Keys <= 0 || s.Expires < 0 || s.Role != cluster.Primary {
			continue
		}
		policy := e.text(n, "maxmemory_policy")
		share := 100 * float64(s.Expires) / float64(s.Keys)
		switch {
		case strings.HasPrefix(policy, "volatile-") && share < e.std.limit("expiring-few"):
			out = append(out, e.about(n, "eviction-unfit", Look, fmt.Sprintf("has the policy %s, and %s of its %s have a time to live",
				clean(policy), plural(int(s.Expires), "key", "keys"), plural(int(s.Keys), "key", "keys"))))
		case policy == "noeviction" && share >= e.std.limit("expiring-many"):
			cache = append(cache, n)
		}
	}
	return append(out, e.together("eviction-off", Note, cache, "has keys that expire, as a cache, and the policy noeviction", "have keys that expire, as a cache, and the policy noeviction")...)
}

func pendingFrees(e *examination) []Finding {
	var out []Finding
	for n := range e.informed {
		if v := e.number(n, "lazyfree_pending_objects"); v >= 0 && float64(v) >= max(1, e.std.limit("lazyfree-pending")) {
			out = append(out, e.about(n, "lazyfree-piling", Look, "has "+plural(int(v), "object", "objects")+" that wait to be freed"))
		}
	}
	eager := e.having(func(n *cluster.Node) bool {
		for _, name := range []string{"lazyfree-lazy-user-del", "lazyfree-lazy-eviction", "lazyfree-lazy-expire"} {
			if v, known := setting(n, name); !known || v != "no" {
				return false
			}
		}
		return true
	})
	return append(out, e.together("lazyfree-off", Note, eager, "frees big keys in the foreground", "free big keys in the foreground")...)
}

// roomForAShard looks whether the others could hold what the fullest shard holds.
func roomForAShard(e *examination) []Finding {
	var used, room, most int64
	var fullest *cluster.Shard
	var fullestRoom int64
	shards := 0
	for sh, p := range e.leaders {
		if p.Stats.MaxMemory <= 0 || p.Stats.UsedMemory < 0 {
			return nil
		}
		shards++
		used, room = used+p.Stats.UsedMemory, room+p.Stats.MaxMemory
		if p.Stats.UsedMemory > most {
			most, fullest, fullestRoom = p.Stats.UsedMemory, sh, p.Stats.MaxMemory
		}
	}
	if shards < 2 || shards != len(e.verdict.Voters.IDs) || float64(used) < e.std.limit("loss-memory")/100*float64(room-fullestRoom) {
		return nil
	}
	return []Finding{{ID: "shard-room", Severity: Note, Shard: fullest.Letter, Node: fullest.Primary,
		Text: fmt.Sprintf("without shard %s the others would hold %s of at most %s", fullest.Letter, bytes(used), bytes(room-fullestRoom))}}
}
