package ui

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

const hexDigits = "0123456789abcdef"

// Clean makes text from outside harmless and visible: control bytes, invalid
// UTF-8 and characters that have no shape or turn the line around become
// \xNN or \u{N}. Text without any of them is returned as it is.
func Clean(s string) string {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < 0x20 || c >= 0x7f {
			return clean(s)
		}
	}
	return s
}

func clean(s string) string {
	var b strings.Builder
	b.Grow(len(s) + 16)
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n <= 1, r < 0x20, r == 0x7f:
			switch c := s[i]; c {
			case '\n':
				b.WriteString(`\n`)
			case '\r':
				b.WriteString(`\r`)
			case '\t':
				b.WriteString(`\t`)
			default:
				b.WriteString(`\x`)
				b.WriteByte(hexDigits[c>>4])
				b.WriteByte(hexDigits[c&15])
			}
			n = max(n, 1)
		case !unicode.IsPrint(r), unicode.Is(unicode.Mn, r), unicode.Is(unicode.Me, r), wide(r):
			b.WriteString(`\u{`)
			writeHex(&b, uint32(r))
			b.WriteByte('}')
		default:
			b.WriteString(s[i : i+n])
		}
		i += n
	}
	return b.String()
}

// wide holds for what terminals do not agree on how wide it is: pictures and
// their modifiers. East Asian letters are fine: all agree that they take two.
func wide(r rune) bool {
	return r >= 0x1f000 || r >= 0xfe00 && r <= 0xfe0f
}

func writeHex(b *strings.Builder, v uint32) {
	started := false
	for shift := 28; shift >= 0; shift -= 4 {
		d := v >> shift & 15
		if d == 0 && !started && shift > 0 {
			continue
		}
		started = true
		b.WriteByte(hexDigits[d])
	}
}

// Width is how many cells a text takes, escape sequences not counted.
func Width(s string) int {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < 0x20 || c >= 0x7f {
			return ansi.StringWidth(s)
		}
	}
	return len(s)
}

// Cut shortens a text (painted or not) to at most w cells; what was cut shows
// as an ellipsis.
func (t *Theme) Cut(s string, w int) string {
	if w <= 0 {
		return ""
	}
	if Width(s) <= w {
		return s
	}
	return ansi.Truncate(s, w, t.Glyph.Ellipsis)
}

// Left fits a text into exactly w cells, aligned left.
func (t *Theme) Left(s string, w int) string {
	s = t.Cut(s, w)
	return s + spaces(w-Width(s))
}

// Right fits a text into exactly w cells, aligned right.
func (t *Theme) Right(s string, w int) string {
	s = t.Cut(s, w)
	return spaces(w-Width(s)) + s
}

const blanks = "                                                                                                                                "

func spaces(n int) string {
	if n <= 0 {
		return ""
	}
	if n <= len(blanks) {
		return blanks[:n]
	}
	return strings.Repeat(" ", n)
}

// Spaces is n blanks.
func Spaces(n int) string { return spaces(n) }

// Wrap breaks a plain text into lines of at most w cells, at blanks where it can.
func Wrap(s string, w int) []string {
	if w <= 0 {
		return nil
	}
	return strings.Split(ansi.Wrap(s, w, ""), "\n")
}

// Fold breaks a plain text into lines of w cells, wherever they are full, and
// loses nothing of it.
func Fold(s string, w int) []string {
	if w <= 0 {
		return nil
	}
	return strings.Split(ansi.Hardwrap(s, w, true), "\n")
}

// Apart puts one text at the left end and one at the right end of w cells; the
// left one gives way when both do not fit.
func (t *Theme) Apart(left, right string, w int) string {
	rw := Width(right)
	if rw >= w {
		return t.Cut(right, w)
	}
	lw := max(0, w-rw-1)
	left = t.Cut(left, lw)
	return left + spaces(w-rw-Width(left)) + right
}
