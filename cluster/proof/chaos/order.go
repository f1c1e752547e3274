package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"slotdeck/cluster"
	"slotdeck/cluster/plan"
	"slotdeck/keyslot"
)

// orderVariable carries an order to a process that is to be a slotdeck.
const orderVariable = "SLOTDECK_CHAOS_ORDER"

// order is what a slotdeck in a process of its own shall do.
type order struct {
	Recover bool // instead of a move
	Still   bool // instead of both: do nothing for a second
	Seeds   []string
	State   string // folder

	To            cluster.NodeID
	Slots         keyslot.Set
	Driver        plan.Driver
	Durable       bool
	KeysPerSecond int
	RollBack      bool // what is found open, where that is possible
}

// news is a line that such a process prints.
type news struct {
	State string `json:",omitempty"`
	Slots int64  `json:",omitempty"`
	Keys  int64  `json:",omitempty"`
	Text  string `json:",omitempty"` // an event worth telling
	End   bool   `json:",omitempty"`
	OK    bool   `json:",omitempty"`
}

// child is a slotdeck in a process of its own, so that it can be killed, frozen
// and asked to leave.
type child struct {
	cmd   *exec.Cmd
	stdin io.Closer
	done  chan struct{} // closed when it has ended

	mu     sync.Mutex
	last   news
	told   map[string]bool // texts that are in the story already
	errors string
}

// engage starts a slotdeck. What it tells goes into the story.
func engage(o order, name string, s *story) (*child, error) {
	text, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), orderVariable+"="+string(text))
	stdin, err := cmd.StdinPipe() // it ends with this process
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c := &child{cmd: cmd, stdin: stdin, done: make(chan struct{}), told: map[string]bool{}}
	cmd.Stderr = (*complaints)(c)
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		lines := bufio.NewScanner(out)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			c.hear(lines.Bytes(), name, s)
		}
		err := cmd.Wait()
		c.mu.Lock()
		s.add("%s ended (%v) %s", name, err, c.errors)
		c.mu.Unlock()
		close(c.done)
	}()
	return c, nil
}

// complaints is the child's standard error.
type complaints child

func (c *complaints) Write(text []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.errors) < 4000 {
		c.errors += string(text)
	}
	return len(text), nil
}

func (c *child) hear(line []byte, name string, s *story) {
	var n news
	if json.Unmarshal(line, &n) != nil {
		s.add("%s printed %q", name, line)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	fresh := n.Text != "" && !c.told[n.Text]
	c.told[n.Text] = true
	if fresh || n.State != c.last.State && n.Text == "" {
		s.add("%s: %s, %d slots, %d keys %s", name, n.State, n.Slots, n.Keys, n.Text)
	}
	c.last = n
}

// now is what it said last.
func (c *child) now() news {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.last
}

func (c *child) signal(sig syscall.Signal) { c.cmd.Process.Signal(sig) }

// dismiss kills it, if it is still there, and waits for its end.
func (c *child) dismiss() {
	c.cmd.Process.Kill()
	<-c.done
	c.stdin.Close()
}

// await waits for its end.
func (c *child) await(ctx context.Context, limit time.Duration) error {
	select {
	case <-c.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(limit):
		return fmt.Errorf("slotdeck did not end within %v; it says %+v", limit, c.now())
	}
}

// over reports whether it has ended.
func (c *child) over() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// ordered is the order of this process, if it was given one.
func ordered() (o order, is bool) {
	text := os.Getenv(orderVariable)
	if text == "" {
		return o, false
	}
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		fmt.Fprintln(os.Stderr, errors.Join(errors.New("the order cannot be read"), err))
		os.Exit(2)
	}
	return o, true
}
