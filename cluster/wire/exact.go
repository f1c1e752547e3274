package wire

import (
	"errors"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// Status is a status reply, such as OK, of Node.Exact.
type Status string

// Complaint is an error reply within a list, of EXEC or of a script: cleaned
// and bounded.
type Complaint string

// answerOf reads what one command brought.
func answerOf(cmd redis.Cmder) Answer {
	var a Answer
	switch cmd := cmd.(type) {
	case *redis.Cmd:
		a.Value, a.Err = cmd.Result()
	case *redis.RawCmd:
		var raw []byte
		if raw, a.Err = cmd.Result(); a.Err != nil {
			break
		}
		value, _ := exactly(string(raw))
		if c, is := value.(Complaint); is {
			return Answer{Err: replyError(c)}
		}
		a.Value = value
	}
	if errors.Is(a.Err, redis.Nil) {
		a.Err = nil
	}
	return a
}

// exactly reads one RESP2 reply, whole and within bounds as the frames have
// let it pass, and returns what is behind it.
func exactly(raw string) (any, string) {
	line, rest, _ := strings.Cut(raw, "\r\n")
	if line == "" {
		return nil, rest
	}
	kind, line := line[0], line[1:]
	switch kind {
	case '+':
		return Status(line), rest
	case '-':
		return Complaint(clean(line, maxQuote)), rest
	}
	n, err := strconv.ParseInt(line, 10, 64)
	switch {
	case err != nil:
		return nil, rest
	case kind == ':':
		return n, rest
	case n < 0:
		return nil, rest
	case kind == '$':
		if n > int64(len(rest))-2 {
			return nil, ""
		}
		return rest[:n], rest[n+2:] // as the client library does, whatever these two are
	}
	list := make([]any, n)
	for i := range list {
		list[i], rest = exactly(rest)
	}
	return list, rest
}
