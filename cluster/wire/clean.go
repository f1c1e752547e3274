package wire

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxQuote bounds, in characters, what is quoted of a server's words.
const maxQuote = 300

// clean makes a server's or a user's text fit to be shown on one line: bytes
// that could steer a terminal become visible marks, and the length is bounded.
func clean(s string, limit int) string {
	if len(s) <= limit && isPlain(s) {
		return s
	}
	var b strings.Builder
	n := 0
	for i := 0; i < len(s); n++ {
		if n >= limit {
			b.WriteString("…")
			break
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			b.WriteString(hexMark(s[i]))
		case r < 0x20 || r == 0x7f:
			b.WriteString(hexMark(byte(r)))
		case !unicode.IsGraphic(r) || unicode.Is(unicode.Bidi_Control, r):
			b.WriteRune('\uFFFD')
		default:
			b.WriteRune(r)
		}
		i += size
	}
	return b.String()
}

func isPlain(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < 0x20 || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

func hexMark(c byte) string {
	const digits = "0123456789abcdef"
	return `\x` + string([]byte{digits[c>>4], digits[c&15]})
}
