package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"slotdeck/cluster/lab"
	"slotdeck/cluster/lab/labtest"
)

// commandNames are all sub-commands there are, as their manual pages tell.
func commandNames(t *testing.T) (names []string) {
	t.Helper()
	dir := t.TempDir()
	if code, _, errs := plain(t, nil, "man", dir); code != 0 {
		t.Fatal(errs)
	}
	pages, _ := filepath.Glob(filepath.Join(dir, "slotdeck*.1"))
	for _, page := range pages {
		names = append(names, strings.TrimPrefix(strings.TrimPrefix(strings.TrimSuffix(filepath.Base(page), ".1"), "slotdeck"), "-"))
	}
	return names
}

// place is somewhere that passwords come from.
type place struct {
	name string
	args []string // in place of CONTEXT stands its name
	envs []string
}

// passwordPlaces puts the secret into every place that a password may come from.
func passwordPlaces(t *testing.T, seed string) (list []place, config string) {
	t.Helper()
	own := t.TempDir()
	file := filepath.Join(own, "password")
	config = filepath.Join(own, "config.toml")
	contexts := fmt.Sprintf(`[contexts.env]
seeds = [%[1]q]
password = {env = "WHERE_IT_IS"}
[contexts.command]
seeds = [%[1]q]
password = {command = ["sh", "-c", "sleep 0.05; exec cat \"$0\"", %[2]q]}
[contexts.two]
seeds = [%[1]q]
user = "watcher"
password = {file = %[2]q}
change = {user = "operator", password = {file = %[2]q}}
`, seed, file)
	for path, text := range map[string]string{file: secret + "\n", config: contexts} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return []place{
		{"the environment", nil, []string{"REDISCLI_AUTH=" + secret, "SLOTDECK_FROM_AUTH=" + secret}},
		{"a file", []string{"--pass-file", file}, []string{"SLOTDECK_FROM_AUTH=" + secret}},
		{"a variable of a context", []string{"--config", config, "--context", "env"}, []string{"WHERE_IT_IS=" + secret}},
		{"a command of a context", []string{"--config", config, "--context", "command"}, nil},
		{"two users of a context", []string{"--config", config, "--context", "two"}, nil},
	}, config
}

