package main

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
)

// TestMain builds the program once; all tests here run the real binary.
func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "slotdeck-e2e-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		binary := filepath.Join(dir, "slotdeck")
		if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "the program does not build: %v\n%s", err, out)
			return 1
		}
		if err := os.Setenv(programVariable, binary); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return m.Run()
	}())
}

// sixNodes is a cluster of three primaries with a replica each.
func sixNodes(t testing.TB) *lab.Cluster {
	t.Helper()
	return labtest.Start(t, lab.Config{Primaries: 3, Replicas: 1})
}

// whole are the words of a healthy six-node cluster on every screen.
var whole = []string{"6/6 nodes", "16384/16384 slots"}

func TestConsoleShowsTheClusterAndLeavesTheTerminalAsItWas(t *testing.T) {
	c := sixNodes(t)
	s := start(t, c.Seed())
	s.shows(whole...)
	s.shows("OK")
	s.press("q")
	if code := s.ends(); code != 0 {
		t.Errorf("q ended it with code %d", code)
	}
	s.restored()
}

func TestNumberKeysSwitchScreens(t *testing.T) {
	c := sixNodes(t)
	s := start(t, c.Seed())
	s.shows(whole...)
	bodies := map[string]string{}
	for _, key := range screens {
		s.turn(key)
		if other, ok := bodies[body(s.text())]; ok {
			t.Errorf("keys %s and %s show the same", other, key)
		}
		bodies[body(s.text())] = key
	}
	s.press("q")
	s.ends()
}

// screens are the keys of the screens, ending with the first.
var screens = []string{"2", "3", "4", "5", "6", "1"}

// marks are words that stand on one screen only: that something changed does not
// tell a new screen from new numbers on the old one.
var marks = map[string]string{"1": "FINDINGS", "2": "SLOTS", "3": "address ", "4": "TAG FOR", "5": "CAN BE STARTED", "6": "time  ", "!": "commands"}

// turn presses a screen's key and waits for the screen. Where a text field has
// the keys, it is left first.
func (s *session) turn(key string) {
	s.t.Helper()
	const typing = "esc leave the field"
	if strings.Contains(s.text(), typing) {
		s.press("\x1b")
		s.until("the field is left", func(text string) bool { return !strings.Contains(text, typing) })
	}
	mark, ok := marks[key]
	if !ok {
		s.t.Fatalf("no word is known for screen %s", key)
	}
	s.press(key)
	s.until("screen "+key, func(text string) bool { return strings.Contains(body(text), mark) && strings.Contains(text, whole[0]) })
}

// body is a screen without its header.
func body(text string) string {
	_, rest, _ := strings.Cut(text, "\n")
	return rest
}

func TestSignalsEndTheConsoleCleanly(t *testing.T) {
	c := sixNodes(t)
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT} {
		t.Run(sig.String(), func(t *testing.T) {
			s := start(t, c.Seed())
			s.shows(whole...)
			s.signal(sig)
			if code := s.ends(); code != 0 {
				t.Errorf("it ended with code %d", code)
			}
			s.restored()
		})
	}
}

func TestTwoFrozenNodesOfSixDoNotHoldUpTheScreen(t *testing.T) {
	c := sixNodes(t)
	for _, n := range c.Nodes()[4:] {
		if err := n.Freeze(); err != nil {
			t.Fatal(err)
		}
		defer n.Thaw()
	}
	s := start(t, c.Seed())
	s.shows("4/6 nodes", "16384/16384 slots")
}

func TestAFrozenSeedIsNoMatterWhenAnotherAnswers(t *testing.T) {
	c := sixNodes(t)
	frozen := c.Nodes()[5]
	if err := frozen.Freeze(); err != nil {
		t.Fatal(err)
	}
	defer frozen.Thaw()
	s := start(t, frozen.Addr, c.Seed())
	s.shows("5/6 nodes", "16384/16384 slots")
}

