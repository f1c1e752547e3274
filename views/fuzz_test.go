package views

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzTyped reads any text as each kind of thing that is typed.
func FuzzTyped(f *testing.F) {
	for _, s := range []string{"user:* type=hash slot=0-9 mem>1g", "mem>1099511627776g", "mem>9999999999g", "size>9223372036854775807", "ttl<1h", "size>=5k", "a b", "\"", "A", "0-99", "!x[", "g (", "\x1b[31m"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if q, err := readQuery(text); err == nil && (strings.HasPrefix(text, "mem>") && q.keep.MinBytes == 0 || q.keep.MinBytes < 0 || q.keep.MinElements < 0 || q.keep.MinTTL < 0 || q.keep.MaxTTL < 0) {
			t.Errorf("%q: %+v", text, q)
		}
		if _, wrong := readWish(text, &Scene{Snap: sampleSnapshot()}); !utf8.ValidString(wrong) {
			t.Errorf("%q: %q", text, wrong)
		}
		_, _ = NewFilter(text)
		line := newLineInput(":")
		line.field.SetValue(text)
		(&palette{line: line}).matches()
	})
}
