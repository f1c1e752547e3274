package cli

import (
	"bytes"
	"context"
	"io"
	"net"
	"strings"
	"sync/atomic"
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

// onTerminal runs a console in a terminal of its own, and checks that it gave
// the terminal back. It returns what the console said in the end, whether it
// had had its screen, and how it ended.
func onTerminal(t *testing.T, console func(w *World) error) (told string, shown bool, _ error) {
	t.Helper()
	master, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer master.Close()
	if err := pty.Setsize(master, &pty.Winsize{Rows: 24, Cols: 80}); err != nil {
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
	w := &World{Env: func(string) string { return "" }, Environ: []string{"TERM=xterm-256color"}, In: tty, Out: tty, Err: &said}
	end := console(w)
	after, err := term.GetState(tty.Fd())
	if err != nil || *after != *before {
		t.Errorf("the terminal is not as it was, %v", err)
	}
	tty.Close()
	<-drained
	enter, leave := bytes.LastIndex(sent.Bytes(), []byte("\x1b[?1049h")), bytes.LastIndex(sent.Bytes(), []byte("\x1b[?1049l"))
	if enter > leave {
		t.Errorf("the alternate screen was not left: %q", sent.Bytes())
	}
	return said.String(), enter >= 0, end
}

func TestAFaultGivesTheTerminalBackAndIsCode10(t *testing.T) {
	for _, in := range []string{"Init", "command", "batch", "Update", "View"} {
		said, _, err := onTerminal(t, func(w *World) error {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			f := consoleFlags{sync: syncAuto}
			return f.run(ctx, w, broken{in}, colorprofile.ASCII, &fault{cancel: cancel}, nil)
		})
		if ExitOf(err) != Internal {
			t.Errorf("a fault ended with %v, code %d", err, ExitOf(err))
		}
		if !strings.Contains(said, "panic: in "+in) || !strings.Contains(said, "console_test.go") || strings.Contains(said, "\x1b") {
			t.Errorf("in %s: it says %q", in, said)
		}
	}
}

// brittle is a connection that panics once so many reads were made over all of
// them: a fault in the midst of watching.
type brittle struct {
	net.Conn
	left *atomic.Int64
}

func (b brittle) Read(p []byte) (int, error) {
	if b.left.Add(-1) < 0 {
		panic("while reading")
	}
	return b.Conn.Read(p)
}