func TestConsoleSurvivesResizing(t *testing.T) {
	c := sixNodes(t)
	s := startWith(t, pty.Winsize{Cols: 160, Rows: 45}, nil, c.Seed())
	s.shows(whole...)
	var storm []pty.Winsize // of all sizes that are promised, without a rest
	for i := range uint16(40) {
		storm = append(storm, pty.Winsize{Cols: 20 + i*197%481, Rows: 5 + i*83%196})
	}
	storm = append(storm, pty.Winsize{Cols: 500, Rows: 200}, pty.Winsize{Cols: 20, Rows: 5}, pty.Winsize{Cols: 80, Rows: 24})
	for _, size := range storm {
		s.screen.Resize(int(size.Cols), int(size.Rows))
		if err := pty.Setsize(s.pty, &size); err != nil {
			t.Fatal(err)
		}
	}
	s.until("a footer at 80x24", func(text string) bool {
		return strings.Contains(text, "6/6 nodes") && strings.Contains(text, "? help")
	})
	s.press("q")
	if code := s.ends(); code != 0 {
		t.Errorf("it ended with code %d", code)
	}
	s.restored()
}

func TestNoColorWithAnyValueSwitchesColoursOff(t *testing.T) {
	c := sixNodes(t)
	s := startWith(t, usual, []string{"NO_COLOR=yes"}, c.Seed())
	s.shows(whole...)
	s.press("q")
	s.ends()
	if raw := s.sent(); strings.Contains(raw, "\x1b[38;") || strings.Contains(raw, "\x1b[48;") {
		t.Errorf("colours were sent: %q", raw)
	}
}

func TestWithoutUTF8OnlyASCIIIsSent(t *testing.T) {
	c := sixNodes(t)
	for _, run := range []struct {
		env  string
		args []string
	}{{"LC_ALL=C", nil}, {"LC_ALL=C.UTF-8", []string{"--ascii"}}} {
		s := startWith(t, usual, []string{run.env}, append(run.args, c.Seed())...)
		s.shows(whole...)
		for _, key := range screens {
			s.turn(key)
		}
		s.press("q")
		s.ends()
		for i, r := range s.sent() {
			if r > 0x7e {
				t.Fatalf("%s %v: %q was sent, at byte %d", run.env, run.args, r, i)
			}
		}
	}
}

func TestSynchronizedOutputIsAskedForUsedOrLeftAlone(t *testing.T) {
	c := sixNodes(t)
	const question, answer, begin = "\x1b[?2026$p", "\x1b[?2026;2$y", "\x1b[?2026h"
	for _, run := range []struct {
		mode        string
		ssh         bool
		asks, wraps bool
	}{
		{"auto", false, true, true}, {"auto", true, true, true},
		{"on", true, false, true}, {"off", false, true, false},
	} {
		var env []string
		if run.ssh {
			env = []string{"SSH_TTY=/dev/pts/9"}
		}
		s := startWith(t, usual, env, "--sync", run.mode, c.Seed())
		s.shows(whole...)
		if asked := strings.Contains(s.sent(), question); asked != run.asks {
			t.Errorf("--sync=%s, SSH %v: asked is %v", run.mode, run.ssh, asked)
		}
		if run.asks {
			s.press(answer)
		}
		s.press("2")
		s.until("the slots screen", func(text string) bool { return body(text) != "" && strings.Contains(s.sent(), "\x1b[") })
		s.press("1")
		if run.wraps {
			s.until("a wrapped frame", func(string) bool { return strings.Contains(s.sent(), begin) })
		}
		s.press("q")
		s.ends()
		if wrapped := strings.Contains(s.sent(), begin); wrapped != run.wraps {
			t.Errorf("--sync=%s, SSH %v: wrapped is %v", run.mode, run.ssh, wrapped)
		}
	}
}

func TestPasswordIsAskedOnTheTerminalAndNeverShown(t *testing.T) {
	c := labtest.Start(t, lab.Config{Primaries: 3, Password: "s3cret word"})
	s := start(t, "--askpass", c.Seed())
	s.shows("password:")
	s.press("s3cret worx\x7fd\r")
	s.shows("3/3 nodes", "16384/16384 slots")
	s.press("q")
	s.ends()
	if strings.Contains(s.sent(), "s3cret") {
		t.Error("the password was echoed")
	}
}

