package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"slotdeck/cluster/fake"
	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
)

// underShell runs a program from a shell with job control, which says when the
// program has stopped or ended, and brings it back after a line was entered.
func underShell(t *testing.T, env []string, program string, args ...string) *session {
	t.Helper()
	cmd := exec.Command("sh", append([]string{"-mc", `"$0" "$@"; echo "given back: $?"; read line; fg 2>/dev/null; echo "and again"; read line`, program}, args...)...)
	cmd.Env = append(terminalEnv(), env...)
	return startCommand(t, usual, cmd)
}

// below is the process that a session's shell has started.
func (s *session) below() int {
	s.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", s.cmd.Process.Pid))
	var pid int
	if _, scan := fmt.Sscan(string(text), &pid); scan != nil {
		s.t.Skip("the shell's child cannot be found here:", err)
	}
	return pid
}

// pretended starts a pretended cluster.
func pretended(t *testing.T) string {
	t.Helper()
	c, err := fake.Start(3, 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c.Addr(fake.ID(0))
}

func TestStoppingGivesTheTerminalToTheShellAndComesBack(t *testing.T) {
	t.Parallel()
	for name, stop := range map[string]func(*session){
		"ctrl+z":  func(s *session) { s.press("\x1a") },
		"SIGTSTP": func(s *session) { _ = syscall.Kill(s.below(), syscall.SIGTSTP) },
	} {
		t.Run(name, func(t *testing.T) {
			s := underShell(t, nil, program(), pretended(t))
			s.shows(whole...)
			stop(s)
			s.shows("given back: 1") // 148 or 149, by the signal
			s.restored()
			s.press("\r")
			s.shows(append([]string{"FINDINGS", "? help"}, whole...)...) // all of it is drawn anew
			s.press("q")
			s.shows("and again")
			s.restored()
		})
	}
}

func TestWhoeverNobodyCanWakeIsNotStopped(t *testing.T) {
	t.Parallel()
	s := start(t, pretended(t)) // without a shell above it
	s.shows(whole...)
	s.press("\x1a")
	s.until("the screen was left and opened again", func(string) bool {
		return strings.Count(s.sent(), "\x1b[?1049h") > 1
	})
	s.shows(whole...)
	s.press("q")
	if code := s.ends(); code != 0 {
		t.Errorf("it ended with code %d", code)
	}
	s.restored()
}

func TestTheTerminalIsRestoredWhateverEndsTheProgram(t *testing.T) {
	t.Parallel()
	for sig, says := range map[syscall.Signal]string{
		syscall.SIGKILL: "it was killed; the terminal is restored",
		syscall.SIGQUIT: "a fault of its own",
	} {
		t.Run(sig.String(), func(t *testing.T) {
			s := underShell(t, nil, program(), pretended(t))
			s.shows(whole...)
			if err := syscall.Kill(s.below(), sig); err != nil {
				t.Fatal(err)
			}
			s.shows(says)
			s.restored()
			if bad := steered(s.sent()); bad != "" {
				t.Error(bad)
			}
		})
	}
}

// TestAPanicInAnyGoroutineTellsNoSecretAndRestoresTheTerminal: those of goroutines
// that slotdeck has not started itself end with the runtime's code.
func TestAPanicInAnyGoroutineTellsNoSecretAndRestoresTheTerminal(t *testing.T) {
	t.Parallel()
	c := labtest.Start(t, lab.Config{Password: secret})
	binary := filepath.Join(t.TempDir(), "panics")
	if out, err := exec.Command("go", "build", "-o", binary, "./testdata/panics").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for like, code := range map[string]int{"own": 10, "library": 2} {
		t.Run(like, func(t *testing.T) {
			panicsPlainly(t, binary, c.Seed(), like, code)
			when := filepath.Join(t.TempDir(), "now")
			s := underShell(t, []string{"PANIC_WHEN=" + when, "PANIC_LIKE=" + like, "REDISCLI_AUTH=" + secret}, binary, c.Seed())
			s.shows("3/3 nodes")
			leaks(t, "the console", s.below(), false)
			if err := os.WriteFile(when, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			s.shows("panic: with *** and", "a fault of its own")
			// The shell may be faster than who tidies up: then its words are on the second screen.
			s.await("the shell goes on", func() bool { return strings.Contains(s.sent(), fmt.Sprintf("given back: %d", code)) })
			s.restored()
			if strings.Contains(s.sent(), secret) {
				t.Errorf("the crash tells the password:\n%s", s.text())
			}
			if bad := steered(s.sent()); bad != "" {
				t.Error(bad)
			}
		})
	}
}

// panicsPlainly lets a command that prints lines panic while it runs.
func panicsPlainly(t *testing.T, binary, seed, like string, code int) {
	state, when := t.TempDir(), filepath.Join(t.TempDir(), "now")
	cmd := exec.CommandContext(t.Context(), binary, "watch", seed)
	cmd.Env = append(terminalEnv(), "XDG_STATE_HOME="+state, "PANIC_WHEN="+when, "PANIC_LIKE="+like, "REDISCLI_AUTH="+secret)
	var out, errs bytes.Buffer
	told := &firstWord{to: &out, came: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = told, &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-told.came
	leaks(t, "slotdeck watch", cmd.Process.Pid, false)
	if err := os.WriteFile(when, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it also waits for whoever else writes there
	if got := cmd.ProcessState.ExitCode(); got != code {
		t.Errorf("the crash is code %d; want %d", got, code)
	}
	text := errs.String()
	if !strings.Contains(text, "panic: with *** and") || !strings.Contains(text, "a fault of its own") || !strings.Contains(text, "goroutine ") {
		t.Errorf("the crash is not told: %q", text)
	}
	if strings.Contains(out.String()+text, secret) || steering(text) != "" {
		t.Errorf("the crash tells the password, or steers the terminal: %q", text)
	}
	kept(t, "slotdeck watch", state)
}
