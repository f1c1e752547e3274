package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/charmbracelet/x/termios"
	"github.com/creack/pty"
	"github.com/hinshun/vt10x"
	"golang.org/x/sys/unix"
)

// soon bounds the waits for conditions: generous, because a test machine may be
// busy. How long things really take is measured by the benchmarks.
const soon = time.Minute

// session is the real program in a terminal.
type session struct {
	t       testing.TB
	cmd     *exec.Cmd
	pty     *os.File
	began   time.Time
	screen  vt10x.Terminal
	changed chan struct{} // capacity 1: something came since it was last read
	read    chan struct{} // closed when the output has ended

	mu    sync.Mutex
	bytes int       // from the program to the terminal
	last  time.Time // when the newest of them came
	raw   []byte    // the last of them
	ended bool
}

// program is the binary under test, built once in TestMain.
func program() string { return os.Getenv(programVariable) }

const programVariable = "SLOTDECK_TEST_PROGRAM"

// terminalSize of most tests.
var usual = pty.Winsize{Cols: 120, Rows: 40}

// start runs the program in a terminal of the usual size.
func start(t testing.TB, args ...string) *session {
	t.Helper()
	return startWith(t, usual, nil, args...)
}

// startWith runs the program in a terminal of a size, with more environment.
func startWith(t testing.TB, size pty.Winsize, env []string, args ...string) *session {
	t.Helper()
	cmd := exec.Command(program(), args...)
	cmd.Env = append(terminalEnv(), env...)
	return startCommand(t, size, cmd)
}

// startCommand runs a command, which brings its environment, in a terminal.
func startCommand(t testing.TB, size pty.Winsize, cmd *exec.Cmd) *session {
	t.Helper()
	return startAnswered(t, size, cmd, func(keyboard io.Writer) io.Writer { return keyboard })
}

// startAnswered is startCommand in a terminal whose answers go through a filter.
func startAnswered(t testing.TB, size pty.Winsize, cmd *exec.Cmd, filter func(keyboard io.Writer) io.Writer) *session {
	t.Helper()
	s := &session{t: t, cmd: cmd, changed: make(chan struct{}, 1), read: make(chan struct{})}
	s.began = time.Now()
	var err error
	if s.pty, err = pty.StartWithSize(s.cmd, &size); err != nil {
		t.Fatalf("the program does not start: %v", err)
	}
	// What the emulator answers (to queries) goes back as if it was typed.
	s.screen = vt10x.New(vt10x.WithSize(int(size.Cols), int(size.Rows)), vt10x.WithWriter(filter(s.pty)))
	go s.feed()
	t.Cleanup(s.kill)
	return s
}

// terminalEnv is a plain environment: what the person who runs the tests has
// set does not matter.
func terminalEnv() []string {
	env := []string{"TERM=xterm-256color", "LANG=C.UTF-8", "HOME=" + os.TempDir()}
	for _, name := range []string{"PATH", "SLOTDECK_SERVER", "XDG_CACHE_HOME", "GOCOVERDIR", "TMPDIR"} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return env
}

func (s *session) feed() {
	defer close(s.read)
	var rest []byte
	buf := make([]byte, 64<<10)
	for {
		n, err := s.pty.Read(buf)
		if n > 0 {
			now := time.Now()
			rest = append(rest, buf[:n]...)
			used, _ := s.screen.Write(rest) // a rune cut in two stays for the next time
			rest = slices.Clone(rest[used:])
			s.mu.Lock()
			s.bytes, s.last = s.bytes+n, now
			s.raw = append(s.raw, buf[:n]...)
			s.raw = s.raw[max(0, len(s.raw)-1<<20):]
			s.mu.Unlock()
			s.wake()
		}
		if err != nil { // also how Linux says that the other side was closed
			s.mu.Lock()
			s.ended = true
			s.mu.Unlock()
			s.wake()
			return
		}
	}
}

