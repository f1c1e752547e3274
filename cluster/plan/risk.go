package plan

import (
	"fmt"
	"strings"

	"slotdeck/cluster"
)

// Risk is what an action can cost.
type Risk uint8

// From least to most.
const (
	Safe       Risk = iota // no key can be lost; clients are redirected
	Disruptive             // clients or replicas notice
	Lossy                  // keys or acknowledged writes can be lost
)

var risks = [...]string{"safe", "disruptive", "lossy"}

// String is safe, disruptive or lossy.
func (r Risk) String() string { return word(risks[:], int(r)) }

// MarshalText writes the word.
func (r Risk) MarshalText() ([]byte, error) { return marshalWord(risks[:], int(r)) }

// UnmarshalText reads the word.
func (r *Risk) UnmarshalText(text []byte) error {
	n, err := unmarshalWord(risks[:], text)
	*r = Risk(n)
	return err
}

// Turning is a primary that loses its last slot and by that turns into a replica
// of whoever took it; its replicas follow it there.
type Turning struct {
	Node     cluster.NodeID   `json:"node"`
	Under    cluster.NodeID   `json:"under"` // of the last move, when moves run in order
	Replicas []cluster.NodeID `json:"replicas,omitempty"`
	Text     string           `json:"text"`
}

// turning are the primaries that a plan empties. All servers with
// cluster-allow-replica-migration yes, the default, turn them into replicas.
func (p *picture) turning(plan *Plan) (out []Turning) {
	for _, n := range plan.Nodes {
		setting := p.nodes[n.ID].Config.Value["cluster-allow-replica-migration"]
		if n.Before.Slots == 0 || n.After.Slots > 0 || setting == "no" {
			continue
		}
		t := Turning{Node: n.ID, Replicas: n.Replicas}
		for _, m := range plan.Moves {
			if m.From == n.ID {
				t.Under = m.To
			}
		}
		t.Text = fmt.Sprintf("%s loses its last slot and becomes a replica of %s", n.Name(), plan.nodeName(t.Under))
		if k := len(t.Replicas); k > 0 {
			t.Text += fmt.Sprintf(", and so %s its %s", verb(k, "does", "do"), count(k, "replica"))
		}
		if setting != "yes" {
			t.Text += " (unless cluster-allow-replica-migration is no there)"
		}
		out = append(out, t)
	}
	return out
}

// riskOf weighs a plan; danger is what was found that can lose keys, silence why
// clients would wait for answers.
func riskOf(plan *Plan, danger, silence string) (Risk, string) {
	if danger != "" {
		return Lossy, danger
	}
	if len(plan.Turning) > 0 {
		var texts []string
		for _, t := range plan.Turning {
			texts = append(texts, plan.nodeName(t.Node))
		}
		return Disruptive, fmt.Sprintf("%s will be left without slots: it drops its data and copies another primary's, which takes that one's time", strings.Join(texts, ", "))
	}
	if silence != "" {
		return Disruptive, silence
	}
	return Safe, "no key can be lost; clients are redirected once"
}
