package plan

import (
	"fmt"

	"slotdeck/cluster"
)

// Inside is how a node speaks to the others (tls-cluster), and the ports that it
// has for who speaks plainly and who speaks TLS; 0: none.
type Inside struct {
	TLS           bool
	Plain, Secure int
}

// To is the port at which a node that speaks like this one reaches another. What
// nodes announce is the port for whoever asks: one that is asked over TLS tells
// the others' TLS ports, though with tls-cluster no it would speak plainly there.
func (i Inside) To(other Inside, announced int) int {
	switch {
	case !i.TLS && announced == other.Secure && other.Plain > 0:
		return other.Plain
	case i.TLS && announced == other.Plain && other.Secure > 0:
		return other.Secure
	}
	return announced
}

// portInside is the port at which the others reach a node, by how it speaks to
// them; the announced one where it did not tell.
func portInside(told map[cluster.NodeID]Inside, id cluster.NodeID, announced int) int {
	own, known := told[id]
	if !known {
		return announced
	}
	return own.To(own, announced)
}

// inside corrects the ports that keys are sent to, and warns of keys that travel
// unencrypted where clients need not.
func (p *picture) inside(plan *Plan, facts Facts, f *findings) {
	bare := 0
	for i := range plan.Nodes {
		n := &plan.Nodes[i]
		own, known := facts.Inside[n.ID]
		if !known {
			continue
		}
		if port := portInside(facts.Inside, n.ID, n.Port); port != n.Port {
			n.KeysPort = port
		}
		if own.Secure > 0 && !own.TLS {
			bare++
		}
	}
	if bare > 0 {
		f.warn(fmt.Sprintf("%d of the nodes that take part %s TLS for clients and none between nodes (tls-cluster no): what the move sends, its password too, travels unencrypted there",
			bare, verb(bare, "has", "have")))
	}
}