func (s *session) wake() {
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

// text is what the screen shows, without the blanks at the ends of lines.
func (s *session) text() string {
	lines := strings.Split(s.screen.String(), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}

// until waits for a condition of the screen and returns how long after the
// program's start it held.
func (s *session) until(what string, holds func(text string) bool) time.Duration {
	s.t.Helper()
	deadline := time.After(soon)
	for {
		if holds(s.text()) {
			s.mu.Lock()
			defer s.mu.Unlock()
			return s.last.Sub(s.began)
		}
		select {
		case <-s.changed:
		case <-deadline:
			s.t.Fatalf("not within %v: %s; the screen shows\n%s", soon, what, s.text())
		}
		if s.over() && !holds(s.text()) {
			s.t.Fatalf("the program ended before %s; the screen shows\n%s", what, s.text())
		}
	}
}

func (s *session) over() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ended
}

// shows waits until all texts stand on the screen.
func (s *session) shows(texts ...string) time.Duration {
	s.t.Helper()
	return s.until(fmt.Sprintf("%q", texts), func(screen string) bool {
		for _, text := range texts {
			if !strings.Contains(screen, text) {
				return false
			}
		}
		return true
	})
}

// press types keys, as bytes.
func (s *session) press(keys string) {
	s.t.Helper()
	if _, err := s.pty.WriteString(keys); err != nil {
		s.t.Fatalf("the key %q cannot be pressed: %v", keys, err)
	}
}

func (s *session) signal(sig syscall.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		s.t.Fatal(err)
	}
}

// ends waits for the end of the program and returns its exit code.
func (s *session) ends() int {
	s.t.Helper()
	select {
	case <-s.read:
	case <-time.After(soon):
		s.t.Fatalf("the program still runs after %v; the screen shows\n%s", soon, s.text())
	}
	_ = s.cmd.Wait() // the code says how it ended
	return s.cmd.ProcessState.ExitCode()
}

// restored fails the test unless the terminal was left as it was found.
func (s *session) restored() {
	s.t.Helper()
	mode := s.screen.Mode()
	if mode&vt10x.ModeAltScreen != 0 {
		s.t.Error("the alternate screen was not left")
	}
	if mode&vt10x.ModeHide != 0 || !s.screen.CursorVisible() {
		s.t.Error("the cursor was left hidden")
	}
	if mode&(vt10x.ModeMouseMask|vt10x.ModeMouseSgr) != 0 {
		s.t.Error("the mouse was left switched on")
	}
	s.cooked()
	s.mu.Lock()
	defer s.mu.Unlock()
	on, off := bytes.LastIndex(s.raw, []byte("\x1b[?2004h")), bytes.LastIndex(s.raw, []byte("\x1b[?2004l"))
	if on > off {
		s.t.Error("bracketed paste was left switched on")
	}
}

// cooked fails the test unless the terminal edits and echoes lines itself
// again, as shells expect it.
func (s *session) cooked() {
	s.t.Helper()
	state, err := termios.GetTermios(int(s.pty.Fd()))
	if err != nil {
		s.t.Fatal(err)
	}
	if want := uint64(unix.ICANON | unix.ECHO | unix.ISIG); uint64(state.Lflag)&want != want {
		s.t.Errorf("the terminal was left in raw mode: %#x", state.Lflag)
	}
}

// count is how many bytes came so far.
func (s *session) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bytes
}

func (s *session) kill() {
	if s.cmd.ProcessState == nil {
		_ = s.cmd.Process.Kill()
		select {
		case <-s.read:
		case <-time.After(soon): // something that it started holds the terminal
		}
		_ = s.cmd.Wait()
	}
	_ = s.pty.Close()
}

// plain runs the program without a terminal.
func plain(t testing.TB, env []string, args ...string) (code int, out, errs string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	cmd := exec.CommandContext(ctx, program(), args...)
	cmd.Env = append(terminalEnv(), env...)
	var o, e bytes.Buffer
	cmd.Stdout, cmd.Stderr = &o, &e
	_ = cmd.Run() // the code says how it ended
	return cmd.ProcessState.ExitCode(), o.String(), e.String()
}

// sent is what the program sent to the terminal, the last MiB of it.
func (s *session) sent() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.raw)
}
