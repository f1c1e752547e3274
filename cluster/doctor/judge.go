package doctor

import (
	"slotdeck/cluster"
	"slotdeck/cluster/quorum"
	"slotdeck/keyslot"
)

// Judge makes the verdict of a snapshot. A nil snapshot is no contact. What is
// not known (settings, views, offsets) is said to be so, or left out; it never
// makes the verdict better.
func Judge(s *cluster.Snapshot) Verdict {
	if s == nil {
		return Verdict{Status: NoContact, Sentence: "No node has answered yet."}
	}
	e := examine(s)
	for _, situation := range situations() {
		if status, sentence, ok := situation(e); ok {
			v := e.verdict
			v.Status, v.Sentence = status, sentence
			if status == NoContact {
				v.Served, v.Failing, v.Unassigned = 0, 0, 0
			}
			return v
		}
	}
	return e.verdict // not reached: the last situation always applies
}

// examination is what the situations are told from.
type examination struct {
	s       *cluster.Snapshot
	verdict Verdict
	std     Standards
	places  map[string]place
	asked   int // nodes with an address
	answer  int // nodes that answer the console
}

func examine(s *cluster.Snapshot) *examination {
	e := &examination{s: s, places: map[string]place{}}
	v := &e.verdict
	v.Voters = quorum.VotersOf(s)
	v.FullCoverage = quorum.FullCoverage(s)
	for i := range s.Nodes {
		n := &s.Nodes[i]
		if n.Health != cluster.NoAddress {
			e.asked++
		}
		if n.Health != cluster.Answering {
			continue
		}
		e.answer++
		switch opinion(n) {
		case "ok":
			v.SayOK = append(v.SayOK, n.ID)
		case "fail":
			v.SayFail = append(v.SayFail, n.ID)
		}
	}
	v.Affected = troubles(s, v.Voters)
	if len(v.Affected) > 0 {
		v.Heals = v.Affected[0].Heals
	}
	e.count()
	return e
}

// opinion is what a node's newest CLUSTER INFO says of the cluster; empty when
// it did not say.
func opinion(n *cluster.Node) string {
	if n.Health != cluster.Answering || !n.ClusterInfo.Known() || n.ClusterInfo.Err != nil {
		return ""
	}
	return n.ClusterInfo.Value.State
}

// count sorts the slots into served, failing and unassigned.
func (e *examination) count() {
	v := &e.verdict
	if e.s.Owner == nil {
		v.Unassigned = keyslot.Count
		return
	}
	works := make([]bool, len(e.s.Shards))
	for i := range e.s.Shards {
		works[i] = e.works(&e.s.Shards[i])
	}
	for _, owner := range e.s.Owner {
		switch {
		case owner < 0 || int(owner) >= len(works):
			v.Unassigned++
		case works[owner]:
			v.Served++
		default:
			v.Failing++
		}
	}
}

// works reports whether a shard's primary can be assumed to take commands.
func (e *examination) works(shard *cluster.Shard) bool {
	for _, t := range e.verdict.Affected {
		if t.Shard == shard.Letter && t.Node == shard.Primary && !t.Cause.Serves() {
			return false
		}
	}
	p, ok := e.s.Node(shard.Primary)
	if !ok {
		return false
	}
	switch opinion(p) {
	case "ok":
		return true
	case "fail":
		return false // it answers every key with CLUSTERDOWN
	}
	// It did not say. When all that did say "fail", it most likely does, too.
	return len(e.verdict.SayFail) == 0 || len(e.verdict.SayOK) > 0
}
