package views

import (
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"slotdeck/keyslot"
	"slotdeck/ui"
)

// plain wraps an action that takes no argument.
func plain(do func(*App) tea.Cmd) func(*App, string) tea.Cmd {
	return func(a *App, _ string) tea.Cmd { return do(a) }
}

// commands is the palette. Words of neighbouring programs are aliases.
func commands() []command {
	return []command{
		{name: "overview", alias: "home", help: "is it serving?", run: plain(goTo(onOverview))},
		{name: "slots", alias: "map", help: "who has what?", run: plain(goTo(onSlots))},
		{name: "nodes", alias: "no", help: "how is each node?", run: plain(goTo(onNodes))},
		{name: "keys", alias: "calculator", help: "where is my key?", run: plain(goTo(onKeys))},
		{name: "jobs", alias: "running", help: "what is running?", run: plain(goTo(onJobs))},
		{name: "reshard", alias: "move slots", help: "plan to move slots", run: wantMove(moveCount)},
		{name: "rebalance", help: "plan to even out the primaries", run: wantMove(moveRebalance)},
		{name: "drain", arg: "[NODE]", help: "plan to empty a primary", run: wantMove(moveDrain)},
		{name: "failover", alias: "takeover", arg: "[NODE]", help: "the failover cockpit of a shard", run: failOver},
		{name: "events", alias: "history", help: "what changed?", run: plain(goTo(onEvents))},
		{name: "log", alias: "commands", help: "what slotdeck has sent", run: plain(goTo(onLog))},
		{name: "slot", arg: "NUMBER", help: "put the map's cursor on a slot", run: jumpToSlot},
		{name: "key", arg: "[KEY]", help: "compute the slot of a key", run: enterKey},
		{name: "node", arg: "ADDRESS or ID", help: "open a node's details", run: openNode},
		{name: "filter", arg: "[PATTERN]", help: "show only matching rows; nothing: all", run: setFilter},
		{name: "issues", alias: "problems", help: "only problems, or everything", run: plain(toggleIssues)},
		{name: "hold", alias: "freeze", help: "hold the picture still, or let it go", run: plain(toggleHold)},
		{name: "pause", help: "stop polling: nothing is sent", run: func(a *App, _ string) tea.Cmd { return a.setPaused(true) }},
		{name: "resume", alias: "unpause", help: "poll again", run: func(a *App, _ string) tea.Cmd { return a.setPaused(false) }},
		{name: "interval", arg: "TIME", help: "time between two polls: 500ms, 2s", run: parseInterval},
		{name: "refresh", help: "ask every node now", run: plain(refresh)},
		{name: "copy", alias: "yank", help: "copy what is selected", run: plain(copySelection)},
		{name: "save", alias: "dump", help: "save this screen as text", run: plain(saveScreen)},
		{name: "menu", help: "what can be done here", run: plain(openMenu)},
		{name: "help", alias: "?", help: "the keys", run: plain(openHelp)},
		{name: "quit", alias: "exit", help: "leave", run: plain(quit)},
	}
}

func jumpToSlot(a *App, arg string) tea.Cmd {
	n, err := strconv.Atoi(arg)
	if err != nil || n < 0 || n >= keyslot.Count {
		return warn("there is no slot \"" + ui.Clean(arg) + "\": slots are numbers from 0 to 16383")
	}
	cmd := goTo(onSlots)(a)
	return tea.Batch(cmd, a.screens[onSlots].(*Slots).Jump(keyslot.Slot(n), a.scene()))
}

func enterKey(a *App, arg string) tea.Cmd {
	cmd := goTo(onKeys)(a)
	if arg == "" {
		return cmd
	}
	return tea.Batch(cmd, a.screens[onKeys].(Typing).Paste(arg, a.scene()))
}

func openNode(a *App, arg string) tea.Cmd {
	cmd := goTo(onNodes)(a)
	if why := a.screens[onNodes].(*Nodes).Open(arg, a.scene()); why != "" {
		return warn(why)
	}
	return cmd
}

func setFilter(a *App, arg string) tea.Cmd {
	f, err := NewFilter(arg)
	if err != nil {
		return warn("\"" + ui.Clean(arg) + "\" is not a regular expression: " + ui.Clean(err.Error()))
	}
	a.filter = f
	a.screen().Show(a.scene())
	return nil
}

func parseInterval(a *App, arg string) tea.Cmd {
	if strings.Trim(arg, "0123456789") == "" {
		arg += "s"
	}
	d, err := time.ParseDuration(arg)
	if err != nil || d < intervals[0] || d > time.Hour {
		return warn("\"" + ui.Clean(arg) + "\" is not a time from 200ms to 1h")
	}
	return a.setInterval(d)
}
