package doctor

import (
	"fmt"
	"slices"
	"strings"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// agreementChecks are the rules of this file, in their order.
func agreementChecks() []check {
	return []check{
		{disputedSlots, []Rule{
			{ID: "slots-disputed", Least: Urgent, Most: Urgent, Repair: RepairSlots,
				Means: "Nodes name different owners of these slots. Clients are sent to and fro, depending on whom they ask.",
				Next:  "The higher epoch wins by itself within seconds where the nodes hear each other. When it lasts, look whether the dissenters reach the others on the bus port."},
			{ID: "slots-claimed-twice", Least: Urgent, Most: Urgent, Repair: RepairSlots,
				Means: "Several nodes hold themselves for the owner of these slots, and each accepts writes of their keys. When they hear each other, the lower epoch loses its keys.",
				Next:  "Count the keys on each claimant before they meet. Keep the owner with the higher epoch unless the other has what must stay; the plan counts them, and settles it only when that is said (headless: slotdeck fix --search-multiple-owners)."},
		}},
		{lastingDifferences, []Rule{
			{ID: "views-differ", Least: Look, Most: Look,
				Means: "The nodes have not come to agree who owns which slots, at which epoch, for longer than gossip needs.",
				Next:  "Look at the matrix who says what of whom. Mostly the dissenters do not reach the others on the bus port."},
		}},
		{dissentingStates, []Rule{
			{ID: "state-differs", Least: Look, Most: Look,
				Means: "Some nodes hold the cluster for sound and others do not; those that do not refuse commands.",
				Next:  "Compare what the named nodes and the others say of each other: mostly they are on two sides of a broken connection."},
		}},
		{unknownMembers, []Rule{
			{ID: "member-unknown", Least: Look, Most: Look,
				Means: "A node is missing in the list of another one, so that the two exchange nothing and do not vote about each other.",
				Next:  "Wait a minute after a node was added or forgotten. When it lasts, look whether the bus port between the two is open."},
		}},
		{collidingEpochs, []Rule{
			{ID: "epoch-collision", Least: Look, Most: Look,
				Means: "Two primaries have the same config epoch, so that a dispute between them would have no winner.",
				Next:  "The servers give one of them a new epoch as soon as they hear each other. When it lasts, look at the bus connection between the two."},
		}},
	}
}

// disputedSlots names who stands against the most backed claim, and what they say.
func disputedSlots(e *examination) []Finding {
	var out []Finding
	if e.youngDispute() {
		return nil
	}
	for _, d := range e.s.Disputes {
		if len(d.Says) < 2 {
			continue
		}
		var says []string
		for _, c := range append(slices.Clone(d.Says[1:]), d.Says[0]) {
			says = append(says, e.claimText(c))
		}
		f := Finding{ID: "slots-disputed", Severity: Urgent, Text: fmt.Sprintf("slots %s: %s", d.Range, strings.Join(says, ", "))}
		f.Slots = []keyslot.Range{d.Range}
		for _, c := range d.Says {
			var by []string
			for _, id := range c.By {
				by = append(by, nameOf(e.s, id))
			}
			owner := "nobody's"
			if c.Owner != "" {
				owner = fmt.Sprintf("%s at epoch %d", nameOf(e.s, c.Owner), c.Epoch)
			}
			f.Evidence = append(f.Evidence, owner+", "+verb(len(by), "says", "say")+" "+strings.Join(by, ", "))
		}
		if claimants := e.claimants(d); len(claimants) > 1 {
			f.ID = "slots-claimed-twice"
			f.Text = fmt.Sprintf("slots %s: %s each claim them as their own", d.Range, list(claimants))
		}
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

// claimText is who names which owner. One or two are named, more are counted.
func (e *examination) claimText(c cluster.Claim) string {
	who := fmt.Sprintf("%d nodes", len(c.By))
	if len(c.By) <= 2 {
		var names []string
		for _, id := range c.By {
			names = append(names, nameOf(e.s, id))
		}
		who = list(names)
	}
	who += " " + verb(len(c.By), "names", "name")
	if c.Owner == "" {
		return who + " nobody"
	}
	return fmt.Sprintf("%s %s (epoch %d)", who, nameOf(e.s, c.Owner), c.Epoch)
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

// claimants are the nodes that say of themselves that they own a run of slots.
func (e *examination) claimants(d cluster.Dispute) []string {
	var out []string
	for _, c := range d.Says {
		if slices.Contains(c.By, c.Owner) {
			out = append(out, nameOf(e.s, c.Owner))
		}
	}
	return out
}

// lastingDifferences tells when the nodes do not come to agree, and in what.
func lastingDifferences(e *examination) []Finding {
	lasts := e.s.At.Sub(e.s.Unsettled)
	if e.s.Unsettled.IsZero() || lasts < seconds(e.std.limit("disagree-time")) {
		return nil
	}
	m := e.s.Matrix()
	f := Finding{ID: "views-differ", Severity: Look}
	var who []string
	for _, id := range m.Dissenters() {
		who = append(who, nameOf(e.s, id))
	}
	for _, r := range m.Rows {
		if r.About > cluster.AboutEpoch {
			break
		}
		of := "slots " + r.Slots.String()
		if r.About == cluster.AboutEpoch {
			of = "epoch of " + nameOf(e.s, r.Node)
		}
		for i, says := range r.Says {
			if r.Dissent[i] {
				f.Evidence = append(f.Evidence, fmt.Sprintf("%s: %s says %s, most say %s", of, nameOf(e.s, m.Nodes[i]), e.said(r, says), e.said(r, r.Most)))
			}
		}
	}
	f.Text = "the nodes have not agreed on slots and epochs for " + span(lasts) + "; others than most say " + list(who)
	return []Finding{f}
}

// said is what a node says in a row, as a word.
func (e *examination) said(r cluster.MatrixRow, says string) string {
	switch {
	case r.About == cluster.AboutOwner:
		return nameOf(e.s, cluster.NodeID(says))
	case says == "":
		return "nothing"
	}
	return clean(says)
}
