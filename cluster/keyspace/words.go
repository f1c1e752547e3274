package keyspace

import (
	"errors"
	"strings"
)

var errQuotes = errors.New("the quotes are not balanced")

// Words splits a line into a command's words as redis-cli does: blanks between
// them, "double quotes" with \n \r \t \b \a \" \\ and \xFF, 'single quotes' with \'.
func Words(line string) ([]string, error) {
	var out []string
	for i := 0; ; {
		for i < len(line) && isBlank(line[i]) {
			i++
		}
		if i == len(line) {
			return out, nil
		}
		word, n, err := nextWord(line[i:])
		if err != nil {
			return nil, err
		}
		out = append(out, word)
		i += n
	}
}

func isBlank(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

// nextWord reads one word and tells how long it stands on the line.
func nextWord(s string) (string, int, error) {
	var b strings.Builder
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case isBlank(c):
			return b.String(), i, nil
		case c == '"' || c == '\'':
			n, err := quotedPart(&b, s[i:])
			if err != nil {
				return "", 0, err
			}
			i += n
			if i < len(s) && !isBlank(s[i]) {
				return "", 0, errQuotes // a closing quote ends the word
			}
		default:
			b.WriteByte(c)
			i++
		}
	}
	return b.String(), len(s), nil
}

// quotedPart reads from a quote to its partner.
func quotedPart(b *strings.Builder, s string) (int, error) {
	quote := s[0]
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == quote:
			return i + 1, nil
		case s[i] == '\\' && quote == '\'' && i+1 < len(s) && s[i+1] == '\'':
			b.WriteByte('\'')
			i++
		case s[i] == '\\' && quote == '"' && i+1 < len(s):
			i += escape(b, s[i+1:])
		default:
			b.WriteByte(s[i])
		}
	}
	return 0, errQuotes
}

// escape reads what follows a backslash and tells its length.
func escape(b *strings.Builder, s string) int {
	if s[0] == 'x' && len(s) >= 3 {
		hi, lo := nibble(s[1]), nibble(s[2])
		if hi >= 0 && lo >= 0 {
			b.WriteByte(byte(hi<<4 | lo))
			return 3
		}
	}
	c := s[0]
	if at := strings.IndexByte("nrtba", c); at >= 0 {
		c = "\n\r\t\b\a"[at]
	}
	b.WriteByte(c)
	return 1
}

func nibble(c byte) int { return strings.IndexByte("0123456789abcdef", c|0x20) }

// Quoted writes bytes as redis-cli shows them, in double quotes, such that
// Words reads them back: everything but printable ASCII as \n, \r, \t, \b, \a
// or \xff.
func Quoted(s string) string {
	const digits = "0123456789abcdef"
	var b strings.Builder
	b.Grow(len(s) + 2)
	b.WriteByte('"')
	for i := range len(s) {
		c := s[i]
		switch at := strings.IndexByte("\n\r\t\b\a", c); {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case at >= 0:
			b.WriteByte('\\')
			b.WriteByte("nrtba"[at])
		case c < ' ' || c > '~':
			b.WriteString(`\x`)
			b.WriteByte(digits[c>>4])
			b.WriteByte(digits[c&15])
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// Escaped is text that is fit for a line: as it is when it is plain ASCII
// without blanks, quotes and backslashes, else Quoted.
func Escaped(s string) string {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c > '~' || c == '"' || c == '\'' || c == '\\' {
			return Quoted(s)
		}
	}
	if s == "" {
		return `""`
	}
	return s
}
