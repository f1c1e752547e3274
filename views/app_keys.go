package views

import (
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"slotdeck/ui"
)

// everywhere are the keys that mean the same on every screen. A screen's own
// table comes first in the footer; these close it.
func everywhere() ui.Actions[*App] {
	return ui.Actions[*App]{
		{Keys: []string{"1", "alt+1"}, Label: "overview", Help: "Is it serving? The verdict, the shards worst first, findings, last events.", Do: goTo(onOverview)},
		{Keys: []string{"2", "alt+2"}, Label: "slots", Help: "Who has what? The live map of all 16,384 slots.", Do: goTo(onSlots)},
		{Keys: []string{"3", "alt+3"}, Label: "nodes", Help: "How is each node? Every number with its age; enter opens the details.", Do: goTo(onNodes)},
		{Keys: []string{"4", "alt+4"}, Label: "keys", Help: "Where is my key? Slot, hash tag, owner; CROSSSLOT; a tag for a wanted slot.", Do: goTo(onKeys)},
		{Keys: []string{"5", "alt+5"}, Label: "jobs", Help: "What is running? Reshard, rebalance, drain; what an interrupted move left open.", Do: goTo(onJobs)},
		{Keys: []string{"6", "alt+6"}, Label: "events", Help: "What changed, and when?", Do: goTo(onEvents)},
		{Keys: []string{"7", "alt+7"}, Label: "health", Help: "What is wrong, and what to do about it? All findings, what they mean, and the plan that repairs.", Do: goTo(onHealth)},
		{Keys: []string{"!"}, Label: "log", Help: "The commands that slotdeck has sent.", Do: goTo(onLog), Hidden: true},
		{Keys: []string{":", "ctrl+p"}, Label: "command", Help: "Command palette: type a part of what you want.", Do: openPalette, Hidden: true},
		{Keys: []string{"/"}, Label: "filter", Help: "Show only the rows that match a regular expression; ! in front turns it round.", Do: openFilter, Hidden: true},
		{Keys: []string{"x"}, Label: "menu", Help: "All that can be done here now, with the reason for what cannot.", Do: openMenu, Hidden: true},
		{Keys: []string{"i"}, Label: "issues", Help: "Only problems, or everything.", Do: toggleIssues},
		{Keys: []string{"space"}, Label: "hold", Help: "Hold the picture still; polling goes on behind it.", Do: toggleHold, Hidden: true},
		{Keys: []string{"+", "="}, Label: "slower", Help: "Poll less often.", Do: slower, Hidden: true},
		{Keys: []string{"-"}, Label: "faster", Help: "Poll more often.", Do: faster, Hidden: true},
		{Keys: []string{"y"}, Label: "copy", Help: "Copy what is selected to the clipboard (OSC 52, also over SSH).", Do: copySelection, Hidden: true},
		{Keys: []string{"S"}, Label: "save", Help: "Save this screen as a text file.", Do: saveScreen, Hidden: true},
		{Keys: []string{"ctrl+r", "f5"}, Label: "refresh", Help: "Ask every node now.", Do: refresh, Hidden: true},
		{Keys: []string{"esc"}, Label: "back", Help: "Close what is open, clear the filter, go back.", Do: goBack, Hidden: true},
		{Keys: []string{"ctrl+z"}, Label: "suspend", Help: "Back to the shell for a while; fg comes back.", Do: suspend, Hidden: true},
		{Keys: []string{"q", "ctrl+c"}, Label: "quit", Help: "Leave.", Do: quit, Hidden: true},
		{Keys: []string{"?"}, Label: "help", Help: "This page.", Do: openHelp},
	}
}

func goTo(screen int) func(*App) tea.Cmd {
	return func(a *App) tea.Cmd {
		if a.at != screen {
			if screen == onLog {
				a.back = a.at
			}
			a.at = screen
			if a.held == nil {
				a.screen().Show(a.scene())
			}
			if o, ok := a.screen().(Opener); ok {
				return o.Open(a.scene())
			}
		}
		return nil
	}
}

func quit(a *App) tea.Cmd {
	if a.jobs().running() {
		a.overlay = quitDialog{}
		return nil
	}
	if a.conduct().running() != nil {
		a.overlay = conductQuit{}
		return nil
	}
	if r := a.members.running(); r != nil && !r.watching() {
		a.overlay = memberQuit{}
		return nil
	}
	return tea.Quit
}

// suspend gives the terminal to the shell. Not while something is changed: it
// would stand still in the middle of it, and others would take it for dead.
func suspend(a *App) tea.Cmd {
	r := a.members.running()
	if a.jobs().running() || a.conduct().running() != nil || r != nil && !r.watching() {
		return warn("a job is running, and would stand still half done: stop it first, or wait for its end")
	}
	return tea.Suspend
}

func refresh(a *App) tea.Cmd {
	if a.cfg.Control == nil {
		return nil
	}
	a.cfg.Control.Refresh()
	return say("asking every node now")
}

func toggleIssues(a *App) tea.Cmd {
	a.issues = !a.issues
	a.screen().Show(a.scene())
	return nil
}

func toggleHold(a *App) tea.Cmd {
	if a.held != nil {
		a.held = nil
		if a.snap != nil {
			a.take(a.snap)
		}
		return nil
	}
	a.held = a.snap
	return nil
}

