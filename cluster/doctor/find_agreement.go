package doctor

import (
	"fmt"

	"slotdeck/cluster"
)

// disputedSlots names who stands against the most backed claim.
func disputedSlots(e *examination) []Finding {
	var out []Finding
	for _, d := range e.s.Disputes {
		if len(d.Says) < 2 {
			continue
		}
		var dissent []string
		for _, c := range d.Says[1:] {
			for _, id := range c.By {
				dissent = append(dissent, nameOf(e.s, id))
			}
		}
		first := d.Says[0]
		f := Finding{ID: "slots-disputed", Severity: Urgent, Text: fmt.Sprintf("slots %s: %s against %d that say %s, epoch %d",
			d.Range, list(dissent), len(first.By), nameOf(e.s, first.Owner), first.Epoch)}
		if by := d.Says[1].By; len(by) > 0 {
			f.Node = by[0]
			if n, ok := e.s.Node(f.Node); ok {
				f.Shard = e.letter(n)
			}
		}
		out = append(out, f)
	}
	return out
}

// dissentingStates names the smaller side when nodes differ in cluster_state.
func dissentingStates(e *examination) []Finding {
	ok, fail := e.verdict.SayOK, e.verdict.SayFail
	if len(ok) == 0 || len(fail) == 0 {
		return nil
	}
	few, many, says, others := fail, ok, "fail", "ok"
	if len(ok) < len(fail) {
		few, many, says, others = ok, fail, "ok", "fail"
	}
	var who []string
	for _, id := range few {
		who = append(who, nameOf(e.s, id))
	}
	return []Finding{{
		ID: "state-differs", Severity: Look, Node: few[0],
		Text: fmt.Sprintf("%s %s cluster_state:%s, %d %s say %s", list(who), verb(len(few), "says", "say"), says, len(many), verb(len(many), "other", "others"), others),
	}}
}

// unknownMembers finds nodes that some answering node does not list.
func unknownMembers(e *examination) []Finding {
	var out []Finding
	for i := range e.s.Nodes {
		n := &e.s.Nodes[i]
		if n.Member.Flags.Has(cluster.Handshake) {
			continue
		}
		var by []string
		for j := range e.s.Nodes {
			other := &e.s.Nodes[j]
			if other.Health != cluster.Answering || !other.View.Known() || other.ID == n.ID {
				continue
			}
			if _, listed := other.View.Value.Member(n.ID); !listed {
				by = append(by, name(other))
			}
		}
		if len(by) > 0 {
			out = append(out, e.about(n, "member-unknown", Look, "is not known to "+list(by)))
		}
	}
	return out
}

// collidingEpochs finds primaries with the same config epoch, of which one
// should have taken a new one within seconds.
func collidingEpochs(e *examination) []Finding {
	first := map[uint64]*cluster.Node{}
	var out []Finding
	for _, id := range e.verdict.Voters.IDs {
		n, ok := e.s.Node(id)
		if !ok || n.Member.Epoch == 0 {
			continue
		}
		if other := first[n.Member.Epoch]; other != nil {
			out = append(out, e.about(n, "epoch-collision", Look, fmt.Sprintf("has the same config epoch as %s, %d", name(other), n.Member.Epoch)))
			continue
		}
		first[n.Member.Epoch] = n
	}
	return out
}
