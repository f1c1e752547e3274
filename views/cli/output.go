package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/pflag"
)

// format is how an answer is printed: for people, or for programs.
type format string

const (
	asText format = "text"
	asJSON format = "json"
)

func (f *format) register(flags *pflag.FlagSet) {
	*f = asText
	flags.VarP(f, "output", "o", "print the answer as `text|json`")
}

// String is part of pflag.Value.
func (f *format) String() string { return string(*f) }

// Type is part of pflag.Value.
func (f *format) Type() string { return "format" }

// Set is part of pflag.Value.
func (f *format) Set(text string) error {
	switch format(text) {
	case asText, asJSON:
		*f = format(text)
		return nil
	}
	return usage("an answer can be printed as text or json, not as %q", text)
}

// writeJSON prints one value, indented, with keys and tags as they are.
func writeJSON(out io.Writer, v any) error {
	text, err := encoded(v, "  ")
	if err != nil {
		return err
	}
	_, err = out.Write(text)
	return err
}

func encoded(v any, indent string) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", indent)
	err := e.Encode(v)
	return escapeControls(b.Bytes()), err
}

// escapeControls writes what the encoder leaves as it is, and a terminal may obey
// or show in another order, as \uNNNN: it can only stand within strings.
func escapeControls(text []byte) []byte {
	plain := func(r rune) bool {
		return r == '\n' || r >= 0x20 && r < 0x7f || r >= 0xa0 && unicode.IsGraphic(r) && !unicode.Is(unicode.Bidi_Control, r) || r > 0xffff
	}
	if bytes.IndexFunc(text, func(r rune) bool { return !plain(r) }) < 0 {
		return text
	}
	out := make([]byte, 0, len(text)+64)
	for _, r := range string(text) {
		if plain(r) {
			out = utf8.AppendRune(out, r)
		} else {
			out = fmt.Appendf(out, "\\u%04x", r)
		}
	}
	return out
}

// compactJSON is one value on one line.
func compactJSON(v any) ([]byte, error) {
	text, err := encoded(v, "")
	return bytes.TrimSuffix(text, []byte("\n")), err
}
