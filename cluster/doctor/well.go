package doctor

import (
	"fmt"
	"strings"
	"time"

	"slotdeck/cluster"
)

const freshFailover = time.Minute // for how long the verdict recalls a change of primary

func served(e *examination) (Status, string, bool) {
	text := "All 16384 slots are served"
	for i := len(e.s.Events) - 1; i >= 0; i-- {
		ev := e.s.Events[i]
		n, ok := e.s.Node(ev.Node)
		if ev.Kind == cluster.RoleChanged && ok && n.Member.Flags.Has(cluster.Primary) && e.s.At.Sub(ev.At) < freshFailover {
			return OK, fmt.Sprintf("%s; %s became primary of shard %s %s ago.", text, name(n), shardOf(e.s, n).Letter, span(e.s.At.Sub(ev.At))), true
		}
	}
	text += " by " + plural(len(e.verdict.Voters.IDs), "primary", "primaries")
	if remarks := e.remarks(); len(remarks) > 0 {
		return OK, text + "; " + strings.Join(remarks, "; ") + ".", true
	}
	return OK, text + "; " + verb(e.answer, "its node answers", fmt.Sprintf("all %d nodes answer", e.answer)) + ".", true
}

// remarks are what a person should know of nodes that do not endanger a slot.
func (e *examination) remarks() []string {
	var silent, meeting, locked []string
	unasked := 0
	for i := range e.s.Nodes {
		n := &e.s.Nodes[i]
		switch {
		case n.Member.Flags.Has(cluster.Handshake):
			meeting = append(meeting, name(n))
		case n.Health == cluster.Unknown:
			unasked++
		case n.Health == cluster.NoAnswer, n.Health == cluster.Refused, n.Health == cluster.NoAddress:
			silent = append(silent, name(n))
		case n.Health == cluster.Denied, n.Health == cluster.Rubbish:
			locked = append(locked, name(n))
		}
	}
	var out []string
	if len(silent) > 0 {
		out = append(out, list(silent)+verb(len(silent), " does", " do")+" not answer")
	}
	if len(meeting) > 0 {
		out = append(out, list(meeting)+verb(len(meeting), " is", " are")+" still in handshake")
	}
	if len(locked) > 0 {
		out = append(out, list(locked)+" cannot be read")
	}
	if unasked > 0 {
		out = append(out, plural(unasked, "node has", "nodes have")+" not been asked yet")
	}
	return out
}
