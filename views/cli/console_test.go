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

	"slotdeck/cluster/fake"
	"slotdeck/cluster/watch"
	"slotdeck/cluster/wire"
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

func TestAFaultOfTheWatchGivesTheTerminalBackToo(t *testing.T) {
	c, err := fake.Start(3, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for when, reads := range map[string]int64{"before the screen": 0, "with the screen on": 200} {
		var left atomic.Int64
		left.Store(reads)
		dial := func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			return brittle{conn, &left}, nil
		}
		said, shown, err := onTerminal(t, func(w *World) error {
			f := consoleFlags{sync: syncAuto, interval: watch.MinInterval}
			return f.open(t.Context(), w, target{Seeds: []string{c.Addr(fake.ID(0))}, Options: wire.Options{Dial: dial}})
		})
		if ExitOf(err) != Internal || !strings.Contains(said, "panic: while reading") || !strings.Contains(said, "brittle") {
			t.Errorf("%s: it ended with %v, code %d, and said %q", when, err, ExitOf(err), said)
		}
		if shown != (reads > 0) {
			t.Errorf("%s: the screen was on: %v", when, shown)
		}
	}
}
