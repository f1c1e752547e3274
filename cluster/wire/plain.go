package wire

import (
	"bufio"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
)

// mostKept is up to which size a lane keeps the memory of its last pipeline.
const mostKept = 256 << 10

// plainly sends commands over a connection that is logged in, and reads the
// answers, without the client library: walks over millions of keys are mostly
// the costs of that. What comes has passed the guard, so every length that is
// announced is within bounds. It is not done when a word is of an unusual kind.
func (l *lane) plainly(cmds [][]any) (answers []Answer, done bool, err error) {
	out, ok := encoded(l.out[:0], cmds)
	if cap(out) <= mostKept {
		l.out = out
	}
	if !ok {
		return nil, false, nil
	}
	if _, err := l.conn.Write(out); err != nil {
		return nil, true, err
	}
	if l.in == nil {
		l.in = bufio.NewReaderSize(l.conn, 16<<10)
	}
	answers = make([]Answer, len(cmds))
	for i := range answers {
		v, err := reply(l.in)
		if err != nil {
			return nil, true, err
		}
		if bad, is := v.(replyError); is {
			answers[i].Err = bad
		} else {
			answers[i].Value = v
		}
	}
	return answers, true, nil
}

// encoded writes commands as the protocol has them.
func encoded(out []byte, cmds [][]any) ([]byte, bool) {
	head := func(kind byte, n int) {
		out = append(strconv.AppendInt(append(out, kind), int64(n), 10), '\r', '\n')
	}
	text := func(s string) {
		head('$', len(s))
		out = append(append(out, s...), '\r', '\n')
	}
	for _, cmd := range cmds {
		if len(cmd) == 0 {
			return out, false
		}
		head('*', len(cmd))
		for _, arg := range cmd {
			switch v := arg.(type) {
			case string:
				text(v)
			case []byte:
				head('$', len(v))
				out = append(append(out, v...), '\r', '\n')
			case int:
				text(strconv.Itoa(v))
			case int64:
				text(strconv.FormatInt(v, 10))
			case Secret:
				text(v.Reveal())
			default:
				return out, false
			}
		}
	}
	return out, true
}

// reply reads one reply: a string, int64, []any or nil; an error reply is a
// replyError.
func reply(in *bufio.Reader) (any, error) {
	line, err := replyLine(in)
	if err != nil {
		return nil, err
	}
	kind, line := line[0], line[1:]
	switch kind {
	case '+':
		return known(line), nil
	case '-':
		return replyError(clean(string(line), maxQuote)), nil
	}
	n, err := strconv.ParseInt(string(line), 10, 64)
	switch {
	case err != nil:
		return nil, rubbish(`a number of "%s"`, clean(string(line), 40))
	case kind == ':':
		return n, nil
	case n < 0:
		return nil, nil
	case kind == '$':
		return bulk(in, int(n))
	}
	list := make([]any, n)
	for i := range list {
		if list[i], err = reply(in); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// replyLine is a line without its end; it has at least one byte, and is good
// until the next is read.
func replyLine(in *bufio.Reader) ([]byte, error) {
	line, err := in.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		var rest []byte
		line = slices.Clone(line)
		rest, err = in.ReadBytes('\n')
		line = append(line, rest...)
	}
	if err != nil {
		return nil, err
	}
	if line = line[:len(line)-1]; len(line) > 0 && line[len(line)-1] == '\r' {
		line = line[:len(line)-1]
	}
	if len(line) == 0 {
		return nil, rubbish("an empty line")
	}
	return line, nil
}

// bulk reads a text and its end.
func bulk(in *bufio.Reader, n int) (any, error) {
	if n+2 <= in.Size() {
		text, err := in.Peek(n + 2)
		if err != nil {
			return nil, err
		}
		out := string(text[:n])
		_, err = in.Discard(n + 2)
		return out, err
	}
	var out strings.Builder
	out.Grow(n)
	if _, err := io.CopyN(&out, in, int64(n)); err != nil {
		return nil, err
	}
	_, err := in.Discard(2)
	return out.String(), err
}

// known are statuses that need no memory of their own each time.
func known(line []byte) any {
	switch string(line) {
	case "OK":
		return "OK"
	case "PONG":
		return "PONG"
	case "string":
		return "string"
	case "hash":
		return "hash"
	case "list":
		return "list"
	case "set":
		return "set"
	case "zset":
		return "zset"
	case "stream":
		return "stream"
	case "none":
		return "none"
	}
	return string(line)
}
