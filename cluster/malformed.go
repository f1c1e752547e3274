package cluster

import (
	"fmt"
	"strconv"
	"unicode/utf8"
)

// MalformedError says that a server's answer is not what that command answers,
// and where. The text is harmless to print and short.
type MalformedError struct {
	Reply string // "CLUSTER NODES"
	Place string // "line 3", "shard 2, node 1"; empty when it is about the whole
	Fault string // what is wrong there
}

func (e *MalformedError) Error() string {
	if e.Place == "" {
		return fmt.Sprintf("unreadable answer to %s: %s", e.Reply, e.Fault)
	}
	return fmt.Sprintf("unreadable answer to %s, %s: %s", e.Reply, e.Place, e.Fault)
}

// malformed makes the error; the parts of the fault that came from the server
// must have gone through quote.
func malformed(reply, place, fault string, args ...any) error {
	return &MalformedError{Reply: reply, Place: place, Fault: fmt.Sprintf(fault, args...)}
}

// quote makes a stranger's text harmless and short enough for a message.
func quote(text string) string { return quoteTo(text, 40) }

func quoteTo(text string, most int) string {
	if len(text) <= most {
		return strconv.QuoteToASCII(text)
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return strconv.QuoteToASCII(text[:most]) + "…"
}
