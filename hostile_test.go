package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"

	"slotdeck/cluster/fake"
)

// mostMemory is how much may be resident at a time, whatever a server sends.
const mostMemory = 200 << 20

func TestHostileServersNeitherCrashNorSteerNorSwell(t *testing.T) {
	all := attacks()
	if len(all) < 40 {
		t.Fatalf("only %d attacks are left", len(all))
	}
	for _, a := range all {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			c, err := fake.Start(2, 1)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(c.Close)
			if a.plot != nil {
				c.Change(a.plot)
			}
			if a.hook != nil {
				c.Each(func(_ string, s *fake.Server) { s.SetHook(a.hook) })
			}
			a.alone(t, c.Addr(fake.ID(0)))
			if a.mute {
				a.shown(t, c.Addr(fake.ID(0)))
			} else {
				a.looked(t, c.Addr(fake.ID(0)))
			}
		})
	}
}

// alone runs the sub-command of an attack without a terminal.
func (a attack) alone(t *testing.T, addr string) {
	args := append(a.words(addr), "-o", "json")
	if args[0] == "scan" { // always JSON
		args = args[:len(args)-2]
	}
	state := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	cmd := exec.CommandContext(ctx, program(), args...)
	cmd.Env = append(terminalEnv(), "XDG_STATE_HOME="+state)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	most := int64(0)
	for ended := false; !ended; {
		select {
		case <-done:
			ended = true
		case <-time.After(2 * time.Millisecond):
			most = max(most, resident(cmd.Process.Pid))
		}
	}
	t.Logf("%s: code %d, %d MiB, %d and %d bytes: %.300q %.300q", args[0], cmd.ProcessState.ExitCode(), most>>20, out.Len(), errs.Len(), out.String(), errs.String())
	if ctx.Err() != nil {
		t.Errorf("%s did not end within %v", args[0], soon)
	}
	if code := cmd.ProcessState.ExitCode(); code < 0 || code == 10 || code == 2 || strings.Contains(errs.String(), "goroutine ") {
		t.Errorf("%s ended with code %d:\n%s", args[0], code, errs.String())
	}
	if most > mostMemory {
		t.Errorf("%s: %d MiB were resident", args[0], most>>20)
	}
	for _, text := range []string{out.String(), errs.String()} {
		if bad := steering(text); bad != "" {
			t.Errorf("%s: %s in %q", args[0], bad, text)
		}
	}
	if out.Len() > 0 {
		for dec := json.NewDecoder(&out); ; {
			var v any
			if err := dec.Decode(&v); err != nil {
				if err.Error() != "EOF" {
					t.Errorf("%s: what it prints is no JSON: %v", args[0], err)
				}
				break
			}
		}
	}
	unsteered(t, state)
}

// words are the command line of an attack's sub-command.
func (a attack) words(addr string) []string {
	words := slices.Clone(a.args)
	if words == nil {
		words = []string{"check", "ADDR"}
	}
	for i := range words {
		words[i] = strings.Replace(words[i], "ADDR", addr, 1)
	}
	return words
}

// shown runs the sub-command of an attack in a terminal.
func (a attack) shown(t *testing.T, addr string) {
	state := t.TempDir()
	s := startWith(t, usual, []string{"XDG_STATE_HOME=" + state}, a.words(addr)...)
	if code := s.ends(); code < 0 || code == 10 || code == 2 {
		t.Errorf("%s in a terminal ended with code %d:\n%s", a.args[0], code, s.text())
	}
	if bad := steered(s.sent()); bad != "" {
		t.Errorf("%s in a terminal: %s", a.args[0], bad)
	}
	s.restored()
	unsteered(t, state)
}

// looked opens the console on an attack and goes through its screens.
func (a attack) looked(t *testing.T, addr string) {
	state := t.TempDir()
	s := startWith(t, usual, []string{"XDG_STATE_HOME=" + state}, addr)
	opened := func() bool { return strings.Contains(s.sent(), "\x1b[?1049h") }
	s.await("a screen or a sentence", func() bool { return opened() || s.over() })
	if opened() && !s.over() {
		frame := func(key string) {
			before := s.count()
			s.press(key)
			s.await("an answer to "+key, func() bool { return s.count() > before || s.over() })
		}
		for _, key := range append(strings.Split(a.keys, ""), "2", "3", "\r", "4", "5", "6", "7", "!", "1") {
			if key != "" {
				frame(key)
			}
		}
		if most := resident(s.cmd.Process.Pid); most > mostMemory {
			t.Errorf("the console: %d MiB were resident", most>>20)
		}
		s.signal(15)
	}
	if code := s.ends(); code < 0 || code == 10 || code == 2 {
		t.Errorf("the console ended with code %d:\n%s", code, s.text())
	}
	s.restored()
	if bad := steered(s.sent()); bad != "" {
		t.Errorf("the console: %s", bad)
	}
	unsteered(t, state)
}

// await waits for a condition that the end of the program may fulfil as well.
func (s *session) await(what string, holds func() bool) {
	s.t.Helper()
	for deadline := time.After(soon); !holds(); {
		select {
		case <-s.changed:
		case <-time.After(20 * time.Millisecond):
		case <-deadline:
			s.t.Fatalf("not within %v: %s; the screen shows\n%s", soon, what, s.text())
		}
	}
}

// resident is the most memory that a process ever had in use at a time; 0 when it
// cannot be told.
func resident(pid int) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	number, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	n, _ := strconv.ParseInt(number, 10, 64)
	return n << 10
}

// steering tells what in a plain text could steer a terminal.
func steering(text string) string {
	if !utf8.ValidString(text) {
		return "bytes that are not UTF-8"
	}
	for _, r := range text {
		if r < 0x20 && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 || unicode.Is(unicode.Bidi_Control, r) {
			return fmt.Sprintf("the character %U", r)
		}
	}
	return ""
}

// steered tells what in a stream to a terminal did not come from the screens.
func steered(stream string) string {
	var state byte
	for len(stream) > 0 {
		seq, _, n, next := ansi.DecodeSequence(stream, state, nil)
		state, stream = next, stream[n:]
		switch {
		case strings.HasPrefix(seq, "\x1b]0;"), strings.HasPrefix(seq, "\x1b]2;"):
			text := strings.TrimRight(seq[4:], "\a\x1b\\")
			if bad := steering(text); bad != "" || strings.HasPrefix(text, "EVIL") {
				return fmt.Sprintf("a title of %q", seq)
			}
		case strings.HasPrefix(seq, "\x1b"):
			if strings.Contains(seq, "EVIL") || strings.Contains(seq, "4711") || strings.HasPrefix(seq, "\x1b]52") {
				return fmt.Sprintf("the sequence %q was sent", seq)
			}
		case len(seq) == 1 && strings.Contains("\r\n\b\t", seq):
		default:
			if bad := steering(seq); bad != "" {
				return bad
			}
		}
	}
	return ""
}

// unsteered looks into all that was written to a folder.
func unsteered(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if bad := steering(string(text)); bad != "" {
			t.Errorf("%s in the file %s", bad, entry.Name())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
