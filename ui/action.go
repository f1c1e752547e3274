package ui

import (
	"cmp"
	"slices"

	tea "charm.land/bubbletea/v2"
)

// Action is one thing a person can do on a screen. The same table feeds the
// dispatch of keys, the footer, the help and the action menu, so that what is
// shown is what works.
type Action[T any] struct {
	Keys   []string       // as the toolkit names them; the first is the one shown
	Label  string         // one or two words, for the footer and the menu
	Now    func(T) string // another label as things stand; empty, or nil, for Label
	Help   string         // a sentence for the help page
	Off    func(T) string // why it cannot be done now; empty, or nil, when it can
	Do     func(T) tea.Cmd
	Hidden bool // not in the footer (still in the help)
}

// Hint is an action made ready to be shown.
type Hint struct {
	Press            string // the key as the toolkit names it
	Key, Label, Help string
	Off              string
	Hidden           bool
}

// Actions is the table of one screen.
type Actions[T any] []Action[T]

// Find looks an action up by key.
func (a Actions[T]) Find(key string) (Action[T], bool) {
	for _, act := range a {
		if slices.Contains(act.Keys, key) {
			return act, true
		}
	}
	return Action[T]{}, false
}

// Run does what a key stands for. It reports whether the key is in the table,
// and the reason when the action cannot be done now.
func (a Actions[T]) Run(key string, t T) (cmd tea.Cmd, known bool, off string) {
	act, ok := a.Find(key)
	if !ok {
		return nil, false, ""
	}
	if act.Off != nil {
		if why := act.Off(t); why != "" {
			return nil, true, why
		}
	}
	return act.Do(t), true, ""
}

// Hints lists the table for showing.
func (a Actions[T]) Hints(t T) []Hint {
	hints := make([]Hint, 0, len(a))
	for _, act := range a {
		h := Hint{Press: act.Keys[0], Key: KeyName(act.Keys[0]), Label: act.Label, Help: act.Help, Hidden: act.Hidden}
		if act.Off != nil {
			h.Off = act.Off(t)
		}
		if act.Now != nil {
			h.Label = cmp.Or(act.Now(t), h.Label)
		}
		hints = append(hints, h)
	}
	return hints
}

// KeyName is how a key is written on the screen.
func KeyName(key string) string {
	switch key {
	case "space":
		return "space"
	case "pgdown":
		return "pgdn"
	case "left":
		return "←"
	case "right":
		return "→"
	case "up":
		return "↑"
	case "down":
		return "↓"
	}
	if len(key) > 5 && key[:5] == "ctrl+" {
		return "^" + key[5:]
	}
	return key
}

// Footer is one line of hints of at most w cells: the key strong, the label
// plain, what cannot be done now dim. What does not fit is left out whole;
// the last hint (help) always stays.
func (t *Theme) Footer(hints []Hint, w int) string {
	shown := make([]Hint, 0, len(hints))
	for _, h := range hints {
		if !h.Hidden {
			h.Key = t.keyName(h.Key)
			shown = append(shown, h)
		}
	}
	if len(shown) == 0 {
		return ""
	}
	last := shown[len(shown)-1]
	room := w - hintWidth(last)
	line := " "
	used := 1
	for _, h := range shown[:len(shown)-1] {
		n := hintWidth(h) + 2
		if used+n > room {
			continue
		}
		line += t.hint(h) + "  "
		used += n
	}
	return line + t.hint(last)
}

// keyName writes the arrows as words where they could be taken for other keys.
func (t *Theme) keyName(key string) string {
	words := map[string]string{"←": "left", "→": "right", "↑": "up", "↓": "down"}
	if word, arrow := words[key]; arrow && t.ASCII {
		return word
	}
	return key
}

func hintWidth(h Hint) int { return Width(h.Key) + 1 + Width(h.Label) }

func (t *Theme) hint(h Hint) string {
	if h.Off != "" {
		return t.Dim.Text(h.Key + " " + h.Label)
	}
	return t.Accent.Text(h.Key) + " " + h.Label
}
