package recorder

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// JSON is the record for machines, indented. Durations are in nanoseconds.
func (f Failover) JSON() ([]byte, error) {
	type plain Failover
	gap, known := f.Unavailable()
	out := struct {
		plain
		Unavailable *time.Duration `json:"unavailable"` // null: not known
	}{plain: plain(f)}
	if known {
		out.Unavailable = &gap
	}
	return json.MarshalIndent(out, "", "  ")
}

// Markdown is the record for a postmortem: what happened, the stages with the
// time between them, what it cost. Times are UTC.
func (f Failover) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "## Failover %d: shard %s, %s\n\n", f.Number, f.Shard, f.headline())
	fmt.Fprintf(&b, "- cause: %s\n", f.Cause)
	if f.Command != "" {
		fmt.Fprintf(&b, "- ordered by this console: `%s`\n", f.Command)
	}
	fmt.Fprintf(&b, "- outcome: %s\n- slots: %d\n- not served, as seen from the console: %s\n- data at risk: %s\n\n",
		f.Outcome, f.Slots, f.gapText(), f.riskText())
	b.WriteString("| stage | time (UTC) | after the stage before | note |\n|---|---|---:|---|\n")
	for i, s := range f.Stages {
		after := ""
		if i > 0 {
			after = seconds(s.At.Sub(f.Stages[i-1].At))
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", s.Kind, s.At.UTC().Format("2006-01-02 15:04:05.000"), after, s.Note)
	}
	fmt.Fprintf(&b, "\nTimes are as seen by the console, late by up to %s.\n", seconds(f.Precision))
	return b.String()
}

func (f *Failover) headline() string {
	switch {
	case f.To.ID != "":
		return f.From.Addr + " to " + f.To.Addr
	case f.Outcome == CameBack:
		return f.From.Addr + " failed and came back"
	}
	return f.From.Addr + " in trouble"
}

func (f *Failover) gapText() string {
	gap, ok := f.Unavailable()
	switch {
	case !ok:
		return "not known"
	case gap == 0:
		return "less than " + seconds(f.Precision)
	}
	return seconds(gap)
}

func (f *Failover) riskText() string {
	if f.To.ID == "" {
		return "none, nobody took over"
	}
	if f.AtRisk < 0 {
		return "not known, no offsets were read"
	}
	text := fmt.Sprintf("%d bytes behind the last known offset", f.AtRisk)
	if f.OffsetAge > 0 && f.WriteRate > 0 {
		text += fmt.Sprintf(", and what the old primary wrote in its last %s at about %d bytes a second", seconds(f.OffsetAge), f.WriteRate)
	}
	return text
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
