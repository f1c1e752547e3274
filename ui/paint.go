package ui

import (
	"strings"

	"charm.land/lipgloss/v2"
)

// Paint is a style made ready for hot loops: the escape sequences around a
// text, worked out once. The zero Paint leaves text as it is.
type Paint struct {
	open, shut string
}

// paintOf compiles a Lip Gloss style. The style must not pad, wrap or align.
func paintOf(s lipgloss.Style) Paint {
	const mark = "\x00"
	open, shut, _ := strings.Cut(s.Render(mark), mark)
	return Paint{open, shut}
}

// Text paints a text. An empty text stays empty.
func (p Paint) Text(s string) string {
	if s == "" || p.open == "" {
		return s
	}
	return p.open + s + p.shut
}

// Write paints a text into a builder without making a string of it first.
func (p Paint) Write(b *strings.Builder, s string) {
	if s == "" {
		return
	}
	b.WriteString(p.open)
	b.WriteString(s)
	b.WriteString(p.shut)
}
