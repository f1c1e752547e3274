package cli

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestAPasteIsTextUpToItsEnd(t *testing.T) {
	for name, c := range map[string]struct{ sent, want string }{
		"keys":                  {"\x1b[A\x03q\xff", "\x1b[A\x03q\xff"},
		"text":                  {paste("füür €\U0001f600\ttwo\r\nlines"), paste("füür €\U0001f600\ttwo\r\nlines")},
		"sequences":             {paste("a\x1b[31mb\x00\x7f"), paste("a [31mb  ")},
		"one that does not end": {paste("a\x1b]0;b") + "q\x1b", paste("a ]0;b") + "q\x1b"},
		"no characters":         {paste("a\xff\x9b31m\xc3"), paste("a  31m ")},
		"half a mark":           {paste("\x1b[20"), paste(" [20")},
		"a mark within":         {paste("a" + pasteBegins), paste("a [200~")},
		"two":                   {paste("\x1b") + "\x1b" + paste("\x1b"), paste(" ") + "\x1b" + paste(" ")},
	} {
		b := []byte(c.sent)
		new(pasting).clean(b)
		if string(b) != c.want {
			t.Errorf("%s: %q, want %q", name, b, c.want)
		}
	}
}

func paste(text string) string { return pasteBegins + text + pasteEnds }

// However it comes in pieces, a paste ends where its mark stands, keys are left
// alone, and characters stay whole.
func FuzzPaste(f *testing.F) {
	f.Add("k\x1b[A", "f€\x1b]0;\xff", uint8(3))
	for piece := range 12 {
		f.Add("", "\x1b[201\x1b[20", uint8(piece))
	}
	f.Fuzz(func(t *testing.T, keys, text string, piece uint8) {
		if strings.Contains(keys, "\x1b[200") || strings.Contains(text, "\x1b[201~") {
			return
		}
		all := []byte(keys + "|" + paste(text) + keys + "|")
		var p pasting
		for b := all; len(b) > 0; {
			n := min(len(b), 1+int(piece))
			p.clean(b[:n])
			b = b[n:]
		}
		got := string(all)
		if p.within || !strings.HasPrefix(got, keys+"|"+pasteBegins) || !strings.HasSuffix(got, pasteEnds+keys+"|") {
			t.Fatalf("%q became %q", keys+"|"+paste(text)+keys+"|", got)
		}
		if utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) && !strings.Contains(got, text) {
			t.Fatalf("the text %q became %q", text, got)
		}
	})
}