func TestCtrlCAtThePasswordPromptGivesTheTerminalBack(t *testing.T) {
	s := start(t, "--askpass", "127.0.0.1:1")
	s.shows("password:")
	s.press("abc\x03")
	if code := s.ends(); code != 2 {
		t.Errorf("it ended with code %d", code)
	}
	s.shows("no password was given")
	s.cooked()
	s = start(t, "--askpass", "127.0.0.1:1")
	s.shows("password:")
	s.signal(syscall.SIGTERM)
	if code := s.ends(); code != 130 {
		t.Errorf("it ended with code %d", code)
	}
	s.cooked()
}

func TestDemoStartsAClusterShowsItAndLeavesNothing(t *testing.T) {
	server := labtest.Any(t)
	tmp := t.TempDir()
	s := startWith(t, usual, []string{"TMPDIR=" + tmp}, "demo", "--keys", "300", "--server", server.Path)
	s.shows(whole...)
	s.until("the keys", func(text string) bool { return strings.Contains(text, " keys") })
	s.press("q")
	if code := s.ends(); code != 0 {
		t.Errorf("it ended with code %d", code)
	}
	s.restored()
	if left, _ := os.ReadDir(tmp); len(left) > 0 {
		t.Errorf("it left %v behind", left)
	}
}

func TestAKilledDemoLeavesNothing(t *testing.T) {
	labtest.EachVersion(t, func(t *testing.T, server lab.Server) {
		tmp := t.TempDir()
		cmd := exec.Command(program(), "demo", "--headless", "-o", "json", "--keys", "100", "--server", server.Path)
		cmd.Env = append(terminalEnv(), "TMPDIR="+tmp)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		var addrs []string
		if err := json.NewDecoder(out).Decode(&addrs); err != nil || len(addrs) != 6 {
			t.Fatalf("it prints %q, %v", addrs, err)
		}
		if err := cmd.Process.Kill(); err != nil { // nothing of it can tidy up
			t.Fatal(err)
		}
		_ = cmd.Wait()
		labtest.Until(t, 10*time.Second, "no server answers and no folder is left", func() bool {
			for _, addr := range addrs {
				if conn, err := net.DialTimeout("tcp", addr, time.Second); err == nil {
					conn.Close()
					return false
				}
			}
			left, err := os.ReadDir(tmp)
			return err == nil && len(left) == 0
		})
	})
}

func TestHeadlessDemoRunsUntilASignal(t *testing.T) {
	server := labtest.Any(t)
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		tmp := t.TempDir()
		cmd := exec.Command(program(), "demo", "--headless", "--replicas", "0", "--keys", "0", "--traffic", "0", "--server", server.Path)
		cmd.Env = append(terminalEnv(), "TMPDIR="+tmp)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		var addrs [3]string
		for i := range addrs {
			if _, err := fmt.Fscanln(out, &addrs[i]); err != nil {
				t.Fatalf("address %d was not printed: %v", i, err)
			}
		}
		if code, text, errs := plain(t, nil, "info", addrs[2]); code != 0 || !strings.Contains(text, "3 of 3 nodes answer") {
			t.Errorf("the demo's cluster is not well: code %d, %s %s", code, text, errs)
		}
		if err := cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("%v: %v", sig, err)
		}
		if code, _, _ := plain(t, nil, "info", addrs[0]); code != 3 {
			t.Errorf("%v: a server still answers, code %d", sig, code)
		}
		if left, _ := os.ReadDir(tmp); len(left) > 0 {
			t.Errorf("%v: it left %v behind", sig, left)
		}
	}
}

func TestAConsoleWhoseTerminalGoesAwayEnds(t *testing.T) {
	c := sixNodes(t)
	s := start(t, c.Seed())
	s.shows(whole...)
	if err := s.pty.Close(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.cmd.Wait() }()
	select {
	case <-ended:
	case <-time.After(soon):
		t.Fatal("it runs on without a terminal")
	}
}
