package doctor

import (
	"fmt"

	"slotdeck/cluster"
)

// voteChecks are the rules of this file, in their order.
func voteChecks() []check {
	return []check{
		{fewVoters, []Rule{
			{ID: "voters-few", Least: Look, Most: Look, Repair: AddNode,
				Means: "With fewer than three primaries that own slots, the loss of one leaves no majority, so that no replica is ever elected.",
				Next:  "Add primaries until three have slots. Until then a failover has to be forced by hand."},
		}},
		{evenVoters, []Rule{
			{ID: "voters-even", Least: Note, Most: Look,
				Means: "An even number of primaries votes: a break in the middle leaves no side with a majority. More than a note when they stand half and half in two zones, where one break does that.",
				Next:  "An odd number of primaries is as safe and costs less. Of two zones, neither survives the loss of the other: put a voter into a third."},
		}},
	}
}

// fewVoters: with fewer than three voting primaries the loss of one leaves no
// majority, so that no replica is ever elected.
func fewVoters(e *examination) []Finding {
	v := e.verdict.Voters
	switch {
	case len(v.IDs) == 0 || v.Size >= 3:
		return nil
	case v.Size == 1:
		return []Finding{{ID: "voters-few", Severity: Look, Text: "only 1 primary votes: nobody is left to elect a replica when it fails"}}
	}
	return []Finding{{ID: "voters-few", Severity: Look,
		Text: fmt.Sprintf("only %d primaries vote: when one fails, no majority is left to elect its replica", v.Size)}}
}

// evenVoters looks for a break that no side survives.
func evenVoters(e *examination) []Finding {
	v := e.verdict.Voters
	if v.Size < 4 || v.Size%2 != 0 {
		return nil
	}
	count := map[string]int{}
	for _, id := range v.IDs {
		if n, ok := e.s.Node(id); ok {
			count[e.zone(n)]++
		}
	}
	f := Finding{ID: "voters-even", Severity: Note, Text: fmt.Sprintf("%d primaries vote: a split into halves leaves no majority", v.Size)}
	for zone, n := range count {
		if len(count) == 2 && zone != "" && n*2 == v.Size {
			f.Severity = Look
			f.Text = fmt.Sprintf("%d primaries vote, half of them in each of two %ss: a break between the two leaves no majority", v.Size, e.std.Zones.Word())
		}
	}
	return []Finding{f}
}

// zone is what one loss takes down with a node.
func (e *examination) zone(n *cluster.Node) string { return e.std.Zones.Of(n) }
