package views

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"slotdeck/ui"
)

// Next is the context that the operator wants to look at after this one; empty
// when the console was left for good.
func (a *App) Next() string { return a.next }

// Mapped is the rule from announced to reachable addresses that the operator has
// accepted; empty: none.
func (a *App) Mapped() string {
	return a.taken
}

// dialMapped begins anew with the proposed rule.
func dialMapped(a *App, typed string) tea.Cmd {
	switch {
	case a.rule == "":
		return warn("there is no rule to propose: nodes are reached where they say they are, or none is reached at all; --map gives rules by hand")
	case typed != "" && typed != a.rule:
		return warn("the rule that is proposed is " + ui.Clean(a.rule) + "; another one can be given by --map")
	}
	a.taken = a.rule
	return quit(a)
}

// switchContext leaves for another cluster. A job that runs here is asked about,
// as it is when quitting.
func switchContext(a *App, name string) tea.Cmd {
	if len(a.cfg.Contexts) == 0 {
		return warn("the configuration file knows no contexts; slotdeck context add makes one")
	}
	var fits []string
	for _, c := range a.cfg.Contexts {
		if c == name {
			fits = []string{c}
			break
		}
		if strings.HasPrefix(c, name) {
			fits = append(fits, c)
		}
	}
	switch {
	case len(fits) == 0:
		return warn("there is no context \"" + ui.Clean(name) + "\": there are " + ui.Clean(strings.Join(slices.Clone(a.cfg.Contexts), ", ")))
	case len(fits) > 1:
		return warn("\"" + ui.Clean(name) + "\" could be " + ui.Clean(strings.Join(fits, " or ")))
	}
	if fits[0] == a.cfg.Context {
		return say("that is the cluster that is shown")
	}
	a.next = fits[0]
	return quit(a)
}
