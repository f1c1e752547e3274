package cli

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"slotdeck/cluster/plan"
	"slotdeck/ui"
)

// hook is a command of the operator's that restarts one node. It is run without
// a shell, and is told about the node by environment variables. It never gets
// the passwords that slotdeck was given.
type hook struct {
	words   []string
	environ func() []string   // only when it is run is it known which variables hold passwords
	tell    func(line string) // gets what it prints, cleaned; nil: nobody
}

// newHook reads a command: its program and arguments, apart by blanks. Quotes
// mean nothing; what needs them goes into a script.
func newHook(w *World, command string, tell func(string)) (*hook, error) {
	words := strings.Fields(command)
	if len(words) == 0 {
		return nil, usage("--hook names no program")
	}
	path, err := exec.LookPath(words[0])
	if err != nil {
		return nil, usage("--hook: %w", err)
	}
	words[0] = path
	return &hook{words: words, environ: w.environ, tell: tell}, nil
}

// secretName reports whether a variable is one that passwords are given in.
func secretName(name string) bool {
	name = strings.ToUpper(name)
	for _, part := range []string{"AUTH", "PASS", "SECRET", "TOKEN"} {
		if strings.Contains(name, part) && (strings.HasPrefix(name, "REDISCLI_") || strings.HasPrefix(name, "VALKEYCLI_") || strings.HasPrefix(name, "SLOTDECK_")) {
			return true
		}
	}
	return false
}

// restart runs the command for one node. The error tells how it ended, with the
// last line that it printed.
func (h *hook) restart(ctx context.Context, s plan.RestartStep) error {
	cmd := exec.CommandContext(ctx, h.words[0], h.words[1:]...)
	host, port, _ := net.SplitHostPort(s.Addr) // empty for an address that is none
	cmd.Env = append(h.environ(),
		"SLOTDECK_NODE="+s.Addr, "SLOTDECK_NODE_HOST="+host, "SLOTDECK_NODE_PORT="+port,
		"SLOTDECK_NODE_ID="+string(s.Node), "SLOTDECK_SHARD="+s.Shard, "SLOTDECK_NODE_VERSION="+s.Run.Version)
	out := &lineWriter{tell: h.tell}
	cmd.Stdout, cmd.Stderr = out, out
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second // what it leaves behind may hold the pipe open
	err := cmd.Run()
	last := out.end()
	switch {
	case err == nil, errors.Is(err, exec.ErrWaitDelay): // it ended well; what it started lives on
		return nil
	case last != "":
		return fmt.Errorf("%w: %s", err, last)
	}
	return err
}

// lineWriter passes complete lines on and remembers the last one.
type lineWriter struct {
	tell func(string)

	mu   sync.Mutex
	rest []byte
	last string
}

const longestLine = 400

// Write is part of io.Writer.
func (l *lineWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rest = append(l.rest, p...)
	for {
		advance, line, _ := bufio.ScanLines(l.rest, false) // never fails
		if advance == 0 {
			if len(l.rest) > longestLine {
				l.line(l.rest)
				l.rest = nil
			}
			return len(p), nil
		}
		l.line(line)
		l.rest = l.rest[advance:]
	}
}

func (l *lineWriter) line(text []byte) {
	text = bytes.TrimSpace(text[:min(len(text), longestLine)])
	if len(text) == 0 {
		return
	}
	l.last = ui.Clean(string(text))
	if l.tell != nil {
		l.tell(l.last)
	}
}

// end is the last line, complete or not.
func (l *lineWriter) end() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.line(l.rest)
	l.rest = nil
	return l.last
}

// aside is the same world, on whose error stream several may write whole lines.
func (w *World) aside() *World {
	if _, tty := terminal(w.Err); tty { // one write is one line there
		return w
	}
	out := *w
	out.Err = &turnWriter{out: w.Err}
	return &out
}

// turnWriter lets one write at a time.
type turnWriter struct {
	mu  sync.Mutex
	out io.Writer
}

// Write is part of io.Writer.
func (t *turnWriter) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.out.Write(p)
}
