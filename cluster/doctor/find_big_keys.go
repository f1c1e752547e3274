package doctor

import (
	"fmt"
	"slices"
	"strings"

	"slotdeck/cluster"
)

// bigKeys goes by what primaries tell of their keys' sizes without being made to
// look at any.
func bigKeys(e *examination) []Finding {
	var out []Finding
	for n := range e.informed {
		c := checkupOf(n)
		if c == nil || n.Stats.Role != cluster.Primary {
			continue
		}
		if f := e.bigByCounts(n, c); f != nil {
			out = append(out, *f)
		} else if f := e.bigByCalls(n, c); f != nil {
			out = append(out, *f)
		}
	}
	return out
}

// bigByCounts goes by the server's own counts. A step counts when all of its keys
// are big.
func (e *examination) bigByCounts(n *cluster.Node, c *cluster.Checkup) *Finding {
	var all int64
	var evidence []string
	for _, s := range c.Sizes {
		limit := e.std.limit("big-elements")
		if s.Bytes {
			limit = e.std.limit("big-bytes") * mib
		}
		if float64(s.From) < max(1, limit) {
			continue
		}
		all += s.Keys
		size := fmt.Sprintf("%d to %d elements", s.From, 2*s.From-1)
		if s.Bytes {
			size = fmt.Sprintf("%s to %s", bytes(s.From), bytes(2*s.From))
		}
		evidence = append(evidence, fmt.Sprintf("database %d: %s of type %s with %s", s.DB, plural(int(s.Keys), "key", "keys"), clean(s.Type), size))
	}
	if all == 0 {
		return nil
	}
	f := e.about(n, "keys-big", Look, "holds "+plural(int(all), "big key", "big keys")+", by its own counts")
	f.Evidence = append(evidence, "INFO keysizes of "+name(n))
	return &f
}

// wholesale are commands that are large by themselves, whatever the keys.
func wholesale(command string) bool {
	return slices.Contains([]string{"keys", "scan", "cluster", "info", "config", "client", "command", "commandlog", "slowlog", "acl", "function", "monitor", "psync", "sync", "debug", "memory", "publish", "spublish"}, strings.ToLower(command))
}

func (e *examination) bigByCalls(n *cluster.Node, c *cluster.Checkup) *Finding {
	var says, evidence []string
	for _, call := range c.Large {
		ago := e.s.At.Sub(call.At)
		if float64(call.Bytes) < max(1, e.std.limit("big-bytes")*mib) || ago > seconds(e.std.limit("big-recent")) || wholesale(call.Command) {
			continue
		}
		command := clean(strings.ToUpper(call.Command))
		kind, what := "large-request", fmt.Sprintf("was sent a %s of %s", command, bytes(call.Bytes))
		if call.Reply {
			kind, what = "large-reply", fmt.Sprintf("answered a %s with %s", command, bytes(call.Bytes))
		}
		says = append(says, fmt.Sprintf("%s %s ago", what, span(max(0, ago))))
		evidence = append(evidence, fmt.Sprintf("COMMANDLOG GET 1 %s of %s; with a larger number it names the key", kind, name(n)))
	}
	if len(says) == 0 {
		return nil
	}
	f := e.about(n, "keys-big", Note, list(says))
	f.Evidence = evidence
	return &f
}
