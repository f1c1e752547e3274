package plan

import (
	"fmt"
	"strconv"
	"strings"

	"slotdeck/cluster"
	"slotdeck/keyslot"
)

// longest is the most of a stranger's text that a sentence quotes.
const longest = 80

// clean makes a stranger's text fit for a sentence: printable ASCII, bounded,
// anything else written as an escape. Clean text stays as it is.
func clean(text string) string {
	if !printable(text) {
		quoted := strconv.QuoteToASCII(text[:min(len(text), longest)])
		text = strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
	}
	if len(text) > longest {
		text = text[:longest-3] + "..."
	}
	return text
}

// printable reports whether a text can be printed as it is, anywhere.
func printable(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

func quote(text string) string { return `"` + clean(text) + `"` }

// plainID reports whether an id is safe to be part of a command: servers name
// nodes with 40 hexadecimal digits, but may answer anything.
func plainID(id cluster.NodeID) bool {
	if len(id) == 0 || len(id) > 64 {
		return false
	}
	for i := range len(id) {
		c := id[i]
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z') {
			return false
		}
	}
	return true
}

// address is where a node is dialled, else what it announces, cleaned.
func address(n *cluster.Node) string {
	if n.Dialled != "" {
		return clean(n.Dialled)
	}
	return clean(n.Member.Endpoint.Addr())
}

// count writes "1 slot", "400 slots".
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// someSlots names the first few runs of a set.
func someSlots(s keyslot.Set) string {
	const most = 4
	runs := s.Ranges()
	var parts []string
	for i, r := range runs {
		if i == most {
			parts = append(parts, fmt.Sprintf("and %d more ranges", len(runs)-most))
			break
		}
		parts = append(parts, r.String())
	}
	return strings.Join(parts, ", ")
}

// some joins the first few of a list.
func some(items []string) string {
	const most = 4
	if len(items) <= most {
		return strings.Join(items, ", ")
	}
	return strings.Join(items[:most], ", ") + fmt.Sprintf(" and %d more", len(items)-most)
}

// isAre agrees with a number.
func isAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}
