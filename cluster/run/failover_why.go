package run

import (
	"errors"
	"fmt"
	"strings"
	"unicode"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/cluster/wire"
)

// errNoSuchNode means that nobody knows where a node lives.
var errNoSuchNode = errors.New("its address is not known")

// whyNot says why a failover that was accepted did not happen.
func (t *failoverTale) whyNot() []string {
	if t.reached(FailoverElection) {
		return t.whyNoVotes()
	}
	if t.kind != plan.Graceful {
		return append([]string{"no election began: the replica's epoch did not rise"}, t.whyNoVotes()...)
	}
	from := t.nodes[t.from]
	switch {
	case from == nil || from.last == nil || from.err != nil:
		name := "the primary"
		if from != nil {
			name = from.name
		}
		return []string{fmt.Sprintf("%s did not answer: the replica waited for it to pause and to tell its offset", name), t.suspicion()}
	case t.unlinks:
		return []string{fmt.Sprintf("the replica's link to %s was down", from.name)}
	case t.behind > 0:
		return []string{fmt.Sprintf("the replica never had everything: %d bytes behind at the first look, %d at the last", max(0, t.first), t.behind)}
	}
	return []string{fmt.Sprintf("no election began, though %s answers and the replica has everything: can the two reach each other's cluster bus port?", from.name)}
}

// suspicion counts who holds the old primary for failed.
func (t *failoverTale) suspicion() string {
	suspect, failed, asked := 0, 0, 0
	for _, n := range t.nodes {
		if !n.voter || n.id == t.from || n.err != nil || n.last == nil {
			continue
		}
		asked++
		m, _ := n.last.view.Member(t.from)
		switch {
		case m.Flags.Has(cluster.Fail):
			failed++
		case m.Flags.Has(cluster.PFail):
			suspect++
		}
	}
	return fmt.Sprintf("of the %d other voters that answer, %d hold it for failed and %d suspect it", asked, failed, suspect)
}

// whyNoVotes says whose votes were missing.
func (t *failoverTale) whyNoVotes() []string {
	var silent, there []string
	for _, id := range t.order {
		n := t.nodes[id]
		switch {
		case !n.voter:
		case n.err != nil || n.last == nil:
			silent = append(silent, n.name)
		default:
			there = append(there, n.name)
		}
	}
	need := fmt.Sprintf("an election needs the votes of %d of %d primaries", t.plan.Need, t.plan.Voters)
	if len(silent) > 0 && len(there) < t.plan.Need {
		return []string{need, "no votes can come from " + strings.Join(silent, " and ") + ", which " + verbFor(len(silent), "does", "do") + " not answer; there is " + listOr(there, "none else")}
	}
	out := []string{need + ", and they were not given"}
	if len(silent) > 0 {
		out = append(out, strings.Join(silent, " and ")+" "+verbFor(len(silent), "does", "do")+" not answer")
	}
	for _, id := range t.order {
		if n := t.nodes[id]; n.voter && n.err == nil && n.last != nil && n.last.own.CurrentEpoch <= t.clock {
			out = append(out, fmt.Sprintf("%s did not hear of the election: its epoch is still %d", n.name, n.last.own.CurrentEpoch))
		}
	}
	return append(out, "a voter gives a shard no second vote within two node timeouts of the last, and none to a node that it takes for a primary still or that claims slots at an old epoch")
}

func verbFor(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

func listOr(names []string, none string) string {
	if len(names) == 0 {
		return none
	}
	return "only " + strings.Join(names, " and ")
}

// someNames lists the first few.
func someNames(names []string) string {
	const most = 4
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

func failoverNames(nodes []*failoverNode) []string {
	out := make([]string, len(nodes))
	for i, n := range nodes {
		out[i] = n.name
	}
	return out
}

// failoverAnswered reports whether a node itself refused, with an error reply.
func failoverAnswered(err error) bool { return wire.KindOf(err).Answered() }

// failoverClean makes a server's text fit for a sentence.
func failoverClean(text string) string {
	const most = 80
	out := strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, text)
	if runes := []rune(out); len(runes) > most {
		return string(runes[:most])
	}
	return out
}
