package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/creack/pty"

	"slotdeck/cluster/lab/labtest"
)

// multiplexer is a program between the console and the terminal, which has a
// screen of its own. The command that it runs is the rest of begin.
type multiplexer struct {
	needs  string
	begin  []string
	attach []string // empty: it cannot be left running
	detach string   // keys
}

// In the folder that is the current one of all of them lie their sockets.
var multiplexers = map[string]multiplexer{
	"tmux": {"tmux", []string{"tmux", "-S", "socket", "-f", "tmux.conf", "new-session"}, []string{"tmux", "-S", "socket", "attach"}, "\x02d"},
	// GNU screen as it comes has no second screen to leave; nor has mosh.
	"GNU screen": {"screen", []string{"screen", "-U", "-c", "screenrc", "-S", "it"}, []string{"screen", "-U", "-r", "it"}, "\x01d"},
	"mosh": {"mosh-server", []string{"sh", "-c", `set -- $(mosh-server new -i 127.0.0.1 -- "$@" 2>/dev/null | grep CONNECT)
MOSH_KEY=$4 exec mosh-client 127.0.0.1 "$3"`, "mosh"}, nil, ""},
}

// within starts the console in a multiplexer, under a shell with job control.
type within struct {
	t   *testing.T
	mux multiplexer
	dir string
	env []string
}

const shellWithin = `echo $PPID >"$ABOVE"; echo before; "$0" "$@"; echo "given back: $?"; read line; fg 2>/dev/null; echo "and again: $?"; read line`

func newWithin(t *testing.T, mux multiplexer) *within {
	t.Helper()
	dir, err := os.MkdirTemp("", "mux") // a socket's path has to be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	for name, text := range map[string]string{
		// The emulator of the tests does not know REP; keys that come at once are no paste.
		"tmux.conf": "set -g default-terminal screen-256color\nset -g terminal-overrides ',*:rep@'\nset -g assume-paste-time 0\n",
		"screenrc":  "startup_message off\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w := &within{t, mux, dir, append(terminalEnv(), "ABOVE="+filepath.Join(dir, "above"), "SCREENDIR="+dir, "XDG_STATE_HOME="+dir, "MOSH_PREDICTION_DISPLAY=never")}
	t.Cleanup(func() { w.killIt() })
	return w
}

func (w *within) run(size pty.Winsize, words ...string) *session {
	w.t.Helper()
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Env, cmd.Dir = w.env, w.dir
	return startCommand(w.t, size, cmd)
}

func (w *within) begin(size pty.Winsize, seed string) *session {
	w.t.Helper()
	return w.run(size, append(w.mux.begin, "sh", "-mc", shellWithin, program(), seed)...)
}

// killIt kills the multiplexer's server, which is above the shell.
func (w *within) killIt() {
	text, _ := os.ReadFile(filepath.Join(w.dir, "above"))
	if pid, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil && pid > 1 {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	_ = os.Remove(filepath.Join(w.dir, "above"))
}

// resize changes the size of a session's terminal.
func (s *session) resize(size pty.Winsize) {
	s.t.Helper()
	s.screen.Resize(int(size.Cols), int(size.Rows))
	if err := pty.Setsize(s.pty, &size); err != nil {
		s.t.Fatal(err)
	}
}

// fills waits until the console is drawn over the whole width.
func (s *session) fills(size pty.Winsize, texts ...string) {
	s.t.Helper()
	s.shows(append([]string{"? help", "\n" + strings.Repeat("─", int(size.Cols)) + "\n"}, texts...)...)
}

// TestConsoleLivesInTerminalMultiplexers: drawn whole at every size, left and come
// back to, stopped and gone on with, and gone when they are killed. What the shell
// writes afterwards does not stand in the console's last picture.
func TestConsoleLivesInTerminalMultiplexers(t *testing.T) {
	t.Parallel()
	small, large := pty.Winsize{Cols: 80, Rows: 24}, pty.Winsize{Cols: 160, Rows: 45}
	for name, mux := range multiplexers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := exec.LookPath(mux.needs); err != nil {
				if os.Getenv("SLOTDECK_TERMINALS") == "full" {
					t.Fatal(err)
				}
				t.Skip("is not here:", err)
			}
			seed := pretended(t)
			w := newWithin(t, mux)
			s := w.begin(small, seed)
			s.fills(small, append([]string{"FINDINGS"}, whole...)...)
			for i := range uint16(20) {
				s.resize(pty.Winsize{Cols: 20 + i*13%160, Rows: 5 + i*7%50})
			}
			s.resize(large)
			s.fills(large, append([]string{"FINDINGS"}, whole...)...)
			s.press("3")
			s.fills(large, "replica")
			if mux.detach != "" {
				s.press(mux.detach)
				s.ends()
				s = w.run(small, mux.attach...)
				s.fills(small, "replica")
				s.resize(large)
				s.fills(large, "replica")
			}
			s.press("\x1a")
			s.shows("given back: 1")
			s.empty()
			s.press("\r")
			s.fills(large, "replica")
			s.press("q")
			s.shows("and again: 0")
			s.empty()
			s.press("\r")
			s.ends()

			s = w.begin(small, seed)
			s.fills(small, whole...)
			w.killIt()
			labtest.Until(t, soon, "the console is gone with the multiplexer", func() bool { return consolesOf(t, seed) == 0 })
		})
	}
}

// empty fails the test when anything of the console stands on the screen.
func (s *session) empty() {
	s.t.Helper()
	if text := s.text(); strings.Contains(text, "help") || strings.Contains(text, "nodes") || strings.Contains(text, "──") {
		s.t.Errorf("the console's picture is still there:\n%s", text)
	}
}

// consolesOf counts the consoles that were started with a seed.
func consolesOf(t *testing.T, seed string) (n int) {
	t.Helper()
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil || len(lines) == 0 {
		t.Skip("needs /proc")
	}
	for _, line := range lines {
		if text, err := os.ReadFile(line); err == nil && strings.HasPrefix(string(text), program()+"\x00"+seed) {
			n++
		}
	}
	return n
}
