package cli

import (
	"fmt"
	"strconv"
	"strings"

	"slotdeck/cluster/keyspace"
	"slotdeck/cluster/wire"
	"slotdeck/ui"
)

// replyText is a reply as redis-cli prints it: with its kinds and with bytes
// escaped (for people), or raw (for programs). It ends with a newline.
func replyText(v any, raw bool) string {
	var b strings.Builder
	if raw {
		rawReply(&b, v)
		b.WriteByte('\n')
	} else {
		kindReply(&b, v, "")
	}
	return b.String()
}

func rawReply(b *strings.Builder, v any) {
	switch v := v.(type) {
	case string:
		b.WriteString(v)
	case wire.Status:
		b.WriteString(string(v))
	case wire.Complaint:
		b.WriteString(string(v) + "\n")
	case int64:
		b.WriteString(strconv.FormatInt(v, 10))
	case []any:
		for i, item := range v {
			if i > 0 {
				b.WriteByte('\n')
			}
			rawReply(b, item)
		}
	}
}

func kindReply(b *strings.Builder, v any, indent string) {
	switch v := v.(type) {
	case nil:
		b.WriteString("(nil)\n")
	case string:
		b.WriteString(keyspace.Quoted(v) + "\n")
	case wire.Status:
		b.WriteString(ui.Clean(string(v)) + "\n")
	case wire.Complaint:
		b.WriteString("(error) " + string(v) + "\n")
	case int64:
		fmt.Fprintf(b, "(integer) %d\n", v)
	case []any:
		if len(v) == 0 {
			b.WriteString("(empty array)\n")
		}
		digits := len(strconv.Itoa(len(v)))
		inner := indent + strings.Repeat(" ", digits+2)
		for i, item := range v {
			if i > 0 {
				b.WriteString(indent)
			}
			fmt.Fprintf(b, "%*d) ", digits, i+1)
			kindReply(b, item, inner)
		}
	default:
		fmt.Fprintln(b, v)
	}
}

// plainReply is a reply for JSON: what is neither text nor number becomes it.
func plainReply(v any) any {
	switch v := v.(type) {
	case wire.Status:
		return string(v)
	case wire.Complaint:
		return map[string]any{"error": string(v)}
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = plainReply(v[i])
		}
		return out
	}
	return textual(v)
}
