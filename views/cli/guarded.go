package cli

import (
	"context"
	"fmt"
	"io"
	"runtime/debug"
	"sync"

	tea "charm.land/bubbletea/v2"
)

// guarded stands around the App and catches its faults, so that the program
// ends in the ordinary way, with the terminal restored, and tells the fault
// after that. What the toolkit itself does about a panic prints its text as it
// is, and that may hold a server's words.
//
// It also empties the screen before the terminal is given back. Where there is no
// second screen to leave (GNU screen as it comes, mosh), the shell would write its
// next lines into the last picture.
type guarded struct {
	tea.Model
	fault *fault
	pause *suspension
}

// fault is the first panic of the App, and what ends the program after it.
type fault struct {
	cancel  context.CancelFunc
	secrets []string // that it may not tell

	mu   sync.Mutex
	text string // empty: there was none
}

// catch is to be deferred.
func (f *fault) catch() {
	v := recover()
	if v == nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.text == "" {
		f.text = crashText(v, debug.Stack())
	}
	f.cancel()
}

// tell prints the fault, if there was one, and reports whether there was.
func (f *fault) tell(out io.Writer) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.text == "" {
		return false
	}
	fmt.Fprintln(out, harmlessCrash(f.text, f.secrets))
	return true
}

// Init starts the App.
func (g guarded) Init() (cmd tea.Cmd) {
	defer g.fault.catch()
	return g.command(g.Model.Init())
}

// Update hands a message to the App.
func (g guarded) Update(msg tea.Msg) (next tea.Model, cmd tea.Cmd) {
	next = g
	defer g.fault.catch()
	if _, empty := msg.(screenEmptied); empty {
		return g, tea.Suspend
	}
	model, cmd := g.Model.Update(msg)
	return guarded{model, g.fault, g.pause}, g.command(cmd)
}

// View draws the App; after a fault, an empty screen for the moment that is left.
func (g guarded) View() (v tea.View) {
	v.AltScreen = true
	defer g.fault.catch()
	v = g.Model.View()
	if g.pause.leaves.Load() {
		v.Content, v.Cursor = "", nil
	}
	return v
}

// command catches the faults of a command, and of those that it brings.
func (g guarded) command(cmd tea.Cmd) tea.Cmd {
	if cmd == nil {
		return nil
	}
	return func() (msg tea.Msg) {
		defer g.fault.catch()
		msg = cmd()
		if batch, ok := msg.(tea.BatchMsg); ok {
			all := make(tea.BatchMsg, len(batch))
			for i, one := range batch {
				all[i] = g.command(one)
			}
			return all
		}
		return msg
	}
}
