package cli

import (
	"bytes"
	"encoding/json"
	"io"

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
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// compactJSON is one value on one line.
func compactJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}
