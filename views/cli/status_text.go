package cli

import (
	"bufio"
	"fmt"
	"strings"

	"slotdeck/ui"
)

// printStatus prints what info prints, the shards worst first, who could take
// over where somebody has to, and what was found.
func printStatus(w *World, a statusAnswer) error {
	if err := printInfo(w, a.infoAnswer); err != nil {
		return err
	}
	t, b := w.theme(), bufio.NewWriter(w.Out)
	fmt.Fprintf(b, "\n%d of %d voting primaries answer, %d are needed to elect one\n", a.Voters.Answering, a.Voters.Size, a.Voters.Needed)
	if len(a.SayFail) > 0 && len(a.SayOK) > 0 {
		fmt.Fprintf(b, "cluster_state is fail on %s, ok on %s\n", strings.Join(a.SayFail, " "), strings.Join(a.SayOK, " "))
	}
	for _, trouble := range a.Trouble {
		printTrouble(b, t, trouble)
	}
	if len(a.Findings)+len(a.Muted) > 0 {
		fmt.Fprintln(b)
	}
	for _, f := range a.Findings {
		fmt.Fprintf(b, "%-6s  %s\n", f.Severity, f.Text)
	}
	for _, f := range a.Muted {
		fmt.Fprintf(b, "%-6s  %s (%s; until %s: %s)\n", "muted", f.Text, f.Severity, f.Until.Local().Format("2006-01-02 15:04"), f.Reason)
	}
	return b.Flush()
}

func printTrouble(b *bufio.Writer, t *ui.Theme, trouble troubleAnswer) {
	fmt.Fprintf(b, "\nshard %s: %s", trouble.Shard, trouble.Cause)
	if trouble.Others > 0 {
		fmt.Fprintf(b, ", failed for %d and suspected by %d of %d other voting primaries", trouble.FailedBy, trouble.SuspectBy-trouble.FailedBy, trouble.Others)
	}
	fmt.Fprintln(b)
	for _, c := range trouble.Candidates {
		behind := "unknown"
		if c.Behind != nil {
			behind = strings.TrimSpace(t.Bytes(*c.Behind))
		}
		word, why := "eligible", c.Doubt
		if !c.Eligible {
			word, why = "not eligible", c.Why
		}
		if why != "" {
			why = ": it " + why
		}
		fmt.Fprintf(b, "  replica %s, behind: %s, %s%s\n", c.Addr, behind, word, why)
	}
}
