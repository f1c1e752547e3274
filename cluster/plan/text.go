package plan

import (
	"fmt"
	"strings"
	"time"

	"slotdeck/keyslot"
)

// Lines is the plan as plain text, ASCII only, not wrapped: what a run without a
// screen prints.
func (p Plan) Lines() []string {
	out := []string{
		p.Title,
		fmt.Sprintf("  plan %s   %s   %s keys   %s   %s", p.ID, count(p.Slots, "slot"), p.Keys, p.Bytes.bytes(), p.Estimate),
		fmt.Sprintf("  risk: %s: %s", p.Risk, p.Why),
		"moves",
	}
	for _, m := range p.Moves {
		out = append(out, fmt.Sprintf("  %s -> %s: %s, %s keys, %s: %s", p.nodeName(m.From), p.nodeName(m.To),
			count(m.Set().Len(), "slot"), m.Keys, m.Bytes.bytes(), rangesText(m.Ranges)))
	}
	out = append(out, "before and after")
	wide := 0
	for _, n := range p.Nodes {
		wide = max(wide, len(n.Name()))
	}
	for _, n := range p.Nodes {
		out = append(out, fmt.Sprintf("  %-*s  slots %5d -> %5d  keys %s -> %s  %s -> %s", wide, n.Name(),
			n.Before.Slots, n.After.Slots, n.Before.Keys, n.After.Keys, n.Before.Bytes.bytes(), n.After.Bytes.bytes()))
	}
	return append(out, CheckLines(p.Checks)...)
}

// CheckLines are checks as plain text, of a plan or of a refusal.
func CheckLines(checks []Check) []string {
	if len(checks) == 0 {
		return nil
	}
	out := []string{"checks"}
	for _, c := range checks {
		out = append(out, fmt.Sprintf("  %-6s  %s", c.State, c.Text))
	}
	return out
}

// CommandLines are what a driver would send, as plain text, one command a line
// with its note after a #.
func (p Plan) CommandLines(d Driver) []string { return commandLines(p.Commands(d)) }

func commandLines(commands []Command) []string {
	wide := 0
	for _, c := range commands {
		wide = max(wide, len(c.Addr))
	}
	out := make([]string, len(commands))
	for i, c := range commands {
		out[i] = fmt.Sprintf("  %-*s  %s", wide, c.Addr, c.Text())
		if c.Note != "" {
			out[i] += "   # " + c.Note
		}
	}
	return out
}

func rangesText(ranges []keyslot.Range) string {
	texts := make([]string, len(ranges))
	for i, r := range ranges {
		texts[i] = r.String()
	}
	return strings.Join(texts, " ")
}

// String is "time not known", "about 6s" or "4s to 9s".
func (e Estimate) String() string {
	if !e.Known() {
		return "time not known"
	}
	low, high := coarse(e.Low), coarse(e.High)
	if low == high {
		return "about " + high.String()
	}
	return low.String() + " to " + high.String()
}

// coarse rounds to what an estimate is worth.
func coarse(d time.Duration) time.Duration {
	switch {
	case d > 10*time.Minute:
		return d.Round(time.Minute)
	case d > 10*time.Second:
		return d.Round(time.Second)
	}
	return d.Round(100 * time.Millisecond)
}
