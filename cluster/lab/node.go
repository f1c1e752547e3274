package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"slotdeck/cluster"
	"slotdeck/cluster/spawn"
)

// State is what the lab did to a node's process.
type State uint8

// The states of a process.
const (
	Running State = iota
	Frozen        // stopped by Freeze: its connections stay open and nothing answers
	Gone          // killed, stopped, or ended by itself
)

// String is the state in a word.
func (s State) String() string {
	return [...]string{Running: "running", Frozen: "frozen", Gone: "gone"}[s]
}

// Node is one server of the lab. Its methods may be called from any goroutine.
type Node struct {
	Addr    string // host:port
	Port    int
	BusPort int
	ID      cluster.NodeID // as it was when the lab started it
	Dir     string         // its own folder: server.conf, nodes.conf, server.log

	index  int
	server Server
	guard  *guard
	client *redis.Client

	mu     sync.Mutex
	proc   *process
	frozen bool
}

// process is one run of a server.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended and was reaped
}

func (p *process) kill() error { return p.cmd.Process.Kill() }

func (p *process) alive() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// launch starts the server of a node whose folder is ready, and returns when
// it answers. The error is a portTaken when another program was faster.
func (n *Node) launch(ctx context.Context) error {
	out, err := os.OpenFile(n.logFile(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("the log of node %s cannot be opened: %w", n.Addr, err)
	}
	defer out.Close()
	cmd := exec.Command(n.server.Path, n.configFile())
	cmd.Dir = n.Dir
	cmd.Stdout, cmd.Stderr = out, out
	// Nothing of this process's environment is the server's business; a locale
	// that this machine lacks would even keep it from starting.
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C"}
	n.guard.adopt(cmd)

	n.mu.Lock()
	if n.proc != nil && n.proc.alive() {
		n.mu.Unlock()
		return fmt.Errorf("node %s runs already", n.Addr)
	}
	if err := cmd.Start(); err != nil {
		n.mu.Unlock()
		return fmt.Errorf("the server of node %s cannot be started: %w", n.Addr, err)
	}
	p := &process{cmd: cmd, done: make(chan struct{})}
	n.proc, n.frozen = p, false
	n.mu.Unlock()
	spawn.Go(func() {
		cmd.Wait() // how it ended is in its log
		close(p.done)
	})
	return n.awaitAnswer(ctx, p)
}

// awaitAnswer waits until the server that was just started answers on its
// port, and makes sure that it is this one and not a stranger's.
func (n *Node) awaitAnswer(ctx context.Context, p *process) error {
	for {
		err := n.answers(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.done:
			log := n.LogTail(15)
			if strings.Contains(log, "Address already in use") || strings.Contains(log, "Failed listening on port") {
				return &portTaken{n.Addr}
			}
			return fmt.Errorf("the server of node %s ended at once; its log says:\n%s", n.Addr, log)
		case <-ctx.Done():
			return fmt.Errorf("node %s does not answer yet (%v): %w", n.Addr, err, context.Cause(ctx))
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// answers asks the server on the node's port for its configuration file, which
// tells this node from any other. It knocks first: the client library writes
// every refused connection to standard error.
func (n *Node) answers(ctx context.Context) error {
	dialer := net.Dialer{Timeout: time.Second}
	conn, err := dialer.DialContext(ctx, "tcp", n.Addr)
	if err != nil {
		return err
	}
	conn.Close()
	info, err := n.client.Info(ctx, "server").Result()
	if err != nil {
		return err
	}
	if !strings.Contains(info, "config_file:"+n.configFile()) {
		return errors.New("another server answers on its port")
	}
	return nil
}

// portTaken says that another program took a port between choosing and use.
type portTaken struct{ addr string }

func (e *portTaken) Error() string {
	return "the port of node " + e.addr + " or its bus port was taken by another program"
}

// State is what became of the node's process.
func (n *Node) State() State {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case n.proc == nil || !n.proc.alive():
		return Gone
	case n.frozen:
		return Frozen
	}
	return Running
}

// PID is the process of the node's newest run; it changes with Restart.
func (n *Node) PID() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.proc.cmd.Process.Pid
}

// Kill ends the process at once (SIGKILL), frozen or not, and waits for its end.
func (n *Node) Kill() error {
	return n.end((*process).kill)
}

// Stop asks the process to shut down (SIGTERM), thawing it first, and waits
// for its end. After 10 s it is killed.
func (n *Node) Stop() error {
	return n.end(func(p *process) error {
		if err := errors.Join(thaw(p.cmd.Process), ask(p.cmd.Process)); err != nil {
			return err
		}
		select {
		case <-p.done:
			return nil
		case <-time.After(10 * time.Second):
			return p.cmd.Process.Kill()
		}
	})
}

func (n *Node) end(how func(*process) error) error {
	n.mu.Lock()
	p := n.proc
	n.mu.Unlock()
	if p == nil { // never started
		return nil
	}
	if err := how(p); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("node %s cannot be stopped: %w", n.Addr, err)
	}
	<-p.done
	return nil
}

// Freeze stops the process in its tracks (SIGSTOP): it still holds its
// connections and does not answer any more. Only a running node can be frozen.
func (n *Node) Freeze() error { return n.suspend(freeze, true) }

// Thaw lets a frozen process go on (SIGCONT).
func (n *Node) Thaw() error { return n.suspend(thaw, false) }

func (n *Node) suspend(how func(*os.Process) error, frozen bool) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := how(n.proc.cmd.Process); err != nil {
		return fmt.Errorf("node %s cannot be frozen or thawed: %w", n.Addr, err)
	}
	n.frozen = frozen
	return nil
}

// Restart starts the node again on the same ports and with the same
// nodes.conf, stopping it first when it still runs, and returns when it
// answers. Without persistence, which is the lab's default, it comes back
// without its keys.
func (n *Node) Restart(ctx context.Context) error {
	if n.State() != Gone {
		if err := n.Stop(); err != nil {
			return err
		}
	}
	return n.launch(ctx)
}

// Do sends one command to this node and to no other; it follows no redirection.
func (n *Node) Do(ctx context.Context, args ...any) *redis.Cmd { return n.client.Do(ctx, args...) }

func (n *Node) logFile() string { return filepath.Join(n.Dir, "server.log") }

// LogTail is the end of the server's log, at most so many lines.
func (n *Node) LogTail(lines int) string {
	text, err := os.ReadFile(n.logFile())
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimRight(string(text), "\n"), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

func address(ip string, port int) string { return net.JoinHostPort(ip, strconv.Itoa(port)) }
