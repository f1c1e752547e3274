package doctor

import (
	"fmt"
	"slices"
	"time"

	"slotdeck/cluster"
)

func noContact(e *examination) (Status, string, bool) {
	if e.answer > 0 || slices.ContainsFunc(e.s.Nodes, func(n cluster.Node) bool { return n.Health == cluster.Loading }) {
		return 0, "", false
	}
	count := map[cluster.Health]int{}
	var last time.Time
	for i := range e.s.Nodes {
		count[e.s.Nodes[i].Health]++
		if seen := e.s.Nodes[i].LastSeen; seen.After(last) {
			last = seen
		}
	}
	all := len(e.s.Nodes)
	switch {
	case all == 0 && len(e.s.Seeds) == 0, all > 0 && count[cluster.Unknown] == all:
		return NoContact, "No node has answered yet.", true
	case all == 0:
		var addrs []string
		for _, seed := range e.s.Seeds {
			addrs = append(addrs, clean(seed.Addr))
		}
		return NoContact, "No answer from " + list(addrs) + ": nothing is known of the cluster.", true
	case count[cluster.Denied] == all:
		return NoContact, fmt.Sprintf("%s the console's user or password: the cluster may be well, but nothing can be read.",
			each(all, "refuses", "refuse")), true
	case count[cluster.Refused] == all:
		return NoContact, each(all, "refuses", "refuse") + " connections: nothing listens there." + lastAnswer(e.s.At, last), true
	}
	silence := "The only known node does not answer"
	if all > 1 {
		silence = fmt.Sprintf("None of %d nodes answers", all)
	}
	return NoContact, silence + " the console: its own network may be at fault." + lastAnswer(e.s.At, last), true
}

func each(n int, one, many string) string {
	if n == 1 {
		return "The only node " + one
	}
	return fmt.Sprintf("All %d nodes %s", n, many)
}

func lastAnswer(now, last time.Time) string {
	if last.IsZero() {
		return ""
	}
	return " The last answer came " + span(now.Sub(last)) + " ago."
}
