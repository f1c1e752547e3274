package views

import (
	"strings"

	"slotdeck/cluster"
	"slotdeck/ui"
)

// textField is something that is typed, such as an address.
type textField struct {
	still
	label string
	value string
	empty string // what stands there while nothing does

	optional bool // it may stay empty
	secret   bool // it is never shown
}

func (f *textField) name() string { return f.label }

func (f *textField) step(int) {}

func (f *textField) text(t *ui.Theme, chosen bool) string {
	if f.value == "" {
		return t.Dim.Text(f.empty)
	}
	if f.secret {
		return chosenText(t, "given, not shown", chosen)
	}
	return chosenText(t, ui.Clean(f.value), chosen)
}

// words are its parts, at blanks and commas.
func (f *textField) words() []string {
	return strings.FieldsFunc(f.value, func(r rune) bool { return r == ' ' || r == ',' || r == '\t' || r == '\n' })
}

// followField is the primary that a node is to follow; the first choice may be
// to leave that to the plan.
type followField struct {
	still
	label  string
	anyone string // what the first choice is called; empty: there is none
	shards []shardChoice
	at     int
}

func (f *followField) name() string { return f.label }

func (f *followField) text(t *ui.Theme, chosen bool) string {
	at := f.at
	if f.anyone != "" {
		if at == 0 {
			return chosenText(t, f.anyone, chosen)
		}
		at--
	}
	if at >= len(f.shards) {
		return t.Dim.Text("nobody")
	}
	s := f.shards[at]
	return t.Shard(s.hue).Text.Text(s.letter) + " " + chosenText(t, s.addr, chosen)
}

func (f *followField) step(by int) {
	n := len(f.shards)
	if f.anyone != "" {
		n++
	}
	if n > 0 {
		f.at = (f.at + by + n) % n
	}
}

func (f *followField) toggle() { f.step(1) }

// id is the choice; empty when it is left to the plan.
func (f *followField) id() cluster.NodeID {
	at := f.at
	if f.anyone != "" {
		at--
	}
	if at < 0 || at >= len(f.shards) {
		return ""
	}
	return f.shards[at].id
}
