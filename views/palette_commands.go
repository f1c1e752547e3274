package views

import (
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"slotdeck/cluster/plan"
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
		{name: "add-node", alias: "add primary replica", arg: "[HOST:PORT]", help: "plan a new node", run: wantMember(plan.MemberAdd)},
		{name: "remove", alias: "del-node", arg: "[NODE]", help: "plan how a node leaves, alive or dead", run: wantMember(plan.MemberRemove)},
		{name: "replace", arg: "[NODE HOST:PORT]", help: "plan a new replica for a node that is gone", run: wantMember(plan.MemberReplace)},
		{name: "replicate", alias: "re-parent", arg: "[NODE]", help: "plan that a node follows another primary", run: wantMember(plan.MemberReplicate)},
		{name: "forget", arg: "[NODE]", help: "plan that all forget a node, untouched", run: wantMember(plan.MemberForgotten)},
		{name: "reset", arg: "[HOST:PORT …]", help: "plan to reset servers", run: wantMember(plan.MemberReset)},
		{name: "create", arg: "[HOST:PORT …]", help: "plan a cluster of empty servers", run: wantMember(plan.MemberCreate)},
		{name: "repair-addresses", alias: "meet", arg: "[HOST:PORT …]", help: "plan that nodes which moved meet again", run: wantMember(plan.MemberAddresses)},
		{name: "fix", alias: "repair slots cover strays", help: "plan the repair of slots: without owner, with several, keys elsewhere", run: wantMember(plan.MemberRepair)},
		{name: "set", alias: "config node-timeout", arg: "[NAME VALUE]", help: "plan a setting on all nodes", run: wantMember(plan.MemberSet)},
		{name: "backup", alias: "rdb dump", arg: "[FOLDER]", help: "plan a copy of every primary's data", run: wantFreight(false)},
		{name: "import", alias: "migrate copy", arg: "[HOST:PORT]", help: "plan to bring in the keys of a server", run: wantFreight(true)},
		{name: "hosts", alias: "spread zones racks", help: "what losing a host would do; spread the primaries", run: plain(func(a *App) tea.Cmd { return a.conduct().openSpread(a.scene().Snap) })},
		{name: "rolling-restart", alias: "upgrade restart all", help: "plan a restart of all nodes, one by one", run: plain(func(a *App) tea.Cmd { return a.conduct().openRestart(a.scene().Snap) })},
		{name: "events", alias: "history", help: "what changed?", run: plain(goTo(onEvents))},
		{name: "health", alias: "doctor", help: "what is wrong, and what to do about it?", run: plain(goTo(onHealth))},
		{name: "log", alias: "commands", help: "what slotdeck has sent", run: plain(goTo(onLog))},
		{name: "dial", alias: "addresses map nat", arg: "[RULE]", help: "reach the nodes by the rule that is proposed", run: dialMapped},
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
		{name: "context", alias: "ctx", arg: "NAME", help: "leave this cluster for another of the configuration file", run: switchContext},
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
	pages := a.screens[onKeys].(*KeyPages)
	pages.where()
	return tea.Batch(cmd, pages.Paste(arg, a.scene()))
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
