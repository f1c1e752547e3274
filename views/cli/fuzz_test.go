package cli

import (
	"bufio"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"slotdeck/cluster/fake"
)

// FuzzValues reads any text as each kind of value that flags take.
func FuzzValues(f *testing.F) {
	for _, s := range []string{"512mb", "20GB", "1e400", "-1", "ECDHE-RSA-AES128-GCM-SHA256:TLS_RSA_WITH_AES_128_CBC_SHA", "a,b", "secret\r\nrest", "A=3", "İ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var size byteSize
		if size.Set(text) == nil && size <= 0 {
			t.Errorf("%q is a size of %d", text, size)
		}
		_, _ = cipherSuites(text)
		if line, err := firstLine(bufio.NewReader(strings.NewReader(text))); err == nil && (line == "" || strings.Contains(line, "\n")) {
			t.Errorf("%q: the first line is %q", text, line)
		}
		_ = nearest(text, []string{"info", "status"})
		for _, words := range [][]string{strings.Fields(text)} {
			splitWords(words, ",")
		}
	})
}

// FuzzShown makes text of replies and of crashes.
func FuzzShown(f *testing.F) {
	f.Add(`[["a",1,null,["\u001b]0;x\u0007"]]]`, "panic: \x1b[31m hunter2\n\ngoroutine 1:\n\tx.go:5")
	f.Fuzz(func(t *testing.T, reply, crash string) {
		shown := harmlessCrash(crash, []string{"hunter2"})
		if reply, ok := fake.Value(reply); ok {
			shown += replyText(reply, false)
		}
		if !utf8.ValidString(shown) || strings.ContainsFunc(shown, func(r rune) bool { return r != '\n' && unicode.IsControl(r) }) || strings.Contains(shown, "hunter2") {
			t.Errorf("%q is shown as %q", crash+reply, shown)
		}
	})
}
