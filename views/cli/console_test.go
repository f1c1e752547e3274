package cli

import (
	"bytes"
	"io"
	"os"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/term"
	"github.com/creack/pty"
)

// broken is a console with a fault.
type broken struct{ inUpdate bool }

func (b broken) Init() tea.Cmd {
	if b.inUpdate {
		return nil
	}
	return func() tea.Msg { panic("in a command") }
}

func (b broken) Update(tea.Msg) (tea.Model, tea.Cmd) {
	if b.inUpdate {
		panic("in Update")
	}
	return b, nil
}

func (b broken) View() tea.View {
	v := tea.NewView("hello")
	v.AltScreen = true
	return v
}

func TestAFaultGivesTheTerminalBackAndIsCode10(t *testing.T) {
	for _, inUpdate := range []bool{true, false} {
		master, tty, err := pty.Open()
		if err != nil {
			t.Fatal(err)
		}
		var sent bytes.Buffer
		drained := make(chan struct{})
		go func() {
			defer close(drained)
			_, _ = io.Copy(&sent, master) // ends with an error when the other side is closed
		}()
		before, err := term.GetState(tty.Fd())
		if err != nil {
			t.Fatal(err)
		}
		w := &World{Env: os.Getenv, Environ: []string{"TERM=xterm-256color"}, In: tty, Out: tty, Err: io.Discard}
		f := consoleFlags{sync: syncAuto}
		if err := f.run(t.Context(), w, broken{inUpdate}, colorprofile.ASCII); ExitOf(err) != Internal {
			t.Errorf("a fault ended with %v, code %d", err, ExitOf(err))
		}
		after, err := term.GetState(tty.Fd())
		if err != nil || *after != *before {
			t.Errorf("the terminal is not as it was, %v", err)
		}
		tty.Close()
		<-drained
		master.Close()
		enter, leave := bytes.LastIndex(sent.Bytes(), []byte("\x1b[?1049h")), bytes.LastIndex(sent.Bytes(), []byte("\x1b[?1049l"))
		if enter > leave {
			t.Errorf("the alternate screen was not left: %q", sent.Bytes())
		}
	}
}
