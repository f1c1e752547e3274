package wire

import (
	"fmt"
	"log/slog"
)

// Secret holds a password. Whatever prints it, by any verb, as JSON or in a
// log, shows "***"; only Reveal tells it. The zero value is no password.
type Secret struct {
	// A function, because fmt prints the text of an unexported string field
	// without asking Format, but of a function only that there is one.
	reveal func() string
}

// NewSecret hides a password. The empty text is no password.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{reveal: func() string { return text }}
}

const hidden = "***"

// Reveal tells the password: for the connection, and nothing else.
func (s Secret) Reveal() string {
	if s.reveal == nil {
		return ""
	}
	return s.reveal()
}

// Empty reports whether there is no password.
func (s Secret) Empty() bool { return s.reveal == nil }

func (s Secret) String() string               { return hidden }
func (s Secret) GoString() string             { return hidden }
func (s Secret) Format(f fmt.State, _ rune)   { _, _ = f.Write([]byte(hidden)) }
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + hidden + `"`), nil }
func (s Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }
func (s Secret) LogValue() slog.Value         { return slog.StringValue(hidden) }
