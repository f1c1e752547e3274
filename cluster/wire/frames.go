package wire

import (
	"context"
	"errors"
	"fmt"
)

// The bounds on what one call may bring. A bulk string or an array announces
// its size before its content, and the reader above allocates by that word:
// so it is checked here, before it is passed on.
const (
	maxReply    = 64 << 20 // bytes
	maxElements = 4 << 20  // announced in all arrays together
	maxDepth    = 16       // arrays in arrays; SHARDS and COMMAND DOCS stay below
	shortest    = 3        // bytes of the shortest element there can be
	maxLine     = 64 << 10 // bytes of a status, error, number or length
)

// errRubbish marks what no server of this kind would send.
var errRubbish = errors.New("not a server's answer")

func rubbish(format string, args ...any) error {
	return fmt.Errorf("%w: %s", errRubbish, fmt.Sprintf(format, args...))
}

// errLarge marks what may be a server's answer, and is more than is read.
var errLarge = errors.New("too large")

// large is rubbish that may be none.
type large struct{ error }

// Unwrap leads to both.
func (l large) Unwrap() []error { return []error{l.error, errLarge} }

// TooLarge reports whether an answer was refused because it has more bytes than
// are read at once (64 MiB, or those of AtMost).
func TooLarge(err error) bool { return errors.Is(err, errLarge) }

// frames follows the framing of RESP2 replies as they stream by and refuses
// what is out of bounds. The zero value is at the start of a reply, with
// nothing allowed; renew grants the budget of one call.
type frames struct {
	bytes, elements int64   // what may still come
	most            int64   // bytes that were granted
	open            []int64 // how many elements each open array still lacks
	line            []byte  // the current line as far as it came
	skip            int64   // bytes of a bulk string still to pass by
	replies         int     // whole replies that passed since renew
}

func (f *frames) renew() { f.grant(maxReply) }

// grant is renew with fewer bytes.
func (f *frames) grant(most int64) {
	*f = frames{bytes: most, most: most, elements: maxElements, open: f.open[:0], line: f.line[:0]}
}

type mostKey struct{}

// AtMost bounds the bytes that a call with the context may bring, where they are
// known to be fewer than what a reply may have otherwise.
func AtMost(ctx context.Context, bytes int64) context.Context {
	return context.WithValue(ctx, mostKey{}, min(bytes, maxReply))
}

// whole reports whether the stream stands between two replies.
func (f *frames) whole() bool { return len(f.open) == 0 && len(f.line) == 0 && f.skip == 0 }

// pass looks at the next bytes of the stream; an error ends the connection.
func (f *frames) pass(p []byte) error {
	if f.bytes -= int64(len(p)); f.bytes < 0 {
		return large{rubbish("more than %d MiB in one reply", f.most>>20)}
	}
	for len(p) > 0 {
		if f.skip > 0 {
			n := min(f.skip, int64(len(p)))
			p, f.skip = p[n:], f.skip-n
			if f.skip == 0 {
				f.done()
			}
			continue
		}
		c := p[0]
		p = p[1:]
		f.line = append(f.line, c)
		if len(f.line) > maxLine {
			return rubbish("a line without an end")
		}
		if len(f.line) == 1 && !isType(c) {
			return rubbish(`it began with "%s"`, clean(string(append(f.line, p[:min(len(p), 40)]...)), 40))
		}
		if c == '\n' {
			if err := f.endLine(); err != nil {
				return err
			}
		}
	}
	return nil
}

func isType(c byte) bool { return c == '+' || c == '-' || c == ':' || c == '$' || c == '*' }

func (f *frames) endLine() error {
	line := f.line
	f.line = f.line[:0]
	switch line[0] {
	case '$':
		n, err := announced(line)
		if err != nil {
			return err
		}
		if n > f.bytes {
			return large{rubbish("it announced a text of %d bytes", n)}
		}
		if n < 0 {
			f.done()
			return nil
		}
		f.skip = n + 2
	case '*':
		n, err := announced(line)
		if err != nil {
			return err
		}
		if f.elements -= max(n, 0); f.elements < 0 || n > f.bytes/shortest {
			return rubbish("it announced a list of %d elements", n)
		}
		if n <= 0 {
			f.done()
			return nil
		}
		if len(f.open) == maxDepth {
			return rubbish("more than %d lists in one another", maxDepth)
		}
		f.open = append(f.open, n)
	default:
		f.done()
	}
	return nil
}

// done counts one whole value, and every list that it completes.
func (f *frames) done() {
	for len(f.open) > 0 {
		last := len(f.open) - 1
		if f.open[last]--; f.open[last] > 0 {
			return
		}
		f.open = f.open[:last]
	}
	f.replies++
}

// announced reads the number of a "$n\r\n" or "*n\r\n" line, -1 for nil.
func announced(line []byte) (int64, error) {
	digits := line[1:]
	if len(digits) < 3 || digits[len(digits)-2] != '\r' {
		return 0, rubbish(`a length of "%s"`, clean(string(line), 40))
	}
	digits = digits[:len(digits)-2]
	if string(digits) == "-1" {
		return -1, nil
	}
	if len(digits) > 15 {
		return 0, rubbish(`a length of "%s"`, clean(string(digits), 40))
	}
	var n int64
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, rubbish(`a length of "%s"`, clean(string(line), 40))
		}
		n = n*10 + int64(c-'0')
	}
	return n, nil
}
