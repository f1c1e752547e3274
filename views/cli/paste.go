package cli

import (
	"io"
	"os"
	"strings"
	"unicode/utf8"
)

// plainPaste is a terminal's input with nothing but text between the marks of a
// paste. The toolkit reads what is pasted like keys: an escape sequence that does
// not end in it takes the mark of its end for its own, and whatever is typed from
// then on for text. Other control bytes than tabs and ends of lines, and bytes that
// are no character, become spaces, as many terminals make them themselves.
type plainPaste struct {
	*os.File
	pasting
}

// inputOf guards what is read from a terminal.
func inputOf(in io.Reader) io.Reader {
	if f, ok := in.(*os.File); ok {
		return &plainPaste{File: f}
	}
	return in
}

// Read gives on as many bytes as came: the toolkit waits for the terminal before
// it reads, so that what is held back would stay so until the next key.
func (p *plainPaste) Read(b []byte) (int, error) {
	n, err := p.File.Read(b)
	p.clean(b[:n])
	return n, err
}

const pasteBegins, pasteEnds = "\x1b[200~", "\x1b[201~"

// pasting is where in a paste one is.
type pasting struct {
	within bool
	mark   int // so many bytes of the next mark were the last ones
	more   int // so many bytes of the last character are still to come
}

// clean replaces bytes in place.
func (p *pasting) clean(b []byte) {
	for len(b) > 0 {
		b = b[p.take(b):]
	}
}

// take deals with the first bytes, and tells how many.
func (p *pasting) take(b []byte) int {
	next := pasteBegins
	if p.within {
		next = pasteEnds
	}
	rest := next[p.mark:]
	switch n := min(len(b), len(rest)); {
	case strings.HasPrefix(rest, string(b[:n])) && n < len(rest):
		p.mark += n
		return n
	case strings.HasPrefix(rest, string(b[:n])):
		*p = pasting{within: !p.within}
		return n
	case p.mark > 0: // that was none, and this may be one
		p.mark = 0
		return p.take(b)
	}
	if !p.within {
		return 1
	}
	if p.more > 0 && !utf8.RuneStart(b[0]) {
		p.more--
		return 1
	}
	p.more = 0
	if !utf8.FullRune(b) {
		p.more = runeBytes(b[0]) - len(b)
		return len(b)
	}
	r, n := utf8.DecodeRune(b)
	if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0x7f || r == utf8.RuneError && n == 1 {
		b[0] = ' '
	}
	return n
}

// runeBytes is how many bytes a character has that begins with this one.
func runeBytes(first byte) int {
	switch {
	case first >= 0xf0:
		return 4
	case first >= 0xe0:
		return 3
	}
	return 2
}
