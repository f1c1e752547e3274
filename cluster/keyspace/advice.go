package keyspace

import (
	"fmt"
	"strings"

	"slotdeck/keyslot"
)

// Note says in sentences what a cluster makes of commands with these keys: what
// it forbids, what would fail and why, what would help. Nothing when there is
// nothing to say. The keys are one list for each command.
func Note(commands [][]string, keys [][]string) []string {
	var out []string
	for i, words := range commands {
		if text := forbidden(words); text != "" {
			out = append(out, text)
		}
		if i < len(keys) {
			if text := crossing(words, keys[i]); text != "" {
				out = append(out, text)
			}
		}
	}
	if len(commands) > 1 {
		if text := transaction(keys); text != "" {
			out = append(out, text)
		}
	}
	return out
}

// forbidden tells of commands that a cluster refuses, or that mean less there
// than on a single server.
func forbidden(words []string) string {
	if len(words) == 0 {
		return ""
	}
	switch name := strings.ToUpper(words[0]); name {
	case "SELECT":
		if len(words) > 1 && words[1] == "0" {
			return ""
		}
		return "SELECT: a cluster has database 0 alone; only Valkey 9 and newer can have more (cluster-databases), and there it works"
	case "SWAPDB", "MOVE":
		return name + ": a cluster has database 0 alone, so there is nothing to swap with or to move to"
	case "REPLICAOF", "SLAVEOF":
		return name + ": in a cluster nodes follow each other by node id: slotdeck replicate, or CLUSTER REPLICATE"
	case "FAILOVER":
		return "FAILOVER: in a cluster it is CLUSTER FAILOVER, sent to the replica: slotdeck failover"
	case "KEYS", "SCAN", "DBSIZE", "RANDOMKEY", "FLUSHALL", "FLUSHDB", "INFO", "CONFIG", "CLIENT", "SLOWLOG", "MEMORY":
		if name == "MEMORY" && len(words) > 1 && strings.EqualFold(words[1], "USAGE") {
			return ""
		}
		return name + " has no key: it concerns the one node that is asked, not the cluster" + everyNode(name)
	case "PUBLISH":
		return "PUBLISH goes to every node of the cluster; SPUBLISH only to the shard of its channel's slot"
	case "EVAL", "EVALSHA", "EVAL_RO", "EVALSHA_RO", "FCALL", "FCALL_RO":
		if len(words) > 2 && words[2] == "0" {
			return name + " without declared keys runs on whichever node it meets; the script fails as soon as it touches a key of another node, so declare every key"
		}
		return name + " may only touch the keys that are declared, and all of them have to live in one slot"
	case "SORT", "SORT_RO":
		for _, w := range words[1:] {
			if strings.EqualFold(w, "BY") || strings.EqualFold(w, "GET") {
				return name + " with BY or GET reads keys that are named by a pattern: a cluster refuses that, or demands that the pattern's tag lies in the key's slot"
			}
		}
	}
	return ""
}

func everyNode(name string) string {
	switch name {
	case "KEYS", "SCAN":
		return "; over all primaries: slotdeck scan"
	}
	return "; every node at once: slotdeck call"
}

// crossing tells why a command with keys in several slots fails.
func crossing(words []string, keys []string) string {
	slots := SlotsOf(keys)
	if len(slots) < 2 {
		return ""
	}
	name := strings.ToUpper(words[0])
	text := fmt.Sprintf("%s has %d keys in %d slots (%s): CROSSSLOT", name, len(keys), len(slots), slotList(slots))
	text += joining(keys)
	if in(` MGET DEL UNLINK EXISTS TOUCH MSET `, name) {
		text += "; " + name + " can be sent apart, once for each slot, when it need not be atomic"
	}
	return text
}

// transaction tells of keys in several slots over the commands of a MULTI.
func transaction(keys [][]string) string {
	var all []string
	for _, k := range keys {
		all = append(all, k...)
	}
	slots := SlotsOf(all)
	switch {
	case len(all) == 0:
		return ""
	case len(slots) == 1:
		return fmt.Sprintf("MULTI … EXEC: all keys live in slot %d, so its node can do it as one", slots[0])
	}
	return fmt.Sprintf("MULTI … EXEC: the keys live in %d slots (%s); a transaction runs on one node, and its commands on other slots are refused when they are queued, after which EXEC does nothing (EXECABORT)", len(slots), slotList(slots)) + joining(all)
}

// joining is the tag that would bring keys together.
func joining(keys []string) string {
	if len(keys) <= 100 {
		if j, ok := keyslot.TagJoining(keys...); ok {
			return fmt.Sprintf("; with the tag {%s} all of them would live in slot %d", j.Tag, j.Slot)
		}
	}
	return "; only the same {tag} in every name brings them together"
}

func slotList(slots []keyslot.Slot) string {
	const most = 6
	var out []string
	for i, s := range slots {
		if i == most {
			out = append(out, "…")
			break
		}
		out = append(out, fmt.Sprint(s))
	}
	return strings.Join(out, ", ")
}
