package cli

import (
	"bytes"
	"io"
	"os"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/term"
	"github.com/creack/pty"
)

// broken is a console with a fault: in "Init", "command", "batch", "Update" or
// "View".
type broken struct{ in string }

func (b broken) fail(where string) {
	if b.in == where {
		panic("in " + where + " \x1b]0;owned\a")
	}
}

func (b broken) Init() tea.Cmd {
	b.fail("Init")
	fails := func() tea.Msg {
		b.fail("command")
		return nil
	}
	batched := func() tea.Msg {
		b.fail("batch")
		return nil
	}
	return tea.Batch(fails, tea.Batch(batched, batched))
}

func (b broken) Update(tea.Msg) (tea.Model, tea.Cmd) {
	b.fail("Update")
	return b, nil
}

func (b broken) View() tea.View {
	b.fail("View")
	v := tea.NewView("hello")
	v.AltScreen = true
	return v
}

func TestAFaultGivesTheTerminalBackAndIsCode10(t *testing.T) {
	for _, in := range []string{"Init", "command", "batch", "Update", "View"} {
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
		var said bytes.Buffer
		w := &World{Env: os.Getenv, Environ: []string{"TERM=xterm-256color"}, In: tty, Out: tty, Err: &said}
		f := consoleFlags{sync: syncAuto}
		if err := f.run(t.Context(), w, broken{in}, colorprofile.ASCII); ExitOf(err) != Internal {
			t.Errorf("a fault ended with %v, code %d", err, ExitOf(err))
		}
		if text := said.String(); !strings.Contains(text, "panic: in "+in) || !strings.Contains(text, "console_test.go") || strings.Contains(text, "\x1b") {
			t.Errorf("in %s: it says %q", in, text)
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
