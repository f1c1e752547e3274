package views

import (
	"strings"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"slotdeck/keyslot"
	"slotdeck/ui"
)

// maxKeyLen bounds a typed or pasted key, in bytes.
const maxKeyLen = 16 << 10

// keyField is a field of one line that keeps every byte: a field that tidies
// its text up would compute the slot of another key.
type keyField struct {
	text string
	at   int // the cursor, in bytes
}

func (f *keyField) set(text string) { f.text, f.at = text, len(text) }

// insert puts text in at the cursor. It reports whether there was room.
func (f *keyField) insert(text string) bool {
	if len(f.text)+len(text) > maxKeyLen {
		return false
	}
	f.text = f.text[:f.at] + text + f.text[f.at:]
	f.at += len(text)
	return true
}

// press does the keys that edit. It reports whether the text changed.
func (f *keyField) press(k tea.KeyPressMsg) bool {
	before := f.text
	switch k.String() {
	case "left", "ctrl+b":
		f.at -= f.behind()
	case "right", "ctrl+f":
		f.at += f.ahead()
	case "home", "ctrl+a":
		f.at = 0
	case "end", "ctrl+e":
		f.at = len(f.text)
	case "backspace", "ctrl+h":
		f.cutBack(f.at - f.behind())
	case "delete", "ctrl+d":
		f.text = f.text[:f.at] + f.text[f.at+f.ahead():]
	case "ctrl+w", "alt+backspace":
		f.cutBack(f.word())
	case "ctrl+u":
		f.cutBack(0)
	case "ctrl+k":
		f.text = f.text[:f.at]
	default:
		if k.Text != "" {
			f.insert(k.Text)
		}
	}
	return f.text != before
}

// cutBack takes away what stands from there to the cursor.
func (f *keyField) cutBack(from int) {
	f.text = f.text[:from] + f.text[f.at:]
	f.at = from
}

func (f *keyField) behind() int {
	_, n := utf8.DecodeLastRuneInString(f.text[:f.at])
	return n
}

func (f *keyField) ahead() int {
	_, n := utf8.DecodeRuneInString(f.text[f.at:])
	return n
}

// word is where the part before the cursor begins.
func (f *keyField) word() int {
	const between = ":./-_|,; {}"
	rest := strings.TrimRight(f.text[:f.at], between)
	return strings.LastIndexAny(rest, between) + 1
}

// draw shows the part around the cursor in at most w cells; what the mark
// names is underlined. Its cost does not grow with the length of the text.
func (f *keyField) draw(t *ui.Theme, mark keyslot.Tag, focused bool, w int) string {
	from, to := f.window(w - 2)
	paint := func(i int) ui.Paint {
		switch {
		case focused && i == f.at:
			return t.Cursor
		case mark.Real && mark.Start <= i && i < mark.End:
			return t.Mark
		}
		return t.Plain
	}
	var b strings.Builder
	if from > 0 {
		t.Dim.Write(&b, t.Glyph.Ellipsis)
	}
	for i := from; i < to; {
		p, end := paint(i), i
		for end < to && paint(end) == p {
			_, n := utf8.DecodeRuneInString(f.text[end:])
			end += n
		}
		p.Write(&b, ui.Clean(f.text[i:end]))
		i = end
	}
	switch {
	case to < len(f.text):
		t.Dim.Write(&b, t.Glyph.Ellipsis)
	case focused && f.at == len(f.text):
		t.Cursor.Write(&b, " ")
	}
	return b.String()
}

// window is the part of the text to show in w cells: as much as fits before
// the cursor, a third at least kept for what follows when something does.
func (f *keyField) window(w int) (from, to int) {
	from, to = f.at, f.at
	used := 0
	grow := func(limit int, forward bool) {
		for {
			var n int
			var piece string
			if forward {
				_, n = utf8.DecodeRuneInString(f.text[to:])
				piece = f.text[to : to+n]
			} else {
				_, n = utf8.DecodeLastRuneInString(f.text[:from])
				piece = f.text[from-n : from]
			}
			cells := ui.Width(ui.Clean(piece))
			if n == 0 || used+cells > limit {
				return
			}
			used += cells
			if forward {
				to += n
			} else {
				from -= n
			}
		}
	}
	grow(w*2/3, false)
	grow(w, true)
	grow(w, false)
	return from, to
}