// TestNoCommandLetsASecretOut starts every sub-command, with passwords from every
// source in turn. How it ends is not what is looked at.
func TestNoCommandLetsASecretOut(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/self/cmdline"); err != nil {
		t.Skip("needs /proc:", err)
	}
	c := labtest.Start(t, lab.Config{Password: secret, Replicas: 1, Extra: []string{
		"user watcher on >" + secret + " ~* &* +@all", "user operator on >" + secret + " ~* &* +@all"}})
	spare, err := c.AddSpare(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	seed, node := c.Seed(), c.Nodes()
	a, b, replica := string(node[0].ID), string(node[1].ID), string(node[3].ID)
	dir := t.TempDir()
	places, file := passwordPlaces(t, seed)
	hook := filepath.Join(dir, "hook") // long enough to be looked at
	if err := os.WriteFile(hook, []byte("#!/bin/sh\nsleep 0.3\nexit 1\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	// What connects to nothing gets no password either.
	const apart = "no password"
	// With a context these take no HOST:PORT.
	noContext := strings.Fields("add-node call create del-node exec forget replace replicate reset set set-timeout trace repair-addresses import backup restore")
	words := map[string][]string{
		"":                      {apart, "--help"},
		"add-node":              {spare.Addr, seed, "--replica", "--yes"},
		"backup":                {seed, filepath.Join(dir, "backup"), "--yes"},
		"bigkeys":               {seed, "--memory"},
		"call":                  {seed, "--yes", "CONFIG", "GET", "maxmemory*"},
		"check":                 {seed},
		"completion":            {apart, "--help"},
		"completion-bash":       {apart},
		"completion-fish":       {apart},
		"completion-powershell": {apart},
		"completion-zsh":        {apart},
		"config":                {apart, "--nodes", "6", "--data", "1gb", "--out", t.TempDir()}, // for the servers, the secret included,
		"context":               {apart},
		"context-add":           {apart, "new", seed, "--config", filepath.Join(dir, "new.toml")},
		"context-list":          {apart, "--config", file},
		"context-test":          {apart, "--config", file, "command"},
		"create":                {node[0].Addr, node[1].Addr, node[2].Addr, "--dry-run"},
		"del-node":              {seed, replica, "--dry-run"},
		"demo":                  {apart, "--headless"},
		"drain":                 {seed, "--node", a, "--dry-run"},
		"drift":                 {seed},
		"exec":                  {seed, "SET", "k", "v", "--yes"},
		"failover":              {node[5].Addr, "--yes"},
		"fix":                   {seed, "--yes"},
		"forget":                {seed, replica, "--dry-run"},
		"hot":                   {seed, "--window", "100ms"},
		"import":                {seed, "--from", spare.Addr, "--dry-run"},
		"info":                  {seed, "-o", "json"},
		"journal":               {apart, "-o", "json"},
		"man":                   {apart, filepath.Join(dir, "man")},
		"rebalance":             {seed, "--weight", a + "=3", "--dry-run"},
		"repair-addresses":      {seed, spare.Addr, "--dry-run"},
		"replace":               {seed, replica, spare.Addr, "--dry-run"},
		"replicate":             {seed, replica, b, "--dry-run"},
		"reset":                 {spare.Addr, "--dry-run"},
		"reshard":               {seed, "--from", a, "--to", b, "--slots", "5", "--driver", "migrate", "--dry-run", "--plan", filepath.Join(dir, "plan.json")},
		"restore":               {seed, filepath.Join(dir, "no-such.jsonl"), "--yes"},
		"resume":                {seed, "--finish", "--yes"},
		"rolling-restart":       {seed, "--hook", hook, "--yes"},
		"scan":                  {seed, "--limit", "5"},
		"set":                   {seed, "maxmemory-samples", "6", "--yes"},
		"set-timeout":           {seed, "4000", "--dry-run"},
		"slot":                  {apart, "k"},
		"spread":                {seed, "--dry-run"},
		"status":                {seed},
		"tag":                   {apart, "5"},
		"trace":                 {seed, "--yes", "GET", "k"},
		"version":               {apart},
		"watch":                 {seed},
	}
	all := commandNames(t)
	turns := make(chan struct{}, 4)
	var running sync.WaitGroup
	for i, name := range all {
		args, known := words[name]
		if !known {
			t.Errorf("what does %q do with a password? Nobody has looked", name)
			continue
		}
		s := places[i%len(places)]
		if slices.Contains(noContext, name) {
			s = places[i%2]
		}
		if args[0] == apart {
			args, s.args = args[1:], nil // the variables are set all the same
		}
		args = slices.Concat(commandWords(name), s.args, args)
		turns <- struct{}{}
		running.Go(func() {
			defer func() { <-turns }()
			watched(t, s, args)
		})
	}
	running.Wait()
	t.Run("the console", func(t *testing.T) {
		for _, s := range append(places, place{"the prompt", []string{"--askpass"}, nil}) {
			t.Run(s.name, func(t *testing.T) {
				t.Parallel()
				if !slices.Contains(s.args, "--context") {
					s.args = append(slices.Clone(s.args), seed)
				}
				consoleWatched(t, s)
			})
		}
	})
	kept(t, "all commands", dir)
}

// commandWords makes "context add" of "context-add", and leaves "add-node" alone.
func commandWords(name string) []string {
	for _, parent := range []string{"context", "completion"} {
		if below, is := strings.CutPrefix(name, parent+"-"); is {
			return []string{parent, below}
		}
	}
	return strings.Fields(name)
}

// watched runs slotdeck, and looks at it and at all that it starts, prints and writes.
func watched(t *testing.T, s place, args []string) {
	t.Helper()
	state := t.TempDir()
	what := "slotdeck " + strings.Join(args[:min(2, len(args))], " ") + ", with the password from " + s.name
	cmd := exec.CommandContext(t.Context(), program(), args...)
	cmd.Env = append(append(terminalEnv(), "XDG_STATE_HOME="+state, "HOME="+state), s.envs...)
	cmd.Dir = state // what a command writes where it stands is not to lie in the tree
	var out bytes.Buffer
	told := &firstWord{to: &out, came: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = told, told
	if err := cmd.Start(); err != nil {
		t.Error(err)
		return
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = cmd.Wait() }()
	for endless := false; ; {
		leaks(t, what, cmd.Process.Pid, false)
		select {
		case <-done:
			text := out.String()
			switch code := cmd.ProcessState.ExitCode(); {
			case code == 2 && args[0] != "import" && args[0] != "restore", code == 10, code == 4:
				t.Errorf("%s ended with code %d:\n%s", what, code, text)
			case code != 0 && text == "":
				t.Errorf("%s ended with code %d, and does not say why", what, code)
			case strings.Contains(text, secret):
				t.Errorf("%s tells it:\n%s", what, text)
			}
			kept(t, what, state)
			return
		case <-told.came:
			if !endless && (args[0] == "watch" || args[0] == "demo") {
				endless = true
				_ = cmd.Process.Signal(syscall.SIGTERM)
			}
			time.Sleep(5 * time.Millisecond)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// firstWord passes on what is written, and tells when something came.
type firstWord struct {
	to   *bytes.Buffer
	once sync.Once
	came chan struct{}
}

func (w *firstWord) Write(p []byte) (int, error) {
	defer w.once.Do(func() { close(w.came) })
	return w.to.Write(p)
}

// consoleWatched goes through the console's screens, and looks as watched does.
func consoleWatched(t *testing.T, p place) {
	t.Helper()
	what, state := "the console, with the password from "+p.name, t.TempDir()
	cmd := exec.Command(program(), p.args...)
	cmd.Dir, cmd.Env = state, append(append(terminalEnv(), "XDG_STATE_HOME="+state), p.envs...)
	s := startCommand(t, usual, cmd)
	if p.name == "the prompt" {
		s.shows("password:")
		s.press(secret + "\r")
	}
	leaks(t, what, s.cmd.Process.Pid, false)
	s.shows("16384/16384 slots")
	for _, key := range []string{"2", "3", "\r", "4", "5", "6", "7", "e", "!", "S", ":set maxmemory-samples 7\r", escape, escape, "1"} {
		s.press(key)
		leaks(t, what, s.cmd.Process.Pid, false)
	}
	s.shows("FINDINGS")
	s.press("q")
	s.ends()
	if strings.Contains(s.sent(), secret) {
		t.Errorf("%s shows it", what)
	}
	kept(t, what, state)
}
