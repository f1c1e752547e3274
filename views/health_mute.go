package views

import (
	tea "charm.land/bubbletea/v2"

	"slotdeck/cluster/doctor"
	"slotdeck/ui"
)

// noMute is why the finding under the cursor cannot be muted.
func noMute(h *Health) string {
	if _, _, ok := h.current(); !ok {
		return "nothing is selected"
	}
	return ""
}

// mute asks for how long and why; a muted finding is told again at once.
func (h *Health) mute() tea.Cmd {
	f, _, _ := h.current()
	if _, muted := h.muted[h.cursor.At]; muted {
		return func() tea.Msg { return muteWanted{finding: f} }
	}
	line := newLineInput("mute for 12h, 7d, 4w, and why: ")
	h.prompt, h.said = &line, ""
	return nil
}

// typed takes a key of the prompt.
func (h *Health) typed(k tea.KeyPressMsg) tea.Cmd {
	switch k.String() {
	case "esc":
		h.prompt = nil
	case "enter":
		long, reason, err := doctor.ReadMute(h.prompt.text())
		if err != nil {
			h.said = err.Error()
			return nil
		}
		f, _, ok := h.current()
		h.prompt = nil
		if ok {
			return func() tea.Msg { return muteWanted{f, reason, long} }
		}
	default:
		h.prompt.key(k)
	}
	return nil
}

// Typing reports whether the prompt has the keyboard.
func (h *Health) Typing() bool { return h.prompt != nil }

// Paste puts text into the prompt.
func (h *Health) Paste(text string, _ *Scene) tea.Cmd {
	if h.prompt != nil {
		h.prompt.paste(text)
	}
	return nil
}

// Leave closes the prompt, then the matrix.
func (h *Health) Leave(*Scene) bool {
	open := h.prompt != nil || h.matrix || h.full
	if h.prompt == nil {
		h.matrix, h.full = false, false
	}
	h.prompt = nil
	return open
}

// muteLine is the prompt, or why the finding under the cursor is quiet; empty
// when it is neither.
func (h *Health) muteLine(sc *Scene) []string {
	t := sc.Theme
	if h.prompt != nil {
		lines := []string{h.prompt.draw(t, sc.W)}
		if h.said != "" {
			lines = append(lines, "  "+t.Bad.Text(h.said))
		}
		return lines
	}
	if m, muted := h.muted[h.cursor.At]; muted {
		return labelled(t, "muted", []string{"until " + m.Until.Local().Format(muteTime) + ": " + ui.Clean(m.Reason) + " (M: tell of it again)"}, t.Note, healthWidth(sc))
	}
	return nil
}
