package doctor

import (
	"fmt"
	"strconv"
	"time"

	"slotdeck/cluster"
)

// place is where a field of INFO was found in a node's answer. Nodes of one
// version send their fields in one order, so that it is looked for once.
type place struct{ section, field int }

// text is a field of a node's INFO; empty when there is none.
func (e *examination) text(n *cluster.Node, name string) string {
	sections := n.Info.Value.Sections
	if p, known := e.places[name]; known && p.section < len(sections) && p.field < len(sections[p.section].Fields) {
		if f := &sections[p.section].Fields[p.field]; f.Name == name {
			return f.Value
		}
	}
	for s := range sections {
		for f := range sections[s].Fields {
			if sections[s].Fields[f].Name == name {
				e.places[name] = place{s, f}
				return sections[s].Fields[f].Value
			}
		}
	}
	return ""
}

// number is a field of a node's INFO; -1 when there is none.
func (e *examination) number(n *cluster.Node, name string) int64 {
	v, err := strconv.ParseInt(e.text(n, name), 10, 64)
	if err != nil {
		return -1
	}
	return v
}

// grown is by how much a counter of INFO grew since the node's earlier answer,
// and since when; ok is false when there is none to compare with.
func (e *examination) grown(n *cluster.Node, name string) (by int64, over time.Duration, ok bool) {
	if n.Earlier == nil {
		return 0, 0, false
	}
	now := e.number(n, name)
	then, known := n.Earlier.Info.Int(name)
	if !known || now < then {
		return 0, 0, false
	}
	return now - then, n.Info.At.Sub(n.Earlier.At), true
}

// checkup is what a node was asked seldom; nil when it was not, or does not answer.
func checkupOf(n *cluster.Node) *cluster.Checkup {
	if n.Health != cluster.Answering {
		return nil
	}
	return n.Checkup.Value
}

// setting is the value of a setting; known is false when it was never read, or
// when the server has none of that name.
func setting(n *cluster.Node, name string) (value string, known bool) {
	if c := checkupOf(n); c != nil {
		if v, ok := c.Settings[name]; ok {
			return v, true
		}
	}
	v, ok := n.Config.Value[name]
	return v, ok
}

// having are the nodes that answer and of which something holds.
func (e *examination) having(holds func(*cluster.Node) bool) []*cluster.Node {
	var out []*cluster.Node
	for n := range e.informed {
		if holds(n) {
			out = append(out, n)
		}
	}
	return out
}

// set are the nodes with a setting of which something holds.
func (e *examination) set(name string, holds func(value string) bool) []*cluster.Node {
	return e.having(func(n *cluster.Node) bool {
		v, known := setting(n, name)
		return known && holds(v)
	})
}

func is(want string) func(string) bool { return func(v string) bool { return v == want } }

// together makes one finding of what several nodes have in common.
func (e *examination) together(id string, severity Severity, who []*cluster.Node, one, many string) []Finding {
	if len(who) == 0 {
		return nil
	}
	f := Finding{ID: id, Severity: severity}
	var names []string
	for _, n := range who {
		names = append(names, name(n))
	}
	switch {
	case len(who) == 1:
		f.Text, f.Node, f.Shard = names[0]+" "+one, who[0].ID, e.letter(who[0])
	case len(who) == e.answer:
		f.Text = fmt.Sprintf("all %d nodes %s", len(who), many)
	default:
		f.Text, f.Evidence = list(names)+" "+many, names
	}
	return []Finding{f}
}

// leaders are the primaries with slots that answer, with their shards.
func (e *examination) leaders(yield func(*cluster.Shard, *cluster.Node) bool) {
	for i := range e.s.Shards {
		sh := &e.s.Shards[i]
		if p, ok := e.s.Node(sh.Primary); ok && sh.SlotLen > 0 && p.Health == cluster.Answering && p.Info.Known() && !yield(sh, p) {
			return
		}
	}
}

const mib = 1 << 20

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
