package doctor

import (
	"cmp"
	"slices"

	"slotdeck/cluster"
	"slotdeck/cluster/quorum"
	"slotdeck/keyslot"
)

// Severity tells how soon somebody should care.
type Severity uint8

// From quiet to loud.
const (
	Note   Severity = iota // worth knowing
	Look                   // should be looked into during the day
	Urgent                 // costs data or service now, or with the next mishap
)

// String is the severity as a word.
func (s Severity) String() string {
	switch s {
	case Note:
		return "note"
	case Look:
		return "look"
	case Urgent:
		return "urgent"
	}
	return "?"
}

// Finding is one thing that is wrong, or worth knowing. ID names the rule; a
// rule can find several things, told apart by Shard and Node.
type Finding struct {
	ID       string
	Severity Severity
	Text     string         // a sentence part, clean, without a full stop
	Shard    string         // letter; may be empty
	Node     cluster.NodeID // may be empty

	Evidence []string        // what it is drawn from, a line each, clean; may be empty
	Slots    []keyslot.Range // that it is about; may be empty
	Setting  string          // that it is about, by its name in CONFIG GET; may be empty
	Value    string          // of the setting, that more nodes have than any other; may be empty
}

// Findings applies every rule to a snapshot: the most severe first, then in
// the order of Rules. What was never read raises nothing.
func Findings(s *cluster.Snapshot) []Finding { return Standards{}.Findings(s) }

// Findings is the same, measured by other standards.
func (x Standards) Findings(s *cluster.Snapshot) []Finding {
	if s == nil {
		return nil
	}
	e := examine(s)
	e.std = x
	var out []Finding
	for _, subject := range subjects() {
		for _, c := range subject.checks {
			out = append(out, c.find(e)...)
		}
	}
	slices.SortStableFunc(out, func(a, b Finding) int { return -cmp.Compare(a.Severity, b.Severity) })
	return out
}

// letter is the letter of a node's shard; empty when it is in none.
func (e *examination) letter(n *cluster.Node) string { return shardOf(e.s, n).Letter }

// about makes a finding on one node, its address first.
func (e *examination) about(n *cluster.Node, id string, severity Severity, text string) Finding {
	return Finding{ID: id, Severity: severity, Text: name(n) + " " + text, Shard: e.letter(n), Node: n.ID}
}

// informed yields the nodes that answer and whose INFO was read.
func (e *examination) informed(yield func(*cluster.Node) bool) {
	for i := range e.s.Nodes {
		n := &e.s.Nodes[i]
		if n.Health == cluster.Answering && n.Info.Known() && !yield(n) {
			return
		}
	}
}

// field is a value of INFO; empty when there is none.
func field(n *cluster.Node, name string) string {
	text, _ := n.Info.Value.Text(name)
	return text
}

// SettingNames are the settings that verdicts and findings read, by their names
// in CONFIG GET.
func SettingNames() []string {
	return append(quorum.SettingNames(), "stop-writes-on-bgsave-error")
}
