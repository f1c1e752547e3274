package views

import (
	"strings"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"slotdeck/ui"
)

// lineInput is a field of one line in the footer.
type lineInput struct{ field textinput.Model }

func newLineInput(prompt string) lineInput {
	f := textinput.New()
	f.Prompt = prompt
	f.CharLimit = 512
	f.Focus()
	return lineInput{f}
}

func (l *lineInput) key(k tea.KeyPressMsg) { l.field, _ = l.field.Update(k) }

func (l *lineInput) paste(text string) {
	text, _, _ = strings.Cut(strings.TrimLeft(text, "\r\n"), "\n")
	l.field.SetValue(l.field.Value() + strings.TrimRight(text, "\r"))
	l.field.CursorEnd()
}

func (l *lineInput) text() string { return l.field.Value() }

// draw shows the field with its cursor, without blinking: a blink is traffic.
func (l *lineInput) draw(t *ui.Theme, w int) string {
	runes := []rune(l.field.Value())
	if l.field.EchoMode == textinput.EchoPassword {
		runes = []rune(strings.Repeat("*", len(runes)))
	}
	at := min(l.field.Position(), len(runes))
	under, after := " ", ""
	if at < len(runes) {
		under, after = string(runes[at]), string(runes[at+1:])
	}
	before := ui.Clean(string(runes[:at]))
	room := w - ui.Width(l.field.Prompt) - 3
	for ui.Width(before) > room && before != "" {
		before = before[1:]
	}
	return t.Cut(" "+t.Accent.Text(l.field.Prompt)+before+t.Cursor.Text(ui.Clean(under))+ui.Clean(after), w)
}
