package views

import (
	"strings"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"slotdeck/ui"
)

// typedForm is the part of a plan's page that is filled in: fields that are
// typed in the footer, and fields that keys change.
type typedForm struct {
	fields []moveField
	at     int // the field that the keys are with
	p      *Proposal
	after  func() tea.Cmd // follows every change
}

// actions are the keys that go through the fields and change them.
func (f *typedForm) actions() ui.Actions[*Proposal] {
	change := func(what func(moveField)) func(*Proposal) tea.Cmd {
		return func(*Proposal) tea.Cmd {
			what(f.fields[f.at])
			return f.after()
		}
	}
	focus := func(by int) func(*Proposal) tea.Cmd {
		return func(*Proposal) tea.Cmd {
			f.at = (f.at + by + len(f.fields)) % len(f.fields)
			return nil
		}
	}
	actions := ui.Actions[*Proposal]{
		{Keys: []string{"tab"}, Label: "next", Do: focus(1), Hidden: len(f.fields) < 2},
		{Keys: []string{"shift+tab"}, Label: "previous", Do: focus(-1), Hidden: true},
		{Keys: []string{"enter", "e"}, Label: "type", Off: f.notTyped, Do: func(*Proposal) tea.Cmd { f.ask(f.fields[f.at].(*textField)); return nil }, Hidden: !f.typesAnything()},
		{Keys: []string{"left", "h"}, Label: "less", Do: change(func(m moveField) { m.step(-1) }), Hidden: true},
		{Keys: []string{"right", "l", "space"}, Label: "change", Do: change(func(m moveField) { m.step(1) }), Off: f.onlyTyped},
		{Keys: []string{"backspace"}, Label: "erase", Do: change(moveField.erase), Hidden: true},
	}
	for d := range 10 {
		actions = append(actions, ui.Action[*Proposal]{
			Keys: []string{string(rune('0' + d))}, Label: "number", Do: change(func(m moveField) { m.digit(d) }), Hidden: true,
		})
	}
	return actions
}

func (f *typedForm) typesAnything() bool {
	for _, field := range f.fields {
		if _, ok := field.(*textField); ok {
			return true
		}
	}
	return false
}

func (f *typedForm) notTyped(*Proposal) string {
	if _, ok := f.fields[f.at].(*textField); !ok {
		return "the arrows change this one"
	}
	return ""
}

func (f *typedForm) onlyTyped(*Proposal) string {
	if _, ok := f.fields[f.at].(*textField); ok {
		return "enter types this one"
	}
	return ""
}

// firstEmpty is the first field that has to be typed before there is a plan.
func (f *typedForm) firstEmpty() *textField {
	for i, field := range f.fields {
		if t, ok := field.(*textField); ok && t.value == "" && !t.optional {
			f.at = i
			return t
		}
	}
	return nil
}

// lacks says which field has to be typed yet; empty when all are.
func (f *typedForm) lacks() string {
	for _, field := range f.fields {
		if t, ok := field.(*textField); ok && !t.optional && blank(t.value) {
			return "the " + t.label + " is not given yet; enter types it"
		}
	}
	return ""
}

// ask lets a field be typed in the footer.
func (f *typedForm) ask(t *textField) {
	line := newLineInput(t.label + ": ")
	line.field.CharLimit = 4096 // a thousand servers have long names
	if t.secret {
		line.field.EchoMode = textinput.EchoPassword
	} else {
		line.field.SetValue(t.value)
		line.field.CursorEnd()
	}
	f.p.asked = &lineAsked{line: line, done: func(text string) tea.Cmd {
		t.value = text
		if next := f.firstEmpty(); next != nil && next != t {
			f.ask(next)
		}
		return f.after()
	}}
}

func blank(text string) bool { return strings.TrimSpace(text) == "" }
