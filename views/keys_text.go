package views

import (
	"strconv"
	"strings"

	"slotdeck/keyslot"
	"slotdeck/ui"
)

// typedKey is what a typed text stands for.
type typedKey struct {
	key    string // its exact bytes
	quoted bool   // it stood in double quotes, so that escapes in it were read
	open   bool   // it begins with a double quote but does not end like a quoted text
}

// readKey reads a text as redis-cli reads an argument: in double quotes \xff,
// \n, \r, \t, \b, \a, \\ and \" are escapes. Any other text is the key itself,
// byte by byte, blanks included.
func readKey(text string) typedKey {
	if !strings.HasPrefix(text, `"`) {
		return typedKey{key: text}
	}
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"' && i == len(text)-1:
			return typedKey{key: b.String(), quoted: true}
		case c == '"':
			return typedKey{key: text, open: true}
		case c == '\\' && i+3 < len(text) && text[i+1] == 'x' && isHex(text[i+2]) && isHex(text[i+3]):
			v, _ := strconv.ParseUint(text[i+2:i+4], 16, 8)
			b.WriteByte(byte(v))
			i += 3
		case c == '\\' && i+1 < len(text):
			i++
			b.WriteByte(unescaped(text[i]))
		default:
			b.WriteByte(c)
		}
	}
	return typedKey{key: text, open: true}
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func unescaped(c byte) byte {
	switch c {
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	case 'b':
		return '\b'
	case 'a':
		return '\a'
	}
	return c
}

// writeKey is the text that readKey reads as this key: the key itself where it
// can be typed, else in quotes.
func writeKey(key string) string {
	if ui.Clean(key) == key && !strings.HasPrefix(key, `"`) {
		return key
	}
	const hexDigits = "0123456789abcdef"
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(key) {
		switch c := key[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c >= 0x20 && c < 0x7f:
			b.WriteByte(c)
		default:
			b.WriteString(`\x`)
			b.WriteByte(hexDigits[c>>4])
			b.WriteByte(hexDigits[c&15])
		}
	}
	b.WriteByte('"')
	return b.String()
}

// pastedKeys are the lines of a pasted text. A carriage return ends a line
// like a newline does, because terminals hand a pasted newline over as one.
// Empty lines are left out; more tells that the text ends with a line's end.
func pastedKeys(text string) (lines []string, ended bool) {
	ended = strings.HasSuffix(text, "\n") || strings.HasSuffix(text, "\r")
	for line := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '\n' || r == '\r' }) {
		lines = append(lines, line)
	}
	return lines, ended
}

// tagRule says which part of a key counts and why, in a sentence.
func tagRule(t *ui.Theme, key string) string {
	tag := keyslot.TagOf(key)
	before, after, brace := strings.Cut(key, "{")
	switch {
	case key == "":
		return "the empty key is a key, too: it lives in slot 0"
	case tag.Real && strings.Contains(tag.In(key), "{"):
		return "a tag ends at the first }, so a brace is part of it here: " + tagName(t, tag.In(key))
	case tag.Real && strings.Contains(key[tag.End:], "{"):
		return "only the first tag " + tagName(t, tag.In(key)) + " counts: all keys with it share the slot"
	case tag.Real:
		return "only the tag " + tagName(t, tag.In(key)) + " counts: all keys with it share the slot"
	case brace && strings.HasPrefix(after, "}"):
		return "the first braces are empty, so there is no tag: the whole key counts"
	case brace:
		return "the brace is never closed, so there is no tag: the whole key counts"
	case strings.Contains(before, "}"):
		return "a } without a { before it is no tag: the whole key counts"
	}
	return "no tag in braces: the whole key counts"
}

// tagName is a hash tag for use within a sentence.
func tagName(t *ui.Theme, tag string) string {
	const cells = 32
	return "{" + t.Cut(ui.Clean(tag[:min(len(tag), 4*cells)]), cells) + "}"
}

// oddities are what one does not see in a key at first sight.
func oddities(k typedKey) string {
	switch {
	case k.open:
		return "as typed, until the quotes are closed"
	case k.quoted:
		return "in quotes as in redis-cli: " + plural(len(k.key), "byte")
	case strings.HasPrefix(k.key, " "), strings.HasSuffix(k.key, " "):
		return "the blank at its end counts, too"
	}
	return ""
}
