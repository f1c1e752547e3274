package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
)

const secret = "Never-Shown-4711"

// leaks looks for the secret where others of the machine could read it: in the
// command lines of a process and its children, and in the children's
// environments. What the operator put into slotdeck's own is left out. It
// reports whether there was a command line to look at.
func leaks(t *testing.T, what string, pid int, child bool) (looked bool) {
	t.Helper()
	cmdline := func(pid int) string {
		text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		return string(text)
	}
	own := cmdline(pid)
	places := []string{"cmdline"}
	if child {
		places = append(places, "environ")
	}
	for _, place := range places {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, place))
		if bytes.Contains(text, []byte(secret)) {
			t.Errorf("%s: the secret is in the %s of process %d: %q", what, place, pid, bytes.Split(text, []byte{0})[0])
		}
		looked = looked || place == "cmdline" && err == nil && len(text) > 0
	}
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, list := range lists {
		text, _ := os.ReadFile(list) // the thread may be gone
		for _, word := range strings.Fields(string(text)) {
			var n int
			if _, err := fmt.Sscan(word, &n); err == nil && cmdline(n) != own { // else it is on its way to become another program
				leaks(t, what, n, true)
			}
		}
	}
	return looked
}

// kept looks for the secret in the files of a folder.
func kept(t *testing.T, what, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if bytes.Contains(text, []byte(secret)) {
			t.Errorf("%s: the secret is in %s", what, path)
		}
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // files are replaced while we look
		t.Errorf("%s: %v", what, err)
	}
}

func TestSecretsAreNowhereThatOthersCanRead(t *testing.T) {
	if _, err := os.Stat("/proc/self/cmdline"); err != nil {
		t.Skip("needs /proc:", err)
	}
	c := labtest.Start(t, lab.Config{Password: secret})
	if err := c.Fill(t.Context(), 3000); err != nil {
		t.Fatal(err)
	}
	own, dir := t.TempDir(), t.TempDir() // the operator's file, and what slotdeck writes
	file := filepath.Join(own, "password")
	if err := os.WriteFile(file, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	move := []string{"reshard", c.Seed(), "--from", "A", "--to", "B", "--slots", "100", "--driver", "migrate"}
	for _, way := range []struct {
		name       string
		args, envs []string
	}{
		{"env", nil, []string{"REDISCLI_AUTH=" + secret}},
		{"file", []string{"--pass-file", file}, nil},
	} {
		plan := filepath.Join(dir, way.name+".json")
		for _, args := range [][]string{
			{"info", c.Seed()},
			{"check", c.Seed(), "-o", "json"},
			append(move[:len(move):len(move)], "--dry-run", "--plan", plan),
			append(move[:len(move):len(move)], "--yes", "--throttle", "100"),
			{"journal", "-o", "json"},
		} {
			what := way.name + ": slotdeck " + args[0]
			all := args
			if args[0] != "journal" {
				all = append(args[:len(args):len(args)], way.args...)
			}
			told := started(t, what, dir, way.envs, all)
			if args[0] == "journal" && !strings.Contains(told, "MIGRATE") {
				t.Errorf("%s: the move is not in the journal:\n%s", what, told)
			}
		}
		if _, err := os.Stat(plan); err != nil {
			t.Error(err)
		}
	}
}

// started runs slotdeck, and looks around it for as long as it runs, and after.
func started(t *testing.T, what, dir string, env, args []string) (told string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program(), args...)
	cmd.Env = append(append(terminalEnv(), "XDG_STATE_HOME="+dir), env...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	looked := leaks(t, what, cmd.Process.Pid, false)
	for ended := false; !ended; {
		select {
		case err := <-done:
			if ended = true; err != nil {
				t.Errorf("%s: %v\n%s", what, err, &out)
			}
		case <-time.After(5 * time.Millisecond):
			looked = leaks(t, what, cmd.Process.Pid, false) || looked
			kept(t, what, dir)
		}
	}
	kept(t, what, dir)
	if strings.Contains(out.String(), secret) {
		t.Errorf("%s: it tells the secret:\n%s", what, &out)
	}
	if !looked {
		t.Errorf("%s: its command line was never seen", what)
	}
	return out.String()
}