// intervals are the steps of + and -.
var intervals = []time.Duration{
	200 * time.Millisecond, 500 * time.Millisecond, time.Second, 2 * time.Second,
	5 * time.Second, 10 * time.Second, 30 * time.Second, time.Minute,
}

func slower(a *App) tea.Cmd {
	for _, d := range intervals {
		if d > a.every {
			return a.setInterval(d)
		}
	}
	return say("polling every " + a.theme.Span(a.every) + " is the slowest")
}

func faster(a *App) tea.Cmd {
	for i := len(intervals) - 1; i >= 0; i-- {
		if intervals[i] < a.every {
			return a.setInterval(intervals[i])
		}
	}
	return say("polling every " + a.theme.Span(a.every) + " is the fastest")
}

func (a *App) setInterval(d time.Duration) tea.Cmd {
	a.every = d
	if a.cfg.Control != nil {
		a.cfg.Control.SetInterval(d)
	}
	return say("polling every " + a.theme.Span(d))
}

func (a *App) setPaused(on bool) tea.Cmd {
	a.paused = on
	if a.cfg.Control != nil {
		a.cfg.Control.Pause(on)
	}
	if !on {
		return say("polling again")
	}
	cmds := []tea.Cmd{say("polling is paused: nothing is sent until :resume")}
	if !a.ticking {
		a.ticking = true
		cmds = append(cmds, tickClock())
	}
	return tea.Batch(cmds...)
}

func goBack(a *App) tea.Cmd {
	sc := a.scene()
	if l, ok := a.screen().(Leaver); ok && l.Leave(sc) {
		return nil
	}
	switch {
	case a.filter.Active():
		a.filter = Filter{}
	case a.issues:
		a.issues = false
	case a.at == onLog:
		a.at = a.back
	default:
		return nil
	}
	a.screen().Show(a.scene())
	return nil
}

func copySelection(a *App) tea.Cmd {
	c, ok := a.screen().(Chooser)
	if !ok {
		return say("nothing is selected here")
	}
	s := c.Selected(a.scene())
	if s.Text == "" {
		return say("nothing is selected here")
	}
	return tea.Batch(tea.SetClipboard(s.Text), say("copied "+a.theme.Cut(ui.Clean(s.Text), 50)))
}

// pressed routes a key: to the overlay in front, to a field being typed in, to
// the screen, to the keys that work everywhere.
func (a *App) pressed(k tea.KeyPressMsg) tea.Cmd {
	if k.String() == "ctrl+z" {
		return suspend(a)
	}
	if a.overlay != nil {
		cmd, done := a.overlay.key(a, k)
		if done {
			a.overlay = nil
		}
		return cmd
	}
	key := k.String()
	sc := a.scene()
	if t, ok := a.screen().(Typing); ok && t.Typing() && key != "ctrl+c" && !isAltDigit(key) {
		if cmd, taken := a.screen().Key(k, sc); taken || key != "esc" {
			return cmd
		}
	}
	if key != "esc" {
		if cmd, taken := a.screen().Key(k, sc); taken {
			return cmd
		}
	}
	cmd, known, off := a.keys.Run(key, a)
	switch {
	case off != "":
		return warn(off)
	case !known && len(key) == 1 && key >= "1" && key <= "9":
		return say("there is no screen " + key + " yet; ? lists the keys")
	}
	return cmd
}

func isAltDigit(key string) bool {
	return len(key) == 5 && key[:4] == "alt+" && key[4] >= '1' && key[4] <= '9'
}

func (a *App) pasted(text string) tea.Cmd {
	if a.overlay != nil {
		a.overlay.paste(text)
		return nil
	}
	if t, ok := a.screen().(Typing); ok {
		return t.Paste(text, a.scene())
	}
	return say("nothing here takes pasted text; 4 opens the keys screen, which does")
}

// hints are the screen's own actions, then the global ones. While a field is
// being typed in, plain keys go there: only those with alt are left.
func (a *App) hints(sc *Scene) []ui.Hint {
	own := a.screen().Hints(sc)
	all := a.keys.Hints(a)
	if t, ok := a.screen().(Typing); !ok || !t.Typing() {
		return append(own, all...)
	}
	for _, h := range all {
		if len(h.Press) == 1 && h.Press >= "1" && h.Press <= "9" {
			h.Press, h.Key = "alt+"+h.Press, "alt+"+h.Key
			own = append(own, h)
		}
	}
	return own
}

// footer draws the hints. When they do not all fit, the screens share one: a row
// that names some of them would hide that there are others.
func (a *App) footer(hints []ui.Hint) string {
	var short []ui.Hint
	used, first, last := 1, "", ""
	at := -1 // of the one that they share
	for _, h := range hints {
		if h.Hidden {
			continue
		}
		used += ui.Width(h.Key) + 1 + ui.Width(h.Label) + 2
		digit := h.Key[len(h.Key)-1:]
		if (h.Key == digit || h.Key == "alt+"+digit) && digit >= "1" && digit <= "9" {
			if at < 0 {
				at, first = len(short), h.Key
				short = append(short, h)
			}
			last = digit
			continue
		}
		short = append(short, h)
	}
	if used-2 <= a.w || at < 0 || strings.HasSuffix(first, last) {
		return a.theme.Footer(hints, a.w)
	}
	short[at] = ui.Hint{Key: first + "-" + last, Label: "screens"}
	return a.theme.Footer(short, a.w)
}
