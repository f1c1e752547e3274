package doctor

import (
	"time"

	"slotdeck/cluster"
)

// silentNodes finds nodes that the console cannot read; primaries that leave
// slots unserved are told by unservedSlots.
func silentNodes(e *examination) []Finding {
	told := map[cluster.NodeID]bool{}
	for _, t := range e.down() {
		told[t.Node] = true
	}
	var out []Finding
	for i := range e.s.Nodes {
		n := &e.s.Nodes[i]
		if told[n.ID] || n.Member.Flags.Has(cluster.Handshake) {
			continue
		}
		lasting := ""
		if at := since(n); !at.IsZero() {
			lasting = " for " + span(e.s.At.Sub(at))
		}
		switch n.Health {
		case cluster.NoAnswer:
			out = append(out, e.about(n, "node-silent", Look, "has not answered"+lasting))
		case cluster.Refused:
			out = append(out, e.about(n, "node-silent", Look, "has refused connections"+lasting))
		case cluster.Denied:
			out = append(out, e.about(n, "node-locked", Look, "refuses the console's user or password"))
		case cluster.Rubbish:
			out = append(out, e.about(n, "node-odd", Look, "does not answer like a server"))
		case cluster.Answering:
			if n := flaggers(e.verdict.Voters, n); n > 0 && e.verdict.Voters.Need > 0 {
				out = append(out, e.about(&e.s.Nodes[i], "node-suspected", Look,
					"answers the console, but "+plural(n, "voting primary flags", "voting primaries flag")+" it"))
			}
		}
	}
	return out
}

// handshakeLimit is beyond what any handshake takes that will still succeed,
// unless the node timeout is set above it.
const handshakeLimit = 20 * time.Second

func stuckHandshakes(e *examination) []Finding {
	var out []Finding
	for i := range e.s.Nodes {
		n := &e.s.Nodes[i]
		if age := e.s.At.Sub(n.Since); n.Member.Flags.Has(cluster.Handshake) && !n.Since.IsZero() && age > handshakeLimit {
			out = append(out, e.about(n, "handshake-stuck", Look, "has been in handshake for "+span(age)+": is its bus port open, and the one that was given?"))
		}
	}
	return out
}

func lostAddresses(e *examination) []Finding {
	var out []Finding
	for i := range e.s.Nodes {
		n := &e.s.Nodes[i]
		if n.Health != cluster.NoAddress && !n.Member.Flags.Has(cluster.NoAddr) {
			continue
		}
		f := e.about(n, "address-lost", Look, "has no address any more")
		if len(n.Member.Slots) == 0 {
			f.Severity, f.Text = Note, f.Text+" and owns nothing: it can be forgotten"
		}
		out = append(out, f)
	}
	return out
}
