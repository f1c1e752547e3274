package fake

import (
	"bytes"
	"strconv"
	"strings"
	"time"
)

// Reply is what a command gets. The zero value is the server's own answer.
// Delay comes first; then Never, Raw and the answer are tried in that order.
type Reply struct {
	Delay  time.Duration // wait before answering
	Never  bool          // do not answer this command, nor any later one of the connection
	Raw    []byte        // send these bytes in place of the answer
	Repeat bool          // send Raw again and again until the client hangs up
	Drip   bool          // every byte of the answer in a packet of its own
	Close  bool          // close the connection after Raw, or without an answer
	Text   string        // answer with this bulk string
	Error  string        // answer with this error, "LOADING …" for instance

	// Edit alters the text of the server's own answer, which is a bulk string.
	Edit func(text string) string
}

// Bulk is a bulk string on the wire.
func Bulk(text string) []byte {
	b := make([]byte, 0, len(text)+16)
	b = append(b, '$')
	b = strconv.AppendInt(b, int64(len(text)), 10)
	b = append(b, "\r\n"...)
	b = append(b, text...)
	return append(b, "\r\n"...)
}

// bulkText is the text of a bulk string on the wire.
func bulkText(answer []byte) (text string, ok bool) {
	head, rest, found := bytes.Cut(answer, []byte("\r\n"))
	if !found || len(head) == 0 || head[0] != '$' {
		return "", false
	}
	return string(bytes.TrimSuffix(rest, []byte("\r\n"))), true
}

// Status is a status on the wire, OK for instance.
func Status(text string) []byte { return []byte("+" + text + "\r\n") }

// Fault is an error reply on the wire.
func Fault(text string) []byte { return []byte("-" + text + "\r\n") }

// Command is a command as it arrived.
type Command []string

// Name is the command in capitals, with its second word if it is CLUSTER,
// CONFIG, ACL or CLIENT: "CLUSTER NODES".
func (c Command) Name() string {
	if len(c) == 0 {
		return ""
	}
	name := strings.ToUpper(c[0])
	switch name {
	case "CLUSTER", "CONFIG", "ACL", "CLIENT":
		if len(c) > 1 {
			name += " " + strings.ToUpper(c[1])
		}
	}
	return name
}
