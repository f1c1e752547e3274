package views

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"slotdeck/ui"
)

// moveActions are the keys on the page of a move, besides those of every plan.
func moveActions(f *moveForm, jobs *Jobs) ui.Actions[*Proposal] {
	change := func(what func(moveField)) func(*Proposal) tea.Cmd {
		return func(*Proposal) tea.Cmd {
			what(f.fields[f.at])
			return jobs.reworked(f)
		}
	}
	focus := func(by int) func(*Proposal) tea.Cmd {
		return func(*Proposal) tea.Cmd {
			f.at = (f.at + by + len(f.fields)) % len(f.fields)
			return nil
		}
	}
	actions := ui.Actions[*Proposal]{
		{Keys: []string{"tab"}, Label: "next", Do: focus(1)},
		{Keys: []string{"shift+tab"}, Label: "previous", Do: focus(-1), Hidden: true},
		{Keys: []string{"left", "h"}, Label: "less", Do: change(func(m moveField) { m.step(-1) })},
		{Keys: []string{"right", "l"}, Label: "more", Do: change(func(m moveField) { m.step(1) })},
		{Keys: []string{"space"}, Label: "choose", Do: change(moveField.toggle), Off: f.notToggled},
		{Keys: []string{"backspace"}, Label: "erase", Do: change(moveField.erase), Hidden: true},
		{Keys: []string{"d"}, Label: "driver", Do: func(*Proposal) tea.Cmd { f.driver.step(1); return jobs.reworked(f) }},
		{Keys: []string{"w"}, Label: "save", Do: func(*Proposal) tea.Cmd { return jobs.savePlan(f) }, Off: f.notPlanned},
		{Keys: []string{"r"}, Label: "anew", Do: func(*Proposal) tea.Cmd { return jobs.anew(f) }, Hidden: true},
	}
	for d := range 10 {
		actions = append(actions, ui.Action[*Proposal]{
			Keys: []string{string(rune('0' + d))}, Label: "number", Do: change(func(m moveField) { m.digit(d) }), Hidden: true,
		})
	}
	return actions
}

func (f *moveForm) notToggled(*Proposal) string {
	switch f.fields[f.at].(type) {
	case *shardsField, *weightsField, *choiceField:
		return ""
	}
	return "the arrows and digits change this one"
}

func (f *moveForm) notPlanned(*Proposal) string {
	if f.refused != nil {
		return "there is no plan to save yet"
	}
	return ""
}

// show brings the page up to date with the form.
func (f *moveForm) show() {
	p := f.p
	p.Refused = ""
	switch {
	case f.refused != nil:
		p.Title, p.Why, p.Risk = f.wish(), "there is no plan", 0
		p.Refused = f.refused.Error()
	default:
		p.Title, p.Risk, p.Why = f.plan.Title, f.plan.Risk, f.plan.Why
		switch {
		case f.noWay != nil:
			p.Refused = f.noWay.Error()
		case !f.read:
			p.Refused = "the keys are being counted; a moment"
		}
	}
	p.Commands = nil
	if f.refused == nil {
		p.Commands = func() string { return strings.Join(f.commandText(), "\n") + "\n" }
	}
}

// wish is what is asked for, when no plan comes of it.
func (f *moveForm) wish() string {
	switch f.kind {
	case moveRebalance:
		return "rebalance"
	case moveDrain:
		return "drain a primary"
	}
	return "move slots"
}

// commandText is the plan's commands as lines for a shell script or runbook.
func (f *moveForm) commandText() []string {
	out := []string{"# " + f.plan.Title}
	for _, c := range f.plan.Commands(f.choice.Driver) {
		line := c.Text()
		if c.Note != "" {
			line += "   # " + c.Note
		}
		out = append(out, c.Addr+"  "+line)
	}
	return out
}
