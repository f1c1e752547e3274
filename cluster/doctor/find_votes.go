package doctor

import "fmt"

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
